"""A window of a world: its layers, objects and vectors, cut from what goes on for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.errors import GridError, UnknownNameError, nearest_names
from diachron.core.place import Crown, PlaceModel
from diachron.core.scene import Footprint, SceneObject
from diachron.simulators.worlds import styles
from diachron.simulators.worlds.content import Content, built_up, content_of
from diachron.simulators.worlds.drawing import CROWN_KINDS, outlined, polygons_of
from diachron.simulators.worlds.raster import PixelGrid, ring_spans
from diachron.simulators.worlds.rasters import Rasters, drawn
from diachron.simulators.worlds.ways import Way

STYLES: tuple[str, ...] = tuple(styles.ALL)


@dataclass(frozen=True)
class FootprintRecord:
    """One object as a vector.

    Args:
        id: of the object.
        polygon: in world metres, x east and y north.
        object_class: hub id (11-16).
        height_m: as in the height map; 0 for what is flat.
    """

    id: int
    polygon: shapely.Polygon | shapely.MultiPolygon
    object_class: int
    height_m: float


@dataclass(frozen=True, eq=False)
class WorldWindow:
    """A window of a world on the pixel grid of a scene.

    Args:
        surface: (H, W) uint8 hub ids of the ground or of the crown over it, also under objects.
        instances: (H, W) int32 object ids, 0 where none stands.
        objects: id -> object, for the ids of `instances`.
        height_m: (H, W) float32 above ground: of a building its eaves and half of the roof's rise, of a tree
            its crown.
        model: what a renderer paints from, `oversampling` times finer.
        footprints: vectors of the same objects.
    """

    surface: NDArray[np.uint8]
    instances: NDArray[np.int32]
    objects: Mapping[int, SceneObject]
    height_m: NDArray[np.float32]
    model: PlaceModel
    footprints: tuple[FootprintRecord, ...]


@dataclass(frozen=True)
class World:
    """A place that goes on for ever, given by two things.

    Args:
        style: of `STYLES`.
        seed: >= 0.

    Raises:
        UnknownNameError: no style has this name.
        ValueError: the seed is negative.
    """

    style: str
    seed: int

    def __post_init__(self) -> None:
        if self.style not in styles.ALL:
            raise UnknownNameError(
                f"no style of worlds is called '{self.style}'; {nearest_names(self.style, STYLES)}"
            )
        if self.seed < 0:
            raise ValueError(f"world '{self.style}': the seed must be >= 0, got {self.seed}")

    def window(
        self, origin_m: tuple[float, float], shape: tuple[int, int], gsd_m: float, oversampling: int = 2
    ) -> WorldWindow:
        """Return a window; what two windows share is equal, and the vectors are the same at every gsd.

        Args:
            origin_m: (east, north) of the upper left corner, multiples of the gsd.
            shape: rows, columns.
            gsd_m: of the scene, 0.05-30 m.
            oversampling: of the model's rasters.

        Raises:
            GridError: the origin is no multiple of the gsd, a size is not positive, or the window is so large
                that ids would repeat.
        """
        fine, coarse = _grids(origin_m, shape, gsd_m, oversampling)
        style = styles.ALL[self.style]
        content = content_of(style, self.seed, coarse.box_m())
        rich = drawn(style, self.seed, content, fine)
        plain = _thinned(rich, oversampling) if oversampling % 2 else drawn(style, self.seed, content, coarse)
        table = _id_table(content)
        objects = _objects(content, plain, coarse)
        seen = set(objects)
        model = PlaceModel(
            oversampling=oversampling,
            cover=rich.cover,
            direction_deg=rich.direction_deg,
            patch=rich.patch,
            lane_m=rich.lane_m,
            road_width_m=rich.road_width_m,
            instances=table[rich.thing],
            ground_m=rich.ground_m,
            crowns=_crowns(content, coarse),
            roofs={number: each.roof for number, each in content.things if each.roof},
            style=self.style,
            seed=self.seed,
            origin_m=origin_m,
            gsd_m=gsd_m,
        )
        return WorldWindow(
            surface=plain.surface,
            instances=model.instances.copy() if plain is rich else table[plain.thing],
            objects=objects,
            height_m=plain.height_m,
            model=model,
            footprints=_records(content, seen),
        )

    def has_building(self, origin_m: tuple[float, float], shape: tuple[int, int], gsd_m: float) -> bool:
        """Return whether a building has a pixel in a window, for much less than the window costs.

        Args:
            origin_m, shape, gsd_m: as of `window`.

        Raises:
            GridError: as of `window`.
        """
        _, grid = _grids(origin_m, shape, gsd_m, 1)
        things = built_up(styles.ALL[self.style], self.seed, grid.box_m())
        rings = [ring for thing in things for ring in thing.rings]
        owners = np.repeat(np.arange(len(things)), [len(thing.rings) for thing in things])
        seen = np.full(shape, -1, np.int32)
        if rings:
            ring_spans(rings, owners, grid).paint(seen, np.arange(len(things), dtype=np.int32))
        return any(things[k].hub_class == hub.BUILDING for k in np.unique(seen).tolist() if k >= 0)


def _grids(
    origin_m: tuple[float, float], shape: tuple[int, int], gsd_m: float, oversampling: int
) -> tuple[PixelGrid, PixelGrid]:
    """Return the model's and the scene's pixel grid."""
    if min(shape) < 1 or gsd_m <= 0.0 or oversampling < 1:
        raise GridError(
            f"window of {shape} pixels at {gsd_m} m, oversampling {oversampling}: all must be > 0"
        )
    col, row = origin_m[0] / gsd_m, -origin_m[1] / gsd_m
    if max(abs(col - round(col)), abs(row - round(row))) > 1e-4:
        raise GridError(
            f"window at {origin_m} m: the origin must be a multiple of the gsd, {gsd_m} m, "
            "or windows would not agree at their seams"
        )
    k = oversampling
    coarse = PixelGrid(round(row), round(col), shape, gsd_m)
    return PixelGrid(coarse.row * k, coarse.col * k, (shape[0] * k, shape[1] * k), gsd_m / k), coarse


def _thinned(rich: Rasters, k: int) -> Rasters:
    """Return every k-th pixel: for odd k their centres are those of the coarse grid."""
    if k == 1:
        return rich
    cut = (slice(k // 2, None, k), slice(k // 2, None, k))
    return Rasters(**{name: np.ascontiguousarray(getattr(rich, name)[cut]) for name in vars(rich)})


def _id_table(content: Content) -> NDArray[np.int32]:
    """Return ids by the numbers of `Rasters.thing`; streets lie at the end, for negative numbers."""
    table = [0, *(number for number, _ in content.things), *(number for number, _ in content.ways[::-1])]
    return np.array(table, np.int32)


def _objects(content: Content, rasters: Rasters, grid: PixelGrid) -> dict[int, SceneObject]:
    """Return the objects with a pixel in the window, things first, each in the order of the world."""
    count = len(content.things)
    # Streets last, for negative numbers.
    labels = np.subtract(count, rasters.thing, out=rasters.thing.copy(), where=rasters.thing < 0)
    seen = ndimage.find_objects(labels, max_label=count + len(content.ways))
    ways = [(index, *content.ways[index]) for index, box in enumerate(seen[count:]) if box is not None]
    shape_of_way = dict(zip((k for k, _, _ in ways), _shapes([w for _, _, w in ways], grid), strict=True))
    whole = _inside(content.boxes_m, grid).tolist()
    objects: dict[int, SceneObject] = {}
    for index, window in enumerate(seen):
        if window is None:
            continue
        footprint = Footprint(window[0].start, window[1].start, labels[window] == index + 1)
        if index < count:
            number, thing = content.things[index]
            objects[number] = SceneObject(
                id=number,
                object_class=thing.hub_class,
                footprint=footprint,
                height_m=thing.height_m,
                whole=whole[index],
                orientation_deg=thing.orientation_deg,
                fill=thing.fill,
            )
        else:
            number, way = content.ways[index - count]
            uncut, along_deg, fill = shape_of_way[index - count]
            objects[number] = SceneObject(
                id=number,
                object_class=way.hub_class,
                footprint=footprint,
                height_m=0.0,
                whole=uncut,
                orientation_deg=along_deg % 90.0,
                fill=fill,
            )
    return objects


def _shapes(ways: list[Way], grid: PixelGrid) -> list[tuple[bool, float, float]]:
    """Return of streets whether each lies in the window, its direction in degrees, and its fill.

    The fill is the share of the box along its direction.
    """
    if not ways:
        return []
    parts = np.array([len(way.strips) for way in ways])
    starts = np.cumsum(parts) - parts
    strips = np.concatenate([way.strips for way in ways])
    area = np.add.reduceat(shapely.area(shapely.polygons(strips)), starts)
    run = np.array([way.axis[-1, 1] - way.axis[0, 0] for way in ways])
    t = run / np.maximum(np.hypot(run[:, 0], run[:, 1]), 1e-6)[:, np.newaxis]
    each = np.repeat(t, parts, axis=0)[:, np.newaxis]
    x, y = strips[..., 0], strips[..., 1]
    along = x * each[..., 0] + y * each[..., 1]
    across = y * each[..., 0] - x * each[..., 1]

    def low(values: NDArray[np.float64]) -> NDArray[np.float64]:
        least: NDArray[np.float64] = np.minimum.reduceat(values.min(axis=1), starts)
        return least

    box = (-low(-along) - low(along)) * (-low(-across) - low(across))
    fill = np.minimum(1.0, area / np.maximum(box, 1e-6))
    edges = np.stack([low(x), low(y), -low(-x), -low(-y)], axis=1)
    degrees = np.degrees(np.arctan2(run[:, 1], run[:, 0]))
    return list(zip(_inside(edges, grid).tolist(), degrees.tolist(), fill.tolist(), strict=True))


def _inside(boxes_m: NDArray[np.float64], grid: PixelGrid) -> NDArray[np.bool_]:
    """Return which boxes lie in the window as a whole."""
    west, north, east, south = grid.box_m()
    inside: NDArray[np.bool_] = (
        (boxes_m[:, 0] >= west)
        & (boxes_m[:, 2] <= east)
        & (boxes_m[:, 1] >= north)
        & (boxes_m[:, 3] <= south)
    )
    return inside


def _crowns(content: Content, grid: PixelGrid) -> tuple[Crown, ...]:
    crowns = content.crowns
    rows = crowns.y / grid.pixel_m - grid.row
    cols = crowns.x / grid.pixel_m - grid.col
    kinds = [CROWN_KINDS[kind] for kind in crowns.kind.tolist()]
    radius, height, seed = (each.tolist() for each in (crowns.radius_m, crowns.height_m, crowns.seed))
    return tuple(map(Crown, rows.tolist(), cols.tolist(), radius, height, kinds, seed))


def _records(content: Content, seen: set[int]) -> tuple[FootprintRecord, ...]:
    """Return the vectors of the objects in the window, east and north."""
    things = [(number, each) for number, each in content.things if number in seen]
    polygons = polygons_of([each for _, each in things], north=True)
    records = [
        FootprintRecord(number, polygon, each.hub_class, each.height_m)
        for (number, each), polygon in zip(things, polygons.tolist(), strict=True)
    ]
    ways = [(number, way) for number, way in content.ways if number in seen]
    for (number, way), polygon in zip(ways, _streets([way for _, way in ways]), strict=True):
        records.append(FootprintRecord(number, polygon, way.hub_class, 0.0))
    return tuple(records)


def _streets(ways: list[Way]) -> list[shapely.Polygon | shapely.MultiPolygon]:
    """Return the outlines of streets; one that goes on without a gap is its two rims, joined at the ends."""
    rims: list[NDArray[np.float64]] = []
    broken: dict[int, shapely.Polygon | shapely.MultiPolygon] = {}
    for k, way in enumerate(ways):
        strips = way.strips * np.array([1.0, -1.0])
        if len(strips) > 1 and not (strips[1:, :2] == strips[:-1, 3:1:-1]).all():
            broken[k] = shapely.union_all(shapely.polygons(strips))
        else:
            ends = strips[-1:, 3:1:-1].reshape(2, 2)
            rims.append(np.concatenate([strips[:, 0], ends, strips[:0:-1, 1], strips[:1, 1]]))
    whole = iter(outlined(rims))
    return [broken[k] if k in broken else next(whole) for k in range(len(ways))]
