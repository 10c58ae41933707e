"""What a detector learns from each generator: one detector, one budget, the same real pairs to judge.

DIACHRON_DATA=... python benchmarks/generators.py --budget small --minutes 20 --json

It goes on where it was stopped; give the command again until it says that nothing is missing. Rows of two
budgets stand side by side in results/generators.json and are never put into one mean.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

# Before torch is loaded: threads that wait by spinning hold the cores that the next batch needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench

from diachron.core.pair import PairSet
from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.evaluation.zero_shot.line_up import LineUp
from diachron.evaluation.zero_shot.methods import Method
from diachron.evaluation.zero_shot.table import markdown, rows_of
from diachron.evaluation.zero_shot.trial import TrialOptions, is_finished, run_trial
from diachron.pipelines.sources import SourceOptions
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.options import TrainingOptions

RESULTS = Path(__file__).parent / "results" / "generators.json"
WORK = bench.PACKAGES / "generators"

# Where single dates come from. Austin is left out: LEVIR's tiles lie around it, and no place that judges
# may have been seen. Crops are reduced to metres a pixel between the finest and the coarsest main test.
SOURCES: tuple[dict[str, Any], ...] = (
    {
        "images": "building_cities/image/[!i]*.jpg",
        "labels": "building_cities/label/[!i]*.png",
        "schema": "building",
    },
    {
        "images": "building_cities/image/inria_[!a]*.jpg",
        "labels": "building_cities/label/inria_[!a]*.png",
        "schema": "building",
    },
    {"source": "oam_banepa"},
    {"source": "oam_kampala"},
    {"source": "oam_more"},
    {"source": "dubai_mbrsc", "gsd_m": 1.0, "schema": "mbrsc"},
)
TRAIN_GSD_M = (0.5, 2.0)
# The first two are the main ones; `levir_cd_all` is for methods that saw no LEVIR label, as all here.
TESTS = {
    "gf1_s2_building": "gf1:gf1_s2_building@test",
    "levir_cd": "levir:levir_cd@test",
    "levir_cd_all": "levir:levir_cd",
    "sztaki_airchange": "airchange:sztaki_airchange",
    "oscd": "oscd:oscd",
    "hetero_pairs": "hetero:hetero_pairs",
    "xbd_pairs": "xbd_pairs:xbd_pairs",
    "naip_unchanged": "naip:naip_ca_60cm@unchanged-test",
}
REAL = "gf1:gf1_s2_building@train"


@dataclass(frozen=True)
class Budget:
    """What every method may spend.

    Args:
        steps, batch, crop_px: of the training.
        samples: pairs made for each method and seed.
        seeds: of data, initial weights and crops.
        percents: shares of the real pairs in the supervised arms.
        mixed_percents: shares that are also tried mixed with, and after, our pairs.
        ablations: whether our recipe is also tried with one thing taken away at a time.
    """

    steps: int
    batch: int
    crop_px: int
    samples: int
    seeds: tuple[int, ...]
    percents: tuple[float, ...]
    mixed_percents: tuple[float, ...]
    ablations: bool


BUDGETS = {
    "small": Budget(150, 12, 128, 300, (0, 1), (100.0,), (), ablations=False),
    "full": Budget(3000, 32, 128, 2000, (0, 1, 2), (1.0, 5.0, 10.0, 100.0), (10.0, 100.0), ablations=True),
}

# What is taken away -> overrides of the recipe.
ABLATIONS: dict[str, tuple[str, ...]] = {
    "acquisition": ("acquisition=none",),
    "coin-flip": ("paint=t2",),
    "placement": (
        "processes.construction.gap_m=0",
        "processes.construction.set_back_m=0",
        "processes.construction.turn_limit_deg=180",
        "processes.construction.surfaces={bare: 1, grass: 1, shrub: 1, tree: 1, crop: 1, developed: 1}",
    ),
}
SMALL_ABLATIONS = ("acquisition",)


def sources(data: Path) -> list[SourceOptions]:
    """Return the sources with their paths."""
    paths = ("source", "images", "labels")
    return [
        SourceOptions(**{key: str(data / value) if key in paths else value for key, value in entry.items()})
        for entry in SOURCES
    ]


def tests(data: Path) -> dict[str, PairSet]:
    """Return the real pairs that judge."""
    return {name: open_pairs(_placed(text, data)) for name, text in TESTS.items()}


def _placed(text: str, data: Path) -> str:
    form, _, folder = text.partition(":")
    return f"{form}:{data / folder}"


def in_pixels(options: SourceOptions) -> SourceOptions:
    """Return a source whose metres are pixels, as in generators that know no ground sampling distance."""
    return replace(options, gsd_m=1.0)


def methods(budget: Budget, data: Path, name: str) -> list[Method]:
    """Return what is tried at a budget."""
    given = sources(data)
    options = TrainingOptions(
        steps=budget.steps, batch=budget.batch, crop_px=budget.crop_px, gsd_m=TRAIN_GSD_M
    )
    line_up = LineUp(
        given,
        budget.samples,
        DetectorConfig("siamese-unet-small", "binary", 3),
        options,
        WORK / name / "data-sets",
        workers=os.cpu_count() or 1,
    )
    shelf = SceneShelf(given)
    real = open_pairs(_placed(REAL, data))
    ours = line_up.recipe("building-change")
    found: list[Method] = [
        *(line_up.baseline(each) for each in ("change_vector", "ir_mad", "pca_kmeans")),
        ours,
        *(
            line_up.recipe("building-change", ABLATIONS[each], name=f"building-change+without-{each}")
            for each in (ABLATIONS if budget.ablations else SMALL_ABLATIONS)
        ),
        *(
            line_up.rival(each, shelf)
            for each in ("naive_paste", "changestar_pairs", "self_pair", "changen2_events", "hyscdg_holes")
        ),
        *(line_up.supervised(real, percent) for percent in budget.percents),
    ]
    if budget.ablations:
        found.append(
            line_up.recipe("building-change", name="building-change+without-metres", edit_sources=in_pixels)
        )
        for percent in budget.mixed_percents:
            found += [line_up.mixed(real, percent, ours), line_up.fine_tuned(real, percent, ours)]
    return found


def commit() -> str:
    """Return the commit that is measured; a changed working tree says so."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=bench.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def run(budget_name: str, minutes: float, data: Path, say: Callable[[str], None]) -> tuple[list[Any], int]:
    """Return the finished trials, and how many are missing; none is begun after `minutes`."""
    budget = BUDGETS[budget_name]
    until = time.monotonic() + 60 * minutes
    judges = tests(data)
    options = TrialOptions(
        WORK / budget_name,
        settings={"budget": asdict(budget), "sources": SOURCES, "train_gsd_m": TRAIN_GSD_M},
    )
    # Seed by seed, so that an unfinished table still compares all methods.
    found = methods(budget, data, budget_name)
    wanted = [(method, seed) for seed in budget.seeds for method in found if method.seeded or seed == 0]
    trials, missing = [], 0
    for method, seed in wanted:
        if time.monotonic() < until or is_finished(method, seed, judges, options):
            trials.append(run_trial(method, seed, judges, options, say=say))
        else:
            missing += 1
    return trials, missing


