"""Putting the drawn steps of a date together, in the order of light's way: see `STAGES`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.simulators.acquisition import tables
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.fields import normal_numbers
from diachron.simulators.acquisition.kernels import filtered, joined, shift_kernel
from diachron.simulators.acquisition.warp import Displacement, combined, leaned, total, warp

# What the ground looks like that day; the air; what varies over the picture; where pixels come to lie;
# what blurs them; grain; the provider's tone; and how the finished numbers are stored.
STAGES = ("ground", "light", "field", "geometry", "optics", "noise", "tone", "coding")

Step = tuple[str, ModuleType, Any]
Record = Mapping[str, Mapping[str, object]]
Modules = Mapping[str, ModuleType]


def draw_date(
    rng: np.random.Generator, steps: Sequence[Step], context: Context
) -> dict[str, dict[str, object]]:
    """Return step name -> drawn numbers of one date, in the order of the names.

    Args:
        rng: the stream of this date's acquisition.
        steps: (name, module, parameters).
        context: of the sensor and the place.
    """
    return {
        name: module.draw(rng, parameters, context) for name, module, parameters in sorted(steps, key=_name)
    }


def _name(step: Step) -> str:
    return step[0]


def apply_date(
    image: NDArray[np.generic],
    drawn: Record,
    modules: Modules,
    *,
    full_scale: float,
    void: NDArray[np.bool_] | None = None,
    nodata: float | None = None,
    place: Place | None = None,
) -> NDArray[np.generic]:
    """Return the image as this date's sensor gives it, same shape and dtype.

    Values are clipped to [0, full scale] for integers. Pixels without data stay as they are, and no pixel
    with data comes to hold the nodata value. Steps of one stage follow each other in order of name.

    Args:
        image: (C, H, W) uint8, uint16 or float32.
        drawn: step name -> numbers, from `draw_date`.
        modules: step name -> module.
        full_scale: the value of white.
        void: (H, W) pixels without data.
        nodata: the value that marks them.
        place: what stands at this date; without it, steps go by colour alone and nothing leans.
    """
    holes = _holes(image, void)
    if not drawn or (holes is not None and holes.all()):
        return image.copy()
    by_stage = _by_stage(drawn, modules)
    values = _ground_and_light(_filled(image, holes), drawn, modules, by_stage, full_scale, place)
    for name in by_stage["field"]:
        values = modules[name].act(values, drawn[name], place)
    move = _displacement(image.shape[1:], drawn, modules, by_stage["geometry"], place)
    blurring = [name for name in by_stage["optics"] if hasattr(modules[name], "kernels")]
    kernels = [modules[name].kernels(drawn[name]) for name in blurring]
    if move.relief is not None:
        values = leaned(values, move.relief)
    if move.field is not None:
        values = warp(values, move)
    elif any(move.shift):
        kernels.append((shift_kernel(move.shift[0]), shift_kernel(move.shift[1])))
    down, right = (joined([pair[axis] for pair in kernels]) for axis in (0, 1))
    values = filtered(values, down, right)
    for name in by_stage["optics"]:
        if name not in blurring:
            values = modules[name].act(values, drawn[name], place)
    tone = tables.curve_table(image.shape[0], drawn, modules, by_stage["tone"])
    grain = [Grain(image.shape, int(drawn[name]["seed"])) for name in by_stage["noise"]]  # type: ignore[call-overload]
    result = np.empty_like(image)
    for number, band in enumerate(values):
        for field, name in zip(grain, by_stage["noise"], strict=True):
            grain_ = modules[name].sigma(band, drawn[name])
            grain_ *= field.band(number)
            band += grain_
        result[number] = tables.finished(
            band, None if tone is None else tone[number], image.dtype, full_scale
        )
    for name in by_stage["coding"]:
        result = modules[name].code(result, drawn[name], full_scale)
    if nodata is not None:
        result = _off_nodata(result, nodata, full_scale)
    if holes is not None:
        result[:, holes] = image[:, holes]
    return result


def displacement_of(
    shape: tuple[int, int], drawn: Record, modules: Modules, place: Place | None = None
) -> NDArray[np.float32]:
    """Return the (2, H, W) pixels, down and right, by which all geometry of a date moves the ground.

    The date's pixel p shows what stands at p - d(p) in the reference grid.

    Args:
        shape: rows, columns.
        drawn, modules, place: as in `apply_date`.
    """
    names = _by_stage(drawn, modules)["geometry"]
    return total(_displacement(shape, drawn, modules, names, place), shape)


def _by_stage(drawn: Record, modules: Modules) -> dict[str, list[str]]:
    by_stage: dict[str, list[str]] = {stage: [] for stage in STAGES}
    for name in sorted(drawn):
        by_stage[modules[name].STAGE].append(name)
    return by_stage


def _ground_and_light(
    source: NDArray[Any],
    drawn: Record,
    modules: Modules,
    by_stage: Mapping[str, list[str]],
    full_scale: float,
    place: Place | None,
) -> NDArray[np.float32]:
    """Return (C, H, W) float32 in 0-1: the ground of that day in that day's air."""
    ground, light = by_stage["ground"], by_stage["light"]
    if light and not ground and np.issubdtype(source.dtype, np.integer):
        table = tables.whole_number_table(source, drawn, modules, light, full_scale)
        return np.stack([line[band] for line, band in zip(table, source, strict=True)])
    values = source.astype(np.float32)
    if full_scale != 1.0:
        values /= np.float32(full_scale)
    for name in ground:
        values = modules[name].act(values, drawn[name], place)
    for name in light:
        flat = modules[name].curve(values.reshape(len(values), -1), drawn[name])
        values = np.asarray(flat, np.float32).reshape(values.shape)
    return values


def _displacement(
    shape: tuple[int, ...], drawn: Record, modules: Modules, names: Sequence[str], place: Place | None
) -> Displacement:
    return combined([modules[name].displacement(shape, drawn[name], place) for name in names])


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
        self._field = normal_numbers(seed, (self._rows + self.STEP * (bands - 1), self._cols))

    def band(self, number: int) -> NDArray[np.float32]:
        """Return (H, W) standard normal numbers."""
        return self._field[self.STEP * number : self.STEP * number + self._rows]


def _off_nodata(image: NDArray[Any], nodata: float, full_scale: float) -> NDArray[Any]:
    step = 1 if nodata < full_scale / 2 else -1
    if np.issubdtype(image.dtype, np.floating):
        return image
    hit = image == np.asarray(nodata).astype(image.dtype)
    return np.where(hit, image + np.asarray(step).astype(image.dtype), image).astype(image.dtype)
