"""Sun and sky over a height map: slopes, cast shadows, and how much of the sky a place sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.light import shadow_direction
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.spectra import wavelengths_of

Picture = NDArray[np.float32]

# Sky light on level ground as a share of all light under a clear sky with the sun at 45 degrees, by
# wavelength in nanometres: Rayleigh scattering makes it blue (values as MODTRAN's rural aerosol with 23 km of
# sight gives them, rounded; recalled).
SKY_NM = (443.0, 490.0, 560.0, 665.0, 783.0, 865.0, 1610.0, 2190.0)
SKY_SHARE = (0.33, 0.28, 0.22, 0.17, 0.13, 0.12, 0.06, 0.05)
# Light that comes off lit ground and walls around, as a share of all light.
BOUNCED = 0.06
# Slopes steeper than this are walls and gaps between leaves: seen from above they are thin.
STEEPEST = 2.2
# A step down of more than so many falls of the ray is a wall.
WALL_FALLS = 1.5
# The lowest sun, degrees: below it shadows are longer than any window.
LOWEST_SUN_DEG = 8.0
# Crevices of these widths in metres see less sky, by so much for each metre of depth.
HOLLOWS = ((1.2, 0.12), (5.0, 0.03))
DARKEST_HOLLOW = 0.5


@dataclass(frozen=True)
class Sunlight:
    """Where the sun stands.

    Args:
        azimuth_deg: clockwise from north.
        elevation_deg: above the horizon.
    """

    azimuth_deg: float
    elevation_deg: float

    @property
    def slope(self) -> float:
        """Metres that a ray falls for a metre on the ground."""
        return math.tan(math.radians(max(self.elevation_deg, LOWEST_SUN_DEG)))


def shaded(height_m: Picture, frame: Frame, sun: Sunlight) -> Picture:
    """Return (h, w) float32 share of the sun's disc that is hidden, 0 in light and 1 in full shadow.

    The height map is sheared until the sun shines along its rows or columns; the shadow's upper bound is then
    a running maximum of height plus the fall of the ray, one pass for any length of shadow. What stands
    outside the window casts none into it.

    Args:
        height_m: (h, w) of all that stands, above a common level.
        frame: of the window; its place in the world decides how it is sheared, so that windows agree.
        sun: where it stands.
    """
    down, right = shadow_direction(sun.azimuth_deg)
    swapped = abs(right) > abs(down)
    height = height_m.T if swapped else height_m
    main, side = (right, down) if swapped else (down, right)
    start = frame.left if swapped else frame.top
    # The ray goes from the sun towards the shadow: along the rows, or against them.
    if main < 0:
        height = height[::-1]
        start = -(start + height.shape[0])
        main = -main
    per_row = side / main
    fall = sun.slope * frame.step_m * math.hypot(1.0, per_row)
    rows, cols = height.shape
    shift = (start + np.arange(rows)) * per_row
    shift -= np.floor(shift[0])
    whole = np.floor(shift).astype(np.intp)
    part = (shift - whole).astype(np.float32)[:, None]
    low, high = int(whole.min()), int(whole.max()) + 1
    wide = cols + high - low + 1
    lowest = float(height.min())
    # Doubles: the fall adds up to hundreds of metres, and windows of other size must agree.
    sheared = np.full((rows, wide), lowest - 1e4)
    # Column c of row r lies at c - shift(r): columns of the sheared map are rays.
    for row in range(rows):
        at = high - whole[row]
        line = height[row]
        sheared[row, at : at + cols] = line
        share = part[row, 0]
        sheared[row, at : at + cols - 1] += share * (line[1:] - line[:-1])
    sheared += (np.arange(rows) * fall)[:, None]
    # A wall ends at the far side of its pixel, not in the middle: what drops off casts so much farther.
    cast = sheared[:-1] + np.where(sheared[:-1] - sheared[1:] > WALL_FALLS * fall, 0.85 * fall, 0.0)
    np.maximum.accumulate(cast, axis=0, out=cast)
    # Nothing shades itself: a row is shaded by those before it.
    sheared[1:] = cast
    sheared[0] = lowest - 1e4
    sheared -= (np.arange(rows) * fall)[:, None]
    bound = np.empty((rows, cols), np.float32)
    for row in range(rows):
        at = high - whole[row]
        share = part[row, 0]
        line = sheared[row]
        bound[row] = line[at : at + cols]
        bound[row, 1:] += share * (line[at - 1 : at + cols - 2] - line[at : at + cols - 1])
    depth = bound - height
    # The rim is as wide as one fine pixel: the sun's disc blurs a house's shadow by less than that.
    rim = np.float32(max(fall, 0.05))
    hidden = np.clip((depth - np.float32(0.1) * rim) / rim, 0.0, 1.0)
    if shadow_direction(sun.azimuth_deg)[1 if swapped else 0] < 0:
        hidden = hidden[::-1]
    return np.ascontiguousarray(hidden.T if swapped else hidden)


def sky_seen(height_m: Picture, frame: Frame) -> Picture:
    """Return (h, w) float32 share of the sky that is seen, 1 on open ground and on top of things."""
    seen = np.ones(frame.shape, np.float32)
    for width_m, per_metre in HOLLOWS:
        smooth = smoothed(height_m, width_m / frame.step_m, frame)
        hollow = np.clip((smooth - height_m) * np.float32(per_metre), 0.0, 0.5)
        seen -= hollow
    return np.maximum(seen, np.float32(DARKEST_HOLLOW), out=seen)


def smoothed(values: Picture, sigma_px: float, frame: Frame) -> Picture:
    """Return a Gaussian blur; wide ones are computed on coarser pixels that lie fixed in the world."""
    step = int(sigma_px // 3)
    if step < 2:
        return ndimage.gaussian_filter(values, sigma_px, mode="nearest", truncate=3.0)
    rows, cols = values.shape
    # Blocks begin at whole numbers of the world's pixels, whatever the window.
    before = frame.top % step, frame.left % step
    after = -(rows + before[0]) % step, -(cols + before[1]) % step
    padded = np.pad(values, ((before[0], after[0]), (before[1], after[1])), mode="edge")
    tall, wide = padded.shape
    blocks = padded.reshape(tall // step, step, wide // step, step).mean(axis=(1, 3), dtype=np.float32)
    soft = ndimage.gaussian_filter(blocks, sigma_px / step, mode="nearest", truncate=3.0)
    return _stretched(soft, step)[before[0] : before[0] + rows, before[1] : before[1] + cols]


def _stretched(blocks: Picture, step: int) -> Picture:
    """Return blocks joined linearly from middle to middle."""
    for axis in (0, 1):
        size = blocks.shape[axis]
        place = (np.arange(size * step) + 0.5) / step - 0.5
        node = np.clip(np.floor(place).astype(np.intp), 0, max(size - 2, 0))
        part = np.clip(place - node, 0.0, 1.0).astype(np.float32)
        part = part[:, None] if axis == 0 else part[None, :]
        one = np.take(blocks, node, axis=axis)
        two = np.take(blocks, np.minimum(node + 1, size - 1), axis=axis)
        two -= one
        two *= part
        blocks = one + two
    return blocks


def facing_sun(height_m: Picture, frame: Frame, sun: Sunlight) -> Picture:
    """Return (h, w) float32 sunlight on the slope over that on level ground, 0 where it faces away."""
    rows = np.empty_like(height_m)
    cols = np.empty_like(height_m)
    rows[1:-1] = height_m[2:] - height_m[:-2]
    rows[0], rows[-1] = 2 * (height_m[1] - height_m[0]), 2 * (height_m[-1] - height_m[-2])
    cols[:, 1:-1] = height_m[:, 2:] - height_m[:, :-2]
    cols[:, 0] = 2 * (height_m[:, 1] - height_m[:, 0])
    cols[:, -1] = 2 * (height_m[:, -1] - height_m[:, -2])
    scale = np.float32(0.5 / frame.step_m)
    rows *= scale
    cols *= scale
    np.clip(rows, -STEEPEST, STEEPEST, out=rows)
    np.clip(cols, -STEEPEST, STEEPEST, out=cols)
    down, right = shadow_direction(sun.azimuth_deg)
    # The sun lies against the direction of the shadow; a slope that rises along the shadow faces it.
    flat = 1.0 / sun.slope
    lit = (
        np.float32(1.0) + np.float32(flat) * (rows * np.float32(down) + cols * np.float32(right))
    ) / np.sqrt(np.float32(1.0) + rows * rows + cols * cols)
    return np.clip(lit, 0.0, 1.9)


def sky_share(bands: Sequence[str]) -> NDArray[np.float32]:
    """Return (C,) float32 share of sky light on level ground by band."""
    return np.array([np.mean(np.interp(wavelengths_of(b), SKY_NM, SKY_SHARE)) for b in bands], np.float32)
