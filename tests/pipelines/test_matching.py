"""`match`: the data set holds what was asked for, or the run says that it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from diachron.core.errors import RecipeError
from diachron.core.streams import stream
from diachron.evaluation.contestants import CONSTRUCTION, Prepared
from diachron.evaluation.testmaps import town as made_up_town
from diachron.outputs.readers import Dataset
from diachron.pipelines.matching import STILL_GOOD, matched
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources import SourceOptions, discover
from diachron.simulators.processes import construction
from diachron.simulators.site import Site
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


@pytest.fixture(scope="module")
def street() -> Prepared:
    """Return a map with 150 houses of 50-400 m2 that may lend, and room for more."""
    return Prepared.of(made_up_town(0))


def areas_of(street: Prepared, sizes: object, samples: int = 40) -> tuple[np.ndarray, int]:
    """Return the areas of what went up in some samples of eight incidents each, and how many went up."""
    found = []
    for sample in range(samples):
        site = Site(street.scene, street.terrain, street.donors, sizes_m2=sizes)  # type: ignore[arg-type]
        times = [(number + 0.5) / 8 for number in range(8)]
        events = construction.forward(stream(0, sample, "sizes"), site, times, CONSTRUCTION).events
        found += [event.area_m2 for event in events if event.phase == "built"]
    return np.array(found), 8 * samples


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"lognormal": [120.0, 0.35]}, stats.lognorm(0.35, scale=120.0)),
        ([70.0, 280.0], stats.uniform(70.0, 210.0)),
    ],
)
def test_new_buildings_have_the_wanted_sizes(street: Prepared, sizes: object, expected: object) -> None:
    plain, _ = areas_of(street, None)
    areas, asked = areas_of(street, sizes)
    assert areas.size >= 0.95 * asked
    # Of 320 draws a distance above 0.155 has a chance below 1e-6; houses that nobody sorted are farther off
    # than those that were asked for.
    reached = stats.kstest(areas, expected.cdf).statistic  # type: ignore[attr-defined]
    assert reached < 0.155
    assert reached < 0.7 * stats.kstest(plain, expected.cdf).statistic  # type: ignore[attr-defined]


def test_sizes_that_nobody_lends_are_left_out(street: Prepared) -> None:
    lent = max(donor.area_m2 for donor in street.donors)
    areas, _ = areas_of(street, 10 * lent, samples=2)
    assert areas.size == 0


def test_sizes_alone_leave_the_rates(town: Path, tmp_path: Path) -> None:
    plan = plan_of(town, "match={sizes: [30, 60]}", "paint=t2")
    assert matched(plan) is plan
    assert generate(plan, RunOptions(tmp_path / "out")).joined
    dataset = Dataset(tmp_path / "out")
    built = [
        event["area_m2"]
        for index in dataset.ids
        for event in dataset.record(index)["events"]
        if event["kind"] == "construction" and event["phase"] == "built"
    ]
    # A donor that keeps its pixels may be a tenth off.
    assert built and all(25 <= area <= 68 for area in built)


def test_what_cannot_be_had_is_told(town: Path) -> None:
    with pytest.raises(RecipeError, match=r"match.change_share 0.5: cannot be had on these tiles"):
        matched(plan_of(town, "match={change_share: 0.5}"))


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("match={}", "one of the two"),
        ("match={change_share: 0.1, events: 2}", "one of the two"),
        ("match={change_share: 0.9}", "change_share"),
        ("match={sizes: {lognormal: [0, 1]}}", "match.sizes: the median of a lognormal must be > 0"),
        ("match={sizes: [0.2, 3]}", "match.sizes: 0.2 is not between 1 and inf"),
        ("match={changed_share: 0.1}", "unknown key .match.changed_share.; did you mean .change_share."),
    ],
)
def test_a_wish_is_checked(wish: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        load_recipe("building-change", [wish])
