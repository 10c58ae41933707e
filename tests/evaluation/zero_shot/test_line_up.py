"""Rows of a line-up: on procedural places without any source, and fine-tuned on real pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.pair import UNKNOWN
from diachron.evaluation.zero_shot.building_target import BuildingTarget
from diachron.evaluation.zero_shot.line_up import FINE_TUNING_STEPS, LineUp
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.options import TrainingOptions
from tests.pairs import bright_squares

CONFIG = DetectorConfig("siamese-unet-small", "binary", 3)
OVERRIDES = (
    "world={styles: [suburb], gsd_m: 2.0}",
    "window_px=96",
    "processes.construction.rate_per_km2_year=300",
    "processes.demolition.rate_per_km2_year=300",
    "processes.felling={rate_per_km2_year: 200}",
)


def test_a_row_on_procedural_places_needs_no_source(tmp_path: Path) -> None:
    line_up = LineUp((), 6, CONFIG, TrainingOptions(steps=2, batch=2, crop_px=32), tmp_path)
    material = line_up.recipe_material(
        "world", OVERRIDES, name="places", on_worlds=True, buildings_only=True
    )(3, tmp_path / "trial")
    sets = [*material.train, *material.validation]
    assert sum(len(found) for found in sets) == 6
    everything = changed = 0
    for found in sets:
        assert isinstance(found, BuildingTarget)
        for own, whole in zip(found, found.pairs, strict=True):
            assert own.labels_t1 is not None and own.labels_t2 is not None and own.schema is not None
            built = [own.schema.to_hub(each)[1] == hub.BUILDING for each in (own.labels_t1, own.labels_t2)]
            kept = own.change == 1
            assert not (kept & ~(built[0] | built[1])).any()
            # Where a building comes or goes, it is change.
            assert (kept | (own.change == UNKNOWN))[built[0] != built[1]].all()
            everything += np.count_nonzero(whole.change == 1)
            changed += np.count_nonzero(kept)
    assert 0 < changed < everything


def test_places_of_another_seed_are_others(tmp_path: Path) -> None:
    line_up = LineUp((), 2, CONFIG, TrainingOptions(steps=2, batch=2, crop_px=32), tmp_path)
    made = line_up.recipe_material("world", OVERRIDES, name="places", on_worlds=True)
    first, second = (
        next(iter(next(iter(made(seed, tmp_path / "trial").train)))).t1.tobytes() for seed in (0, 1)
    )
    assert first != second


@pytest.mark.parametrize(("steps", "spent"), [(40, 40), (4 * FINE_TUNING_STEPS, FINE_TUNING_STEPS)])
def test_fine_tuning_ends_before_it_forgets(tmp_path: Path, steps: int, spent: int) -> None:
    line_up = LineUp((), 2, CONFIG, TrainingOptions(steps=steps), tmp_path)
    made = line_up.recipe("world", OVERRIDES, on_worlds=True)
    tuned = line_up.fine_tuned(bright_squares(1), 10.0, made)
    assert (tuned.options.steps, tuned.start_from) == (spent, made)
    assert tuned.options.learning_rate < made.options.learning_rate
    assert made.options.steps == steps
