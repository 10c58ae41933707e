"""Makes the weights that ship: `python benchmarks/shipped_weights.py inpainting|semantic DATA OUT`.

DATA is the folder of the real sets, OUT that of the run; it goes on where it was stopped. In the end the
weights are rounded to bf16 and put where they ship. Only pictures whose terms let derived weights be passed
on are seen: NAIP (public domain), at places of its `train` part, and Banepa (CC BY 4.0) without row r3.
Places that others test on stay out. `inpainting` sees Banepa's buildings, too, `semantic` no labels.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import bench
import yaml

from diachron.cli import main
from diachron.generators.inpainting.painter import Painter
from diachron.generators.semantic.painter import SemanticPainter
from diachron.generators.weights import INPAINTING, SEMANTIC

HOME = bench.ROOT / "generators" / "weights"
NAMES = {"inpainting": INPAINTING, "semantic": SEMANTIC}
# Banepa has 9 windows with labels, 13 in all, NAIP 322: three or four of ten crops show the denser town.
BANEPA, NAIP = 15.0, 1.0
COMMON = ("--widths", "32,64,96,128", "--checkpoint-every", "500", "--precision", "fp32", "--seed", "0")
ARGUMENTS = {
    "inpainting": ("--steps", "5000", "--batch", "12", "--crop", "64", "--train-gsd", "0.25", "1.2", *COMMON),
    "semantic": ("--steps", "3500", "--batch", "6", "--crop", "96", "--train-gsd", "0.3", "1.2", *COMMON),
}


def source_list(data: Path, kind: str) -> list[dict[str, object]]:
    """Return the sources as `--sources` reads them."""
    with (data / "naip_ca_60cm" / "places.csv").open(encoding="utf-8", newline="") as lines:
        apart = [f"{row['place']}_20*" for row in csv.DictReader(lines) if row["split"] != "train"]
    town = data / "oam_banepa"
    pictures = {"images": str(town / "*_rgb.tif"), "schema": "segments", "hold_out": ["*_r3c*"]}
    return [
        {
            "name": "banepa",
            **({"source": str(town), "hold_out": ["*_r3c*"]} if kind == "inpainting" else pictures),
            "licence": "CC-BY-4.0",
            "weight": BANEPA,
        },
        {
            "name": "naip",
            "images": str(data / "naip_ca_60cm" / "*_rgb.tif"),
            "schema": "segments",
            "licence": "public domain",
            "weight": NAIP,
            "hold_out": apart,
        },
    ]


def ship(kind: str, out: Path) -> None:
    """Put the weights of a finished run where they ship, in half of their bytes."""
    painter = (SemanticPainter if kind == "semantic" else Painter).load(out)
    painter.network.bfloat16()
    painter.save(HOME / NAMES[kind])


if __name__ == "__main__":
    kind, given, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    listed = out / "sources.yaml"
    listed.write_text(yaml.safe_dump(source_list(given, kind)), encoding="utf-8")
    arguments = ["train", kind, "--sources", str(listed), "--out", str(out), "--resume", *ARGUMENTS[kind]]
    try:
        main([*arguments, *sys.argv[4:]])
    except SystemExit as done:
        if done.code:
            raise
    ship(kind, out)
