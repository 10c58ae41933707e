"""NAIP's places to paint into: which may be learnt from, and whose houses stand there."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import bench
import yaml

from diachron.pipelines.sources import SourceOptions

FOLDER = bench.PACKAGES / "naip-places"
# Where `diachron segment --out .bench/naip-places/segmented` leaves its label maps.
LABELS = FOLDER / "segmented" / "label"


def training_places(data: Path, labels: Path) -> SourceOptions:
    """Return the pictures of NAIP's `train` places with their label maps."""
    return replace(training_pictures(data), labels=str(labels), schema="segmenter")


def training_pictures(data: Path) -> SourceOptions:
    """Return the pictures of NAIP's `train` places, as a folder of links to them and to their table.

    The other places judge: nothing of them may be learnt from, painted or not.
    """
    source = data / "naip_ca_60cm"
    with (source / "places.csv").open(encoding="utf-8", newline="") as file:
        train = {row["place"] for row in csv.DictReader(file) if row["split"] == "train"}
    folder = FOLDER / "naip-train"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [path for path in sorted(source.glob("*_rgb.tif")) if path.stem.rsplit("_", 2)[0] in train]
    for path in (*pictures, source / "places.csv"):
        link = folder / path.name
        if not link.is_symlink():
            link.symlink_to(path)
    return SourceOptions(str(folder))


def donors(data: Path) -> str:
    """Return a list of labelled tiles whose houses stand on NAIP's places: those of its kind of country."""
    cities = data / "building_cities"
    listed = [
        {
            "images": str(cities / f"image/{name}*.jpg"),
            "labels": str(cities / f"label/{name}*.png"),
            "schema": "building",
        }
        for name in ("inria_[ckv]", "[!i]")
    ]
    path = FOLDER / "donors.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump([*listed, {"source": str(data / "oam_more")}]), encoding="utf-8")
    return str(path)
