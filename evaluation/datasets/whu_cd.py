"""WHU-CD, buildings in Christchurch, aerial, 2012 and 2016, 0.2 m.

Layouts, all found by themselves:

- tiles: `{train,val,test}/{A,B,label}/`, or `{A,B,label}/` with `list/{train,val,test}.txt`;
- the release (names recalled, the folder `1. The two-period image data` may stand above):
  `{2012,2016}/whole_image/{train,test}/image/*.tif` with `change_label/{train,test}/change_label.tif`, parts
  `train` and `test`;
- or `before/before.tif`, `after/after.tif` and `change label/change_label.tif` (also `change_label/`), whole,
  no parts.

Whole pictures have up to 32507 x 15354 pixels and are read by windows of 512 px, those at the right and lower
edge smaller; headers are read when the set is opened. Masks are 0 and 255, in some copies 0 and 1.

Source: 20.5 km2 in 32507 x 15354 px, stated by the set's page, are 0.2 m a pixel. Terms: academic (recalled);
no weights learnt from it may be passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rasterio.windows import Window

from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair, PairSet
from diachron.evaluation.datasets.dates import DatedFolders, dated_set
from diachron.evaluation.datasets.files import (
    check_shapes,
    chosen_part,
    pictures,
    read_change,
    read_image,
    set_name,
    white_of,
)
from diachron.evaluation.datasets.lazy import LazyPairs
from diachron.pipelines.sources.rasters import read_header

GSD_M = 0.2
WINDOW_PX = 512
TILES = DatedFolders("A", "B", "label")
RELEASE = "1. The two-period image data"


@dataclass(frozen=True)
class Whole:
    """The files of one large pair.

    Args:
        t1, t2, change: files.
        gsd_m: metres a pixel.
    """

    t1: Path
    t2: Path
    change: Path
    gsd_m: float


@dataclass(frozen=True)
class Cut:
    """A window of a large pair.

    Args:
        name: file of the earlier date, row and column.
        whole: the pair.
        window: of the pixels.
    """

    name: str
    whole: Whole
    window: Window


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    gsd = GSD_M if gsd_m is None else gsd_m
    root = folder / RELEASE if (folder / RELEASE).is_dir() else folder
    wholes = _by_year(root, gsd) or _before_and_after(root, gsd)
    if not wholes:
        return dated_set(folder, part, gsd, (TILES,))
    chosen_part(part, tuple(name for name in wholes if name), folder)
    cuts = [cut for name, whole in wholes.items() if part in (None, name) for cut in windows_of(whole)]
    return LazyPairs(set_name(folder, part), cuts, read_cut)


def windows_of(whole: Whole, side: int = WINDOW_PX) -> list[Cut]:
    """Return the windows that tile a large pair without overlap, row by row.

    Raises:
        SourceError: a file cannot be read, or the three differ in size (`size_mismatch`).
    """
    shape = read_header(whole.t1).shape
    for path in (whole.t2, whole.change):
        if read_header(path).shape != shape:
            raise SourceError(
                f"{path}: not the {shape[0]} x {shape[1]} pixels of {whole.t1}", "size_mismatch"
            )
    rows, cols = shape
    return [
        Cut(
            f"{whole.t1.stem}_{row:05d}_{col:05d}",
            whole,
            Window(col, row, min(side, cols - col), min(side, rows - row)),
        )
        for row in range(0, rows, side)
        for col in range(0, cols, side)
    ]


def read_cut(cut: Cut) -> LabelledPair:
    """Return the pair of a window."""
    whole, window = cut.whole, cut.window
    t1, t2 = read_image(whole.t1, window), read_image(whole.t2, window)
    change = read_change(whole.change, window)
    check_shapes(cut.name, t1=t1, t2=t2, change=change)
    return LabelledPair(cut.name, t1, t2, white_of(t1, t2, whole.t1), whole.gsd_m, change)


def _by_year(root: Path, gsd_m: float) -> dict[str, Whole]:
    found = {}
    for split in ("train", "test"):
        folders = [root / year / "whole_image" / split / "image" for year in ("2012", "2016")]
        if all(folder.is_dir() for folder in folders):
            t1, t2 = (_only(folder) for folder in folders)
            found[split] = Whole(t1, t2, _only(root / "change_label" / split), gsd_m)
    return found


def _before_and_after(root: Path, gsd_m: float) -> dict[str, Whole]:
    if not ((root / "before").is_dir() and (root / "after").is_dir()):
        return {}
    masks = [root / name for name in ("change label", "change_label") if (root / name).is_dir()]
    if not masks:
        raise SourceError(f"{root}: before/ and after/ are there, change label/ is not")
    t1, t2, change = (root / "before", root / "after", masks[0])
    return {"": Whole(_named(t1, "before"), _named(t2, "after"), _named(change, "change_label"), gsd_m)}


def _only(folder: Path) -> Path:
    found = list(pictures(folder).values())
    if len(found) != 1:
        raise SourceError(f"{folder}: {len(found)} pictures, expected one")
    return found[0]


def _named(folder: Path, stem: str) -> Path:
    # before_label.tif lies beside before.tif.
    found = pictures(folder)
    if stem not in found:
        raise SourceError(f"{folder}: no picture is called {stem}")
    return found[stem]