def write(rows: list[dict[str, Any]], budget: str, missing: int) -> None:
    """Replace the rows of a budget in the committed results; `missing` trials are named with them."""
    kept = json.loads(RESULTS.read_text())["rows"] if RESULTS.is_file() else []
    kept = [row for row in kept if row["budget"] != budget]
    RESULTS.parent.mkdir(exist_ok=True)
    facts = {"date": date.today().isoformat(), "machine": bench.machine(), "commit": commit()}
    runs = json.loads(RESULTS.read_text())["runs"] if RESULTS.is_file() else {}
    runs[budget] = {**facts, **asdict(BUDGETS[budget]), "missing_trials": missing}
    content = {"rows": kept + rows, "runs": runs, "tests": TESTS}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Run what is missing, write the results, print the table."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--budget", choices=sorted(BUDGETS), default="small")
    options.add_argument("--minutes", type=float, default=20.0, help="no trial is begun after that")
    given = options.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real pairs and tiles")
    trials, missing = run(
        given.budget, given.minutes, Path(data), lambda line: print(line, file=sys.stderr, flush=True)
    )
    rows = rows_of(trials, given.budget)
    if rows:
        write(rows, given.budget, missing)
    print(markdown(rows), file=sys.stderr)
    figures: dict[str, object] = {"rows": rows, "missing_trials": missing, "machine": bench.machine()}
    bench.show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
