"""Broken ground: how far it reaches beyond a footprint, how uneven it is, and where machines drove."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Field = NDArray[np.float32]

# Diggers need room around the walls: working space beside an excavation is 0.5 m by rule (DIN 4124), and
# spoil lies beyond it. How far it spreads here is by eye.
SPREAD_M = 1.6
LEAST_SPREAD_M = 0.2
# Across this width broken ground fades into what lies around it.
FADE_M = 0.9
MOTTLE_M = 2.5
MOTTLE = 0.05
# Distance of the wheels of a lorry, and the width of its twin tyres.
GAUGE_M = 2.0
TYRE_M = 0.6
RUT = 0.09


def broken(rng: np.random.Generator, footprint: Mask, free: Mask, gsd_m: float) -> Field:
    """Return (h, w) float32 from 0 to 1: how much of the ground is broken, 1 well inside the footprint.

    Args:
        rng: of the edit.
        footprint: (h, w) of the building to come.
        free: (h, w) ground around it that may be broken as well.
        gsd_m: metres a pixel.
    """
    inside = ndimage.distance_transform_edt(np.pad(footprint, 1))[1:-1, 1:-1]
    outside = ndimage.distance_transform_edt(~footprint)
    depth_m = (inside - outside) * gsd_m
    ragged = SPREAD_M * (0.5 + 0.7 * even_noise(rng, footprint.shape, MOTTLE_M / gsd_m))
    ragged = np.maximum(ragged, LEAST_SPREAD_M)
    share = np.clip((depth_m + ragged) / max(FADE_M, 1.5 * gsd_m), 0.0, 1.0)
    share[~(free | footprint)] = 0.0
    share[share < 0.04] = 0.0
    return share.astype(np.float32)


def worked(rng: np.random.Generator, shape: tuple[int, int], footprint: Mask, gsd_m: float) -> Field:
    """Return (h, w) float32 factors of brightness: mottled soil, and a lorry's ruts through the footprint.

    Ruts narrower than a third of a pixel are not drawn.

    Args:
        rng: of the edit.
        shape: of the window.
        footprint: (h, w) of the building to come.
        gsd_m: metres a pixel.
    """
    factor = 1.0 + MOTTLE * even_noise(rng, shape, MOTTLE_M / gsd_m)
    rows, cols = np.nonzero(footprint)
    turn, bend, aside = rng.uniform(0.0, np.pi), rng.normal(0.0, 0.012), rng.normal(0.0, 0.2)
    if TYRE_M / gsd_m >= 0.33:
        down, right = np.indices(shape)
        down, right = (down - rows.mean()) * gsd_m, (right - cols.mean()) * gsd_m
        along = np.cos(turn) * right + np.sin(turn) * down
        across = np.cos(turn) * down - np.sin(turn) * right - aside * np.sqrt(rows.size) * gsd_m
        # A lorry turns on a wide bow: a parabola is near enough over the width of a plot.
        across = across - bend * along * along
        wheel = np.minimum(np.abs(across - GAUGE_M / 2), np.abs(across + GAUGE_M / 2))
        soft = max(TYRE_M / 2, 0.5 * gsd_m)
        depth = np.exp(-0.5 * (wheel / soft) ** 2) * min(1.0, TYRE_M / gsd_m)
        factor -= RUT * depth * (0.6 + 0.4 * even_noise(rng, shape, 2.0 * MOTTLE_M / gsd_m))
    return factor.astype(np.float32)


def even_noise(rng: np.random.Generator, shape: tuple[int, int], scale_px: float) -> Field:
    """Return (h, w) float32 smooth noise of mean 0 and deviation about 1, cut at two deviations.

    Args:
        rng: draws it.
        shape: of the field.
        scale_px: size of its spots.
    """
    sigma = max(scale_px / 2.0, 0.5)
    white = rng.standard_normal(shape).astype(np.float32)
    smooth = ndimage.gaussian_filter(white, sigma, mode="wrap")
    # White noise that was blurred with sigma keeps a variance of 1 / (4 pi sigma^2).
    return np.clip(smooth * (2.0 * np.sqrt(np.pi) * sigma), -2.0, 2.0).astype(np.float32)
