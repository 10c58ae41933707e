"""Made-up towns with every pixel known: label maps on which simulators are timed and their defects counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.grid import GeoGrid
from diachron.core.scene import RawScene
from diachron.core.schemes import schema_named
from diachron.core.streams import stream

SCHEMA = schema_named("openearthmap")
BARE, RANGE, DEVELOPED, ROAD, TREE, WATER, CROP, BUILDING = range(1, 9)

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


def town(seed: int, number: int = 0, *, side_px: int = SIDE_PX, houses: int = HOUSES) -> NDArray[np.uint8]:
    """Return a (side, side) uint8 label map in OpenEarthMap's codes: about a tenth of it is houses.

    A road grid, a pond, woods and fields on rangeland; rectangular houses stand on open ground, apart from
    each other.

    Args:
        seed, number: of the map; equal numbers give equal maps.
        side_px: of the square map, at least 256.
        houses: wanted; a small map may hold fewer.
    """
    rng = stream(seed, number, "testmap")
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
    return labels


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


def terraces(*, side_px: int = SIDE_PX) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return (labels, house numbers from 1) of rows of nine houses wall to wall: what a label map fuses."""
    labels = np.full((side_px, side_px), RANGE, np.uint8)
    numbers = np.zeros((side_px, side_px), np.int32)
    depth, front, row_of = 24, 14, 9
    number = 0
    for top in range(20, side_px - depth, 100):
        for left in range(12, side_px - front * row_of, front * row_of + 14):
            for house in range(row_of):
                number += 1
                box = slice(top, top + depth), slice(left + house * front, left + (house + 1) * front)
                labels[box] = BUILDING
                numbers[box] = number
    return labels, numbers


def parcels(parcel_px: int, seed: int, *, side_px: int = 512) -> NDArray[np.uint8]:
    """Return a map of square parcels, each of one ground class drawn at random (no houses)."""
    count = -(-side_px // parcel_px)
    codes = (
        stream(seed, parcel_px, "testmap/parcels").integers(BARE, CROP + 1, (count, count)).astype(np.uint8)
    )
    return np.kron(codes, np.ones((parcel_px, parcel_px), np.uint8))[:side_px, :side_px]


def raw_scene(
    labels: NDArray[np.uint8], *, footprints: NDArray[np.int32] | None = None, name: str = "town"
) -> RawScene:
    """Return a label map with a flat picture of it, each class in its own colour with a little noise.

    Args:
        labels: (H, W) uint8, OpenEarthMap's codes.
        footprints: (H, W) int32 house numbers where the source would bring polygons, or None.
        name: of the source.
    """
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
        footprints=footprints,
        void=labels == SCHEMA.ignore,
        source=name,
    )
