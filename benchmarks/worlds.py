"""Do procedural places have the layout of real ones, and what do they cost?

DIACHRON_DATA=... python benchmarks/worlds.py --json

Footprints of real places beside those of every style: two-sample Kolmogorov-Smirnov distances of area, of
the distance to the nearest neighbour between centroids and of the sides' ratio, and the built share. For each
real place the style with the smallest mean distance is reported, with the distances of all styles beside it.
Where a place is a label map, worlds are rastered at its gsd and taken apart by the same function, so that
what touches is one object on both sides.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bench
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from scipy import ndimage, spatial, stats

from diachron.core import hub
from diachron.simulators.worlds import STYLES, World

# Sheds and slivers below this are mapped in some places and not in others.
LEAST_M2 = 12.0
LEAST_PX = 12
# Side and seeds of the worlds that are measured.
SIDE_M = 500.0
SEEDS = (1, 2, 3)
# A degree of latitude, metres (mean meridian of WGS 84).
DEGREE_M = 111_132.0
# Buildings from this size on are those that the heights of Alexandria are known for.
LARGE_M2 = 300.0
ZURICH_BUILDING, MBRSC_BUILDING, XIAMEN_VOID = 2, 0, 128
MBRSC_SINGLE = ("t1", "t2", "t3")
XIAMEN_GSD_M = 0.54


@dataclass(frozen=True)
class Layout:
    """Buildings of one place: (N,) area, nearest neighbour, ratio of sides; built share; gsd of a map."""

    area_m2: NDArray[np.float64]
    spacing_m: NDArray[np.float64]
    aspect: NDArray[np.float64]
    built_share: float
    gsd_m: float | None = None


def main() -> None:
    """Measure real places and worlds, then the cost of a square kilometre."""
    given = bench.parser(__doc__ or "").parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real sets")
    started = time.process_time()
    real = places(Path(data))
    styles: dict[tuple[str, float | None], Layout] = {}
    figures: dict[str, object] = {}
    for name, place in real.items():
        rows = {}
        for style in STYLES:
            key = (style, place.gsd_m)
            if key not in styles:
                styles[key] = style_layout(style, place.gsd_m)
            rows[style] = distances(place, styles[key])
        nearest = min(rows, key=lambda style, rows=rows: sum(rows[style].values()))
        figures[name] = {
            "nearest_style": nearest,
            **rows[nearest],
            "built_share": round(place.built_share, 3),
            "built_share_of_style": round(styles[nearest, place.gsd_m].built_share, 3),
            "buildings": int(place.area_m2.size),
            "all_styles": rows,
        }
    figures["ks_height_of_large_buildings"] = heights(Path(data))
    figures |= speed()
    figures["cpu_s"] = round(time.process_time() - started, 1)
    figures["machine"] = bench.machine()
    bench.show(figures, as_json=given.json)


def distances(real: Layout, made: Layout) -> dict[str, float]:
    """Return the three distances, 0 for equal distributions and 1 for separate ones."""
    pairs = {
        "ks_area": (real.area_m2, made.area_m2),
        "ks_spacing": (real.spacing_m, made.spacing_m),
        "ks_aspect": (real.aspect, made.aspect),
    }
    return {
        name: round(float(stats.ks_2samp(a, b).statistic), 3) if b.size else 1.0
        for name, (a, b) in pairs.items()
    }


def places(data: Path) -> dict[str, Layout]:
    """Return the layouts of the real places at hand."""
    found = {
        "banepa": from_polygons(polygons_in(data / "oam_banepa/banepa_osm_buildings_train.geojson")),
        "kampala_suburb": from_polygons(polygons_in(data / "oam_kampala/kampala_suburb_buildings.geojson")),
        "kampala_informal": from_polygons(
            polygons_in(data / "oam_kampala/kampala_informal_buildings.geojson")
        ),
    }
    for name in ("zanzibar", "nairobi", "catanduanes", "nepal"):
        found[name] = from_polygons(polygons_in(data / f"oam_more/{name}_buildings.geojson"))
    zurich = [read(path) for path in sorted((data / "zurich_summer/label").glob("*.tif"))]
    found["zurich"] = from_masks([(band == ZURICH_BUILDING, band > 0) for band in zurich], 0.6)
    dubai = [
        read(path)
        for path in sorted((data / "dubai_mbrsc").glob("*_label.png"))
        if path.name.split("_")[1] in MBRSC_SINGLE
    ]
    found["dubai"] = from_masks([(band == MBRSC_BUILDING, band < 5) for band in dubai], 1.0)
    xiamen = read(next((data / "xiamen_z18").glob("layout_*.png")))
    # Tiles without any footprint were not drawn.
    known = ndimage.maximum_filter(np.where(xiamen == XIAMEN_VOID, 0, xiamen), 256) > 0
    found["xiamen"] = from_masks([(xiamen == 255, known & (xiamen != XIAMEN_VOID))], XIAMEN_GSD_M)
    return found


def read(path: Path) -> NDArray[np.uint8]:
    """Return the first band of a raster."""
    with warnings.catch_warnings():
        # Pictures and their label maps have no georeference.
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path) as file:
            band: NDArray[np.uint8] = file.read(1)
    return band


def polygons_in(path: Path) -> list[shapely.Polygon]:
    """Return the polygons of a GeoJSON file in metres east and north of its middle."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    shapes = shapely.get_parts([shapely.geometry.shape(f["geometry"]) for f in features])
    middle = shapely.centroid(shapely.MultiPoint(shapely.get_coordinates(shapes)))
    scale = np.array([DEGREE_M * np.cos(np.radians(middle.y)), DEGREE_M])
    return list(shapely.transform(shapes, lambda xy: (xy - [middle.x, middle.y]) * scale))


