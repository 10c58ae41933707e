"""What a detector learns from each generator: one detector, one budget, the same real pairs to judge.

DIACHRON_DATA=... python benchmarks/generators.py --budget small --minutes 20 --json

It goes on where it was stopped; give the command again until it says that nothing is missing. `--only WORD`
and `--seeds N` run a part of the line-up. Rows with real dates want label maps of NAIP's tiles, and are
else missing: `diachron segment NAIP/*_rgb.tif --weights W --unsure 0.4 --out .bench/naip-places/segmented`.
Rows of two budgets stand side by side in results/generators.json and are never put into one mean; each has
the date and the commit of its own trials.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

# Before torch is loaded: threads that wait by spinning hold the cores that the next batch needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench
from naip_places import LABELS, donors, training_pictures, training_places
from neural_rows import neural_rows
from world_rows import world_rows

from diachron.core.pair import PairSet
from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.evaluation.zero_shot.line_up import LineUp
from diachron.evaluation.zero_shot.methods import Method, Trained, half_and_half
from diachron.evaluation.zero_shot.results_file import dated, updated
from diachron.evaluation.zero_shot.table import markdown, rows_of
from diachron.evaluation.zero_shot.trial import TrialOptions, is_finished, read_trial, run_trial
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
NEAR_TRAINING_GSD_M = 0.6
# The first two are the main ones; `levir_cd_all` and `naip_boxes_all` are for methods that saw nothing of
# LEVIR and NAIP, as all here. Boxes have figures of their own: there are no masks.
TESTS = {
    "gf1_s2_building": "gf1:gf1_s2_building@test",
    "levir_cd": "levir:levir_cd@test",
    "levir_cd_all": "levir:levir_cd",
    "sztaki_airchange": "airchange:sztaki_airchange",
    "oscd": "oscd:oscd",
    "hetero_pairs": "hetero:hetero_pairs",
    "xbd_pairs": "xbd_pairs:xbd_pairs",
    "naip_unchanged": "naip:naip_ca_60cm@unchanged-test",
    "naip_boxes": "naip:naip_ca_60cm@boxes-test",
    "naip_boxes_all": "naip:naip_ca_60cm@boxes",
}
REAL = "gf1:gf1_s2_building@train"


@dataclass(frozen=True)
class Budget:
    """What every method may spend, and which are tried.

    Args:
        steps, batch, crop_px: of the training.
        samples: pairs made for each method and seed.
        seeds: of data, initial weights and crops.
        percents: shares of the real pairs in the supervised arms.
        mixed_percents: shares that are also tried mixed with our pairs.
        fine_tuned_percents: shares that are also tried after our pairs.
        ablations: whether our recipe is also tried with each thing taken away, or with one only.
    """

    steps: int
    batch: int
    crop_px: int
    samples: int
    seeds: tuple[int, ...]
    percents: tuple[float, ...]
    mixed_percents: tuple[float, ...]
    fine_tuned_percents: tuple[float, ...]
    ablations: bool

    @property
    def spending(self) -> dict[str, int]:
        """What a single trial may spend: rows of equal spending can stand in one table."""
        return {
            "steps": self.steps,
            "batch": self.batch,
            "crop_px": self.crop_px,
            "samples": self.samples,
        }


# `full` sees as many pixels as the yardsticks that were measured before there was a bench: 500 batches of
# 8 crops of 256 px.
BUDGETS = {
    "small": Budget(150, 12, 128, 300, (0, 1, 2), (10.0, 100.0), (), (10.0,), ablations=False),
    # Four times the steps of `small`: what learns longer gains most from pairs that differ as real dates do.
    "medium": Budget(600, 12, 128, 300, (0, 1, 2), (10.0, 100.0), (10.0,), (10.0,), ablations=False),
    "full": Budget(
        500, 32, 128, 1000, (0, 1, 2), (1.0, 5.0, 10.0, 100.0), (10.0, 100.0), (10.0, 100.0), ablations=True
    ),
}

# What the fingerprints of the first trials say of their line-up. It decides no trial, so it is said for ever:
# those trials stay good when an arm or a seed is added.
FIRST_LINE_UP = {"seeds": (0, 1), "percents": (100.0,), "mixed_percents": (), "ablations": False}

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
# What a filter leaves of a recipe: samples whose changes can be seen, and no scene twice.
FILTERS = ("filters=[edit_visibility, duplicates]",)
OURS = "building-change"
PRETRAINING = "pretraining"
REAL_DATES = "real-dates-pretraining"
UNLABELLED = "pretrain-unlabelled"
WITH_REAL_DATES = "+real-dates"


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


def near_training_gsd(options: SourceOptions) -> SourceOptions:
    """Return a source of fine tiles read near the finest gsd of the training; its coarser tiles drop out.

    What differs between dates counts in pixels: of half a pixel of shift in a tile of 0.25 m nothing is left
    in a crop reduced to 1 m. Finer than that tiles of 256 px become smaller than a crop.
    """
    return options if options.gsd_m is not None else replace(options, resample_m=NEAR_TRAINING_GSD_M)


def methods(budget: Budget, data: Path, name: str, naip_labels: Path) -> list[Method]:
    """Return what is tried at a budget.

    Args:
        budget: see there.
        data: folder of the real pairs and tiles.
        name: of the budget.
        naip_labels: label maps of NAIP's tiles, as `diachron segment` wrote them.
    """
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
    ours = line_up.recipe(OURS)
    pretraining = line_up.recipe(PRETRAINING, edit_sources=near_training_gsd)
    mixed = with_real_dates(pretraining, line_up, data, naip_labels)
    found: list[Method] = [
        *(line_up.baseline(each) for each in ("change_vector", "ir_mad", "pca_kmeans")),
        ours,
        pretraining,
        mixed,
        *(
            line_up.recipe(OURS, ABLATIONS[each], name=f"{OURS}+without-{each}")
            for each in (ABLATIONS if budget.ablations else SMALL_ABLATIONS)
        ),
        line_up.recipe(OURS, FILTERS, name=f"{OURS}+with-filters"),
        *(
            line_up.recipe(PRETRAINING, each, name=f"{PRETRAINING}+{name}", edit_sources=near_training_gsd)
            for name, each in (
                ("without-acquisition", ABLATIONS["acquisition"]),
                ("with-filters", FILTERS),
            )
        ),
        # The tiles at the gsd they have, as all other methods read them.
        line_up.recipe(PRETRAINING, name=f"{PRETRAINING}+without-resampling"),
        *(
            line_up.rival(each, shelf)
            for each in ("naive_paste", "changestar_pairs", "self_pair", "changen2_events", "hyscdg_holes")
        ),
        *world_rows(line_up, pretraining, NEAR_TRAINING_GSD_M, near_training_gsd),
        *neural_rows(line_up, NEAR_TRAINING_GSD_M, near_training_gsd),
        # Plain pictures: each of NAIP's dates by itself, and things of any kind come and go.
        replace(line_up, sources=[training_pictures(data)]).recipe(UNLABELLED),
        *(line_up.supervised(real, percent) for percent in budget.percents),
        *(line_up.mixed(real, percent, mixed) for percent in budget.mixed_percents),
        *(
            line_up.fine_tuned(real, percent, made)
            for percent in budget.fine_tuned_percents
            for made in (ours, pretraining, mixed)
        ),
    ]
    if budget.ablations:
        found += [
            line_up.recipe(OURS, name=f"{OURS}+without-metres", edit_sources=in_pixels),
            line_up.without_exact_edits(OURS),
            line_up.without_independent_acquisition(OURS),
        ]
    return found


def with_real_dates(made: Trained, line_up: LineUp, data: Path, naip_labels: Path) -> Trained:
    """Return a detector of which every other crop comes from two real dates of NAIP's `train` places."""
    real = replace(
        line_up, sources=[training_places(data, naip_labels)], donors=donors(data)
    ).recipe_material(REAL_DATES, name=REAL_DATES)
    return replace(made, name=f"{made.name}{WITH_REAL_DATES}", material=half_and_half(made.material, real))


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


