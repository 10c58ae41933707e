"""Make the pictures of the README from the demo data set: `python docs/make_pictures.py demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from diachron import Dataset

SAMPLES = (2, 12)
CROP = 300
HERE = Path(__file__).parent


def main() -> None:
    """Write docs/images/pairs.png: crops around the largest change of two samples."""
    dataset = Dataset(sys.argv[1])
    rows = [_row(dataset, index) for index in SAMPLES]
    target = HERE / "images" / "pairs.png"
    target.parent.mkdir(exist_ok=True)
    picture = Image.fromarray(np.vstack(rows))
    picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(target, optimize=True)


def _row(dataset: Dataset, index: int) -> np.ndarray:
    events = [event for event in dataset.record(index)["events"] if event["visible_px"]]
    shape = dataset.record(index)["grid"]["shape"]
    middle = max(events, key=lambda event: event["visible_px"])["footprint"]
    row = _start(middle["row"] + middle["shape"][0] // 2, shape[0])
    col = _start(middle["col"] + middle["shape"][1] // 2, shape[1])
    box = (slice(row, row + CROP), slice(col, col + CROP))
    first, last = (dataset.layer(index, name)[:3, box[0], box[1]].transpose(1, 2, 0) for name in ("t1", "t2"))
    marked = last // 2
    marked[dataset.layer(index, "edit")[box] > 0] += np.array([70, 70, 0], np.uint8)
    marked[dataset.layer(index, "change")[box] == 1] += np.array([50, 0, 0], np.uint8)
    gap = np.full((CROP, 8, 3), 255, np.uint8)
    return np.vstack(
        [np.hstack([first, gap, last, gap, marked]), np.full((8, 3 * CROP + 16, 3), 255, np.uint8)]
    )


def _start(middle: int, length: int) -> int:
    return max(0, min(middle - CROP // 2, length - CROP))


if __name__ == "__main__":
    main()
