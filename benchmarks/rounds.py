"""Rounds of improvement: what each change of a recipe does to what a detector learns, on development pairs.

DIACHRON_DATA=... python benchmarks/rounds.py --minutes 20 --json

A round is a recipe with one thing more, or less, than an earlier one. Judges are GF-1 rows up to 29 and
NAIP's val places: no test row of `generators.py` is looked at here. It goes on where it was stopped;
`--only WORD` runs a part. The round with real dates wants label maps of NAIP's
tiles, as `generators.py` does; without them it is missing, and said to be.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from statistics import mean, stdev
from typing import Any

# Before torch is loaded: threads that wait by spinning hold the cores that the next batch needs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench
from naip_places import LABELS, donors, training_places

from diachron.core.pair import PairSet
from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.zero_shot.line_up import LineUp
from diachron.evaluation.zero_shot.methods import Trained, half_and_half
from diachron.evaluation.zero_shot.trial import TrialOptions, is_finished, read_trial, run_trial
from diachron.pipelines.sources import SourceOptions
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.options import TrainingOptions
from generators import REAL_DATES, SOURCES, TRAIN_GSD_M, commit, near_training_gsd, sources

RESULTS = Path(__file__).parent / "results" / "rounds.json"
WORK = bench.PACKAGES / "rounds"
STEPS, BATCH, CROP_PX, SAMPLES, SEEDS = 150, 12, 128, 150, (0, 1, 2)
JUDGES = {
    "gf1_development": "gf1:gf1_s2_building@train",
    "naip_unchanged_val": "naip:naip_ca_60cm@unchanged-val",
    "naip_boxes_val": "naip:naip_ca_60cm@boxes-val",
}
SETTINGS: dict[str, Any] = {
    "steps": STEPS,
    "batch": BATCH,
    "crop_px": CROP_PX,
    "samples": SAMPLES,
    "sources": list(SOURCES),
    "train_gsd_m": list(TRAIN_GSD_M),
}


@dataclass(frozen=True)
class Round:
    """One thing that was tried.

    Args:
        name: of the row.
        against: name of the row that it differs from by one thing.
        tried: what was changed, in words.
        recipe, overrides: of the data.
        read_near: whether tiles are read near the gsd of the training.
        real_dates: whether every other crop comes from pairs of two real dates.
    """

    name: str
    against: str
    tried: str
    recipe: str = "pretraining"
    overrides: tuple[str, ...] = ()
    read_near: bool = True
    real_dates: bool = False


# What a later round adds is switched off in the earlier ones, whatever the recipe's file says today.
STRONG = tuple(
    f"acquisition.{step}"
    for step in (
        "texture={fine: [0.1, 0.5], coarse: [0.05, 0.3]}",
        "materials={brightness: [0.1, 0.4], colour: [0.04, 0.15], patchwork: [0.05, 0.2]}",
        "white_balance={warmth: [-0.08, 0.08], tint: [-0.03, 0.03]}",
        "blur={sigma_px: [0.2, 0.75]}",
        "noise={read: [0.002, 0.008], shot: [0, 0.012]}",
    )
)
CALM = tuple(
    f"acquisition.{step}"
    for step in (
        "texture={fine: [0, 0.2], coarse: [0, 0.12]}",
        "materials={brightness: [0.05, 0.25], colour: [0.02, 0.08], patchwork: [0.02, 0.12]}",
        "white_balance={warmth: [-0.04, 0.04], tint: [-0.015, 0.015]}",
        "blur={sigma_px: [0, 0.5]}",
        "noise={read: [0, 0.005], shot: [0, 0.006]}",
    )
)
BOTH_ANEW, ONE_AS_TAKEN = ("as_taken=0",), ("as_taken=0.7",)
NO_SUN_NO_YARDS = ("acquisition.another_sun=none", "processes.construction.parcel_share=0")
SUN_AND_YARDS = (
    "acquisition.another_sun={chance: 0.4, hour: [9.5, 14.5], days: [100, 300]}",
    "processes.construction.parcel_share=0.5",
)
NO_BLOCKS = ("processes.clearance=none", "processes.construction.staged_share=0")
BLOCKS = (
    "processes.clearance={rate_per_km2_year: 8}",
    "processes.construction.staged_share=0.3",
)
UNEVEN = ("activity={lognormal: [0.6, 1.0]}",)
FIRST = (*STRONG, *BOTH_ANEW, *NO_SUN_NO_YARDS, *NO_BLOCKS)
CALMER = (*CALM, *BOTH_ANEW, *NO_SUN_NO_YARDS, *NO_BLOCKS)
TAKEN = (*STRONG, *ONE_AS_TAKEN, *NO_SUN_NO_YARDS, *NO_BLOCKS)
LIT = (*STRONG, *BOTH_ANEW, *SUN_AND_YARDS, *NO_BLOCKS)
TORN = (*STRONG, *BOTH_ANEW, *NO_SUN_NO_YARDS, *BLOCKS)
ALL = (*STRONG, *BOTH_ANEW, *SUN_AND_YARDS, *BLOCKS)
QUIET = "building-change"
ROUNDS = (
    Round("start", "", "`building-change`, tiles at their own gsd", QUIET, FIRST, read_near=False),
    Round("near", "start", "tiles read near the gsd of the training (0.6 m)", QUIET, FIRST),
    Round("dense", "near", "`pretraining`: five times the events, houses larger", overrides=FIRST),
    Round("calm", "dense", "less grain, blur and tint at every date", overrides=CALMER),
    Round("taken", "dense", "one date keeps the look of its source in 7 of 10 pairs", overrides=TAKEN),
    Round("lit", "dense", "another sun with new shadows; half of the houses with yards", overrides=LIT),
    Round("blocks", "dense", "whole blocks come down to rubble; foundations and walls", overrides=TORN),
    Round("uneven", "dense", "few busy places, many quiet ones", overrides=(*FIRST, *UNEVEN)),
    Round("real-dates", "dense", "every other crop from two real dates", overrides=FIRST, real_dates=True),
    Round("all", "real-dates", "another sun, yards and blocks as well", overrides=ALL, real_dates=True),
)


def line_up(name: str, given: list[SourceOptions], donors: str | None = None) -> LineUp:
    """Return what all rounds share."""
    options = TrainingOptions(steps=STEPS, batch=BATCH, crop_px=CROP_PX, gsd_m=TRAIN_GSD_M)
    config = DetectorConfig("siamese-unet-small", "binary", 3)
    folder = WORK / "data-sets" / name
    return LineUp(given, SAMPLES, config, options, folder, workers=os.cpu_count() or 1, donors=donors)


def method(tried: Round, data: Path, naip_labels: Path) -> Trained:
    """Return the detector of a round; one with real dates can be fitted only where there are label maps."""
    given = [near_training_gsd(each) if tried.read_near else each for each in sources(data)]
    made = line_up(tried.name, given).recipe(tried.recipe, tried.overrides, name=tried.name)
    if not tried.real_dates:
        return made
    places = [training_places(data, naip_labels)]
    real = line_up(tried.name, places, donors(data)).recipe_material(REAL_DATES, name=f"{tried.name}-real")
    return replace(made, material=half_and_half(made.material, real))


def trial_options(tried: Round) -> TrialOptions:
    """Return the options of a round's trials: one that is defined anew is run anew."""
    return TrialOptions(
        WORK / "trials",
        choose_threshold=True,
        settings={**SETTINGS, **asdict(tried), "tried": None},
        facts={"date": date.today().isoformat(), "commit": commit()},
    )