@dataclass(frozen=True)
class Part:
    """Which trials of a line-up are run.

    Args:
        only: words of which a method's name must hold one; none for all methods.
        seeds: how many of the budget's seeds, from the first.
        minutes: no trial is begun after that.
        real_dates: whether there are label maps for what is painted into real dates; its trials are missing
            otherwise.
    """

    only: Sequence[str]
    seeds: int
    minutes: float
    real_dates: bool

    def takes(self, method: str) -> bool:
        """Whether a method is of the part."""
        return not self.only or any(word in method for word in self.only)


Trials = list[tuple[Method, int]]


def line_up_of(name: str, data: Path, naip_labels: Path) -> Trials:
    """Return all (method, seed) of a budget, seed by seed: an unfinished table still compares all methods."""
    found = methods(BUDGETS[name], data, name, naip_labels)
    return [(method, seed) for seed in BUDGETS[name].seeds for method in found if method.seeded or seed == 0]


def run(
    whole: Trials, part: Part, judges: dict[str, PairSet], options: TrialOptions, say: Callable[[str], None]
) -> int:
    """Run a part of a line-up; return how many of its trials are missing after that."""
    until = time.monotonic() + 60 * part.minutes
    seeds = list(dict.fromkeys(seed for _, seed in whole))[: part.seeds]
    missing = 0
    for method, seed in whole:
        if not part.takes(method.name) or seed not in seeds or is_finished(method, seed, judges, options):
            continue
        at_hand = part.real_dates or WITH_REAL_DATES not in method.name
        if at_hand and time.monotonic() < until:
            run_trial(method, seed, judges, options, say=say)
        else:
            missing += 1
    return missing


