"""The layout that most sets share: a folder for each date and one for the masks, alone or in each split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair
from diachron.evaluation.datasets.files import (
    check_partners,
    check_shapes,
    chosen_part,
    pictures,
    read_change,
    read_image,
    set_name,
    white_of,
)
from diachron.evaluation.datasets.lazy import LazyPairs

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class DatedFolders:
    """Names of the folders of a layout.

    Args:
        t1, t2: pictures of the earlier and the later date.
        change: masks.
    """

    t1: str
    t2: str
    change: str

    def inside(self, folder: Path) -> bool:
        """Whether a folder holds all three."""
        return all((folder / name).is_dir() for name in (self.t1, self.t2, self.change))


PLAIN = DatedFolders("t1", "t2", "change")


@dataclass(frozen=True)
class DatedFiles:
    """The files of a pair.

    Args:
        name: of the pair in its set.
        t1, t2, change: files.
        gsd_m: metres a pixel.
    """

    name: str
    t1: Path
    t2: Path
    change: Path
    gsd_m: float


def read_dated(files: DatedFiles, bands: tuple[str, ...] = ("red", "green", "blue")) -> LabelledPair:
    """Return the pair of its files; the mask is read by the rules of `files.read_change`."""
    t1, t2, change = read_image(files.t1), read_image(files.t2), read_change(files.change)
    check_shapes(files.name, t1=t1, t2=t2, change=change)
    return LabelledPair(files.name, t1, t2, white_of(t1, t2, files.t1), files.gsd_m, change, bands=bands)


def list_dated(folder: Path, names: DatedFolders, gsd_m: float, prefix: str = "") -> list[DatedFiles]:
    """Return the pairs of one folder that holds a layout's three folders, in order of name.

    Files belong together by stem, whatever their suffix.

    Raises:
        SourceError: files lack their partners.
    """
    t1 = pictures(folder / names.t1)
    t2 = pictures(folder / names.t2)
    change = pictures(folder / names.change)
    check_partners(t1, t2, folder / names.t2)
    check_partners(t1, change, folder / names.change)
    return [DatedFiles(prefix + stem, t1[stem], t2[stem], change[stem], gsd_m) for stem in t1]


def splits_of(folder: Path, layouts: Sequence[DatedFolders]) -> dict[str, DatedFolders]:
    """Return split -> its layout for the folders `train`, `val` and `test` that hold one."""
    return {split: names for split in SPLITS for names in layouts if names.inside(folder / split)}


def dated_set(
    folder: Path, part: str | None, gsd_m: float, layouts: Sequence[DatedFolders]
) -> LazyPairs[DatedFiles]:
    """Return a set of one of the given layouts, flat or with `train`, `val`, `test` above it.

    Parts are the splits: folders, or `list/SPLIT.txt` beside flat folders (a stem or file name a line), or,
    without lists, the start of the file names (`train_12.png`).

    Raises:
        SourceError: the folder holds none of the layouts, or files lack their partners.
        UnknownNameError: there is no such part.
    """
    name = set_name(folder, part)
    for names in layouts:
        if names.inside(folder):
            return LazyPairs(name, _flat(folder, part, gsd_m, names), read_dated)
    splits = splits_of(folder, layouts)
    if not splits:
        raise SourceError(f"{folder}: {wanted(layouts)}")
    chosen_part(part, tuple(splits), folder)
    entries = [
        files
        for split, names in splits.items()
        if part in (None, split)
        # The same number may stand in several splits.
        for files in list_dated(folder / split, names, gsd_m, "" if part else f"{split}/")
    ]
    return LazyPairs(name, entries, read_dated)


def wanted(layouts: Sequence[DatedFolders]) -> str:
    """Return what a folder should hold, for error texts."""
    ways = " or ".join(f"{names.t1}/, {names.t2}/ and {names.change}/" for names in layouts)
    return f"expected the folders {ways}, directly or in train/, val/, test/"


def _flat(folder: Path, part: str | None, gsd_m: float, names: DatedFolders) -> list[DatedFiles]:
    files = list_dated(folder, names, gsd_m)
    if part is None:
        return files
    lists = {split: folder / "list" / f"{split}.txt" for split in SPLITS}
    lists = {split: path for split, path in lists.items() if path.is_file()}
    if lists:
        chosen_part(part, tuple(lists), folder)
        return listed(files, lists[part])
    present = [split for split in SPLITS if any(entry.name.startswith(f"{split}_") for entry in files)]
    chosen_part(part, present, folder)
    return [entry for entry in files if entry.name.startswith(f"{part}_")]


def listed(files: Sequence[DatedFiles], path: Path) -> list[DatedFiles]:
    """Return the pairs that a list names, in its order.

    Raises:
        SourceError: it names a pair that is not there.
    """
    by_name = {entry.name: entry for entry in files}
    chosen = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        word = line.strip()
        if not word:
            continue
        stem = word if word in by_name else Path(word).stem
        if stem not in by_name:
            raise SourceError(f"{path}: names '{word}', and no such pair is there")
        chosen.append(by_name[stem])
    return chosen
