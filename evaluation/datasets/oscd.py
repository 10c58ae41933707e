"""OSCD, Sentinel-2 pairs of cities, new buildings and roads, 10 m.

Layouts, both found by themselves:

- as published: `Onera Satellite Change Detection dataset - {Images,Train Labels,Test Labels}/CITY/`, with
  `imgs_{1,2}_rect/B??.tif` (one band a file, one grid) and `cm/cm.png` (0 and 255; where only
  `cm/CITY-cm.tif` is there, 1 same and 2 changed). Bands B04, B03, B02, B08 as red, green, blue, nir, uint16
  reflectance x 10 000. Parts: `train` and `test`, by the folder of the labels.
- `{t1,t2,change}/CITY[_ROW_COL].*`, 8-bit colours. Parts: `train`, `test` (mumbai, rennes, bercy), and `b4`:
  windows of four bands from `{t1_b4,t2_b4}/CITY_ROW_COL.tif` (B02, B03, B04, B08), whose dates are shifted by
  up to 0.6 px against each other. Where such a window reaches beyond the mask, change is unknown.

Labels name buildings and roads only, and many real changes are left out.

Source: Daudt et al. 2018. Terms: pictures Copernicus, labels CC BY-NC-SA.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import SourceError
from diachron.core.pair import UNKNOWN, LabelledPair, PairSet
from diachron.evaluation.datasets.dates import PLAIN, list_dated, read_dated
from diachron.evaluation.datasets.files import (
    check_partners,
    check_shapes,
    chosen_part,
    pictures,
    read_change,
    read_image,
    read_values,
    set_name,
)
from diachron.evaluation.datasets.lazy import LazyPairs

GSD_M = 10.0
# Digital numbers of Sentinel-2 L1C are reflectance x 10 000.
FULL_SCALE = 10_000.0
BANDS = ("red", "green", "blue", "nir")
FILES = ("B04", "B03", "B02", "B08")
PREFIX = "Onera Satellite Change Detection dataset - "
LABELS = {"train": f"{PREFIX}Train Labels", "test": f"{PREFIX}Test Labels"}
CHECKED = frozenset({"mumbai", "rennes", "bercy"})

# The windows of four bands hold B02, B03, B04, B08.
_TO_RED_GREEN_BLUE_NIR = [2, 1, 0, 3]
_CHANGED_IN_TIF = 2


@dataclass(frozen=True)
class City:
    """A city as published.

    Args:
        name: of the city.
        dates: folders of the bands of both dates.
        change: mask, `cm.png` or `CITY-cm.tif`.
        gsd_m: metres a pixel.
    """

    name: str
    dates: tuple[Path, Path]
    change: Path
    gsd_m: float


@dataclass(frozen=True)
class FourBands:
    """A window of four bands.

    Args:
        name: city, row and column in the city's whole picture.
        t1, t2: files.
        change: mask of the city, or of a window of it.
        gsd_m: metres a pixel.
    """

    name: str
    t1: Path
    t2: Path
    change: Path
    gsd_m: float


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a part; see the top of this file."""
    gsd = GSD_M if gsd_m is None else gsd_m
    name = set_name(folder, part)
    if not PLAIN.inside(folder):
        cities = _published(folder, gsd)
        chosen_part(part, tuple(cities), folder)
        kept = [city for split, listed in cities.items() if part in (None, split) for city in listed]
        return LazyPairs(name, kept, read_city)
    chosen_part(part, ("train", "test", "b4"), folder)
    if part == "b4":
        return LazyPairs(name, _four_bands(folder, gsd), read_four_bands)
    files = list_dated(folder, PLAIN, gsd)
    wanted = [f for f in files if part is None or (part == "test") == (_place(f.name)[0] in CHECKED)]
    return LazyPairs(name, wanted, read_dated)


def read_city(city: City) -> LabelledPair:
    """Return the pair of a city, four bands of uint16."""
    t1, t2 = (np.concatenate([read_image(folder / f"{band}.tif") for band in FILES]) for folder in city.dates)
    if city.change.suffix == ".png":
        change = read_change(city.change)
    else:
        change = (read_values(city.change) == _CHANGED_IN_TIF).astype(np.uint8)
    check_shapes(city.name, t1=t1, t2=t2, change=change)
    return LabelledPair(city.name, t1, t2, FULL_SCALE, city.gsd_m, change, bands=BANDS)


def read_four_bands(files: FourBands) -> LabelledPair:
    """Return a window of four bands; change is unknown where the city's mask does not reach."""
    t1, t2 = (read_image(path)[_TO_RED_GREEN_BLUE_NIR] for path in (files.t1, files.t2))
    check_shapes(files.name, t1=t1, t2=t2)
    _, row, col = _place(files.name)
    _, mask_row, mask_col = _place(files.change.stem)
    change = cut_out(read_change(files.change), row - mask_row, col - mask_col, t1.shape[-2:])
    return LabelledPair(files.name, t1, t2, FULL_SCALE, files.gsd_m, change, bands=BANDS)


def cut_out(change: NDArray[np.uint8], row: int, col: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the window of a mask that begins at `row` and `col`, 255 where it reaches beyond."""
    window = np.full(shape, UNKNOWN, np.uint8)
    rows, cols = (slice(max(0, -start), None) for start in (row, col))
    found = change[max(0, row) : max(0, row + shape[0]), max(0, col) : max(0, col + shape[1])]
    window[rows, cols][: found.shape[0], : found.shape[1]] = found
    return window


def _place(name: str) -> tuple[str, int, int]:
    city, *offset = name.split("_")
    row, col = (int(number) for number in offset) if offset else (0, 0)
    return city, row, col


def _four_bands(folder: Path, gsd_m: float) -> list[FourBands]:
    t1, t2 = pictures(folder / "t1_b4"), pictures(folder / "t2_b4")
    check_partners(t1, t2, folder / "t2_b4")
    masks = {_place(stem)[0]: path for stem, path in pictures(folder / "change").items()}
    listed = []
    for name in t1:
        city = _place(name)[0]
        if city not in masks:
            raise SourceError(f"{folder / 'change'}: no mask of '{city}'")
        listed.append(FourBands(name, t1[name], t2[name], masks[city], gsd_m))
    return listed


def _published(folder: Path, gsd_m: float) -> dict[str, list[City]]:
    found: dict[str, list[City]] = {}
    for split, name in LABELS.items():
        if (folder / name).is_dir():
            labels = sorted(path for path in (folder / name).iterdir() if (path / "cm").is_dir())
            found[split] = [
                _city(folder / f"{PREFIX}Images" / path.name, path / "cm", gsd_m) for path in labels
            ]
    if not found:
        raise SourceError(
            f"{folder}: expected t1/, t2/ and change/, or '{LABELS['train']}' and '{PREFIX}Images'"
        )
    return found


def _city(images: Path, labels: Path, gsd_m: float) -> City:
    masks = [path for path in (labels / "cm.png", labels / f"{images.name}-cm.tif") if path.is_file()]
    if not masks:
        raise SourceError(f"{labels}: neither cm.png nor {images.name}-cm.tif is there")
    first, second = images / "imgs_1_rect", images / "imgs_2_rect"
    for path in (folder / f"{band}.tif" for folder in (first, second) for band in FILES):
        if not path.is_file():
            raise SourceError(f"{path}: there is no such file, and '{images.name}' has labels")
    return City(images.name, (first, second), masks[0], gsd_m)
