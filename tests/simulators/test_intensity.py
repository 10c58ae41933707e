"""Where a process is likely: places follow the intensity, counts keep the mean of the rate."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import ndimage, stats

from diachron.core import hub
from diachron.core.errors import RecipeError
from diachron.core.registry import entries, load
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.simulators.intensity import check_where, likelihood_of, thomas
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import class_transition
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Outcome, Site, survey
from diachron.simulators.surface_events import Ground, weights_of
from tests.worlds import World, raw_scene

# Every statistical test here fails by chance once in a million runs of other seeds; seeds are fixed.
FALSE_ALARM = 1e-6


@pytest.fixture(scope="module")
def field() -> Scene:
    """Grass all over but for a road across the middle."""
    scene = prepare(raw_scene(World(rows=96, cols=96, seed=1, scheme="hub", water=False, ignored=False)))
    instances = np.where(scene.instances == scene.instances[48, 0], scene.instances, 0)
    objects = {number: entry for number, entry in scene.objects.items() if entry.object_class == hub.ROAD}
    surface = np.full_like(scene.surface, hub.GRASS)
    return dataclasses.replace(scene, instances=instances, objects=objects, surface=surface)


class Counted:
    """A process that tells only how many incidents it was asked for."""

    @staticmethod
    def forward(rng: np.random.Generator, site: Site, times: Any, parameters: Any) -> Outcome:
        return Outcome((), len(times), len(times), {})

    backward = forward


@dataclasses.dataclass(frozen=True)
class Asked:
    rate_per_km2_year: float
    where: dict[str, Any]


def counts_of(scene: Scene, where: dict[str, Any], samples: int) -> np.ndarray:
    """Return how many incidents each of some samples draws, of two on average."""
    terrain = survey(scene)
    asked = Asked(2.0 / terrain.area_km2, where)
    return np.array(
        [
            simulate(
                Site(scene, terrain), {"counted": (Counted(), asked)}, first_years=0.0, last_years=1.0,
                anchor_years=0.0, stream_of=lambda stage, n=sample: stream(3, n, stage),
            ).tally["counted"]["drawn"]
            for sample in range(samples)
        ]
    )  # fmt: skip


def far_from_road(scene: Scene, where: dict[str, Any], count: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Return distances from the road of places that a process draws, and of all places that it could draw."""
    site = Site(scene, survey(scene))
    site.likelihood, _ = likelihood_of(np.random.default_rng(0), scene, where)
    ground = Ground(site)
    far_m = ndimage.distance_transform_edt(scene.instances == 0) * scene.grid.gsd_m
    rng = np.random.default_rng(7)
    places = [ground.seed(rng, weights_of({"grass": 1.0})) for _ in range(count)]
    return np.array([far_m[place] for place in places]), far_m[ground.open]


def chi_squared(counts: np.ndarray, mean: float) -> float:
    """Return the probability of counts at least so unlike a Poisson distribution."""
    bins = np.arange(7)
    expected = np.append(stats.poisson.pmf(bins[:-1], mean), stats.poisson.sf(bins[-2], mean)) * counts.size
    observed = np.bincount(np.minimum(counts, bins[-1]), minlength=bins.size)
    return float(stats.chisquare(observed, expected).pvalue)


@pytest.mark.parametrize("where", [{}, {"near": "road", "scale_m": 10.0}, {"on": {"grass": 1.0}}])
def test_counts_are_poisson_with_the_mean_of_the_rate(field, where):
    assert chi_squared(counts_of(field, where, 400), 2.0) > FALSE_ALARM


def test_without_a_where_distances_from_the_road_are_those_of_all_ground(field):
    drawn, everywhere = far_from_road(field, {})
    assert stats.ks_2samp(drawn, everywhere).pvalue > FALSE_ALARM


def test_near_a_road_distances_fall_off_with_the_scale(field):
    drawn, everywhere = far_from_road(field, {"near": "road", "scale_m": 10.0})
    assert stats.ks_2samp(drawn, everywhere).pvalue < FALSE_ALARM
    values, counts = np.unique(everywhere, return_counts=True)
    shares = np.cumsum(counts * np.exp(-values / 10.0))

    def expected(at: np.ndarray) -> np.ndarray:
        return np.append(0.0, shares)[np.searchsorted(values, at, side="right")] / shares[-1]

    # Distances are whole metres: the largest gap lies at one of them, and is no larger than for smooth ones.
    steps = np.abs(expected(values) - np.searchsorted(np.sort(drawn), values, side="right") / drawn.size)
    assert steps.max() < stats.kstwo.isf(FALSE_ALARM, drawn.size)


