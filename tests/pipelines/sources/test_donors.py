"""Sources that only lend: at the borrower's metres a pixel, with its bands, named in the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import RecipeError, SourceError
from diachron.core.sample import ChangeSample
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import Source, SourceOptions, discover
from diachron.pipelines.sources.donors import discover_donors
from diachron.pipelines.workshop import Workshop
from tests.dated_tiles import SCHEME
from tests.tiles import PLACE, write_source

LIVELY = (
    "processes.construction={rate_per_km2_year: 300, sources: {scene: 1, others: 1, drawn: 0}}",
    "paint=t2",
    "acquisition=none",
)
FINE = replace(PLACE, rows=120, cols=120, gsd_m=0.8)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A source of 1 m with three bands, and one to lend of 0.8 m with four."""
    own = write_source(tmp_path / "own", 3)
    lending = write_source(tmp_path / "lending", 2, replace(FINE, seed=50, bands=4))
    (tmp_path / "donors.yaml").write_text(
        f"- {{source: lending, schema: {SCHEME}, licence: CC-BY-4.0, bands: [red, green, blue, nir]}}\n"
    )
    return own, lending


def source_of(folder: Path) -> Source:
    return discover(SourceOptions(str(folder), schema=SCHEME, licence="CC0-1.0"))


def plan_of(own: Path, donors: tuple[Source, ...]) -> Plan:
    return Plan(load_recipe("building-change", list(LIVELY)), source_of(own), 0, 6, donors)


def test_donors_are_read_at_the_metres_of_the_borrower(folders):
    own, lending = folders
    donors = discover_donors(str(lending.parent / "donors.yaml"), source_of(own))
    assert [source.resample_m for source in donors] == [1.0]
    assert {tile.grid.gsd_m for tile in donors[0].tiles} == {1.0}
    plan = plan_of(own, donors)
    raw = plan.scene(len(plan.units))
    assert raw.image.shape == (3, 96, 96)
    assert raw.bands == ("red", "green", "blue")
    assert raw.source == "lending:image/town_0"
    fine = donors[0].read(plan.lent[0][1])
    np.testing.assert_array_equal(raw.image, fine.image[:3])


def test_all_objects_come_from_the_donors_and_the_record_says_whose_they_are(folders):
    own, lending = folders
    donors = discover_donors(str(lending.parent / "donors.yaml"), source_of(own))
    workshop = Workshop(plan_of(own, donors))
    named: set[str] = set()
    for number in range(6):
        sample = workshop.make(number)
        assert isinstance(sample, ChangeSample)
        used = {event.parameters["donor_scene"] for event in sample.log if "donor_scene" in event.parameters}
        record = sample.provenance["provenance"]
        assert record["donor_licences"] == dict.fromkeys(sorted(used), "CC-BY-4.0")
        named |= used
        unedited = ~sample.edit
        np.testing.assert_array_equal(sample.dates[0].image[:, unedited], sample.dates[1].image[:, unedited])
    assert named
    assert all(name.startswith("lending:") for name in named)


def test_donors_are_part_of_the_plan(folders):
    own, lending = folders
    donors = discover_donors(str(lending.parent / "donors.yaml"), source_of(own))
    alone, lent = plan_of(own, ()), plan_of(own, donors)
    assert alone.fingerprint != lent.fingerprint
    assert plan_of(own, donors).fingerprint == lent.fingerprint
    other = tuple(replace(source, licence="CC0-1.0") for source in donors)
    assert plan_of(own, other).fingerprint != lent.fingerprint
    assert all(number >= len(lent.units) for number in lent.donor_units(0))


def test_donors_with_larger_pixels_or_other_bands_are_refused(folders, tmp_path):
    own, lending = folders
    coarse = write_source(tmp_path / "coarse", 1, replace(PLACE, gsd_m=2.0))
    (tmp_path / "coarse.yaml").write_text(f"- {{source: coarse, schema: {SCHEME}}}\n")
    assert coarse.is_dir()
    with pytest.raises(SourceError, match="not_coarser"):
        discover_donors(str(tmp_path / "coarse.yaml"), source_of(own))
    grey = write_source(tmp_path / "grey", 1, replace(FINE, bands=1))
    found = discover(SourceOptions(str(grey), schema=SCHEME))
    with pytest.raises(RecipeError, match=r"--donors .*grey: bands are band1, blue is missing"):
        plan_of(own, (found,))
    with pytest.raises(SourceError, match="no such file or folder"):
        discover_donors(str(lending / "nothing"), source_of(own))
