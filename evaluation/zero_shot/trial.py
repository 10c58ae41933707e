"""One method with one seed against every test set; finished trials are kept and read back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diachron.core.errors import PackageError
from diachron.core.pair import PairSet
from diachron.evaluation.scores.objects import ObjectCounts
from diachron.evaluation.zero_shot.error_sheets import ErrorSheet
from diachron.evaluation.zero_shot.methods import Fitted, Method
from diachron.evaluation.zero_shot.tally import DEFAULT_THRESHOLD, Tally

RESULT = "result.json"


@dataclass(frozen=True)
class TrialOptions:
    """How trials are run.

    Args:
        folder: everything that is made lies under it.
        choose_threshold: take the threshold that is best on generated pairs kept out of training; otherwise,
            and where there are none, 0.5.
        sheets: whether to draw contact sheets of the errors.
        settings: JSON-ready facts that decide the result besides method and seed (budget, sources, commit);
            a finished trial with other settings is not taken for this one.
    """

    folder: Path
    choose_threshold: bool = False
    sheets: bool = True
    settings: Mapping[str, object] | None = None


def run_trial(
    method: Method,
    seed: int,
    tests: Mapping[str, PairSet],
    options: TrialOptions,
    *,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Return what a method reached with a seed: per test set the figures of `_figures`.

    Args:
        method: is fitted, if there is no finished trial of the same settings.
        seed: of data, initial weights and crops.
        tests: name -> pairs.
        options: see there.
        say: called with a line on what is being done.

    Raises:
        PackageError: the folder holds a trial of other settings.
    """
    folder = options.folder / method.name / f"seed-{seed}"
    path = folder / RESULT
    key = _key(method.name, seed, options)
    done: dict[str, Any] = {"key": key, "method": method.name, "seed": seed, "tests": {}}
    if path.is_file():
        done = json.loads(path.read_text(encoding="utf-8"))
        if done["key"] != key:
            raise PackageError(
                f"{path}: made with other settings; choose another folder with --out or remove {folder}"
            )
    missing = [name for name in tests if name not in done["tests"]]
    if not missing:
        return done
    folder.mkdir(parents=True, exist_ok=True)
    say(f"{method.name}, seed {seed}: fitting")
    start = time.perf_counter()
    fitted = method.fit(seed, folder)
    done["fit_seconds"] = round(time.perf_counter() - start, 1)
    done["record"] = dict(fitted.record)
    done["threshold"] = threshold_of(fitted) if options.choose_threshold else DEFAULT_THRESHOLD
    for name in missing:
        say(f"{method.name}, seed {seed}: {name}")
        sheet = ErrorSheet(f"{method.name}, seed {seed}, {name}") if options.sheets else None
        done["tests"][name] = judge(fitted, tests[name], done["threshold"], sheet)
        if sheet is not None:
            sheet.write(folder / f"errors-{name}.png")
    path.write_text(json.dumps(done, indent=1), encoding="utf-8")
    return done


def is_finished(method: Method, seed: int, tests: Mapping[str, PairSet], options: TrialOptions) -> bool:
    """Return whether a trial of these settings has its figures for every test set."""
    path = options.folder / method.name / f"seed-{seed}" / RESULT
    if not path.is_file():
        return False
    done = json.loads(path.read_text(encoding="utf-8"))
    return done["key"] == _key(method.name, seed, options) and set(tests) <= set(done["tests"])


def _key(name: str, seed: int, options: TrialOptions) -> str:
    facts = [name, seed, options.choose_threshold, options.settings]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def threshold_of(fitted: Fitted) -> float:
    """Return the best threshold on the pairs that were made and kept out of training; 0.5 without any."""
    tally = Tally()
    for pairs in fitted.validation:
        for pair in pairs:
            tally.add(fitted.score(pair), pair.change)
    return tally.best_threshold() if tally.changed.any() else DEFAULT_THRESHOLD


def judge(fitted: Fitted, test: PairSet, threshold: float, sheet: ErrorSheet | None) -> dict[str, Any]:
    """Return the figures of a fitted method on a test set.

    `f1_best_threshold` tells how much a better threshold could give; it is chosen on the test set itself, so
    nobody may report it as a result.
    """
    tally = Tally()
    objects = ObjectCounts()
    pairs: dict[str, Sequence[int]] = {}
    for pair in test:
        probability = fitted.score(pair)
        own = Tally()
        own.add(probability, pair.change)
        tally.changed += own.changed
        tally.same += own.same
        counts = own.confusion(threshold)
        pairs[pair.name] = [counts.tp, counts.fp, counts.fn, counts.tn]
        found = probability >= threshold
        objects += ObjectCounts.of(found, pair.change, pair.gsd_m)
        if sheet is not None:
            sheet.add(pair, found)
    counts = tally.confusion(threshold)
    same = counts.fp + counts.tn
    return {
        "f1": counts.f1,
        "iou": counts.iou,
        "precision": counts.precision,
        "recall": counts.recall,
        "false_alarm_share": counts.fp / same if same else 0.0,
        "object_f1": objects.f1,
        "objects_by_size": objects.by_size(),
        "f1_best_threshold": tally.confusion(tally.best_threshold()).f1,
        "pixels": [counts.tp, counts.fp, counts.fn, counts.tn],
        "pairs": pairs,
    }
