"""Two real dates: the promises hold for each against its own input, and what is not sure is left alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from diachron.core.change import CHANGE_IGNORE, changed, owners
from diachron.core.errors import RecipeError
from diachron.core.sample import ChangeSample, crc32_of
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.workshop import Refusal, Workshop
from tests.dated_tiles import PLACE, SCHEME, write_place, write_places
from tests.tiles import real_set, write_raster
from tests.worlds import SCHEMES, World, seeds

EXAMPLES = settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))
# A tile of 96 m over two years is little: so many events find a place in most of them.
LIVELY = ("processes.construction.rate_per_km2_year=200", "processes.demolition.rate_per_km2_year=100")
STILL = ("processes.construction.rate_per_km2_year=0", "processes.demolition.rate_per_km2_year=0")


@dataclass(frozen=True)
class Case:
    """A place with two dates, one or both labelled, and which is painted."""

    world: World
    labelled: tuple[str, ...]
    paint: str
    seed: int


def cases() -> st.SearchStrategy[Case]:
    world = st.builds(
        replace,
        st.just(PLACE),
        seed=seeds(),
        bands=st.integers(1, 5),
        dtype=st.sampled_from(("uint8", "uint16", "float32")),
        scheme=st.sampled_from(SCHEMES),
        void=st.booleans(),
        ignored=st.booleans(),
    )
    # One band of floats is heights, and no picture.
    world = world.filter(lambda made: made.bands > 1 or made.dtype != "float32")
    labelled = st.sampled_from((("2016",), ("2018",), ("2016", "2018")))
    return st.builds(Case, world, labelled, st.sampled_from(("coin", "t1", "t2")), seeds())


@contextmanager
def source_of(case: Case) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        write_place(Path(name), "town", case.world, labelled=case.labelled)
        yield Path(name)


def plan_of(folder: Path, overrides: Sequence[str] = LIVELY, *, scheme: str = SCHEME, seed: int = 0) -> Plan:
    recipe = load_recipe("real-dates", list(overrides))
    options = SourceOptions(str(folder), schema=scheme, full_scale=None)
    return Plan(recipe, discover(recipe.source_options(options)), seed, 8)


def picture(folder: Path, name: str) -> NDArray[np.generic]:
    with rasterio.open(folder / f"{name}_rgb.tif") as file:
        pixels: NDArray[np.generic] = file.read()
    return pixels


def check_bytes(sample: ChangeSample, folder: Path) -> None:
    """Each date is its own input: all of it, or outside the edit mask of the one that is painted."""
    told = sample.provenance["provenance"]["real_dates"]["dates"]  # type: ignore[index]
    assert [date["date"] for date in told] == sorted(date["date"] for date in told)
    assert sum(date["painted_into"] for date in told) == 1
    for date, entry in zip(sample.dates, told, strict=True):
        own = picture(folder, entry["picture"])
        kept = ~sample.edit if entry["painted_into"] else np.ones_like(sample.edit)
        np.testing.assert_array_equal(date.image[:, kept], own[:, kept])
        assert date.image.dtype == own.dtype
        assert entry["crc32"] == crc32_of(own, kept)
        assert not (date.painted and not entry["painted_into"])


@EXAMPLES
@given(cases())
def test_every_promise_holds_against_the_own_input(case):
    with source_of(case) as folder:
        painted = {"t1": case.labelled != ("2018",), "t2": case.labelled != ("2016",)}
        plan = plan_of(folder, (*LIVELY, f"paint={case.paint}"), scheme=case.world.scheme, seed=case.seed)
        if not painted.get(case.paint, True):
            assert plan.units == ()
            return
        workshop = Workshop(plan)
        sample = workshop.make(case.seed % 8)
        if isinstance(sample, Refusal):
            assert sample.reason in ("no_texture", "empty")
            return
        check_bytes(sample, folder)
        first, last = sample.dates
        ignored = (first.surface == 0) & (first.instances == 0)
        np.testing.assert_array_equal(sample.change == CHANGE_IGNORE, ignored)
        differs = changed(sample.schema, first.labels, first.instances, last.labels, last.instances)
        np.testing.assert_array_equal(sample.change == 1, differs & ~ignored)
        assert not ((sample.change == 1) & ~sample.edit).any()
        owner = owners(ignored.shape, sample.log.between(first.time_years, last.time_years))
        assert (owner[sample.change == 1] > 0).all()
        assert sum(sample.visible.values()) == np.count_nonzero(sample.change == 1)
        for layer in ("surface", "instances", "labels"):
            np.testing.assert_array_equal(
                getattr(first, layer)[~sample.edit], getattr(last, layer)[~sample.edit]
            )
        for event in sample.log:
            assert not (ignored[event.footprint.window] & event.footprint.mask).any()
        assert last.time_years - first.time_years == 2.0


@EXAMPLES
@given(cases())
def test_rate_zero_gives_both_inputs_back(case):
    with source_of(case) as folder:
        plan = plan_of(folder, STILL, scheme=case.world.scheme, seed=case.seed)
        sample = Workshop(plan).make(0)
        if isinstance(sample, Refusal):
            assert sample.reason == "empty"
            return
        assert len(sample.log) == 0
        assert not sample.edit.any()
        assert not (sample.change == 1).any()
        for date, year in zip(sample.dates, ("2016", "2018"), strict=True):
            np.testing.assert_array_equal(date.image, picture(folder, f"town_{year}"))


def test_the_painted_date_is_a_coin_and_paint_decides_it(tmp_path):
    write_places(tmp_path, 4)
    later = []
    workshop = Workshop(plan_of(tmp_path, STILL))
    for number in range(8):
        sample = workshop.make(number)
        assert isinstance(sample, ChangeSample)
        later.append(sample.provenance["provenance"]["real_dates"]["dates"][1]["painted_into"])
    # Every labelled date of every place is visited as often as the next.
    assert sum(later) == 4
    for paint, number in (("t1", 0), ("t2", 1)):
        sample = Workshop(plan_of(tmp_path, (*STILL, f"paint={paint}"))).make(3)
        assert sample.provenance["provenance"]["real_dates"]["dates"][number]["painted_into"]


def test_buildings_of_one_date_only_are_unknown_and_not_touched(tmp_path):
    write_place(tmp_path, "town", replace(PLACE, road=False, water=False))
    label = tmp_path / "labels" / "town_2018_rgb.tif"
    with rasterio.open(label) as file:
        labels, profile = file.read(1), {"crs": file.crs, "transform": file.transform}
    building = int(labels.max())
    rows, cols = np.nonzero(labels == building)
    alone = np.zeros(labels.shape, bool)
    alone[rows.min() : rows.min() + 14, :] = labels[rows.min() : rows.min() + 14, :] == building
    labels[alone] = labels[0, -1]
    write_raster(label, labels, **profile)
    assert alone.any()
    assert cols.size > np.count_nonzero(alone)
    for number in range(4):
        sample = Workshop(plan_of(tmp_path)).make(number)
        assert isinstance(sample, ChangeSample)
        assert (sample.change[alone] == CHANGE_IGNORE).all()
        assert not sample.dates[0].instances[alone].any()


def test_unsure_pixels_of_the_other_date_are_unknown(tmp_path):
    write_place(tmp_path, "town")
    for year, rows in (("2016", slice(0, 10)), ("2018", slice(40, 50))):
        label = tmp_path / "labels" / f"town_{year}_rgb.tif"
        with rasterio.open(label) as file:
            labels, profile = file.read(1), {"crs": file.crs, "transform": file.transform}
        labels[rows] = 0
        write_raster(label, labels, **profile)
    sample = Workshop(plan_of(tmp_path)).make(0)
    assert isinstance(sample, ChangeSample)
    assert (sample.change[:10] == CHANGE_IGNORE).all()
    assert (sample.change[40:50] == CHANGE_IGNORE).all()
    assert (sample.dates[1].labels[:10] == 0).all()


def test_a_place_that_has_really_changed_is_redrawn_elsewhere(tmp_path):
    write_places(tmp_path, 2)
    write_place(tmp_path, "new", replace(PLACE, seed=1), dates=("2016",))
    write_place(tmp_path, "new", replace(PLACE, seed=2), dates=("2018",))
    workshop = Workshop(plan_of(tmp_path))
    made = [workshop.make(number) for number in range(8)]
    assert all(isinstance(sample, ChangeSample) for sample in made)
    assert {sample.provenance["place"] for sample in made} <= {"town_0", "town_1"}
    refused = [r for s in made for r in s.provenance["provenance"]["refused_attempts"]]
    assert {entry["reason"] for entry in refused} == {"really_changed"}
    assert all("max_change allows 5%" in entry["detail"] for entry in refused)
    allowed = Workshop(plan_of(tmp_path, (*LIVELY, "real_dates.max_change=1")))
    places = {allowed.make(number).provenance["place"] for number in range(8)}
    assert "new" in places


def test_samples_do_not_depend_on_which_were_made_before(tmp_path):
    write_places(tmp_path, 3, dates=("2014", "2016", "2018"))
    plan = plan_of(tmp_path)
    one_by_one = [Workshop(plan).make(number) for number in (5, 2)]
    workshop = Workshop(plan)
    together = [workshop.make(number) for number in range(8)]
    for alone, number in zip(one_by_one, (5, 2), strict=True):
        assert alone.provenance == together[number].provenance
        for first, second in zip(alone.dates, together[number].dates, strict=True):
            np.testing.assert_array_equal(first.image, second.image)


def test_other_dates_of_the_own_place_lend_nothing(tmp_path):
    write_places(tmp_path, 3, dates=("2014", "2016", "2018"))
    plan = plan_of(tmp_path, (*LIVELY, "donor_scenes=16"))
    places = [plan.source.tiles[unit.tile].place for unit in plan.units]
    for unit, place in enumerate(places):
        lending = {places[number] for number in plan.donor_units(unit)}
        assert lending == {"town_0", "town_1", "town_2"} - {place}


@pytest.mark.parametrize(
    ("override", "match"),
    [
        ("dates=3", "two real dates, so dates is 2; got 3"),
        ("paint=both", "paint is t1, t2 or coin; got both"),
        ("real_dates.max_change=2", "real_dates.max_change: "),
        ("real_dates.most=2", "unknown key 'real_dates.most'"),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(override, match):
    with pytest.raises(RecipeError, match=match):
        load_recipe("real-dates", [override])


def test_recipe_and_source_must_fit(tmp_path):
    write_places(tmp_path, 1)
    options = SourceOptions(str(tmp_path), schema=SCHEME, labels=str(tmp_path / "labels"))
    with pytest.raises(RecipeError, match="one has several real dates"):
        Plan(load_recipe("real-dates"), discover(options), 0, 1)


def test_real_places_with_labels_by_a_trivial_rule(tmp_path):
    naip = real_set("naip_ca_60cm")
    if naip is None:
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    for place in ("chico_1", "riverside_56"):
        for path in sorted(naip.glob(f"{place}_*_rgb.tif")):
            (tmp_path / path.name).write_bytes(path.read_bytes())
            with rasterio.open(path) as file:
                bright = file.read().mean(axis=0)
                where = {"crs": file.crs, "transform": file.transform}
            labels = np.where(bright > np.quantile(bright, 0.9), 255, 0).astype(np.uint8)
            write_raster(tmp_path / "labels" / path.name, labels, **where)
    plan = plan_of(tmp_path, (*LIVELY, "real_dates.max_change=0.5"), scheme="building")
    assert {tile.place for tile in plan.source.tiles} == {"chico_1", "riverside_56"}
    made = [Workshop(plan).make(number) for number in range(3)]
    for sample in made:
        assert isinstance(sample, ChangeSample)
        check_bytes(sample, tmp_path)
        assert sample.grid.gsd_m == pytest.approx(0.6)
        assert 0 <= sample.provenance["provenance"]["real_dates"]["changed_share"] <= 0.5
    assert any(len(sample.log) for sample in made)
