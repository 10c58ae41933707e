"""Duplicates in a recipe: parameters in range, no verdict on a single sample, part of the plan."""

from __future__ import annotations

from typing import Any

import pytest

from diachron.core.errors import RecipeError
from diachron.pipelines.filters import duplicates
from diachron.pipelines.filters.duplicates import Parameters
from diachron.pipelines.filters.verdict import Candidate, judge_all
from diachron.pipelines.recipes import load_recipe


@pytest.mark.parametrize("wrong", [{"iou": 0}, {"iou": 1.5}, {"acquisition": -0.1}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        Parameters(**wrong)


def test_a_single_sample_gets_no_verdict() -> None:
    nothing: Any = None
    judged = Candidate(nothing, (), 255.0)
    assert judge_all(judged, [("duplicates", duplicates, Parameters())]) == {}


def test_a_recipe_takes_it_like_any_filter() -> None:
    recipe = load_recipe("building-change", ["filters=[{duplicates: {iou: 0.8}}]"])
    assert recipe.filters == {"duplicates": {"iou": 0.8, "acquisition": 0.01}}
    with pytest.raises(RecipeError, match="iou is 0"):
        load_recipe("building-change", ["filters=[{duplicates: {iou: 0}}]"])
