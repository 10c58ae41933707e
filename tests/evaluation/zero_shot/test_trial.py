"""Trials: figures by hand, kept and gone on with, never mixed; tables over seeds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import PackageError
from diachron.core.pair import LabelledPair
from diachron.evaluation.zero_shot.methods import Fitted
from diachron.evaluation.zero_shot.table import flat_runs, markdown, rows_of
from diachron.evaluation.zero_shot.trial import TrialOptions, is_finished, read_trial, run_trial
from tests.pairs import Listed, bright_squares


@dataclass
class Brightness:
    """A method that calls bright pixels of the second date change, and counts how often it is fitted."""

    name: str = "brightness"
    seeded: bool = True
    fitted: list[int] = field(default_factory=list)
    validation: tuple[Listed, ...] = ()

    def fit(self, seed: int, folder: Path) -> Fitted:
        """Return the method; the seed makes it a little surer."""
        self.fitted.append(seed)

        def score(pair: LabelledPair) -> np.ndarray:
            return np.where(pair.t2[0] > 200, 0.4 + 0.2 * (seed + 1), 0.05).astype(np.float32)

        return Fitted(score, self.validation, {"seed": seed})

    def kept(self, folder: Path) -> Fitted | None:
        """Return the method without fitting it, unless the folder is said to have lost it."""
        if (folder / "lost").is_file():
            return None
        seed = int(folder.name.removeprefix("seed-"))
        fitted = self.fit(seed, folder)
        self.fitted.pop()
        return fitted


TESTS = {"squares": bright_squares(3, side=48)}


def test_figures_are_those_of_the_pixels(tmp_path: Path) -> None:
    done = run_trial(Brightness(), 0, TESTS, TrialOptions(tmp_path))
    figures = done["tests"]["squares"]
    assert figures["f1"] == figures["iou"] == figures["recall"] == figures["object_f1"] == 1.0
    assert figures["false_alarm_share"] == 0.0
    assert figures["pixels"] == [3 * 256, 0, 0, 3 * (48 * 48 - 256)]
    assert sorted(figures["pairs"]) == ["pair_0", "pair_1", "pair_2"]


def test_a_finished_trial_is_kept_and_a_new_test_set_added(tmp_path: Path) -> None:
    method = Brightness()
    first = run_trial(method, 0, TESTS, TrialOptions(tmp_path))
    assert run_trial(method, 0, TESTS, TrialOptions(tmp_path)) == first
    assert method.fitted == [0]
    more = run_trial(method, 0, {**TESTS, "others": bright_squares(2, seed=9)}, TrialOptions(tmp_path))
    assert list(more["tests"]) == ["squares", "others"]
    assert more["tests"]["squares"] == first["tests"]["squares"]
    # What was fitted judges the new test set; nothing is fitted again.
    assert method.fitted == [0]
    assert read_trial(method, 0, TrialOptions(tmp_path)) == more
    assert (more["fit_seconds"], more["record"]) == (first["fit_seconds"], first["record"])


def test_a_method_that_is_lost_is_fitted_again_and_judged_on_everything(tmp_path: Path) -> None:
    method = Brightness()
    run_trial(method, 0, TESTS, TrialOptions(tmp_path, facts={"date": "2026-01-01"}))
    (tmp_path / "brightness" / "seed-0" / "lost").touch()
    later = TrialOptions(tmp_path, facts={"date": "2026-02-02"})
    again = run_trial(method, 0, {**TESTS, "others": bright_squares(2, seed=9)}, later)
    assert method.fitted == [0, 0]
    assert {figures["facts"]["date"] for figures in again["tests"].values()} == {"2026-02-02"}
    assert again["facts"] == {"date": "2026-02-02"}


def test_facts_are_kept_and_decide_nothing(tmp_path: Path) -> None:
    method = Brightness()
    run_trial(method, 0, TESTS, TrialOptions(tmp_path, facts={"date": "2026-01-01"}))
    later = TrialOptions(tmp_path, facts={"date": "2026-02-02"})
    assert is_finished(method, 0, TESTS, later)
    done = run_trial(method, 0, {**TESTS, "others": bright_squares(1)}, later)
    days = {name: figures["facts"]["date"] for name, figures in done["tests"].items()}
    assert days == {"squares": "2026-01-01", "others": "2026-02-02"}
    assert done["facts"] == {"date": "2026-01-01"}


def test_a_trial_is_finished_when_every_test_set_has_its_figures(tmp_path: Path) -> None:
    method, options = Brightness(), TrialOptions(tmp_path)
    assert not is_finished(method, 0, TESTS, options)
    run_trial(method, 0, TESTS, options)
    assert is_finished(method, 0, TESTS, options)
    assert not is_finished(method, 1, TESTS, options)
    assert not is_finished(method, 0, {**TESTS, "others": bright_squares(1)}, options)
    assert not is_finished(method, 0, TESTS, TrialOptions(tmp_path, settings={"steps": 1}))


def test_a_trial_of_other_settings_is_not_taken_for_this_one(tmp_path: Path) -> None:
    run_trial(Brightness(), 0, TESTS, TrialOptions(tmp_path, settings={"steps": 150}))
    other = TrialOptions(tmp_path, settings={"steps": 500})
    with pytest.raises(PackageError, match="made with other settings"):
        run_trial(Brightness(), 0, TESTS, other)
    assert read_trial(Brightness(), 0, other) is None


def test_a_threshold_is_chosen_on_made_pairs_only(tmp_path: Path) -> None:
    made = bright_squares(2, side=48, seed=5)
    unsure = Brightness(name="unsure", validation=(made,))
    # 0.4 + 0.2 x 0: bright pixels get 0.4, which 0.5 misses and the best threshold finds.
    fixed = run_trial(unsure, -1, TESTS, TrialOptions(tmp_path / "fixed"))
    chosen = run_trial(unsure, -1, TESTS, TrialOptions(tmp_path / "chosen", choose_threshold=True))
    assert fixed["threshold"] == 0.5
    assert fixed["tests"]["squares"]["f1"] == 0.0
    assert 0.05 < chosen["threshold"] <= 0.4
    assert chosen["tests"]["squares"]["f1"] == 1.0
    assert fixed["tests"]["squares"]["f1_best_threshold"] == 1.0


def test_errors_are_drawn(tmp_path: Path) -> None:
    run_trial(Brightness(), -1, TESTS, TrialOptions(tmp_path))
    assert (tmp_path / "brightness" / "seed--1" / "errors-squares.png").stat().st_size > 1000
    run_trial(Brightness(), 0, TESTS, TrialOptions(tmp_path, sheets=False))
    assert not (tmp_path / "brightness" / "seed-0" / "errors-squares.png").exists()


def test_rows_hold_mean_and_deviation_over_seeds(tmp_path: Path) -> None:
    trials = [run_trial(Brightness(), seed, TESTS, TrialOptions(tmp_path)) for seed in (-1, 0)]
    (row,) = rows_of(trials, "small")
    assert (row["method"], row["test"], row["budget"]) == ("brightness", "squares", "small")
    assert row["seeds"] == [-1, 0]
    assert row["f1_mean"] == 0.5
    # Sample deviation of 0 and 1.
    assert row["f1_std"] == pytest.approx(0.5**0.5, abs=1e-4)
    assert markdown([row]).splitlines()[2] == "| brightness | 0.500 ± 0.707 |"
    assert [(run["seed"], run["f1"]) for run in flat_runs(trials)] == [(-1, 0.0), (0, 1.0)]


def test_where_nothing_changed_the_table_shows_false_alarms(tmp_path: Path) -> None:
    (pair,) = bright_squares(1, side=32)
    quiet = Listed([replace(pair, change=np.zeros_like(pair.change))], name="quiet")
    (row,) = rows_of([run_trial(Brightness(), 0, {"quiet": quiet}, TrialOptions(tmp_path))], "small")
    assert not row["has_change"]
    # 16 x 16 bright pixels of 32 x 32.
    assert row["false_alarm_share_mean"] == 0.25
    assert markdown([row]).splitlines()[2] == "| brightness | 0.250 false alarms |"


def test_one_run_has_no_deviation_to_show(tmp_path: Path) -> None:
    (row,) = rows_of([run_trial(Brightness(), 0, TESTS, TrialOptions(tmp_path))], "small")
    assert row["f1_std"] == 0.0
    assert markdown([row]).splitlines()[2] == "| brightness | 1.000 |"
