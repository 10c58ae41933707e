"""One method with one seed against every test set; finished trials are kept and read back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diachron.core.errors import PackageError
from diachron.core.pair import PairSet
from diachron.evaluation.datasets.naip import BoxedPairs
from diachron.evaluation.zero_shot.error_sheets import ErrorSheet
from diachron.evaluation.zero_shot.judging import judge, threshold_of
from diachron.evaluation.zero_shot.methods import Method
from diachron.evaluation.zero_shot.tally import DEFAULT_THRESHOLD

RESULT = "result.json"


@dataclass(frozen=True)
class TrialOptions:
    """How trials are run.

    Args:
        folder: everything that is made lies under it.
        choose_threshold: take the threshold that is best on generated pairs kept out of training; otherwise,
            and where there are none, 0.5.
        sheets: whether to draw contact sheets of the errors.
        settings: JSON-ready facts that decide the result besides method and seed (budget, sources);
            a finished trial with other settings is not taken for this one.
        facts: JSON-ready, kept with a trial and each of its tests (the day, the commit); they decide nothing.
    """

    folder: Path
    choose_threshold: bool = False
    sheets: bool = True
    settings: Mapping[str, object] | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def run_trial(
    method: Method,
    seed: int,
    tests: Mapping[str, PairSet],
    options: TrialOptions,
    *,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Return what a method reached with a seed: per test set the figures of `judging.judge`.

    A finished trial that lacks a test set is judged on that one alone, by the detector that it has kept.
    Where the detector is gone it is made again, and all tests with it: one trial is one detector.

    Args:
        method: is fitted, if there is no finished trial of the same settings.
        seed: of data, initial weights and crops.
        tests: name -> pairs.
        options: see there.
        say: called with a line on what is being done.

    Raises:
        PackageError: the folder holds a trial of other settings, or its detector cannot be read.
    """
    folder = folder_of(method, seed, options)
    done = read_trial(method, seed, options)
    if done is not None and set(tests) <= set(done["tests"]):
        return done
    if done is None and (folder / RESULT).is_file():
        raise PackageError(
            f"{folder / RESULT}: made with other settings; choose another folder with --out, or remove that "
            "of the trial"
        )
    folder.mkdir(parents=True, exist_ok=True)
    fitted = method.kept(folder) if done is not None else None
    if done is None or fitted is None:
        say(f"{method.name}, seed {seed}: fitting")
        start = time.perf_counter()
        fitted = method.fit(seed, folder)
        done = {
            "key": _key(method.name, seed, options),
            "method": method.name,
            "seed": seed,
            "tests": {},
            "fit_seconds": round(time.perf_counter() - start, 1),
            "record": dict(fitted.record),
            "threshold": threshold_of(fitted) if options.choose_threshold else DEFAULT_THRESHOLD,
            "facts": dict(options.facts),
        }
    for name, test in tests.items():
        if name in done["tests"]:
            continue
        say(f"{method.name}, seed {seed}: {name}")
        # A box is no mask: there is nothing to draw in three colours.
        drawn = options.sheets and not isinstance(test, BoxedPairs)
        sheet = ErrorSheet(f"{method.name}, seed {seed}, {name}") if drawn else None
        figures = judge(fitted, test, done["threshold"], sheet)
        done["tests"][name] = {**figures, "facts": dict(options.facts)}
        if sheet is not None:
            sheet.write(folder / f"errors-{name}.png")
    draft = folder / f".{RESULT}"
    draft.write_text(json.dumps(done, indent=1), encoding="utf-8")
    draft.replace(folder / RESULT)
    return done


def folder_of(method: Method, seed: int, options: TrialOptions) -> Path:
    """Return the folder of a trial: `METHOD/seed-N`."""
    return options.folder / method.name / f"seed-{seed}"


def read_trial(method: Method, seed: int, options: TrialOptions) -> dict[str, Any] | None:
    """Return a finished trial of these settings, whatever tests it has figures for; None without one."""
    path = folder_of(method, seed, options) / RESULT
    if not path.is_file():
        return None
    done: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return done if done["key"] == _key(method.name, seed, options) else None


def is_finished(method: Method, seed: int, tests: Mapping[str, PairSet], options: TrialOptions) -> bool:
    """Return whether a trial of these settings has its figures for every test set."""
    done = read_trial(method, seed, options)
    return done is not None and set(tests) <= set(done["tests"])


def _key(name: str, seed: int, options: TrialOptions) -> str:
    facts = [name, seed, options.choose_threshold, options.settings]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
