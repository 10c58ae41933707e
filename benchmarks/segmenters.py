"""Trains the labeller and the scorer on the sets at hand, and says how well they do at held-out places.

DIACHRON_DATA=... python benchmarks/segmenters.py --json

What they learn from is prepared once in .bench/segmenters/sources: masks with soft edges are cut at one half,
and tree points with the near infrared become label maps of NAIP. Stopped runs go on where they were.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import bench
import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt

from diachron.pipelines.labelling.source_list import read_tile_sets
from diachron.training.segmenters.loop import train_segmenter
from diachron.training.segmenters.options import SegmenterOptions
from diachron.training.segmenters.report import score_places

HOME = bench.PACKAGES / "segmenters"
# Half of the places -> where its segmenter is kept, and its seed.
RUNS = {"A": ("labeller", 0), "B": ("scorer", 1)}

# Weights bring the sets to about these shares of the crops: a quarter each the cities and NAIP, then Dubai,
# roads, drone imagery, the rest.
SOURCES: tuple[dict[str, Any], ...] = (
    {"name": "building_cities", "source": "building_cities", "weight": 0.5},
    # Its table gives these 0.3 to 2.5 m; the geometric mean.
    {
        "name": "building_global",
        "images": "building_cities/image/global_*.jpg",
        "labels": "building_cities/label/global_*.png",
        "schema": "building",
        "gsd": 0.87,
        "weight": 0.5,
    },
    {
        "name": "potsdam",
        "images": "building_cities/image/potsdam_*.jpg",
        "labels": "building_cities/label6/potsdam_*.png",
        "schema": "isprs",
        "gsd": 1.17,
        "weight": 1.5,
    },
    {"name": "oam_banepa", "source": "oam_banepa", "hold_out": ["banepa_train_r3c*"], "weight": 0.5},
    {"name": "oam_more", "source": "oam_more", "hold_out": ["nairobi_*", "catanduanes_*"], "weight": 0.4},
    {"name": "oam_kampala", "source": "oam_kampala", "hold_out": ["kampala_informal"], "weight": 0.4},
    {
        "name": "dubai_mbrsc",
        "source": "dubai_mbrsc",
        "schema": "mbrsc",
        "gsd": 1.0,
        "hold_out": ["dubai_t2", "dubai_t6"],
        "weight": 0.9,
    },
    {"name": "loveda", "source": "loveda", "schema": "loveda", "gsd": 0.3, "weight": 2.0},
    {
        "name": "zurich_summer",
        "source": "zurich_summer",
        "schema": "zurich-summer",
        "bands": ["blue", "green", "red", "nir"],
        "weight": 3.0,
    },
)

# Vegetation of NAIP by its index, as shares of the median index under the tree points of the picture: the
# pictures are not calibrated, and the index of the same lawn moves by 0.2 from year to year.
LUSH, BARREN, CROWN = 0.6, 0.2, 0.35
USUAL_TREE_INDEX = 0.4
FEWEST_TREES = 8
# Around its point a crown covers the ground, somewhat further all that is lush is crown, and no crown reaches
# beyond the third.
COVER_M, CROWN_M, BEYOND_CROWNS_M = 2.0, 4.0, 12.0
# Water takes up the near infrared: brighter ground is none. Asphalt was at 90 and more, the sea below 60.
DRY_INFRARED = 80.0
UNKNOWN, TREE, LOW, VEGETATION, NO_VEGETATION, DRY = range(6)
NAIP_SCHEME = {
    "name": "naip-vegetation",
    "ignore": UNKNOWN,
    "classes": [
        {"id": UNKNOWN, "name": "unknown", "hub": "ignore"},
        {"id": TREE, "name": "tree", "hub": "tree"},
        {"id": LOW, "name": "low_vegetation", "hub": "grass"},
        {"id": VEGETATION, "name": "vegetation", "hub": "shrub"},
        {"id": NO_VEGETATION, "name": "no_vegetation", "hub": "bare"},
        {"id": DRY, "name": "dry", "hub": "bare"},
    ],
    "rest": "unknown",
}


def main() -> None:
    """Train both and show their accuracy."""
    parser = bench.parser("Accuracy of the labeller and the scorer at places they have not seen.")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--only", choices=sorted(RUNS), help="train only this half")
    arguments = parser.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("set DIACHRON_DATA to the folder of the real sets")
    sets = read_tile_sets(prepare(Path(data), HOME / "sources"))
    figures: dict[str, object] = {"machine": bench.machine(), "steps": arguments.steps}
    for half, (role, seed) in RUNS.items():
        if arguments.only not in (None, half):
            continue
        options = SegmenterOptions(steps=arguments.steps, seed=seed, places=half)
        out = HOME / role
        segmenter = train_segmenter(sets, options, out=out, resume=True)
        report = {"role": role, "training": segmenter.training, **score_places(segmenter, sets)}
        (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        figures[role] = {
            "seconds": segmenter.training["seconds"],
            **report["all"],
            "places": report["places"],
        }
    bench.show(figures, as_json=arguments.json)


def prepare(data: Path, home: Path) -> Path:
    """Return the list of sources for `diachron train segmenter --sources`, made if it is missing."""
    listing = home / "sources.yaml"
    if listing.is_file():
        return listing
    entries = []
    for entry in SOURCES:
        paths = {key: str(data / entry[key]) for key in ("source", "images", "labels") if key in entry}
        entries.append({**entry, **paths})
    entries.append(prepare_roads(data / "epfl_roads", home / "epfl_roads"))
    entries.append(prepare_naip(data / "naip_ca_60cm", home / "naip"))
    listing.write_text(yaml.safe_dump(entries, sort_keys=False), encoding="utf-8")
    return listing


def prepare_roads(source: Path, home: Path) -> dict[str, Any]:
    """Write road masks of two values from grey ones; numbers above 60 are held out, as the set advises."""
    for image in sorted((source / "image").iterdir()):
        _copy(image, home / "image" / image.name)
        grey = np.asarray(Image.open(source / "label" / f"{image.stem}.png").convert("L"))
        _write(home / "label" / f"{image.stem}.png", (grey > 127).astype(np.uint8))
    hold_out = [p.stem for p in sorted((home / "image").iterdir()) if int(p.stem.rpartition("_")[2]) > 60]
    return {
        "name": "epfl_roads",
        "source": str(home),
        "schema": "road",
        "gsd": 0.3,
        "hold_out": hold_out,
        "weight": 1.0,
    }


def prepare_naip(source: Path, home: Path) -> dict[str, Any]:
    """Write label maps of every NAIP picture, from its tree points and its near infrared band."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with gzip.open(source / "trees.csv.gz", "rt", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            points[f"{row['place']}_{row['year']}"].append((float(row["y_px"]), float(row["x_px"])))
    with (source / "places.csv").open(encoding="utf-8") as table:
        split = {row["place"]: row["split"] for row in csv.DictReader(table)}
    rows = []
    for image in sorted(source.glob("*_rgb.tif")):
        name = image.stem.removesuffix("_rgb")
        with rasterio.open(image) as file:
            red, gsd = file.read(1).astype(np.float32), abs(file.transform.a)
        with rasterio.open(source / f"{name}_nir.tif") as file:
            infrared = file.read(1).astype(np.float32)
        _copy(image, home / "image" / f"{name}.tif")
        _write(home / "label" / f"{name}.png", vegetation(red, infrared, points[name], gsd))
        place = name.rpartition("_")[0]
        rows.append({"name": name, "split": split[place], "place": place})
    with (home / "tiles.csv").open("w", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, ["name", "split", "place"])
        writer.writeheader()
        writer.writerows(rows)
    scheme = home / "naip-vegetation.yaml"
    scheme.write_text(yaml.safe_dump(NAIP_SCHEME, sort_keys=False), encoding="utf-8")
    return {
        "name": "naip",
        "source": str(home),
        "schema": str(scheme),
        "allowed": {
            "vegetation": ["tree", "low_vegetation"],
            "no_vegetation": ["building", "road", "water", "bare"],
            "dry": ["building", "road", "bare"],
        },
        "weight": 0.12,
    }


