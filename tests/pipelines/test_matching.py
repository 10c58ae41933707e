"""`match`: the data set holds what was asked for, or the run says that it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import RecipeError
from diachron.outputs.readers import Dataset
from diachron.pipelines.matching import STILL_GOOD, matched
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources import SourceOptions, discover
from tests.tiles import SCHEME, write_source

SAMPLES = 24


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("match") / "town", 4)


def plan_of(town: Path, *overrides: str) -> Plan:
    """Return a plan on four small towns, without acquisition."""
    recipe = load_recipe("building-change", ["acquisition=none", "donor_scenes=1", *overrides])
    return Plan(recipe, discover(SourceOptions(str(town), schema=SCHEME)), 0, SAMPLES)


@pytest.mark.parametrize("wanted", [0.02, 0.06])
def test_the_wanted_share_is_reached_within_a_tenth(wanted: float, town: Path, tmp_path: Path) -> None:
    plan = plan_of(town, f"match={{change_share: {wanted}}}")
    assert generate(plan, RunOptions(tmp_path / "out")).joined
    dataset = Dataset(tmp_path / "out")
    shares = [(dataset.layer(index, "change") == 1).mean() for index in dataset.ids]
    ignored = [(dataset.layer(index, "change") == 255).mean() for index in dataset.ids]
    found = float(np.mean(np.array(shares) / (1 - np.array(ignored))))
    assert abs(found / wanted - 1) <= STILL_GOOD
    factor = dataset.info["rate_factor"]
    assert factor != 1.0
    # The events' own record says how busy the place was made.
    activities = {dataset.record(index)["provenance"]["activity"] for index in dataset.ids}
    assert activities == {round(factor, 6)}


def test_a_number_of_events_is_reached_within_a_tenth(town: Path, tmp_path: Path) -> None:
    assert generate(plan_of(town, "match={events: 3}"), RunOptions(tmp_path / "out")).joined
    dataset = Dataset(tmp_path / "out")
    counts = [sum(e["visible_px"] > 0 for e in dataset.record(i)["events"]) for i in dataset.ids]
    assert abs(np.mean(counts) / 3 - 1) <= STILL_GOOD


def test_without_a_wish_the_plan_stays_as_it_is(town: Path) -> None:
    plan = plan_of(town)
    assert matched(plan) is plan


def test_every_shard_finds_the_same_factor(town: Path) -> None:
    wish = "match={change_share: 0.03}"
    lines: list[str] = []
    first = matched(plan_of(town, wish), progress=lines.append)
    assert matched(plan_of(town, wish)) == first
    assert lines and lines[0].startswith("match 1: rates x 1 give change_share")


def test_what_cannot_be_had_is_told(town: Path) -> None:
    with pytest.raises(RecipeError, match=r"match.change_share 0.5: cannot be had on these tiles"):
        matched(plan_of(town, "match={change_share: 0.5}"))


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("match={}", "one of the two"),
        ("match={change_share: 0.1, events: 2}", "one of the two"),
        ("match={change_share: 0.9}", "change_share"),
        ("match={changed_share: 0.1}", "unknown key .match.changed_share.; did you mean .change_share."),
    ],
)
def test_a_wish_is_checked(wish: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        load_recipe("building-change", [wish])
