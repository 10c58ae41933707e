"""Whether the measure of real change tells places that people saw change from places that stayed.

DIACHRON_DATA=... python benchmarks/real_dates.py --json
"""

from __future__ import annotations

import csv
import os
import time
from itertools import combinations
from pathlib import Path

import bench
import numpy as np
import rasterio
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from diachron.pipelines.recipes import load_recipe
from diachron.simulators.real_change import BLOCK_PX, DISAGREES, real_change

SET = "naip_ca_60cm"
RECIPE = "real-dates"
# Change levels of places.csv, from nothing to much.
LEVELS = ("none seen", "seasonal", "some", "strong")
STILL = LEVELS[:2]
# A block of which this share lies in a box of strong change counts as changed; none of it, as the same.
INSIDE = 0.6
CELL_PX = BLOCK_PX // 2


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the set."""
    with (folder() / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def folder() -> Path:
    """Return the folder of the set.

    Raises:
        SystemExit: there is none; a benchmark never leaves out a figure.
    """
    found = Path(os.environ.get("DIACHRON_DATA", "")) / SET
    if not (found / "places.csv").is_file():
        raise SystemExit(f"{found}: no places.csv there; set DIACHRON_DATA to the folder that holds {SET}")
    return found


def read(place: str, year: str) -> NDArray[np.uint8]:
    """Return (3, H, W)."""
    with rasterio.open(folder() / f"{place}_{year}_rgb.tif") as file:
        picture: NDArray[np.uint8] = file.read()
    return picture


def auc(higher: NDArray[np.float64], lower: NDArray[np.float64]) -> float:
    """Return the chance that one of the first is larger than one of the second; draws count half."""
    ranks = rankdata(np.concatenate([higher, lower]))[: higher.size]
    return float((ranks.sum() - higher.size * (higher.size + 1) / 2) / (higher.size * lower.size))


def main() -> None:
    """Measure every two years of every place."""
    as_json = bench.parser(__doc__ or "").parse_args().json
    boxes: dict[tuple[str, str, str], list[list[int]]] = {}
    for row in table("change_boxes.csv"):
        sides = [int(row[key]) for key in ("x0_px", "y0_px", "x1_px", "y1_px")]
        boxes.setdefault((row["place"], row["from_year"], row["to_year"]), []).append(sides)
    levels: list[str] = []
    boxed: list[bool] = []
    shares: list[float] = []
    worst: list[float] = []
    inside: list[float] = []
    outside: list[float] = []
    per_place: dict[str, tuple[int, float]] = {}
    seconds = 0.0
    for row in table("places.csv"):
        for years in combinations(sorted(row["years"].split("|")), 2):
            t1, t2 = (read(row["place"], year) for year in years)
            start = time.perf_counter()
            found = real_change(t1, t2, np.ones(t1.shape[1:], bool))
            seconds += time.perf_counter() - start
            level = LEVELS.index(row["change_level"])
            levels.append(row["change_level"])
            shares.append(found.share)
            worst.append(float(np.sort(found.disagreement, axis=None)[-2:].mean()))
            per_place[row["place"]] = level, max(found.share, per_place.get(row["place"], (0, 0.0))[1])
            here = boxes.get((row["place"], *years), [])
            boxed.append(bool(here))
            if here:
                mask = np.zeros(t1.shape[1:], np.float32)
                for left, top, right, bottom in here:
                    mask[top:bottom, left:right] = 1
                rows, cols = (length // CELL_PX for length in mask.shape)
                cells = mask[: rows * CELL_PX, : cols * CELL_PX].reshape(rows, CELL_PX, cols, CELL_PX)
                share = cells.mean(axis=(1, 3))
                covered = (share[:-1, :-1] + share[1:, :-1] + share[:-1, 1:] + share[1:, 1:]) / 4
                inside += found.disagreement[covered > INSIDE].tolist()
                outside += found.disagreement[covered == 0].tolist()
    named, in_box, share_of = np.array(levels), np.array(boxed), np.array(shares)
    still = np.isin(named, STILL)
    places = np.array(list(per_place.values()))
    rules = load_recipe(RECIPE).real_dates
    assert rules is not None
    bench.show(
        {
            "pairs": int(share_of.size),
            "pairs_with_boxes": int(in_box.sum()),
            "auc_boxes_against_still": round(auc(share_of[in_box], share_of[still]), 4),
            "auc_strong_against_none_seen": round(
                auc(share_of[named == "strong"], share_of[named == "none seen"]), 4
            ),
            "auc_worst_two_blocks": round(auc(np.array(worst)[in_box], np.array(worst)[still]), 4),
            "auc_blocks_in_boxes": round(auc(np.array(inside), np.array(outside)), 4),
            "rank_correlation_of_places": round(float(spearmanr(places[:, 0], places[:, 1]).statistic), 4),
            "max_change": rules.max_change,
            "kept_share": {
                **{
                    name: round(float((share_of[named == name] <= rules.max_change).mean()), 4)
                    for name in LEVELS
                },
                "boxes": round(float((share_of[in_box] <= rules.max_change).mean()), 4),
            },
            "disagrees_from": DISAGREES,
            "ms_per_pair_256": round(1000 * seconds / share_of.size, 1),
            "machine": bench.machine(),
        },
        as_json=as_json,
    )


if __name__ == "__main__":
    main()