def vegetation(
    red: NDArray[np.float32], infrared: NDArray[np.float32], trees: list[tuple[float, float]], gsd_m: float
) -> NDArray[np.uint8]:
    """Return what tree points and the vegetation index tell; 0 where they tell nothing.

    Green far from every tree point is low: the points were set for all trees of a picture.

    Args:
        red, infrared: (H, W) digital numbers.
        trees: (row, column) of crowns.
        gsd_m: side of a pixel.
    """
    index = (infrared - red) / np.maximum(infrared + red, 1.0)
    rows, cols = (np.array([int(t[k]) for t in trees], int) for k in (0, 1))
    inside = (rows >= 0) & (rows < red.shape[0]) & (cols >= 0) & (cols < red.shape[1])
    rows, cols = rows[inside], cols[inside]
    usual = float(np.median(index[rows, cols])) if rows.size >= FEWEST_TREES else USUAL_TREE_INDEX
    usual = max(usual, USUAL_TREE_INDEX / 2)
    away = np.full(red.shape, np.inf)
    if rows.size:
        ground = np.ones(red.shape, bool)
        ground[rows, cols] = False
        away = distance_transform_edt(ground) * gsd_m
    labels = np.full(red.shape, UNKNOWN, np.uint8)
    lush, barren = index > LUSH * usual, index < BARREN * usual
    labels[barren] = np.where(infrared > DRY_INFRARED, DRY, NO_VEGETATION)[barren]
    labels[lush] = VEGETATION
    labels[lush & (away > BEYOND_CROWNS_M)] = LOW
    labels[lush & (away <= CROWN_M) | (index > CROWN * usual) & (away <= COVER_M)] = TREE
    return labels


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(path: Path, labels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels).save(path)


if __name__ == "__main__":
    main()
