"""Real test sets as labelled pairs: `open_pairs("levir:DIR@test")`, each pair read when it is asked for.

A format is a file of this folder, its name is the word before the colon. It holds
`open_set(folder, part, gsd_m) -> PairSet`: list the files, check names and part, and leave pixels to
`LazyPairs`, which calls the format's own reading function for one pair at a time. A format with a folder for
each date and one for the masks is a few lines around `dates.dated_set`; `clcd.py` is the one to imitate.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from diachron.core.errors import RecipeError, SourceError, UnknownNameError, nearest_names
from diachron.core.pair import PairSet

# format -> one line. The module is `diachron.evaluation.datasets.<format>`.
FORMATS: dict[str, str] = {
    "airchange": "SZTAKI AirChange, aerial photographs years apart, any change of use.",
    "clcd": "CLCD, changes of cropland.",
    "diachron": "a data set made by Diachron.",
    "gf1": "GF-1 pairs of 2 m, buildings in China.",
    "hetero": "pairs of two sensors.",
    "levir": "LEVIR-CD and LEVIR-CD+, buildings.",
    "naip": "NAIP of several years: places without change, and boxes around changes.",
    "ombria": "OMBRIA, floods by radar and optical pictures.",
    "oscd": "OSCD, Sentinel-2 pairs of cities.",
    "pairs": "any folder with t1, t2 and change.",
    "s2looking": "S2Looking, buildings seen from the side.",
    "second": "SECOND, from-to changes of land cover.",
    "whu_cd": "WHU-CD, buildings in Christchurch.",
    "xbd": "xBD, damage to buildings, as published.",
    "xbd_pairs": "windows of xBD with t1, t2, damage and change.",
}


def open_pairs(text: str, *, gsd_m: float | None = None) -> PairSet:
    """Return a test set.

    Args:
        text: `FORMAT:DIR` or `FORMAT:DIR@PART`; parts are listed in each format's file and in
            docs/test-sets.md. Without a part, all pairs.
        gsd_m: metres a pixel, before what the set itself says.

    Returns:
        The set; its pairs are read one at a time, at each call.

    Raises:
        RecipeError: the text has no format or no folder, or the ground sampling distance is not above 0.
        UnknownNameError: there is no such format, or the set has no such part; the text gives the nearest.
        SourceError: there is no such folder, it does not hold that layout, or files lack their partners.
        PackageError: (`diachron`) the folder is not a data set of ours.
    """
    name, colon, place = text.partition(":")
    if not (colon and name and place):
        raise RecipeError(
            f"test set '{text}': expected FORMAT:DIR or FORMAT:DIR@PART, e.g. levir:LEVIR-CD@test"
        )
    if name not in FORMATS:
        raise UnknownNameError(f"no format of test sets is called '{name}'; {nearest_names(name, FORMATS)}")
    if gsd_m is not None and not gsd_m > 0:
        raise RecipeError(f"test set '{text}': {gsd_m} m a pixel; give a number above 0")
    folder, part = _folder_and_part(place)
    if not folder.is_dir():
        raise SourceError(f"{folder}: there is no such folder; give FORMAT:DIR[@PART]")
    module = importlib.import_module(f"{__name__}.{name}")
    opened: PairSet = module.open_set(folder, part, gsd_m)
    return opened


def _folder_and_part(place: str) -> tuple[Path, str | None]:
    whole = Path(place).expanduser()
    before, at, part = place.rpartition("@")
    # A folder may have an @ in its own name.
    if not at or not before or "/" in part or whole.is_dir():
        return whole, None
    return Path(before).expanduser(), part
