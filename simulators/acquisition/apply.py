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
# Taps at the ends of a kernel that are lighter than this move no 8-bit value by half a step.
SMALLEST_TAP = 1e-3

Step = tuple[str, ModuleType, Any]


def draw_date(
    rng: np.random.Generator, steps: Sequence[Step], context: Context
) -> dict[str, dict[str, object]]:
    """Return step name -> drawn numbers of one date, in the order of the names.

    Args:
        rng: the stream of this date's acquisition.
        steps: (name, module, parameters).
        context: of the sensor.
    """
    return {
        name: module.draw(rng, parameters, context) for name, module, parameters in sorted(steps, key=_name)
    }


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
    holes = _holes(image, void)
    if holes is not None and holes.all():
        return image.copy()
    by_stage: dict[str, list[str]] = {"light": [], "optics": [], "tone": [], "noise": []}
    for name in sorted(drawn):
        by_stage[modules[name].STAGE].append(name)
    result = np.empty_like(image)
    kernels = [modules[name].kernels(drawn[name]) for name in by_stage["optics"]]
    down = _trimmed(reduce(np.convolve, (k[0] for k in kernels))) if kernels else None
    right = _trimmed(reduce(np.convolve, (k[1] for k in kernels))) if kernels else None
    light = _table(image, drawn, modules, by_stage["light"], full_scale)
    tone = _curve_table(image.shape[0], drawn, modules, by_stage["tone"])
    source = _filled(image, holes)
    grain = [Grain(image.shape, int(drawn[name]["seed"])) for name in by_stage["noise"]]  # type: ignore[call-overload]
    for band in range(image.shape[0]):
        values = _light(source[band], light[band] if light is not None else None, full_scale)
        if down is not None and right is not None:
            values = _filtered(_filtered(values, down, axis=0), right, axis=1)
        for field, name in zip(grain, by_stage["noise"], strict=True):
            values = values + field.band(band) * modules[name].sigma(values, drawn[name])
        result[band] = _toned(values, None if tone is None else tone[band], image.dtype, full_scale)
    if nodata is not None:
        result = _off_nodata(result, nodata, full_scale)
    if holes is not None:
        result[:, holes] = image[:, holes]
    return result


def _holes(image: NDArray[Any], void: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Return the (H, W) pixels without data, or None where there are none; NaN is no data either."""
    if np.issubdtype(image.dtype, np.floating):
        unknown = ~np.isfinite(image).all(axis=0)
        void = unknown if void is None else void | unknown
    return void if void is not None and void.any() else None


def _filled(image: NDArray[Any], holes: NDArray[np.bool_] | None) -> NDArray[Any]:
    """Return the image with the nearest data in its holes: optics would carry -9999 or NaN to the sides."""
    if holes is None:
        return image
    rows, cols = ndimage.distance_transform_edt(holes, return_distances=False, return_indices=True)
    filled: NDArray[Any] = image[:, rows, cols]
    return filled


class Grain:
    """A noise field of which every band reads another part, a third of the cost of one field a band.

    Args:
        shape: (C, H, W) of the picture.
        seed: of the field.
    """

    # Farther apart than any optics correlates.
    STEP = 17

    def __init__(self, shape: tuple[int, ...], seed: int) -> None:
        bands, self._rows, self._cols = shape
        size = (self._rows + self.STEP * (bands - 1), self._cols)
        self._field = np.random.default_rng(seed).standard_normal(size, np.float32)

    def band(self, number: int) -> NDArray[np.float32]:
        """Return (H, W) standard normal numbers."""
        return self._field[self.STEP * number : self.STEP * number + self._rows]


def _trimmed(kernel: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a symmetric window of a kernel without ends below `SMALLEST_TAP`, summing to one."""
    reach = kernel.size // 2
    heavy = np.flatnonzero(np.abs(kernel) > SMALLEST_TAP)
    keep = max(reach - int(heavy[0]), int(heavy[-1]) - reach)
    inner = kernel[reach - keep : reach + keep + 1]
    return (inner / inner.sum()).astype(np.float32)


def _filtered(values: NDArray[np.float32], kernel: NDArray[np.float32], *, axis: int) -> NDArray[np.float32]:
    """Return the correlation along an axis, edges repeated. Few taps: shifted sums beat a general filter."""
    reach = kernel.size // 2
    if reach == 0:
        return values
    pads = [(0, 0), (0, 0)]
    pads[axis] = (reach, reach)
    padded = np.pad(values, pads, mode="edge")
    length = values.shape[axis]
    total = np.zeros_like(values)
    term = np.empty_like(values)
    for tap, weight in enumerate(kernel):
        if abs(weight) < 1e-6:
            continue
        part = padded[tap : tap + length] if axis == 0 else padded[:, tap : tap + length]
        np.multiply(part, weight, out=term)
        total += term
    return total


def _toned(
    values: NDArray[np.float32], tone: NDArray[np.float32] | None, dtype: np.dtype[Any], full_scale: float
) -> NDArray[np.generic]:
    """Return values after the tone table of their band, in the source's scale and dtype."""
    if tone is None:
        return _to_dtype(values, dtype, full_scale)
    if dtype == np.uint8:
        # 4096 levels for 256 values: one look-up, already rounded.
        place = values * np.float32(LEVELS - 1)
        place += np.float32(0.5)
        np.clip(place, 0.0, LEVELS - 1, out=place)
        return _to_dtype(tone, dtype, full_scale)[place.astype(np.uint16)]
    return _to_dtype(_looked_up(values, tone), dtype, full_scale)


def _looked_up(values: NDArray[np.float32], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the table's values, linear between its levels and straight on beyond 0 and 1.

    A plain look-up would leave gaps in 16-bit histograms and cut reflectance off.
    """
    place = values * np.float32(LEVELS - 1)
    low = np.clip(place, 0, LEVELS - 2).astype(np.int32)
    return table[low] + (place - low) * (table[low + 1] - table[low])


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
    image: NDArray[Any],
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
    return _curve_table(bands, drawn, modules, names)


def _light(
    band: NDArray[np.generic], table: NDArray[np.float32] | None, full_scale: float
) -> NDArray[np.float32]:
    if table is not None and np.issubdtype(band.dtype, np.integer):
        return table[band]
    values = band.astype(np.float32) / np.float32(full_scale)
    if table is None:
        return values
    return _looked_up(values, table)


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