def row_of(tried: Round, trials: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of a round over its seeds.

    `f1_best_threshold` is chosen on the judges themselves: it tells ranking from calibration, no result.
    """
    row: dict[str, Any] = {
        "round": tried.name,
        "against": tried.against,
        "tried": tried.tried,
        "recipe": tried.recipe,
        "overrides": list(tried.overrides),
        "seeds": [trial["seed"] for trial in trials],
        "commit": ", ".join(dict.fromkeys(trial["facts"]["commit"] for trial in trials)),
        "date": max(trial["facts"]["date"] for trial in trials),
    }
    for name, judge, figure in (
        ("f1", "gf1_development", "f1"),
        ("precision", "gf1_development", "precision"),
        ("recall", "gf1_development", "recall"),
        ("f1_best_threshold", "gf1_development", "f1_best_threshold"),
        ("false_alarm_share", "naip_unchanged_val", "false_alarm_share"),
        ("box_recall_at_5pct_alarms", "naip_boxes_val", "box_recall_at_5pct_alarms"),
    ):
        values = [float(trial["tests"][judge][figure]) for trial in trials]
        row[f"{name}_mean"] = round(mean(values), 4)
        row[f"{name}_std"] = round(stdev(values), 4) if len(values) > 1 else 0.0
    return row


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    head = (
        "round",
        "against",
        "what was tried",
        "seeds",
        "F1 GF-1 (development)",
        "precision, recall",
        "at the best threshold",
        "false alarms NAIP val",
        "boxes found at 5 % alarms",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        f1, best, alarms = (
            f"{row[f'{name}_mean']:.3f} ± {row[f'{name}_std']:.3f}"
            for name in ("f1", "f1_best_threshold", "false_alarm_share")
        )
        cells = (
            row["round"],
            row["against"] or "-",
            row["tried"],
            str(len(row["seeds"])),
            f1,
            f"{row['precision_mean']:.2f}, {row['recall_mean']:.2f}",
            best,
            alarms,
            f"{row['box_recall_at_5pct_alarms_mean']:.2f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write(found: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Put the rows of the trials at hand into the committed results; a row with more seeds there stays."""
    before = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"] if RESULTS.is_file() else []
    rows = {row["round"]: row for row in before}
    for tried in ROUNDS:
        trials = found.get(tried.name, [])
        if trials and len(trials) >= len(rows.get(tried.name, {"seeds": []})["seeds"]):
            rows[tried.name] = row_of(tried, trials)
    ordered = [rows[tried.name] for tried in ROUNDS if tried.name in rows]
    content = {"rows": ordered, "settings": SETTINGS, "judges": JUDGES, "machine": bench.machine()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return ordered


def main() -> None:
    """Run what is missing, write the results, print the table."""
    parser = bench.parser(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=20.0, help="no trial is begun after that")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="rounds; repeat it")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), metavar="N", help="the first N seeds")
    parser.add_argument(
        "--naip-labels", type=Path, metavar="DIR", default=LABELS, help="label maps of NAIP's tiles"
    )
    given = parser.parse_args()
    where = os.environ.get("DIACHRON_DATA")
    if not where:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real pairs and tiles")
    data = Path(where)
    judges: dict[str, PairSet] = {
        name: open_pairs(text.replace(":", f":{data}/", 1)) for name, text in JUDGES.items()
    }
    until = time.monotonic() + 60 * given.minutes
    missing = []
    for seed in SEEDS[: given.seeds]:
        for tried in ROUNDS:
            if given.only and not any(word in tried.name for word in given.only):
                continue
            made, options = method(tried, data, given.naip_labels), trial_options(tried)
            if is_finished(made, seed, judges, options):
                continue
            lacks_labels = tried.real_dates and not given.naip_labels.is_dir()
            if lacks_labels or time.monotonic() > until:
                missing.append(f"{tried.name}, seed {seed}")
                continue
            run_trial(made, seed, judges, options, say=lambda line: print(line, file=sys.stderr, flush=True))
    found = {}
    for tried in ROUNDS:
        made, options = method(tried, data, given.naip_labels), trial_options(tried)
        trials = [read_trial(made, seed, options) for seed in SEEDS]
        found[tried.name] = [trial for trial in trials if trial and set(judges) <= set(trial["tests"])]
    rows = write(found)
    print(markdown(rows), file=sys.stderr)
    bench.show({"rows": rows, "missing": missing, "machine": bench.machine()}, as_json=given.json)


if __name__ == "__main__":
    main()
