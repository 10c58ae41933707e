"""Twins: the same roof twice at one date, by distances that can be counted; refusals in a run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diachron.core.errors import RecipeError
from diachron.core.events import EventLog
from diachron.outputs.readers import Dataset
from diachron.pipelines.filters.clones import Parameters, judge
from diachron.pipelines.filters.verdict import Candidate
from tests.tiles import call, generation, rejections, write_source

GSD_M = 0.5


def candidate(dates: list[dict[int, tuple[int, int]]], donors: dict[int, tuple[str, int]]) -> Candidate:
    """Return dates with objects of 3 x 3 pixels around (row, col), some of which are lent."""
    events = [
        SimpleNamespace(
            id=number,
            time_years=1.0,
            new_object=SimpleNamespace(id=number),
            parameters={"origin": "donor", "donor_scene": scene, "donor_object": donor},
        )
        for number, (scene, donor) in donors.items()
    ]
    layers = []
    for standing in dates:
        instances = np.zeros((80, 80), np.int32)
        for number, (row, col) in standing.items():
            instances[row - 1 : row + 2, col - 1 : col + 2] = number
        layers.append(SimpleNamespace(instances=instances))
    sample: Any = SimpleNamespace(
        dates=tuple(layers),
        log=EventLog(tuple(events)),  # type: ignore[arg-type]
        provenance={"source": "here"},
        grid=SimpleNamespace(gsd_m=GSD_M),
    )
    return Candidate(sample, (), 255.0)


def test_the_score_is_the_distance_of_the_nearest_twins_in_metres() -> None:
    places = {11: (10, 10), 12: (40, 50), 13: (70, 10), 4: (20, 70)}
    lent = {11: ("there", 7), 12: ("there", 7), 13: ("there", 8)}
    # 30 rows and 40 columns apart: 50 pixels.
    assert judge(candidate([{}, places], lent), Parameters(near_m=20)).score == pytest.approx(25.0)


def test_an_original_beside_its_copy_is_a_twin() -> None:
    found = judge(candidate([{}, {5: (10, 10), 11: (10, 30)}], {11: ("here", 5)}), Parameters())
    assert found.score == pytest.approx(10.0)
    assert "twice within 10 m, asked 60 m" in str(found.refused)
    # The same number in another scene is another roof.
    assert judge(candidate([{}, {5: (10, 10), 11: (10, 30)}], {11: ("there", 5)}), Parameters()).score is None


def test_twins_that_never_stand_together_are_none() -> None:
    verdict = judge(candidate([{5: (10, 10)}, {11: (10, 30)}], {11: ("here", 5)}), Parameters())
    assert (verdict.score, verdict.refused, verdict.weight) == (None, None, 1.0)


def test_twins_are_weighed_by_their_distance() -> None:
    near = candidate([{}, {5: (10, 10), 11: (10, 30)}], {11: ("here", 5)})
    verdict = judge(near, Parameters(near_m=40, action="weight"))
    assert (verdict.refused, verdict.weight) == (None, 0.25)
    assert judge(near, Parameters(near_m=5, action="weight")).weight == 1.0


@pytest.mark.parametrize(
    ("wrong", "text"), [({"action": "drop"}, "action is 'drop'"), ({"near_m": 0}, "near_m is 0")]
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(RecipeError, match=text):
        Parameters(**wrong)


def test_a_run_refuses_twins_and_keeps_the_rest(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 2)
    weighed, strict = tmp_path / "weighed", tmp_path / "strict"
    code, _, said = call(
        *generation(source, weighed, "--set", "filters={clones: {near_m: 1000, action: weight}}")
    )
    assert code == 0, said
    scores = [record["filters"]["clones"]["score"] for record in Dataset(weighed).records()]
    assert any(score is not None for score in scores), "the source must lend within the scene"
    call(*generation(source, strict, "--set", "filters=[{clones: {near_m: 1000}}]"))
    assert all(record["filters"]["clones"]["score"] is None for record in Dataset(strict).records())
    refused = [
        entry for record in Dataset(strict).records() for entry in record["provenance"]["refused_attempts"]
    ]
    assert refused or rejections(strict)
    assert all(entry["reason"] == "filtered" and "clones: one roof" in entry["detail"] for entry in refused)
