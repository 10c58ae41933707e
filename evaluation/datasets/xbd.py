"""xBD, buildings before and after a disaster with their damage, 1024 px, about 0.5 m.

Layout: `{train,tier3,test,hold}/{images,labels,targets}/` or one such folder; pictures
`EVENT_00000000_{pre,post}_disaster.png`, maps `..._target.png` in `targets/`, polygons `....json` in
`labels/`. Parts: the folders that are there. A pair's damage is read from its map, else from its polygons.

Damage: 0 no building, 1 none, 2 minor, 3 major, 4 destroyed; polygons that are "un-classified" are 255,
unknown (the baseline of the challenge counts them as 1, and maps made by it do). Where polygons overlap, the
heavier damage stands. Change is damage of 2 and more. Label maps are in scheme `xbd`: `labels_t1` has the
buildings (1), `labels_t2` the damage, which is what `scores.xbd` wants.

Terms: CC BY-NC-SA 4.0; no weights learnt from it may be passed on under other terms.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize

from diachron.core.errors import SourceError
from diachron.core.pair import UNKNOWN, LabelledPair, PairSet
from diachron.core.schemes import schema_named
from diachron.evaluation.datasets.files import (
    check_shapes,
    chosen_part,
    pictures,
    read_image,
    read_values,
    set_name,
    white_of,
)
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M = 0.5
PARTS = ("train", "tier3", "test", "hold")
SCHEME = schema_named("xbd")
# From here on a building counts as changed.
MINOR = 2
SUBTYPES: dict[str, int] = {
    "no-damage": 1,
    "minor-damage": 2,
    "major-damage": 3,
    "destroyed": 4,
    "un-classified": UNKNOWN,
}

_PRE, _POST = "_pre_disaster", "_post_disaster"


@dataclass(frozen=True)
class DisasterFiles:
    """The files of a pair.

    Args:
        name: `EVENT_00000000`.
        t1, t2: pictures.
        before, after: a map or polygons of each date; no file before where only the later date has one.
        gsd_m: metres a pixel.
    """

    name: str
    t1: Path
    t2: Path
    before: Path | None
    after: Path
    gsd_m: float


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    gsd = GSD_M if gsd_m is None else gsd_m
    parts = [name for name in PARTS if (folder / name / "images").is_dir()]
    if (folder / "images").is_dir():
        chosen_part(part, (), folder)
        roots = [folder]
    elif parts:
        chosen_part(part, parts, folder)
        roots = [folder / name for name in parts if part in (None, name)]
    else:
        raise SourceError(
            f"{folder}: expected images/ with labels/ or targets/, or {', '.join(PARTS)} above them"
        )
    return LazyPairs(
        set_name(folder, part), [files for root in roots for files in _listed(root, gsd)], read_disaster
    )


def damage_pair(
    name: str,
    t1: NDArray[np.generic],
    t2: NDArray[np.generic],
    full_scale: float,
    gsd_m: float,
    damage: NDArray[np.uint8],
    buildings_t1: NDArray[np.uint8] | None = None,
) -> LabelledPair:
    """Return a pair of its damage map.

    Args:
        name, t1, t2, full_scale, gsd_m: as in `LabelledPair`.
        damage: (H, W) 0 to 4, 255 unknown.
        buildings_t1: (H, W) 1 where a building stands at t1, 0 elsewhere; by default where damage is not 0.

    Raises:
        GridError: the layers differ in size.
        LabelError: the damage map holds another value.
    """
    damage = SCHEME.canonical(damage, where=f"damage of '{name}'")
    if buildings_t1 is None:
        buildings_t1 = (damage > 0).astype(np.uint8)
    check_shapes(name, t1=t1, t2=t2, damage=damage, buildings=buildings_t1)
    change = (damage >= MINOR).astype(np.uint8)
    change[damage == UNKNOWN] = UNKNOWN
    return LabelledPair(name, t1, t2, full_scale, gsd_m, change, buildings_t1, damage, SCHEME)


def read_disaster(files: DisasterFiles) -> LabelledPair:
    """Return a pair with its damage."""
    t1, t2 = read_image(files.t1), read_image(files.t2)
    rows, cols = t1.shape[-2:]
    damage = read_damage(files.after, (int(rows), int(cols)))
    before = None
    if files.before is not None:
        before = (read_damage(files.before, (int(rows), int(cols))) > 0).astype(np.uint8)
    return damage_pair(files.name, t1, t2, white_of(t1, t2, files.t1), files.gsd_m, damage, before)


def read_damage(path: Path, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the damage of a map, or of the polygons of a JSON file drawn on a grid of `shape`.

    Polygons without a subtype, as those before the disaster are, count as 1.

    Raises:
        SourceError: the file cannot be read, or holds an unknown subtype or a broken polygon.
    """
    if path.suffix.lower() != ".json":
        return read_values(path)
    drawn = np.zeros(shape, np.uint8)
    try:
        features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]["xy"]
        polygons = [
            (SUBTYPES[feature["properties"].get("subtype", "no-damage")], shapely.from_wkt(feature["wkt"]))
            for feature in features
        ]
    except (ValueError, KeyError, TypeError, shapely.errors.ShapelyError) as error:
        raise SourceError(f"{path}: not polygons of xBD ({type(error).__name__}: {error})") from None
    # Unknown first: what any polygon tells about the damage stands above it.
    ordered = sorted(polygons, key=lambda entry: 0 if entry[0] == UNKNOWN else entry[0])
    shapes = [(polygon, value) for value, polygon in ordered if not polygon.is_empty]
    if shapes:
        rasterize(shapes, out=drawn)
    return drawn


def _listed(root: Path, gsd_m: float) -> list[DisasterFiles]:
    found = pictures(root / "images")
    names = sorted(stem.removesuffix(_PRE) for stem in found if stem.endswith(_PRE))
    late = {stem.removesuffix(_POST) for stem in found if stem.endswith(_POST)}
    lonely = sorted(late.symmetric_difference(names))
    if lonely:
        raise SourceError(f"{root / 'images'}: '{lonely[0]}' has one date only; both are needed")
    listed = []
    for name in names:
        after = _truth(root, name + _POST)
        if after is None:
            raise SourceError(f"{root}: neither targets/ nor labels/ has the damage of '{name}'")
        before = _truth(root, name + _PRE)
        listed.append(DisasterFiles(name, found[name + _PRE], found[name + _POST], before, after, gsd_m))
    return listed


def _truth(root: Path, stem: str) -> Path | None:
    for path in (root / "targets" / f"{stem}_target.png", root / "labels" / f"{stem}.json"):
        if path.is_file():
            return path
    return None
