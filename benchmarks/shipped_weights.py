"""Makes the weights of renderer `inpainting` that ship: `python benchmarks/shipped_weights.py DATA OUT`.

DATA is the folder of the real sets. It goes on where it was stopped. Only pictures whose terms let derived
weights be passed on are seen: NAIP (public domain) without labels, at places of its `train` part, and Banepa
(CC BY 4.0) with its buildings, without row r3. Places that others test on stay out.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import yaml

from diachron.cli import main

# Banepa has 12 windows, NAIP some 350: a third of the crops have labels.
WEIGHTS = {"banepa": 15.0, "naip": 1.0}
STEPS = 5000
ARGUMENTS = (
    *("--steps", str(STEPS), "--batch", "12", "--crop", "64", "--train-gsd", "0.25", "1.2"),
    *("--widths", "32,64,96,128", "--checkpoint-every", "500", "--seed", "0"),
)


def source_list(data: Path) -> list[dict[str, object]]:
    """Return the sources as `--sources` reads them."""
    with (data / "naip_ca_60cm" / "places.csv").open(encoding="utf-8", newline="") as lines:
        apart = [f"{row['place']}_20*" for row in csv.DictReader(lines) if row["split"] != "train"]
    return [
        {
            "name": "banepa",
            "source": str(data / "oam_banepa"),
            "licence": "CC-BY-4.0",
            "weight": WEIGHTS["banepa"],
            "hold_out": ["*_r3c*"],
        },
        {
            "name": "naip",
            "images": str(data / "naip_ca_60cm" / "*_rgb.tif"),
            "schema": "segments",
            "licence": "public domain",
            "weight": WEIGHTS["naip"],
            "hold_out": apart,
        },
    ]


if __name__ == "__main__":
    given, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    listed = out / "sources.yaml"
    listed.write_text(yaml.safe_dump(source_list(given)), encoding="utf-8")
    arguments = ["train", "inpainting", "--sources", str(listed), "--out", str(out), "--resume"]
    main([*arguments, *ARGUMENTS, *sys.argv[3:]])