def test_by_land_use_shares_follow_the_weights():
    scene = prepare(raw_scene(World(rows=96, cols=96, seed=2, scheme="hub", water=False, ignored=False)))
    likelihood, factor = likelihood_of(np.random.default_rng(0), scene, {"on": {"grass": 2, "bare": 1}})
    assert factor == 1.0
    assert np.unique(likelihood[scene.surface == hub.GRASS]).tolist() == [1.0]
    assert np.unique(likelihood[scene.surface == hub.BARE]).tolist() == [0.5]
    likelihood, _ = likelihood_of(np.random.default_rng(0), scene, {"on": {"grass": 1}})
    assert likelihood[scene.surface == hub.BARE].max() == 0.0


def test_clusters_keep_the_mean_over_many_places_and_spread_counts_more():
    rng = np.random.default_rng(5)
    shape, gsd_m, density, spread_m = (40, 40), 5.0, 20.0, 30.0
    factors = np.array(
        [thomas(rng, shape, gsd_m, parents_per_km2=density, spread_m=spread_m).mean() for _ in range(1000)]
    )
    error = factors.std() / np.sqrt(factors.size)
    assert abs(factors.mean() - 1.0) < stats.norm.isf(FALSE_ALARM / 2) * error
    # The pair correlation of a Thomas process is 1 + exp(-r^2 / 4 s^2) / (4 pi s^2 density); over a window,
    # the variance of its mean is the mean of the second term over pairs of points.
    x = (np.arange(40) + 0.5) * gsd_m
    line = np.exp(-((x[:, None] - x) ** 2) / (4 * spread_m**2)).mean()
    expected = line**2 / (4 * np.pi * spread_m**2 * density / 1e6)
    # The variance of 1000 skewed numbers is known to about a tenth.
    assert factors.var() == pytest.approx(expected, rel=0.35)


def test_events_of_a_cluster_lie_closer_together_than_those_of_none(field):
    where = {"cluster": {"parents_per_km2": 300.0, "spread_m": 6.0}}

    def nearest(places: np.ndarray) -> float:
        off = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
        np.fill_diagonal(off, np.inf)
        return float(np.median(off.min(axis=1)))

    terrain = survey(field)
    medians = []
    for chosen in ({}, where):
        parameters = class_transition.Parameters(
            rate_per_km2_year=25.0 / terrain.area_km2, area_m2=20.0, matrix={"grass": {"developed": 1.0}},
            where=chosen,
        )  # fmt: skip
        found = []
        for sample in range(5):
            log = simulate(
                Site(field, terrain), {"class_transition": (class_transition, parameters)}, first_years=0.0,
                last_years=1.0, anchor_years=0.0, stream_of=lambda s, n=sample: stream(1, n, s),
            ).log  # fmt: skip
            if len(log) > 5:
                found.append(nearest(np.array([(e.footprint.row, e.footprint.col) for e in log], float)))
        medians.append(np.mean(found))
    assert medians[1] < medians[0]


