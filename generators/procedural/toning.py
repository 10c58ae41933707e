"""Shifting the painter's colours towards a learned palette, pixel by pixel and before any light falls.

What a pixel differs by from the middle of its class is taken apart into brightness and hue. Ground keeps its
own differences in brightness (fields and gardens differ more or less where they are drawn, `Toning.spread`),
roofs and crowns are spread as a whole; hues are drawn together, so that red and grey roofs do not become red
and blue ones. It looks at nothing but the pixel: a part of a picture is the same as the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub

Picture = NDArray[np.float32]

# Learned spreads and textures are followed only so far: beyond, stains become holes and lines become mirrors.
# Hues are only ever drawn together: a cast that suits the middle of a class (brown soil that is to be grey)
# throws its rarer kinds (gravel) beyond, into blue.
SPREAD, HUE, GRAIN = (0.4, 1.8), (0.15, 0.7), (0.5, 2.0)
FARTHEST = 6.0
DARKEST, BRIGHTEST = 0.002, 0.9
# A class that the tiles do not tell takes the shift in colour of the first of these that they tell. Paved
# yards are not among them: schemes without them count them to bare land as often as to roads.
LIKE: dict[str, tuple[str, ...]] = {
    "road": ("developed",),
    "rail": ("developed", "road"),
    "crop": ("grass", "shrub", "tree"),
    "grass": ("crop", "shrub", "tree"),
    "shrub": ("tree", "grass", "crop"),
    "tree": ("shrub", "grass"),
}
IDS = 32


@dataclass(frozen=True, eq=False)
class Toning:
    """What is done to the colours of each hub class.

    Args:
        known: numbers of the bands that the palette tells.
        own, learned: hub id -> (K,) float32 levels in those bands.
        spread: (32,) float32 factor on differences in brightness between patches, by hub id.
        hue: (32,) float32 exponent of differences in hue.
        grain: (32,) float32 factor on fine texture.
    """

    known: NDArray[np.intp]
    own: Mapping[int, Picture]
    learned: Mapping[int, Picture]
    spread: Picture
    hue: Picture
    grain: Picture


def toning_of(palette: Mapping[str, Any] | None, bands: Sequence[str]) -> Toning | None:
    """Return the shifts of a palette for some bands; None where there is none.

    Bands that the palette does not know stay as they are, as do classes without any like them.

    Args:
        palette: as `palette_from.beside` makes it.
        bands: names.
    """
    if palette is None or not palette["classes"]:
        return None
    of_palette = [str(name).lower() for name in palette["bands"]]
    known = [number for number, name in enumerate(bands) if name.lower() in of_palette]
    at = [of_palette.index(bands[number].lower()) for number in known]
    classes = palette["classes"]
    own, learned = {}, {}
    spread, hue, grain = (np.ones(IDS, np.float32) for _ in range(3))
    for number, name in hub.NAMES.items():
        kin = next((each for each in (name, *LIKE.get(name, ())) if each in classes), None)
        if kin is None or not known:
            continue
        entry, before = classes[kin], classes[kin]["own"]
        own[number] = np.array(before["colour"], np.float32)[at]
        learned[number] = np.array(entry["colour"], np.float32)[at]
        if kin == name:
            spread[number] = np.clip(_ratio(entry, before, "spread"), *SPREAD)
            hue[number] = np.clip(_ratio(entry, before, "hue"), *HUE)
            grain[number] = np.clip(_ratio(entry, before, "texture"), *GRAIN)
    return Toning(np.array(known, np.intp), own, learned, spread, hue, grain)


def _ratio(entry: Mapping[str, Any], own: Mapping[str, Any], key: str) -> float:
    return float(np.mean(entry[key]) / max(float(np.mean(own[key])), 1e-3))


def shift_ground(flat: Picture, classes: NDArray[np.uint8], toning: Toning) -> None:
    """Shift (C, P) reflectances of ground of (P,) hub classes, in place; brightness keeps its differences."""
    for number in toning.own:
        at = np.flatnonzero(classes == number)
        if at.size:
            flat[:, at] = shifted(flat[:, at], number, toning, np.float32(1.0))


def shift_things(colours: Picture, number: int, toning: Toning | None) -> Picture:
    """Return (C, N) reflectances of roofs or crowns, one each, shifted and spread.

    Args:
        colours: of things.
        number: their hub class.
        toning: None leaves them as they are.
    """
    if toning is None or number not in toning.own:
        return colours
    return shifted(colours, number, toning, toning.spread[number])


def shifted(values: Picture, number: int, toning: Toning, power: np.float32) -> Picture:
    """Return (C, P) reflectances of a class, shifted; `power` is that of differences in brightness."""
    ratio = np.log(np.clip(values[toning.known] / toning.own[number][:, None], 1 / FARTHEST, FARTHEST))
    bright = ratio.mean(axis=0)
    ratio -= bright
    ratio *= toning.hue[number]
    ratio += bright * power
    toned = values.copy()
    toned[toning.known] = np.clip(toning.learned[number][:, None] * np.exp(ratio), DARKEST, BRIGHTEST)
    return toned
