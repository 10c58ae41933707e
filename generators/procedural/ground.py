"""The colour of the ground: two materials that mingle, a tone by field or garden, and grain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diachron.core.place import COVER_IDS, COVERS
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.noise import field, hashed, uniform
from diachron.generators.procedural.seasons import GROUNDS
from diachron.generators.procedural.spectra import spectra
from diachron.generators.procedural.state import PlaceState
from diachron.generators.procedural.toning import Toning

Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Texture:
    """How a cover looks from above.

    Args:
        first, second: materials that mingle.
        share: of the second, in the mean.
        patches: how much the share differs from one field or garden to the next, as a spread.
        spots: spread of the share over 40-100 m, 5-15 m and 1-2 m.
        tone: spread of brightness from one field or garden to the next.
        grain: spread of brightness over 40-100 m, 5-15 m, 1-2 m and 0.3-0.7 m.
    """

    first: str
    second: str
    share: float
    patches: float
    spots: tuple[float, float, float]
    tone: float
    grain: tuple[float, float, float, float]


# Set by eye beside aerial pictures of 0.25-1 m: how green, worn and mottled ground of each kind is.
TEXTURES: dict[str, Texture] = {
    "soil": Texture("soil", "pale_soil", 0.35, 0.25, (0.12, 0.16, 0.10), 0.08, (0.03, 0.05, 0.05, 0.05)),
    "sand": Texture("sand", "pale_soil", 0.35, 0.15, (0.15, 0.12, 0.06), 0.03, (0.03, 0.04, 0.03, 0.03)),
    "rock": Texture("rock", "gravel", 0.40, 0.20, (0.15, 0.20, 0.20), 0.08, (0.05, 0.10, 0.13, 0.10)),
    "gravel": Texture("gravel", "soil", 0.25, 0.15, (0.08, 0.16, 0.10), 0.07, (0.03, 0.05, 0.05, 0.06)),
    "dirt": Texture("soil", "pale_soil", 0.55, 0.25, (0.10, 0.25, 0.18), 0.09, (0.04, 0.08, 0.08, 0.07)),
    "rubbish": Texture("rubbish", "soil", 0.55, 0.15, (0.10, 0.25, 0.30), 0.10, (0.05, 0.10, 0.18, 0.20)),
    "lawn": Texture("grass", "straw", 0.26, 0.20, (0.10, 0.19, 0.14), 0.10, (0.04, 0.08, 0.10, 0.08)),
    "meadow": Texture("grass", "straw", 0.34, 0.18, (0.17, 0.20, 0.16), 0.08, (0.06, 0.09, 0.11, 0.08)),
    "dry_grass": Texture("straw", "soil", 0.40, 0.20, (0.16, 0.22, 0.17), 0.08, (0.05, 0.09, 0.10, 0.08)),
    "scrub": Texture("scrub", "straw", 0.35, 0.15, (0.14, 0.22, 0.25), 0.08, (0.05, 0.10, 0.16, 0.10)),
    "hedge": Texture("scrub", "broadleaf", 0.50, 0.20, (0.05, 0.15, 0.20), 0.10, (0.04, 0.08, 0.16, 0.10)),
    "forest_floor": Texture("litter", "scrub", 0.50, 0.2, (0.1, 0.2, 0.2), 0.06, (0.05, 0.10, 0.14, 0.1)),
    "crop": Texture("crop", "young_crop", 0.55, 0.4, (0.20, 0.20, 0.15), 0.13, (0.08, 0.08, 0.09, 0.07)),
    "stubble": Texture("straw", "pale_soil", 0.35, 0.25, (0.12, 0.10, 0.06), 0.1, (0.04, 0.04, 0.04, 0.04)),
    "ploughed": Texture("dark_soil", "soil", 0.55, 0.35, (0.18, 0.10, 0.05), 0.1, (0.05, 0.05, 0.06, 0.05)),
    "orchard": Texture("grass", "soil", 0.40, 0.25, (0.10, 0.12, 0.10), 0.08, (0.03, 0.05, 0.06, 0.05)),
    "asphalt": Texture("asphalt", "worn_asphalt", 0.5, 0.4, (0.1, 0.2, 0.06), 0.1, (0.03, 0.04, 0.03, 0.02)),
    "concrete": Texture("concrete", "paving", 0.45, 0.30, (0.10, 0.20, 0.10), 0.08, (0.03, 0.05, 0.04, 0.03)),
    "paving": Texture("paving", "worn_asphalt", 0.35, 0.3, (0.1, 0.2, 0.12), 0.1, (0.03, 0.05, 0.05, 0.04)),
    "yard": Texture("paving", "soil", 0.45, 0.30, (0.10, 0.28, 0.20), 0.12, (0.04, 0.08, 0.09, 0.06)),
    "ballast": Texture("gravel", "soil", 0.45, 0.20, (0.08, 0.12, 0.10), 0.08, (0.03, 0.04, 0.05, 0.08)),
    "court": Texture("green_court", "clay_court", 0.50, 9.0, (0.0, 0.0, 0.0), 0.08, (0.02, 0.03, 0.02, 0.01)),
    "river": Texture("green_water", "silty_water", 0.4, 0.2, (0.15, 0.05, 0.0), 0.05, (0.05, 0.03, 0.0, 0.0)),
    "lake": Texture("clear_water", "green_water", 0.5, 0.3, (0.12, 0.05, 0.0), 0.06, (0.05, 0.03, 0.0, 0.0)),
    "sea": Texture("sea_water", "clear_water", 0.35, 0.0, (0.15, 0.05, 0.02), 0.0, (0.05, 0.04, 0.04, 0.03)),
    "marsh": Texture("reed", "green_water", 0.35, 0.15, (0.20, 0.30, 0.20), 0.06, (0.06, 0.10, 0.12, 0.08)),
    "snowfield": Texture("snow", "rock", 0.02, 0.02, (0.02, 0.03, 0.03), 0.02, (0.02, 0.03, 0.03, 0.02)),
}  # fmt: skip
_ROWS = {
    season: tuple(replace(TEXTURES[name], **changed.get(name, {})) for name in COVERS)
    for season, changed in GROUNDS.items()
}
# Two wavelengths in metres and their weights for each of coarse, middle, fine and finest.
OCTAVES = (
    ((113.0, 0.7), (41.0, 0.6)),
    ((15.0, 0.7), (5.9, 0.65)),
    ((2.3, 0.7), (0.97, 0.65)),
    ((0.37, 1.0),),
)
# Worn, poached and failed places: what shows there, how much of it, and how rare they are (the noise must be
# larger). By eye beside pictures of 0.25 m.
WORN = {
    "lawn": ("soil", 0.5),
    "meadow": ("soil", 0.4),
    "dry_grass": ("pale_soil", 0.5),
    "crop": ("soil", 0.4),
}
WORN_FROM = 1.45
# The first octave that is texture from pixel to pixel.
FINE = 2
# Streams of hashes.
SPOTS, GRAIN, TONE, SHARE = 100, 200, 300, 301


@dataclass(frozen=True, eq=False)
class Waves:
    """Noise that all covers of a window share: (h, w) each, by octave."""

    spots: tuple[Picture, ...]
    grain: tuple[Picture, ...]


def waves_of(frame: Frame, seed: int) -> Waves:
    """Return the noise of a window."""

    def bands(number: int, kinds: int) -> tuple[Picture, ...]:
        found = []
        for band in range(kinds):
            total = np.zeros(frame.shape, np.float32)
            for k, (wavelength, weight) in enumerate(OCTAVES[band]):
                if wavelength >= 2.0 * frame.step_m:
                    total += np.float32(weight) * field(frame, wavelength, _key(seed, number + 10 * band + k))
            found.append(total)
        return tuple(found)

    return Waves(bands(SPOTS, 3), bands(GRAIN, 4))


def _key(seed: int, number: int) -> int:
    return int(hashed(seed, number))


def paint_ground(
    state: PlaceState, bands: Sequence[str], waves: Waves, toning: Toning | None = None
) -> Picture:
    """Return (C, h, w) float32 reflectance of the bare ground, without light, lanes, rows and things.

    Args:
        state: what lies where.
        bands: names.
        waves: noise of the window.
        toning: says how much more patches differ, and how much stronger fine texture is; colours are
            shifted later.
    """
    rows = _ROWS[state.season]
    cover = state.cover
    spread = np.array([row.spots for row in rows], np.float32)
    share = np.array([row.share for row in rows], np.float32)[cover]
    own, tone = patch_chances(state)
    fine = None
    if toning is not None:
        apart, fine = np.take(toning.spread, state.shown), np.take(toning.grain, state.shown)
        own *= apart
        tone *= apart
    share += np.array([row.patches for row in rows], np.float32)[cover] * own
    for band in range(3):
        spots = np.take(spread[:, band], cover) * waves.spots[band]
        share += spots if fine is None or band < FINE else spots * fine
    np.clip(share, 0.0, 1.0, out=share)
    grain = np.array([row.grain for row in rows], np.float32)
    level = np.array([row.tone for row in rows], np.float32)[cover] * tone
    for band in range(4):
        if OCTAVES[band][0][0] >= 2.0 * state.frame.step_m:
            grains = np.take(grain[:, band], cover) * waves.grain[band]
            level += grains if fine is None or band < FINE else grains * fine
    level += 1.0
    np.clip(level, 0.4, 1.8, out=level)
    first = spectra([row.first for row in rows], bands)
    second = spectra([row.second for row in rows], bands)
    picture = np.empty((len(bands), *cover.shape), np.float32)
    for band in range(len(bands)):
        one = np.take(first[band], cover)
        one += share * np.take(second[band] - first[band], cover)
        np.multiply(one, level, out=picture[band])
    _wear(state, bands, waves, picture)
    return picture


def _wear(state: PlaceState, bands: Sequence[str], waves: Waves, picture: Picture) -> None:
    """Lay worn places over grass and crops, in place."""
    depth = waves.spots[1] + np.float32(0.8) * waves.spots[2] - np.float32(WORN_FROM)
    flat = picture.reshape(len(bands), -1)
    for name, (material, most) in WORN.items():
        at = np.flatnonzero((depth > 0.0) & (state.cover == COVER_IDS[name]))
        if at.size:
            share = np.float32(most) * np.minimum(depth.ravel()[at] * np.float32(1.6), 1.0)
            flat[:, at] += share * (spectra([material], bands) - flat[:, at])


def patch_chances(state: PlaceState) -> tuple[Picture, Picture]:
    """Return two (h, w) chance numbers of spread 1 that belong to the field or garden of each pixel."""
    low = (state.patch & 0xFFFF).astype(np.intp)
    high = (state.patch.astype(np.int64) >> 16) & 0xFFFF
    # Numbers may be large: two tables of 65536, mixed, stand in for a hash of each pixel.
    both = []
    for stream in (SHARE, TONE):
        numbers = np.arange(65536)
        one, two = uniform(state.seed, stream, numbers), uniform(state.seed, stream + 7, numbers)
        mixed = one[low] + two[high]
        mixed -= np.floor(mixed)
        both.append((mixed - np.float32(0.5)) * np.float32(3.4))
    return both[0], both[1]
