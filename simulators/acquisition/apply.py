"""Putting the drawn steps of a date together: light, optics, tone, noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.simulators.acquisition.context import Context

# Light and tone are point operations: on integers they are looked up, on this many levels where values
# have passed the optics. Finer than 12 bits is below the noise of every sensor here.
LEVELS = 4096

Step = tuple[str, ModuleType, Any]


def draw_date(rng: np.random.Generator, steps: Sequence[Step], context: Context) -> dict[str, dict[str, object]]:
    """Return step name -> drawn numbers of one date, in the order of the names.

    Args:
        rng: the stream of this date's acquisition.
        steps: (name, module, parameters).
        context: of the sensor.
    """
    return {name: module.draw(rng, parameters, context) for name, module, parameters in sorted(steps, key=_name)}


def _name(step: Step) -> str:
    return step[0]


def apply_date(
    image: NDArray[np.generic],
    drawn: Mapping[str, Mapping[str, object]],
    modules: Mapping[str, ModuleType],
    *,
    full_scale: float,
    void: NDArray[np.bool_] | None = None,
    nodata: float | None = None,
) -> NDArray[np.generic]:
    """Return the image as this date's sensor gives it, same shape and dtype.

    Values are clipped to [0, full scale] for integers. Pixels without data stay as they are, and no pixel
    with data comes to hold the nodata value.

    Args:
        image: (C, H, W) uint8, uint16 or float32.
        drawn: step name -> numbers, from `draw_date`.
        modules: step name -> module.
        full_scale: the value of white.
        void: (H, W) pixels without data.
        nodata: the value that marks them.
    """
    by_stage: dict[str, list[str]] = {"light": [], "optics": [], "tone": [], "noise": []}
    for name in sorted(drawn):
        by_stage[modules[name].STAGE].append(name)
    result = np.empty_like(image)
    kernels = [modules[name].kernels(drawn[name]) for name in by_stage["optics"]]
    down = reduce(np.convolve, (k[0] for k in kernels)).astype(np.float32) if kernels else None
    right = reduce(np.convolve, (k[1] for k in kernels)).astype(np.float32) if kernels else None
    grain = _grain(image.shape, drawn, by_stage["noise"])
    light = _table(image, drawn, modules, by_stage["light"], full_scale)
    tone = _curve_table(image.shape[0], drawn, modules, by_stage["tone"])
    spread = [modules[name].sigma for name in by_stage["noise"]]
    for band in range(image.shape[0]):
        values = _light(image[band], light[band] if light is not None else None, full_scale)
        if down is not None and right is not None:
            values = ndimage.correlate1d(values, down, axis=0, mode="nearest")
            values = ndimage.correlate1d(values, right, axis=1, mode="nearest")
        index = np.clip(values * (LEVELS - 1), 0, LEVELS - 1).astype(np.uint16)
        for number, name in enumerate(by_stage["noise"]):
            table = spread[number](np.linspace(0, 1, LEVELS, dtype=np.float32), drawn[name])
            values = values + grain[number][band] * table[index]
        if tone is not None:
            # Linear between levels: a plain look-up would leave gaps in 16-bit histograms.
            # Beyond 0 and 1 (float reflectance) the end pieces go on straight.
            place = values * np.float32(LEVELS - 1)
            low = np.clip(place.astype(np.int32), 0, LEVELS - 2)
            values = tone[band][low] + (place - low) * (tone[band][low + 1] - tone[band][low])
        result[band] = _to_dtype(values, image.dtype, full_scale)
    if nodata is not None:
        result = _off_nodata(result, nodata, full_scale)
    if void is not None and void.any():
        result[:, void] = image[:, void]
    return result


def _grain(shape: tuple[int, ...], drawn: Mapping[str, Mapping[str, object]], names: list[str]) -> list[Any]:
    return [
        np.random.default_rng(int(drawn[name]["seed"])).standard_normal(shape, np.float32)  # type: ignore[call-overload]
        for name in names
    ]


def _curve_table(
    bands: int, drawn: Mapping[str, Mapping[str, object]], modules: Mapping[str, ModuleType], names: list[str]
) -> NDArray[np.float32] | None:
    """Return (C, LEVELS) values of all point operations of a stage, one after the other."""
    if not names:
        return None
    values = np.broadcast_to(np.linspace(0, 1, LEVELS, dtype=np.float32), (bands, LEVELS))
    for name in names:
        values = modules[name].curve(values, drawn[name])
    return np.asarray(values, np.float32)


def _table(
    image: NDArray[np.generic],
    drawn: Mapping[str, Mapping[str, object]],
    modules: Mapping[str, ModuleType],
    names: list[str],
    full_scale: float,
) -> NDArray[np.float32] | Any | None:
    """Return, per band, a table over all integers of the dtype, or a function for floats."""
    bands = image.shape[0]
    if np.issubdtype(image.dtype, np.integer):
        count = int(np.iinfo(image.dtype).max) + 1
        values = np.broadcast_to(np.arange(count, dtype=np.float32) / np.float32(full_scale), (bands, count))
        for name in names:
            values = modules[name].curve(values, drawn[name])
        return np.asarray(values, np.float32)
    table = _curve_table(bands, drawn, modules, names)
    return table


def _light(band: NDArray[np.generic], table: NDArray[np.float32] | None, full_scale: float) -> NDArray[np.float32]:
    if table is not None and np.issubdtype(band.dtype, np.integer):
        return table[band]
    values = band.astype(np.float32) / np.float32(full_scale)
    if table is None:
        return values
    return np.interp(values, np.linspace(0, 1, table.size), table).astype(np.float32)


def _to_dtype(values: NDArray[np.float32], dtype: np.dtype[Any], full_scale: float) -> NDArray[np.generic]:
    scaled = values * np.float32(full_scale)
    if np.issubdtype(dtype, np.integer):
        return np.clip(scaled + 0.5, 0, full_scale).astype(dtype)
    return scaled.astype(dtype)


def _off_nodata(image: NDArray[Any], nodata: float, full_scale: float) -> NDArray[Any]:
    step = 1 if nodata < full_scale / 2 else -1
    if np.issubdtype(image.dtype, np.floating):
        return image
    hit = image == np.asarray(nodata).astype(image.dtype)
    return np.where(hit, image + np.asarray(step).astype(image.dtype), image).astype(image.dtype)
