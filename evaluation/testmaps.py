"""Made-up towns with every pixel known, on which simulators are timed and their defects counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.grid import GeoGrid
from diachron.core.scene import RawScene
from diachron.core.schemes import schema_named
from diachron.core.streams import stream

SCHEMA = schema_named("openearthmap")
IGNORED, BARE, RANGE, DEVELOPED, ROAD, TREE, WATER, CROP, BUILDING = range(9)

SIDE_PX = 1024
GSD_M = 0.5
HOUSES = 150
HOUSE_SIDES_PX = (14, 40)
# Open pixels between two houses, and between a house and a road or water.
GAP_PX = 3
ROAD_EVERY_PX = 128
ROAD_WIDTH_PX = 10
FIELDS, WOODS = 12, 8
POND_RADII_PX = (70, 95)
# Places tried for one house; the densest town of the default size takes fewer than a tenth of them.
TRIES = 2000


@dataclass(frozen=True)
class Place:
    """A made-up place.

    Args:
        name: unlike those of other places.
        labels: (H, W) uint8, OpenEarthMap's codes.
        houses: (H, W) int32, one number from 1 a house, 0 elsewhere.
        polygons: whether the source brings the houses as polygons; else they are read off the label map.
    """

    name: str
    labels: NDArray[np.uint8]
    houses: NDArray[np.int32]
    polygons: bool = False


def town(seed: int, *, side_px: int = SIDE_PX, houses: int = HOUSES) -> Place:
    """Return a road grid, a pond, woods and fields on rangeland, with houses apart from each other.

    About a tenth of the default map is houses.

    Args:
        seed: equal seeds give equal maps.
        side_px: of the square map, at least 256.
        houses: wanted; a small map may hold fewer.
    """
    rng = stream(seed, 0, "testmap")
    labels = np.full((side_px, side_px), RANGE, np.uint8)
    for count, code in ((FIELDS, CROP), (FIELDS // 2, BARE), (WOODS, TREE)):
        for _ in range(max(1, count * side_px // SIDE_PX)):
            height, width = rng.integers(90, 180, 2)
            row, col = rng.integers(0, side_px - 90, 2)
            labels[row : row + height, col : col + width] = code
    row, col = rng.integers(side_px // 5, side_px - side_px // 5, 2)
    radii = rng.uniform(*POND_RADII_PX, 2) * side_px / SIDE_PX
    rows, cols = np.mgrid[:side_px, :side_px]
    labels[((rows - row) / radii[0]) ** 2 + ((cols - col) / radii[1]) ** 2 <= 1] = WATER
    for start in range(ROAD_EVERY_PX // 2, side_px, ROAD_EVERY_PX):
        labels[start : start + ROAD_WIDTH_PX] = ROAD
        labels[:, start : start + ROAD_WIDTH_PX] = ROAD
    _build(labels, rng, houses)
    return Place(
        f"town{seed}_{side_px}_{houses}", labels, ndimage.label(labels == BUILDING)[0].astype(np.int32)
    )


def _build(labels: NDArray[np.uint8], rng: np.random.Generator, houses: int) -> None:
    """Put houses on open ground, each with its gap."""
    side_px = labels.shape[0]
    for _ in range(houses):
        for _ in range(TRIES):
            height, width = rng.integers(HOUSE_SIDES_PX[0], HOUSE_SIDES_PX[1] + 1, 2)
            row = rng.integers(GAP_PX, side_px - height - GAP_PX)
            col = rng.integers(GAP_PX, side_px - width - GAP_PX)
            around = labels[row - GAP_PX : row + height + GAP_PX, col - GAP_PX : col + width + GAP_PX]
            if not np.isin(around, (ROAD, WATER, TREE, BUILDING)).any():
                labels[row : row + height, col : col + width] = BUILDING
                break


def terraces(*, side_px: int = SIDE_PX) -> Place:
    """Return rows of nine houses wall to wall, which a label map fuses and polygons tell apart."""
    labels = np.full((side_px, side_px), RANGE, np.uint8)
    houses = np.zeros((side_px, side_px), np.int32)
    depth, front, in_a_row = 24, 14, 9
    number = 0
    for top in range(20, side_px - depth, 100):
        for left in range(12, side_px - front * in_a_row, front * in_a_row + 14):
            for house in range(in_a_row):
                number += 1
                box = slice(top, top + depth), slice(left + house * front, left + (house + 1) * front)
                labels[box] = BUILDING
                houses[box] = number
    return Place(f"terraces_{side_px}", labels, houses, polygons=True)


def parcels(parcel_px: int, *, side_px: int = 512) -> Place:
    """Return square parcels, each of one ground class drawn at random, without a house."""
    count = -(-side_px // parcel_px)
    codes = stream(0, parcel_px, "testmap/parcels").integers(BARE, CROP + 1, (count, count)).astype(np.uint8)
    labels = np.kron(codes, np.ones((parcel_px, parcel_px), np.uint8))[:side_px, :side_px]
    return Place(f"parcels_{side_px}_{parcel_px}", labels, np.zeros(labels.shape, np.int32))


def raw_scene(place: Place) -> RawScene:
    """Return a place with a flat picture of it, each class in its own colour with a little noise."""
    labels = place.labels
    colours = np.zeros((256, 3), np.int16)
    for code, rgb in SCHEMA.colour_table().items():
        colours[code] = rgb
    noise = stream(0, 0, "testmap/noise").integers(-9, 10, (3, *labels.shape))
    image = np.clip(np.moveaxis(colours[labels] // 2 + 60, 2, 0) + noise, 0, 255).astype(np.uint8)
    return RawScene(
        image=image,
        bands=("red", "green", "blue"),
        full_scale=255.0,
        nodata=None,
        grid=GeoGrid.plain((labels.shape[0], labels.shape[1]), GSD_M),
        labels=labels,
        schema=SCHEMA,
        footprints=place.houses if place.polygons else None,
        void=labels == SCHEMA.ignore,
        source=place.name,
    )
