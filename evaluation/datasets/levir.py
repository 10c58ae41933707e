"""LEVIR-CD and LEVIR-CD+, buildings in Texas at 0.5 m.

Layouts, all found by themselves:

- `{train,val,test}/{A,B,label}/`, also below a folder `LEVIR-CD` or `LEVIR-CD+` (which has no `val`);
- `{A,B,label}/` with `list/{train,val,test}.txt`, or with the split at the start of the file names;
- `{t1,t2,change}/` with windows of scenes: `test_102_0512_0000` is the window at row 512 of scene `test_102`.

Parts: the splits; of the last layout `dev` (scenes test_1 to test_5, which are neighbours) and `test` (scenes
test_102, test_121, train_36, train_386, train_412). Masks are 0 and 255.

Terms: Google Earth imagery, for research (recalled); no weights learnt from it may be passed on.
"""

from __future__ import annotations

from pathlib import Path

from diachron.core.pair import PairSet
from diachron.evaluation.datasets.dates import PLAIN, DatedFolders, dated_set, list_dated, read_dated
from diachron.evaluation.datasets.files import chosen_part, set_name
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M = 0.5
OFFICIAL = DatedFolders("A", "B", "label")
WRAPPERS = ("LEVIR-CD", "LEVIR-CD+")

SCENES: dict[str, frozenset[str]] = {
    "dev": frozenset({"test_1", "test_2", "test_3", "test_4", "test_5"}),
    "test": frozenset({"test_102", "test_121", "train_36", "train_386", "train_412"}),
}


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    gsd = GSD_M if gsd_m is None else gsd_m
    if PLAIN.inside(folder):
        chosen_part(part, tuple(SCENES), folder)
        files = list_dated(folder, PLAIN, gsd)
        kept = [entry for entry in files if part is None or scene_of(entry.name) in SCENES[part]]
        return LazyPairs(set_name(folder, part), kept, read_dated)
    for wrapper in WRAPPERS:
        if (folder / wrapper).is_dir():
            return dated_set(folder / wrapper, part, gsd, (OFFICIAL, PLAIN))
    return dated_set(folder, part, gsd, (OFFICIAL, PLAIN))


def scene_of(name: str) -> str:
    """Return the scene of a window: `train_36` of `train_36_0256_0512`; a whole scene's name is its own."""
    return "_".join(name.split("_")[:2])
