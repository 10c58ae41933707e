"""Ground that differs from date to date and is no change: wet spots, mown meadows, ploughed fields."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtri

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded, whole
from diachron.simulators.acquisition.fields import ramp, smooth_field, softened

REGISTERED = True
STAGE = "field"

# Blobs come in three sizes: share of the largest.
SIZES = (1.0, 0.4, 0.15)
# Half of the width over which the edge of a blob fades, in standard deviations of its field.
SOFT = 0.25
# Furrows and swaths: amplitude as a share of the field's own difference, and spacing in metres.
FURROW, FURROW_M = 0.5, (2.0, 7.0)
# Paved ground gets wet and dirty, but it is not mown: share of the blobs' strength there.
ON_PAVED = 0.4
# What may lie fallow, be mown or be ploughed as a whole, where the labels say so.
PARCELS = (hub.BARE, hub.GRASS, hub.CROP)
SMALLEST_PARCEL_M2 = 60.0


@dataclass(frozen=True)
class Parameters:
    """How much of the ground differs, and by how much.

    Args:
        cover: share of the ground in blobs.
        size_m: of the largest blobs, about from edge to edge.
        contrast: natural logarithm of the brightness of a blob, a field or a parcel, standard deviation.
        colour: the same for each band by itself.
        fields_per_km2: rate of straight-edged fields with furrows.
        field_side_m: their sides, each drawn.
        parcel_share: share of labelled parcels that differ.
    """

    cover: Quantity = (0.05, 0.25)
    size_m: Quantity = (25.0, 90.0)
    contrast: Quantity = (0.04, 0.14)
    colour: Quantity = (0.01, 0.05)
    fields_per_km2: Quantity = (0.0, 60.0)
    field_side_m: Quantity = (8.0, 50.0)
    parcel_share: Quantity = (0.0, 0.4)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.cover, key="cover", low=0, high=1)
        check_quantity(self.size_m, key="size_m", low=1, high=1e5)
        check_quantity(self.contrast, key="contrast", low=0, high=2)
        check_quantity(self.colour, key="colour", low=0, high=1)
        check_quantity(self.fields_per_km2, key="fields_per_km2", low=0, high=1e4)
        check_quantity(self.field_side_m, key="field_side_m", low=1, high=1e4)
        check_quantity(self.parcel_share, key="parcel_share", low=0, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return amounts in pixels, the logarithms by size and band (`blobs`), and the `seed` of the places."""
    contrast, colour = draw_quantity(rng, parameters.contrast), draw_quantity(rng, parameters.colour)
    count = len(context.bands)
    blobs = contrast * rng.standard_normal((len(SIZES), 1)) + colour * rng.standard_normal(
        (len(SIZES), count)
    )
    return {
        "cover": round(draw_quantity(rng, parameters.cover), 6),
        "size_px": context.pixels(draw_quantity(rng, parameters.size_m)),
        "contrast": round(contrast, 6),
        "colour": round(colour, 6),
        "blobs": [rounded(line) for line in blobs],
        "fields_per_px": float(
            f"{draw_quantity(rng, parameters.fields_per_km2) * context.gsd_m**2 / 1e6:.6g}"
        ),
        "field_sides_px": [context.pixels(draw_quantity(rng, parameters.field_side_m)) for _ in range(8)],
        "furrow_px": [context.pixels(length) for length in FURROW_M],
        "parcel_share": round(draw_quantity(rng, parameters.parcel_share), 6),
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values times the exponential of what blobs, fields and parcels add up to; buildings stay."""
    shape = values.shape[1:]
    rng = np.random.default_rng(whole(drawn, "seed"))
    power = np.zeros_like(values)
    touched = _fields(power, drawn, rng, shape)
    if place is not None:
        # Nobody ploughs a car park.
        power *= place.surface != hub.DEVELOPED
    touched |= _blobs(power, drawn, int(rng.integers(2**62)))
    if place is not None and place.labelled:
        touched |= _parcels(power, drawn, rng, place)
    if not touched:
        return values
    if place is not None:
        paved = np.where(place.surface == hub.DEVELOPED, np.float32(ON_PAVED), np.float32(1.0))
        power *= paved * (place.open_ground & (place.surface != hub.WATER))
    values *= np.exp(power, out=power)
    return values


def _blobs(power: NDArray[np.float32], drawn: Drawn, seed: int) -> bool:
    cover, gains = number(drawn, "cover"), numbers(drawn, "blobs")
    if cover == 0.0 or not gains.any():
        return False
    # Three sizes share the cover; a normal field exceeds this level on so much of the ground.
    level = _normal_quantile(1.0 - cover / len(SIZES))
    part = np.empty(power.shape[1:], np.float32)
    for number_, (size, bands) in enumerate(zip(SIZES, gains, strict=True)):
        length = max(0.5 * size * number(drawn, "size_px"), 3.0)
        (field,) = smooth_field(power.shape[1:], length, seed + number_)
        mask = ramp(field, level - SOFT, level + SOFT)
        for layer, gain in zip(power, bands, strict=True):
            layer += np.multiply(mask, gain, out=part)
    return True


def _normal_quantile(share: float) -> float:
    """Return the level below which a standard normal number stays with this probability."""
    return float(ndtri(min(max(share, 1e-6), 1 - 1e-6)))


def _fields(
    power: NDArray[np.float32], drawn: Drawn, rng: np.random.Generator, shape: tuple[int, ...]
) -> bool:
    """Add turned rectangles with furrows; neighbours share a direction, as parcels do."""
    rows, cols = shape
    count = int(rng.poisson(number(drawn, "fields_per_px") * rows * cols))
    contrast, colour = number(drawn, "contrast"), number(drawn, "colour")
    if count == 0 or (contrast == 0.0 and colour == 0.0):
        return False
    sides, furrows = numbers(drawn, "field_sides_px"), numbers(drawn, "furrow_px")
    main_angle = rng.uniform(0.0, math.pi)
    for _ in range(count):
        angle = main_angle + rng.normal(0.0, 0.1) + (math.pi / 2) * rng.integers(2)
        long, wide = (float(rng.choice(sides)) / 2 for _ in range(2))
        row, col = rng.uniform(0, rows), rng.uniform(0, cols)
        gain = contrast * rng.standard_normal() + colour * rng.standard_normal(len(power))
        period, phase = rng.uniform(*furrows), rng.uniform(0, 2 * math.pi)
        is_ploughed = rng.uniform() < 0.5
        reach = math.ceil(math.hypot(long, wide)) + 2
        box = (
            slice(max(int(row) - reach, 0), min(int(row) + reach + 1, rows)),
            slice(max(int(col) - reach, 0), min(int(col) + reach + 1, cols)),
        )
        down, right = np.ogrid[box]
        down, right = (down - row).astype(np.float32), (right - col).astype(np.float32)
        along = np.float32(math.cos(angle)) * right + np.float32(math.sin(angle)) * down
        across = np.float32(math.cos(angle)) * down - np.float32(math.sin(angle)) * right
        mask = np.clip(long + 0.5 - np.abs(along), 0, 1) * np.clip(wide + 0.5 - np.abs(across), 0, 1)
        # Furrows finer than two pixels cannot be seen.
        if is_ploughed and period > 2.5:
            mask *= np.float32(1.0) + np.float32(FURROW) * np.sin(
                across * np.float32(2 * math.pi / period) + np.float32(phase)
            )
        for layer, part in zip(power, gain, strict=True):
            layer[box] += mask * np.float32(part)
    return True


def _parcels(power: NDArray[np.float32], drawn: Drawn, rng: np.random.Generator, place: Place) -> bool:
    """Add whole parcels: connected ground of one class."""
    share = number(drawn, "parcel_share")
    contrast, colour = number(drawn, "contrast"), number(drawn, "colour")
    if share == 0.0 or (contrast == 0.0 and colour == 0.0):
        return False
    pieces = np.zeros(place.surface.shape, np.int32)
    count = 0
    for kind in PARCELS:
        ground = place.surface == kind
        ground &= place.open_ground
        if not ground.any():
            continue
        own, more = ndimage.label(ground)
        np.add(own, count, out=pieces, where=ground)
        count += more
    large = np.bincount(pieces.ravel(), minlength=count + 1) >= SMALLEST_PARCEL_M2 / place.gsd_m**2
    gains = contrast * rng.standard_normal((1, count + 1))
    gains = gains + colour * rng.standard_normal((len(power), count + 1))
    gains *= large & (rng.uniform(size=count + 1) < share)
    gains[:, 0] = 0.0
    if not gains.any():
        return False
    for layer, gain in zip(power, gains.astype(np.float32), strict=True):
        layer += softened(np.take(gain, pieces))
    return True
