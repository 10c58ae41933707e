"""Local light: how much of the colour that a place has is its light, and a donor's pixels brought into it.

A photographer tells light by a grey card, the same thing held into both places. Here lit open ground of one
kind is the card. Where it is even, two places of it differ by their light (haze, vignetting, the seam of a
mosaic); where it is patchy, they mostly differ by what grows there, and little is carried over. Different
kinds of ground tell nothing of light.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.scene import Scene, SceneObject
from diachron.generators.copy_paste.palette import palette_of
from diachron.generators.copy_paste.shadows import padded

Picture = NDArray[np.float32]
PerBand = NDArray[np.float64]

# Ground within this distance of a footprint's window is its neighbourhood. Twice that tells no more of roofs.
NEIGHBOURHOOD_M = 12.0
# A kind of ground is a card from so many square metres and pixels on: a few blocks of it, not a flower bed.
SMALLEST_M2 = 8.0
FEWEST_PX = 30
# Pixels that are sorted of one kind; a median needs no more.
MOST_PX = 3000
# Spread over level of ground at which half of a difference is carried over. Over 6000 pairs of real roofs of
# 110 scenes, log differences of roofs follow those of the ground around with a slope of 0.45, 0.28, 0.11 and
# 0.10 where the ground's doubt (`_difference`) is 0.10, 0.14, 0.18 and 0.26: 1 / (1 + (doubt / 0.09)^2).
# Carrying all of it brings roofs farther from the real ones around than carrying nothing.
HALF_DOUBT = 0.09
# Even the flattest ground has the noise of its sensor.
LEAST_DOUBT = 0.02
# Light differs by up to this factor inside a picture; ground that differs by more is other ground.
LARGEST_RATIO = 1.35
# Hue hardly does: gain of one band beside the others. More turned iron roofs pink beside fresh grass.
LARGEST_TINT = 1.03
# A kind that is this near to white in any band is clipped, and even only for that.
CLIPPED = 0.97
# What is darker than this share of the scene's level stands at it: a ratio of nothing to nothing is no gain.
DARKEST = 0.05
# Roofs follow the colours of their picture with slopes of 0.3-0.7 (five sets, 6000 pairs each); the rest is
# what grows there, up to a factor chosen by eye. A tint beyond that, as of a red picture, is light.
COLOUR_SHARE = 0.6
LARGEST_GROWTH = 1.1
# Largest gain of a roof in a band: within its scene, and beside the gain between its picture and this one.
LOCAL_GAIN = 1.25
SCENE_GAIN = 1.4
# Largest change of the contrast on a roof.
CONTRAST = 1.4


@dataclass(frozen=True)
class Ground:
    """Lit open ground of one kind in a neighbourhood.

    Args:
        pixels: how many there are.
        level: (C,) median, in the source's scale.
        spread: (C,) half of the range from 16 % to 84 %, which is the standard deviation of a normal one.
    """

    pixels: int
    level: PerBand
    spread: PerBand


@dataclass(frozen=True)
class Donated:
    """What an object brings along: (C,) mean of its pixels, and the ground around it by hub id."""

    mean: PerBand
    around: dict[int, Ground]


@dataclass(frozen=True)
class Tone:
    """A curve per band: value -> pivot * gain + contrast * (value - pivot), all (C,)."""

    pivot: PerBand
    gain: PerBand
    contrast: PerBand

    def of(self, values: PerBand) -> PerBand:
        """Return (C,) values after it."""
        return self.pivot * self.gain + self.contrast * (values - self.pivot)


def in_local_light(
    pixels: Picture, donor_scene: Scene, donor: SceneObject, scene: Scene, entry: SceneObject
) -> Picture:
    """Return a donor's pixels in the light of their new place, band by band.

    A donor of another scene comes first to the exposure of this one. Then the difference of light between the
    ground around it there and the ground around its new place is carried over, as far as that ground is even
    enough to tell. The donor's mean moves with the level of the ground; its contrast about the mean goes half
    of the way with the ground's spread, and half with its level. Only real pixels are measured, never painted
    ones.

    Args:
        pixels: (C, h, w) float32 of the donor, in the scale of its scene.
        donor_scene: where they come from.
        donor: the object there.
        scene: that is painted.
        entry: the object at its new place.

    Returns:
        (C, h, w) float32 in the scale of `scene`; neither rounded nor clipped to its range.
    """
    given = _donated(donor_scene, donor)
    exposure = _exposure(donor_scene, scene)
    local = _difference(given.around, ground_around(scene, entry), exposure, scene)
    exposed = exposure.of(given.mean)
    # What the ground says of hue is mostly its own: a roof keeps the hue of its picture.
    least = _least(scene)
    gain = np.log(np.maximum(local.of(exposed), least) / np.maximum(exposed, least))
    mean = exposed * np.exp(_less_tint(gain))
    scale = scene.full_scale / donor_scene.full_scale
    contrast = np.clip(exposure.contrast * local.contrast, scale / CONTRAST, scale * CONTRAST)
    # A dark roof may rise as ground does, since haze adds; none falls by more than a share of itself.
    limit = LOCAL_GAIN if donor_scene is scene else SCENE_GAIN
    base = np.maximum(given.mean, 0.5 * palette_of(donor_scene).lit_level)
    mean = np.clip(mean, given.mean * exposure.gain / limit, base * exposure.gain * limit)
    offset = mean - contrast * given.mean
    moved = pixels * contrast[:, None, None].astype(np.float32) + offset[:, None, None].astype(np.float32)
    return moved.astype(np.float32)


def ground_around(scene: Scene, entry: SceneObject) -> dict[int, Ground]:
    """Return the lit ground near an object by hub id, off shadows and objects.

    What lies under an object that is not there yet counts too: no ground is nearer. Kinds of which there is
    too little are left out, so the answer may be empty.

    Args:
        scene: real state; its own picture is measured.
        entry: an object that stands there or will.
    """
    gsd = scene.grid.gsd_m
    box, _ = padded(scene, entry, int(np.ceil(NEIGHBOURHOOD_M / gsd)))
    palette = palette_of(scene)
    surface = np.where(palette.off_objects[box], scene.surface[box], hub.IGNORE)
    brightness = palette.brightness[box]
    image = scene.image[:, box[0], box[1]]
    found = {}
    for kind in np.flatnonzero(np.bincount(surface.ravel())):
        if kind == hub.IGNORE:
            continue
        where = np.flatnonzero((surface == kind) & (brightness >= palette.lit_from(int(kind))))
        if where.size < FEWEST_PX or where.size * gsd * gsd < SMALLEST_M2:
            continue
        chosen = where[:: -(-where.size // MOST_PX)]
        values = image.reshape(image.shape[0], -1)[:, chosen].astype(np.float64)
        low, level, high = np.quantile(values, (0.16, 0.5, 0.84), axis=1)
        if high.max() >= CLIPPED * scene.full_scale:
            continue
        found[int(kind)] = Ground(int(where.size), level, (high - low) / 2.0)
    return found


def _exposure(there: Scene, here: Scene) -> Tone:
    """Return the tone that takes one picture to the mean and half of the way to the spread of another."""
    if there is here:
        unit = np.ones(there.image.shape[0])
        return Tone(unit, unit, unit)
    mean_there, spread_there = palette_of(there).levels
    mean_here, spread_here = palette_of(here).levels
    ratio = np.log(np.maximum(mean_here, _least(here)) / np.maximum(mean_there, _least(there)))
    growth = (1.0 - COLOUR_SHARE) * (ratio - ratio.mean())
    ratio -= np.clip(growth, -np.log(LARGEST_GROWTH), np.log(LARGEST_GROWTH))
    scale = here.full_scale / there.full_scale
    contrast = np.sqrt(np.maximum(spread_here / scale, 1e-6) / np.maximum(spread_there, 1e-6))
    return Tone(mean_there, np.exp(ratio), scale * np.clip(contrast, 1.0 / CONTRAST, CONTRAST))


def _difference(there: dict[int, Ground], here: dict[int, Ground], exposure: Tone, scene: Scene) -> Tone:
    """Return the tone that takes the light there, after the exposure, to the light here."""
    shared = sorted(there.keys() & here.keys())
    if not shared:
        unit = np.ones_like(exposure.gain)
        return Tone(exposure.pivot, unit, unit)
    floor = _least(scene)
    weight = np.array([min(there[kind].pixels, here[kind].pixels) for kind in shared], np.float64)
    weight = (weight / weight.sum())[:, None]
    # (kinds, C) levels and spreads in the two places.
    level_there = np.maximum([exposure.of(there[kind].level) for kind in shared], floor)
    level_here = np.maximum([here[kind].level for kind in shared], floor)
    spread_there = np.maximum([exposure.contrast * there[kind].spread for kind in shared], 0.01 * floor)
    spread_here = np.maximum([here[kind].spread for kind in shared], 0.01 * floor)
    patchy = (spread_there / level_there + spread_here / level_here).mean(axis=1) / 2.0
    # Each kind is a card of its own, so kinds that are known well make up for those that are not.
    doubt = np.sum(np.maximum(patchy, LEAST_DOUBT) ** -2.0) ** -0.5
    trust = 1.0 / (1.0 + (doubt / HALF_DOUBT) ** 2)
    gain = (weight * _log_ratio(level_here, level_there)).sum(axis=0)
    spread = (weight * _log_ratio(spread_here, spread_there)).sum(axis=0)
    pivot = (weight * level_there).sum(axis=0)
    return Tone(pivot, np.exp(trust * gain), np.exp(_less_tint(trust * (gain + spread) / 2.0)))


def _least(scene: Scene) -> float:
    """Return the level that stands for anything darker, in the scene's scale."""
    return DARKEST * max(abs(palette_of(scene).lit_level), 1e-6)


def _log_ratio(here: PerBand, there: PerBand) -> PerBand:
    largest = np.log(LARGEST_RATIO)
    return np.clip(np.log(here / there), -largest, largest)


def _less_tint(log_gain: PerBand) -> PerBand:
    """Return (C,) logarithms of gains that differ little between bands."""
    common = log_gain.mean()
    tint = np.log(LARGEST_TINT)
    return common + np.clip(log_gain - common, -tint, tint)


_DONATED: WeakKeyDictionary[Scene, dict[int, Donated]] = WeakKeyDictionary()


def _donated(scene: Scene, donor: SceneObject) -> Donated:
    """Return what a donor brings along, measured at the first call."""
    kept = _DONATED.setdefault(scene, {})
    if donor.id not in kept:
        window, mask = donor.footprint.window, donor.footprint.mask
        pixels = scene.image[:, window[0], window[1]][:, mask]
        kept[donor.id] = Donated(pixels.mean(axis=1, dtype=np.float64), ground_around(scene, donor))
    return kept[donor.id]
