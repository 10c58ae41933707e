"""The places that the shipped features have seen: only pictures whose terms let weights be passed on.

NAIP (USDA) and Landsat (USGS) are in the public domain; the OpenAerialMap picture of Banepa is CC BY 4.0.
Places that others test on stay out: NAIP's `val` and `test` places, row r3 of Banepa, the last dates of
North Dakota.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray

from diachron.core.errors import SourceError
from diachron.training.features.views import Place

NORTH_DAKOTA_DATES = 7


def open_places(data: Path) -> list[Place]:
    """Return the training places below the folder of the real sets, in order of name.

    Raises:
        SourceError: a set is missing.
    """
    found = [*_naip(data / "naip_ca_60cm"), *_north_dakota(data / "naip_nd_5m")]
    found += [*_landsat(data / "landsat_pucallpa"), *_banepa(data / "oam_banepa")]
    return found


def _naip(folder: Path) -> Iterator[Place]:
    table = folder / "places.csv"
    if not table.is_file():
        raise SourceError(f"{table}: there is no such table; give the folder that holds naip_ca_60cm")
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["split"] == "train":
                years = row["years"].split("|")
                dates = tuple(_picture(folder / f"{row['place']}_{year}_rgb.tif") for year in years)
                yield Place(row["place"], dates)


def _north_dakota(folder: Path) -> Iterator[Place]:
    files = sorted(folder.glob("*_rgb.tif"))[:NORTH_DAKOTA_DATES]
    yield from _blocks("nd", [_picture(path) for path in files], 128, folder)


def _landsat(folder: Path) -> Iterator[Place]:
    # Near infrared, red, green: the false colours that people look at.
    files = sorted(folder.glob("*.tif"))
    yield from _blocks("pucallpa", [_picture(path, (2, 3, 4)) for path in files], 128, folder)


def _banepa(folder: Path) -> Iterator[Place]:
    for path in sorted(folder.glob("*_rgb.tif")):
        if "_train_r3" not in path.name:
            yield from _blocks(path.stem, [_picture(path)], 256, folder)


def _blocks(name: str, dates: list[NDArray[np.uint8]], side: int, folder: Path) -> Iterator[Place]:
    if not dates:
        raise SourceError(f"{folder}: holds no picture; give the folder that holds the real sets")
    rows, cols = np.min([date.shape[1:] for date in dates], axis=0)
    for row in range(0, rows - side + 1, side):
        for col in range(0, cols - side + 1, side):
            block = tuple(date[:, row : row + side, col : col + side] for date in dates)
            yield Place(f"{name}_{row}_{col}", block)


def _picture(path: Path, bands: tuple[int, ...] = (1, 2, 3)) -> NDArray[np.uint8]:
    try:
        with rasterio.open(path) as file:
            picture: NDArray[np.uint8] = file.read(bands)
    except rasterio.errors.RasterioIOError as error:
        raise SourceError(f"{path}: cannot be read ({error})") from None
    return picture
