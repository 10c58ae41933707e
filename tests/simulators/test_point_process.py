"""When things happen: Poisson counts, uniform times, a fair coin.

Every test draws from fixed seeds; a correct product would fail it with probability 1e-6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from diachron.core import hub
from diachron.core.errors import RecipeError
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.pipelines.painting import painted_date
from diachron.simulators.point_process import arrivals
from diachron.simulators.preparation import prepare
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Site, survey
from tests.worlds import World, processes_at, raw_scene

FALSE_ALARM = 1e-6


def poisson_pvalue(counts: Sequence[int], mean: float) -> float:
    """Return a p-value against Poisson: of the sum (is the rate right?) and of the shape (chi-squared)."""
    total = len(counts)
    low_tail, high_tail = (
        stats.poisson.cdf(sum(counts), total * mean), stats.poisson.sf(sum(counts) - 1, total * mean)
    )  # fmt: skip
    edges = [k for k in range(200) if total * stats.poisson.pmf(k, mean) >= 5]
    low, high = edges[0], edges[-1]
    clipped = np.clip(counts, low, high)
    seen = [int(np.count_nonzero(clipped == k)) for k in range(low, high + 1)]
    share = stats.poisson.pmf(np.arange(low, high + 1), mean)
    share[0] = stats.poisson.cdf(low, mean)
    share[-1] = stats.poisson.sf(high - 1, mean)
    # Three looks at the same counts: each may be three times as rare.
    return 3 * min(low_tail, high_tail, float(stats.chisquare(seen, total * share).pvalue))


def test_the_test_finds_counts_that_are_not_poisson():
    # A detector of faults that finds none proves nothing: a tenth more, and counts that vary too little.
    rng = np.random.default_rng(0)
    assert poisson_pvalue(rng.poisson(3.3, 4000).tolist(), 3.0) < FALSE_ALARM
    assert poisson_pvalue(rng.integers(1, 6, 4000).tolist(), 3.0) < FALSE_ALARM
    assert poisson_pvalue(rng.poisson(3.0, 4000).tolist(), 3.0) > FALSE_ALARM


@pytest.mark.parametrize(
    ("rate", "area_km2", "years"), [(30.0, 0.02, 5.0), (4.0, 0.25, 0.7), (400.0, 0.01, 2.5)]
)
def test_counts_are_poisson_of_rate_area_and_time(rate, area_km2, years):
    numbers = {"rate_per_km2_year": rate, "area_km2": area_km2, "from_years": 1.0, "until_years": 1.0 + years}
    counts = [arrivals(stream(seed, 0, "t"), **numbers).size for seed in range(3000)]
    assert poisson_pvalue(counts, rate * area_km2 * years) > FALSE_ALARM


def test_times_are_uniform_and_sorted():
    times = arrivals(
        np.random.default_rng(1), rate_per_km2_year=1e5, area_km2=0.02, from_years=-2.0, until_years=3.0
    )
    assert times.size > 9000
    assert (np.diff(times) >= 0).all()
    assert stats.kstest(times, stats.uniform(-2.0, 5.0).cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("empty", [{"rate_per_km2_year": 0.0}, {"area_km2": 0.0}, {"until_years": 2.0}])
def test_nothing_happens_without_rate_ground_or_time(empty):
    numbers = {"rate_per_km2_year": 30.0, "area_km2": 1.0, "from_years": 2.0, "until_years": 9.0, **empty}
    assert arrivals(np.random.default_rng(0), **numbers).size == 0


@pytest.mark.parametrize("wrong", [{"rate_per_km2_year": -1.0}, {"until_years": 1.0}])
def test_negative_counts_are_refused(wrong):
    numbers = {"rate_per_km2_year": 30.0, "area_km2": 1.0, "from_years": 2.0, "until_years": 9.0, **wrong}
    with pytest.raises(RecipeError, match=r"gives a negative count; rates and time gaps must be >= 0"):
        arrivals(np.random.default_rng(0), **numbers)


def drawn_on(scene: Scene, processes: Mapping[str, Any], anchor: float, seeds: int) -> dict[str, list[int]]:
    """Return by process how many incidents each seed draws in four years; all of them are accounted for."""
    terrain = survey(scene)
    counts: dict[str, list[int]] = {name: [] for name in processes}
    for seed in range(seeds):
        simulation = simulate(
            # Without donors no house is searched a place: incidents are drawn all the same.
            Site(scene, terrain, (), needs_pixels=True),
            processes,
            first_years=0.0,
            last_years=4.0,
            anchor_years=anchor,
            stream_of=lambda stage, seed=seed: stream(seed, 0, stage),
        )
        for name, tally in simulation.tally.items():
            counts[name].append(int(tally["drawn"]))
            assert tally["drawn"] == tally["placed"] + sum(tally["why"].values())
    return counts


@pytest.mark.parametrize(
    ("anchor", "direction"), [(0.0, "forward"), (4.0, "backward"), (1.5, "both")], ids=lambda v: str(v)
)
def test_simulated_counts_are_poisson_of_rate_area_and_time(anchor, direction):
    town = prepare(raw_scene(World(rows=48, cols=48, ignored=False)))
    # Under water nothing has room, so that nothing is searched for long.
    water = np.full_like(town.surface, hub.WATER)
    flooded = replace(town, surface=water, instances=np.zeros_like(town.instances), objects={})
    every = processes_at(town, 20.0, 4.0)
    # Those that find their place at once.
    quick = {name: every[name] for name in ("clearance", "construction", "demolition", "estate")}
    under_water = drawn_on(flooded, every, anchor, seeds=100)
    for counts in (*under_water.values(), *drawn_on(town, quick, anchor, seeds=60).values()):
        assert poisson_pvalue(counts, 20.0) > FALSE_ALARM
    if direction != "both":
        # What finds room has no say in what is drawn.
        assert drawn_on(town, every, anchor, seeds=2) == {name: under_water[name][:2] for name in every}


def test_processes_draw_apart_from_each_other():
    scene = prepare(raw_scene(World(rows=48, cols=48)))

    def drawn(names: Sequence[str]) -> dict[str, object]:
        chosen = {name: pair for name, pair in processes_at(scene, 9.0).items() if name in names}
        simulation = simulate(
            Site(scene, survey(scene), (), needs_pixels=True),
            chosen,
            first_years=0.0,
            last_years=5.0,
            anchor_years=0.0,
            stream_of=lambda stage: stream(11, 2, stage),
        )
        return {name: tally["drawn"] for name, tally in simulation.tally.items()}

    every = list(processes_at(scene, 9.0))
    together = drawn(every)
    for name in every:
        assert drawn([name])[name] == together[name]


def test_the_painted_date_is_a_fair_coin():
    dates = [
        painted_date("coin", lambda stage, sample=sample: stream(0, sample, stage)) for sample in range(4000)
    ]
    assert set(dates) == {"t1", "t2"}
    assert stats.binomtest(dates.count("t1"), len(dates)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("paint", ["t1", "t2", "both"])
def test_a_date_that_is_asked_for_is_not_left_to_the_coin(paint):
    assert {painted_date(paint, lambda stage, k=k: stream(0, k, stage)) for k in range(8)} == {paint}


def test_activity_multiplies_every_rate():
    scene = prepare(raw_scene(World(rows=48, cols=48)))
    terrain, every = survey(scene), processes_at(scene, 5.0, 4.0)
    processes = {name: every[name] for name in ("construction", "demolition")}
    counts = []
    for seed in range(300):
        simulation = simulate(
            Site(scene, terrain, (), needs_pixels=True),
            processes,
            first_years=0.0,
            last_years=4.0,
            anchor_years=0.0,
            stream_of=lambda stage, seed=seed: stream(seed, 0, stage),
            activity=3.0,
        )
        assert simulation.activity == 3.0
        counts.append(simulation.tally["demolition"]["drawn"])
    assert poisson_pvalue(counts, 15.0) > FALSE_ALARM