@pytest.mark.parametrize("name", sorted(entries("processes")))
def test_every_process_takes_a_where_and_without_one_nothing_is_drawn_for_it(name, field):
    module = load("processes", name)
    assert module.Parameters().where == {}
    parameters = module.Parameters(where={"near": "road", "on": {"grass": 1.0}})
    site = Site(field, survey(field))
    simulate(
        site, {name: (module, parameters)}, first_years=0.0, last_years=1.0, anchor_years=0.0,
        stream_of=lambda stage: stream(1, 0, stage),
    )  # fmt: skip
    assert site.likelihood is not None
    rng = np.random.default_rng(0)
    assert likelihood_of(rng, field, {}) == (None, 1.0)
    assert rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"naer": "road"}, r"where: unknown key 'naer'; did you mean 'near'\?"),
        ({"near": "rode"}, r"where.near: 'rode' is no class; did you mean 'road'\?"),
        ({"scale_m": 3.0}, "where: scale_m says how near"),
        ({"near": "road", "scale_m": 0}, "where.scale_m: expected one number above 0, got 0"),
        ({"on": {"building": 1}}, "where.on: 'building' is no class"),
        ({"on": {"grass": -1}}, "where.on.grass: -1 is not between 0 and inf"),
        ({"cluster": {"spread_m": 3}}, "where.cluster: takes parents_per_km2 and spread_m"),
        ({"cluster": {"parents_per_km2": 0, "spread_m": 3}}, "parents_per_km2: expected one number above 0"),
        ({"raster": 3}, "where.raster: expected the name of a GeoTIFF, got 3"),
    ],
)
def test_a_where_that_means_nothing_is_refused(where, text):
    with pytest.raises(RecipeError, match=text):
        check_where(where)


def test_by_a_raster_shares_follow_the_weights_and_multiply_with_the_rest(field):
    halves = np.where(np.arange(96) < 48, 1.0, 3.0) * np.ones((96, 1))
    site = Site(field, survey(field))
    where = {"raster": "map.tif"}
    site.likelihood, factor = likelihood_of(np.random.default_rng(0), field, where, {"map.tif": halves})
    assert factor == 1.0
    ground, rng = Ground(site), np.random.default_rng(8)
    columns = np.array([ground.seed(rng, weights_of({"grass": 1.0}))[1] for _ in range(1000)])
    right = int(np.count_nonzero(columns >= 48))
    left_px, right_px = (np.count_nonzero(half) for half in np.split(ground.open, 2, axis=1))
    share = 3 * right_px / (left_px + 3 * right_px)
    assert stats.binomtest(right, columns.size, share).pvalue > FALSE_ALARM
    both, _ = likelihood_of(np.random.default_rng(0), field, {"near": "road", **where}, {"map.tif": halves})
    near, _ = likelihood_of(np.random.default_rng(0), field, {"near": "road"})
    np.testing.assert_allclose(both, near * halves / (near * halves).max(), rtol=1e-6)


def test_a_raster_keeps_the_counts_of_the_rate(field):
    halves = np.where(np.arange(96) < 90, 0.0, 1.0) * np.ones((96, 1))
    terrain = survey(field)
    asked = Asked(2.0 / terrain.area_km2, {"raster": "map.tif"})
    counts = [
        simulate(
            Site(field, terrain), {"counted": (Counted(), asked)}, first_years=0.0, last_years=1.0,
            anchor_years=0.0, stream_of=lambda stage, n=sample: stream(3, n, stage),
            rasters={"map.tif": halves},
        ).tally["counted"]["drawn"]
        for sample in range(400)
    ]  # fmt: skip
    assert chi_squared(np.array(counts), 2.0) > FALSE_ALARM


@pytest.mark.parametrize("name", sorted(entries("processes")))
def test_nothing_happens_where_nothing_is_likely(name, field):
    module = load("processes", name)
    terrain = survey(field)
    for where, rasters in (({"on": {"snow": 1.0}}, {}), ({"raster": "a"}, {"a": np.zeros((96, 96))})):
        parameters = module.Parameters(rate_per_km2_year=10 / terrain.area_km2, where=where)
        made = simulate(
            Site(field, terrain), {name: (module, parameters)}, first_years=0.0, last_years=1.0,
            anchor_years=0.5, stream_of=lambda stage: stream(1, 0, stage), rasters=rasters,
        )  # fmt: skip
        assert not len(made.log)
        assert set(made.tally[name]["why"]) == {"unlikely_here"}


def test_no_open_ground_is_taken_where_only_a_road_is_likely(field):
    road = (field.instances > 0).astype(float)
    site = Site(field, survey(field))
    site.likelihood, _ = likelihood_of(np.random.default_rng(0), field, {"raster": "a"}, {"a": road})
    assert site.open_pixel(0.5) is None


def test_a_raster_that_nobody_read_is_named(field):
    with pytest.raises(RecipeError, match=r"where.raster: map.tif was not read"):
        likelihood_of(np.random.default_rng(0), field, {"raster": "map.tif"})
