"""Small sources with several dates of a place: the fake places of `worlds`, seen under another light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.transform import Affine

from tests.tiles import EAST, NORTH, UTM, write_raster
from tests.worlds import FULL_SCALE, World, raw_scene

SCHEME = "openearthmap"
SIDE = 96
PLACE = World(rows=SIDE, cols=SIDE, gsd_m=1.0, scheme=SCHEME, ignored=False)
YEARS = ("2016", "2018")
OPTIONS = ("--schema", SCHEME, "--licence", "CC0-1.0")


def under_another_light(image: NDArray[np.generic], seed: int, white: float) -> NDArray[np.generic]:
    """Return a picture as another flight would have taken it: a tone curve and a gain a band, and noise."""
    rng = np.random.default_rng([seed, 1])
    unit = np.maximum(image.astype(np.float64) / white, 0.0)
    gamma, gain = rng.uniform(0.8, 1.25, (2, image.shape[0], 1, 1))
    seen = np.clip(gain * unit**gamma + 0.01 * rng.standard_normal(unit.shape), 0.01, 0.98) * white
    if np.issubdtype(image.dtype, np.integer):
        seen = np.maximum(np.rint(seen), 1)
    return seen.astype(image.dtype)


def write_place(
    folder: Path,
    name: str,
    world: World = PLACE,
    *,
    dates: Sequence[str] = YEARS,
    labelled: Sequence[str] | None = None,
    east: float = EAST,
    **profile: Any,
) -> list[Path]:
    """Write `NAME_DATE_rgb.tif` for each date, and `labels/NAME_DATE_rgb.tif` for the labelled ones.

    All dates show the same place; the first is the picture of `raw_scene`, pixels without data included.
    """
    raw = raw_scene(world)
    where = {"crs": UTM, "transform": Affine(world.gsd_m, 0, east, 0, -world.gsd_m, NORTH)}
    written = []
    for number, date in enumerate(dates):
        image = raw.image
        if number:
            image = under_another_light(image, world.seed + number, FULL_SCALE[world.dtype])
            image[:, raw.void] = raw.image[:, raw.void]
        profile = {"nodata": raw.nodata, **where, **profile}
        written.append(write_raster(folder / f"{name}_{date}_rgb.tif", image, **profile))
        if labelled is None or date in labelled:
            write_raster(folder / "labels" / f"{name}_{date}_rgb.tif", raw.labels, **where)
    return written


def write_places(folder: Path, count: int = 3, world: World = PLACE, **more: Any) -> Path:
    """Write places `town_0` and so on."""
    for number in range(count):
        seen = replace(world, seed=world.seed + 10 * number)
        write_place(folder, f"town_{number}", seen, east=EAST + 1000.0 * number, **more)
    return folder