def settings_of(budget: Budget) -> dict[str, Any]:
    """Return what decides a trial besides method and seed, for its fingerprint."""
    return {"budget": {**FIRST_LINE_UP, **budget.spending}, "sources": SOURCES, "train_gsd_m": TRAIN_GSD_M}


def write(name: str, whole: Trials, options: TrialOptions) -> list[dict[str, Any]]:
    """Put all trials of a budget that are on this machine into the committed results; return its rows."""
    budget = BUDGETS[name]
    trials = [found for method, seed in whole if (found := read_trial(method, seed, options))]
    measured = [row for row in dated(rows_of(trials, name), trials) if row["test"] in TESTS]
    settings = {**budget.spending, "sources": list(SOURCES), "train_gsd_m": list(TRAIN_GSD_M)}
    content = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    names = [(method.name, seed) for method, seed in whole]
    content = updated(content, name, measured, settings, names, TESTS)
    content["runs"][name]["machine"] = bench.machine()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return [row for row in content["rows"] if row["budget"] == name]


def part_of(given: argparse.Namespace, options: argparse.ArgumentParser, whole: Trials) -> Part:
    """Return the part that the command line asks for; an empty one is wrong usage."""
    part = Part(
        given.only,
        given.seeds if given.seeds is not None else len(whole),
        given.minutes,
        given.naip_labels.is_dir(),
    )
    if part.seeds < 1:
        options.error(f"--seeds {part.seeds}: give 1 or more")
    for word in part.only:
        if not any(word in method.name for method, _ in whole):
            names = ", ".join(dict.fromkeys(method.name for method, _ in whole))
            options.error(f"--only {word}: no method of this budget has that in its name; they are {names}")
    return part


def main() -> None:
    """Run what is missing, write the results, print the table."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--budget", choices=sorted(BUDGETS), default="small")
    options.add_argument("--minutes", type=float, default=20.0, help="no trial is begun after that")
    options.add_argument("--only", action="append", default=[], metavar="WORD", help="methods; repeat it")
    options.add_argument("--seeds", type=int, metavar="N", help="the first N seeds of the budget")
    options.add_argument(
        "--naip-labels", type=Path, metavar="DIR", default=LABELS, help="label maps of NAIP's tiles"
    )
    given = options.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real pairs and tiles")
    trials = TrialOptions(
        WORK / given.budget,
        # Unsure and sure detectors may rank pixels alike; at 0.5 the length of the training would be judged.
        choose_threshold=True,
        settings=settings_of(BUDGETS[given.budget]),
        facts={"date": date.today().isoformat(), "commit": commit()},
    )
    whole = line_up_of(given.budget, Path(data), given.naip_labels)
    part = part_of(given, options, whole)
    missing = run(
        whole, part, tests(Path(data)), trials, lambda line: print(line, file=sys.stderr, flush=True)
    )
    rows = write(given.budget, whole, trials)
    print(markdown(rows), file=sys.stderr)
    figures: dict[str, object] = {"rows": rows, "missing_trials": missing, "machine": bench.machine()}
    bench.show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