def from_polygons(polygons: list[shapely.Polygon], ground_m2: float | None = None) -> Layout:
    """Return the layout of single footprints; without a ground, of the ground within 15 m of them."""
    shapes = np.array([p for p in polygons if p.is_valid and p.area >= LEAST_M2])
    if ground_m2 is None:
        ground_m2 = shapely.area(shapely.buffer(shapely.union_all(shapely.buffer(shapes, 25.0)), -10.0))
    return Layout(*measured(shapes), float(shapely.area(shapes).sum() / ground_m2))


def measured(shapes: NDArray[np.object_]) -> tuple[NDArray[np.float64], ...]:
    """Return area, distance to the nearest other centroid and ratio of sides of polygons."""
    if shapes.size < 3:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    centres = shapely.get_coordinates(shapely.centroid(shapes))
    spacing = spatial.cKDTree(centres).query(centres, k=2)[0][:, 1]
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shapes)).reshape(-1, 5, 2)
    sides = np.hypot(*np.moveaxis(np.diff(corners[:, :3], axis=1), 2, 0))
    aspect = sides.max(axis=1) / np.maximum(sides.min(axis=1), 0.1)
    return shapely.area(shapes), spacing, aspect


def from_masks(maps: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]], gsd_m: float) -> Layout:
    """Return the layout of connected pieces of label maps, those at the edge left out.

    Args:
        maps: buildings, and where the map says anything.
        gsd_m: of the maps.
    """
    parts: list[tuple[NDArray[np.float64], ...]] = []
    built = known = 0
    for mask, says in maps:
        built, known = built + int(mask.sum()), known + int(says.sum())
        pieces, _ = ndimage.label(mask)
        shapes, areas = [], []
        for number, box in enumerate(ndimage.find_objects(pieces), start=1):
            rows, cols = box
            at_edge = min(rows.start, cols.start) == 0 or (rows.stop, cols.stop) >= mask.shape
            own = pieces[box] == number
            if at_edge or own.sum() < max(LEAST_PX, LEAST_M2 / gsd_m**2):
                continue
            y, x = np.nonzero(own)
            points = np.stack([x + cols.start + 0.5, y + rows.start + 0.5], axis=1) * gsd_m
            shapes.append(
                shapely.buffer(shapely.MultiPoint(points).convex_hull, gsd_m / 2, cap_style="square")
            )
            areas.append(float(own.sum()) * gsd_m**2)
        _, spacing, aspect = measured(np.array(shapes))
        parts.append((np.array(areas)[: spacing.size], spacing, aspect))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Layout(joined[0], joined[1], joined[2], built / known, gsd_m)


def style_layout(style: str, gsd_m: float | None) -> Layout:
    """Return the layout of worlds of a style, as vectors or as label maps of a gsd."""
    if gsd_m is not None:
        side = round(SIDE_M / gsd_m)
        maps = []
        for seed in SEEDS:
            window = World(style, seed).window((0.0, 0.0), (side, side), gsd_m, 1)
            ids = [number for number, each in window.objects.items() if each.object_class == hub.BUILDING]
            maps.append((np.isin(window.instances, ids), np.ones((side, side), bool)))
        return from_masks(maps, gsd_m)
    lots = []
    for seed in SEEDS:
        window = World(style, seed).window((0.0, 0.0), (round(SIDE_M), round(SIDE_M)), 1.0, 1)
        lots.append(
            from_polygons(
                [
                    record.polygon
                    for record in window.footprints
                    if record.object_class == hub.BUILDING and window.objects[record.id].whole
                ],
                SIDE_M**2,
            )
        )
    columns = [
        np.concatenate([getattr(lot, name) for lot in lots]) for name in ("area_m2", "spacing_m", "aspect")
    ]
    return Layout(columns[0], columns[1], columns[2], float(np.mean([lot.built_share for lot in lots])))


def heights(data: Path) -> dict[str, object]:
    """Return the distance of heights of large buildings to the nearest style's."""
    features = json.loads((data / "heights_alexandria/alexandria_buildings.geojson").read_text())["features"]
    real = [
        float(f["properties"]["HEIGHT"])
        for f in features
        if f["properties"].get("HEIGHT") and float(f["properties"]["SQMETERS"]) >= LARGE_M2
    ]
    rows = {}
    for style in STYLES:
        made = [
            record.height_m
            for seed in SEEDS
            for record in World(style, seed).window((0.0, 0.0), (250, 250), 2.0, 1).footprints
            if record.object_class == hub.BUILDING and record.polygon.area >= LARGE_M2
        ]
        if len(made) >= 10:
            rows[style] = round(float(stats.ks_2samp(real, made).statistic), 3)
    nearest = min(rows, key=lambda style: rows[style])
    return {"place": "alexandria", "buildings": len(real), "nearest_style": nearest, "ks": rows[nearest]}


def speed() -> dict[str, object]:
    """Return square kilometres a second of one core at 0.5 m, for places that were never made before."""
    seconds: dict[str, float] = {}
    for style in STYLES:
        seconds[style] = timed(lambda style=style: World(style, 977).window((0.0, 0.0), (2000, 2000), 0.5, 1))
    again = timed(lambda: World("suburb", 977).window((0.0, 0.0), (2000, 2000), 0.5, 1))
    return {
        "world_km2_per_second": round(len(seconds) / sum(seconds.values()), 3),
        "world_km2_per_second_by_style": {style: round(1.0 / s, 3) for style, s in seconds.items()},
        "rasters_only_km2_per_second": round(1.0 / again, 3),
    }


def timed(make: Callable[[], object]) -> float:
    """Return the processor's seconds."""
    started = time.process_time()
    make()
    return time.process_time() - started


if __name__ == "__main__":
    main()
