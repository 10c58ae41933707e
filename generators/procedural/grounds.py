"""Objects that lie flat: pools, courts and pitches with their lines, and the glass of greenhouses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.generators.procedural.ground import Waves
from diachron.generators.procedural.new_roofs import long_axis
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.spectra import spectra
from diachron.generators.procedural.state import PlaceState

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Larger grounds are grass pitches, smaller ones courts (a tennis court with its run-off has 650 m², the
# smallest football pitch 4050 m²).
PITCH_M2 = 2500.0
LINE_M, PITCH_LINE_M = 0.06, 0.12
# Lines run so far inside the edge of the ground.
RUN_OFF_M, PITCH_RUN_OFF_M = 3.2, 2.5
STRIPE_M = 5.5
COURTS = ("green_court", "clay_court", "blue_metal", "paving")
# Greenhouses of glass or film: eaves height, and width of a bay.
GREENHOUSE_M, BAY_M = 3.5, 3.2
RIM_M = 0.5


def paint_grounds(
    state: PlaceState, bands: Sequence[str], waves: Waves, height_m: Picture, picture: Picture
) -> None:
    """Paint pools, grounds and greenhouses into (C, h, w) reflectance and (h, w) height, in place."""
    kinds = np.isin(state.classes, (hub.SPORTS, hub.POOL, hub.GREENHOUSE))
    if not kinds.any():
        return
    known, compact = np.unique(state.instances[kinds], return_inverse=True)
    labels = np.zeros(kinds.shape, np.int32)
    labels[kinds] = compact + 1
    for k, box in enumerate(ndimage.find_objects(labels)):
        mask, number = labels[box] == k + 1, int(known[k])
        kind = int(state.classes[box][mask][0])
        part = picture[:, box[0], box[1]]
        if kind == hub.POOL:
            _pool(state, bands, waves.grain[2][box], mask, part)
        elif kind == hub.SPORTS:
            _ground(state, bands, number, mask, part)
        else:
            _greenhouse(state, bands, number, mask, part)
            height_m[box][mask] += GREENHOUSE_M


def _edge_m(state: PlaceState, mask: Mask) -> Picture:
    """Return (h, w) distance to the outline."""
    distance = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return (distance * state.frame.step_m).astype(np.float32)


def _axes(state: PlaceState, mask: Mask) -> tuple[Picture, Picture, float, float]:
    """Return metres along and across an object from its middle, and half of its length and width."""
    angle_deg, length, width = long_axis(mask)
    angle = np.radians(angle_deg)
    rows, cols = np.nonzero(mask)
    down, right = np.indices(mask.shape).astype(np.float32)
    down, right = down - rows.mean(), right - cols.mean()
    step = state.frame.step_m
    along = (right * np.cos(angle) + down * np.sin(angle)) * step
    across = (down * np.cos(angle) - right * np.sin(angle)) * step
    return along, across, length * step / 2, width * step / 2


def _pool(state: PlaceState, bands: Sequence[str], mottled: Picture, mask: Mask, part: Picture) -> None:
    """Water over a pale floor, deeper at one end, with a rim of slabs."""
    water, rim = spectra(["pool_water", "concrete"], bands).T
    edge = _edge_m(state, mask)
    along, _, half, _ = _axes(state, mask)
    deep = 1.0 - 0.22 * np.clip(along / max(half, 0.1), -1.0, 1.0) + 0.05 * mottled
    colour = water[:, None, None] * deep
    beside = np.clip(1.0 - edge / RIM_M, 0.0, 1.0) * min(1.0, RIM_M / state.frame.step_m)
    part[:, mask] = (colour + beside * (rim[:, None, None] - colour))[:, mask]


def _ground(state: PlaceState, bands: Sequence[str], number: int, mask: Mask, part: Picture) -> None:
    """A grass pitch in mown stripes or a court of one colour, with white lines."""
    step = state.frame.step_m
    area_m2 = np.count_nonzero(mask) * step * step
    along, across, half_length, half_width = _axes(state, mask)
    large = area_m2 > PITCH_M2
    paint = spectra(["paint"], bands)[:, 0]
    if large:
        stripe = np.where(np.floor(along / STRIPE_M) % 2 == 0, 1.06, 0.94).astype(np.float32)
        part[:, mask] = 0.35 * part[:, mask] + 0.65 * spectra(["lush_grass"], bands) * stripe[mask]
        part[:, mask] *= stripe[mask]
    else:
        chosen = COURTS[int(uniform(state.seed, number, 17) * len(COURTS))]
        worn = 0.25 * part[:, mask] / np.maximum(part[:, mask].mean(axis=1, keepdims=True), 1e-4) + 0.75
        part[:, mask] = spectra([chosen], bands) * worn
    inset = PITCH_RUN_OFF_M if large else RUN_OFF_M
    long, wide = max(half_length - inset, 2.0), max(half_width - 0.7 * inset, 2.0)
    width = PITCH_LINE_M if large else LINE_M
    reach = max(width, step) / 2
    a, b = np.abs(along), np.abs(across)
    inside = (a <= long + reach) & (b <= wide + reach)
    lines = inside & ((np.abs(a - long) < reach) | (np.abs(b - wide) < reach) | (a < reach))
    if large:
        lines |= np.abs(np.hypot(along, across) - 9.15) < reach
    else:
        lines |= inside & (a < 0.55 * long) & ((np.abs(b - 0.76 * wide) < reach) | (b < reach))
    share = np.float32(0.8 * min(1.0, width / step))
    chosen_px = lines & mask
    part[:, chosen_px] += share * (paint[:, None] - part[:, chosen_px])


def _greenhouse(state: PlaceState, bands: Sequence[str], number: int, mask: Mask, part: Picture) -> None:
    """Bays of glass side by side over what grows inside."""
    _, across, _, _ = _axes(state, mask)
    glass, inner = spectra(["glass", "crop"], bands).T
    through = 0.35 + 0.3 * float(uniform(state.seed, number, 18))
    colour = (1 - through) * glass + through * inner
    bay = np.abs((across / BAY_M) % 1.0 - 0.5) * 2.0
    seen = state.frame.resolves(BAY_M)
    level = 1.0 + seen * (0.35 * (bay > 0.85) - 0.12 * bay)
    part[:, mask] = colour[:, None] * level[mask]
