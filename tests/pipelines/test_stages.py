"""The stages of one sample: the same sample as the run makes, and a plain word where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import SourceError
from diachron.core.sample import ChangeSample
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.stage_panels import STAGES, Drawing
from diachron.pipelines.stages import look_at, record_of
from diachron.pipelines.workshop import Workshop
from tests.tiles import PLACE, SCHEME, write_raster, write_source

LIVELY = ["processes.construction.rate_per_km2_year=60", "processes.demolition.rate_per_km2_year=60"]


def plan_of(folder: Path, *overrides: str) -> Plan:
    """Return a plan of four samples."""
    recipe = load_recipe("building-change", [*LIVELY, *overrides])
    return Plan(recipe, discover(SourceOptions(source=str(folder), schema=SCHEME)), 5, 4)


def test_looking_changes_nothing(tmp_path: Path) -> None:
    plan = plan_of(write_source(tmp_path, 2), "dates=3")
    for number in (1, 3):
        seen, made = look_at(plan, number), Workshop(plan).make(number)
        assert isinstance(made, ChangeSample)
        assert seen.sample.acquisition == made.acquisition
        assert seen.sample.provenance == made.provenance
        for ours, theirs in zip(seen.sample.dates, made.dates, strict=True):
            np.testing.assert_array_equal(ours.image, theirs.image)
        for painted, edit in zip(seen.painted, seen.edits, strict=True):
            np.testing.assert_array_equal(painted[:, ~edit], seen.scene.image[:, ~edit])
        assert record_of(seen)["events"]
        drawing = Drawing(seen)
        for stage in STAGES:
            for panel in drawing.panels(stage):
                assert panel.pixels.shape == (PLACE.rows, PLACE.cols, 3)
                assert panel.pixels.dtype == np.uint8


def test_a_step_that_drew_nothing_leaves_the_date_as_it_is(tmp_path: Path) -> None:
    plan = plan_of(write_source(tmp_path, 1), "acquisition={clouds: {chance: 0}}")
    seen = look_at(plan, 0)
    for number, painted in enumerate(seen.painted):
        np.testing.assert_array_equal(seen.step_alone("clouds", number), painted)


def test_a_sample_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    source = write_source(tmp_path, 1)
    write_raster(source / "label" / "town_0.png", np.zeros((PLACE.rows, PLACE.cols), np.uint8))
    with pytest.raises(SourceError, match=r"sample 2 of .* is refused \(empty\): image/town_0"):
        look_at(plan_of(source), 2)
