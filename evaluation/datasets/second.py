"""SECOND, from-to changes between six classes of land cover, 512 px.

Layout: `{im1,im2,label1,label2}/` of equal names, directly or in `{train,val,test}/`; also `label1_wo_cm`,
`label2_wo_cm` for the maps. Parts: the splits. A map is coloured as published, or holds ids 0 to 6: 0 is
"unchanged", and the classes are known only where the ground changed. Scheme `second`.

Change is where both maps have a class; where only one has, it is unknown. A mask of its own (`label/`), where
there is one, says the same and is not read. Pixels of 0.5 to 3 m (recalled), stated nowhere for a picture: 1
m is taken unless given.

Source: Yang et al. 2020, Asymmetric Siamese Networks for Semantic Change Detection. Terms: academic
(recalled); no weights learnt from it may be passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import LabelError, SourceError
from diachron.core.pair import UNKNOWN, LabelledPair, PairSet
from diachron.core.schemes import schema_named
from diachron.evaluation.datasets.dates import SPLITS
from diachron.evaluation.datasets.files import (
    check_partners,
    check_shapes,
    chosen_part,
    pictures,
    read_image,
    set_name,
    white_of,
)
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M = 1.0
SCHEME = schema_named("second")
MAPS = (("label1", "label2"), ("label1_wo_cm", "label2_wo_cm"))


@dataclass(frozen=True)
class FromToFiles:
    """The files of a pair.

    Args:
        name: of the pair in its set.
        t1, t2: pictures.
        labels_t1, labels_t2: label maps.
        gsd_m: metres a pixel.
    """

    name: str
    t1: Path
    t2: Path
    labels_t1: Path
    labels_t2: Path
    gsd_m: float


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    gsd = GSD_M if gsd_m is None else gsd_m
    maps = _maps_in(folder)
    if maps is not None:
        chosen_part(part, (), folder)
        return LazyPairs(set_name(folder, None), _listed(folder, maps, gsd, ""), read_from_to)
    splits = {split: found for split in SPLITS if (found := _maps_in(folder / split)) is not None}
    if not splits:
        raise SourceError(
            f"{folder}: expected the folders im1/, im2/, label1/ and label2/, "
            "directly or in train/, val/, test/"
        )
    chosen_part(part, tuple(splits), folder)
    files = [
        entry
        for split, found in splits.items()
        if part in (None, split)
        for entry in _listed(folder / split, found, gsd, "" if part else f"{split}/")
    ]
    return LazyPairs(set_name(folder, part), files, read_from_to)


def read_from_to(files: FromToFiles) -> LabelledPair:
    """Return a pair with its label maps, 0 where the ground did not change."""
    t1, t2 = read_image(files.t1), read_image(files.t2)
    before, after = read_map(files.labels_t1), read_map(files.labels_t2)
    check_shapes(files.name, t1=t1, t2=t2, labels_t1=before, labels_t2=after)
    change = ((before > 0) & (after > 0)).astype(np.uint8)
    change[(before > 0) != (after > 0)] = UNKNOWN
    return LabelledPair(
        files.name, t1, t2, white_of(t1, t2, files.t1), files.gsd_m, change, before, after, SCHEME
    )


def read_map(path: Path) -> NDArray[np.uint8]:
    """Return a label map, (H, W) uint8 ids 0 to 6, of a map of colours, of a palette or of ids.

    Raises:
        LabelError: a colour or an id is not one of the scheme.
    """
    values = read_image(path)
    if values.shape[0] == 1:
        return SCHEME.canonical(values[0].astype(np.int64), where=str(path))
    codes = _code(values[:3].astype(np.int64))
    known = {int(_code(np.array(colour))): class_id for class_id, colour in SCHEME.colour_table().items()}
    found, where = np.unique(codes, return_inverse=True)
    strange = [int(code) for code in found if int(code) not in known]
    if strange:
        row, col = (int(i) for i in np.argwhere(codes == strange[0])[0])
        raise LabelError(
            f"{path}: colour #{strange[0]:06x} at row {row}, column {col} is not one of scheme 'second'; "
            "maps must be as published, or ids 0 to 6"
        )
    ids = np.array([known[int(code)] for code in found], np.uint8)
    return ids[where].reshape(codes.shape)


def _code(colour: NDArray[np.integer]) -> NDArray[np.integer]:
    return (colour[0] << 16) | (colour[1] << 8) | colour[2]


def _maps_in(folder: Path) -> tuple[str, str] | None:
    for first, second in MAPS:
        if all((folder / name).is_dir() for name in ("im1", "im2", first, second)):
            return first, second
    return None


def _listed(folder: Path, maps: tuple[str, str], gsd_m: float, prefix: str) -> list[FromToFiles]:
    t1, *others = (pictures(folder / name) for name in ("im1", "im2", *maps))
    for name, found in zip(("im2", *maps), others, strict=True):
        check_partners(t1, found, folder / name)
    t2, before, after = others
    return [FromToFiles(prefix + s, t1[s], t2[s], before[s], after[s], gsd_m) for s in t1]
