"""Visibility of edits: the share of changed pixels that differ, by hand; refusals and weights in a run."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from diachron.core.errors import RecipeError
from diachron.outputs.pairs import PackagePairs
from diachron.outputs.readers import Dataset
from diachron.pipelines.filters.edit_visibility import Parameters, judge
from diachron.pipelines.filters.verdict import Candidate, FilteredError, judge_all
from tests.tiles import call, generation, rejections, write_source

SIDE = 10


def candidate(visible_px: int, changed_px: int = 20) -> Candidate:
    """Return two grey dates whose first `changed_px` pixels changed, `visible_px` of them by 40 of 255."""
    change = np.zeros(SIDE * SIDE, np.uint8)
    change[:changed_px] = 1
    change[-5:] = 255
    t1 = np.full((3, SIDE * SIDE), 100, np.uint8)
    t2 = t1.copy()
    t2[1, :visible_px] = 60
    # Pixels that did not change may differ as they like: nobody asks them.
    t2[:, changed_px + 10 :] = 250
    sample: Any = SimpleNamespace(change=change.reshape(SIDE, SIDE), provenance={"source": "tile"})
    return Candidate(sample, (t1.reshape(3, SIDE, SIDE), t2.reshape(3, SIDE, SIDE)), 255.0)


def test_the_score_is_the_share_of_changed_pixels_that_differ_in_any_band() -> None:
    assert judge(candidate(8), Parameters()).score == 8 / 20
    assert judge(candidate(20), Parameters(step=0.2)).score == 0.0


def test_a_sample_under_the_share_is_refused_or_weighed() -> None:
    assert judge(candidate(6), Parameters(lowest=0.3)).refused is None
    assert "25% of the changed pixels" in str(judge(candidate(5), Parameters(lowest=0.3)).refused)
    verdict = judge(candidate(5), Parameters(lowest=0.3, action="weight"))
    assert (verdict.refused, verdict.weight) == (None, 0.25)


def test_a_sample_without_change_is_kept() -> None:
    verdict = judge(candidate(0, changed_px=0), Parameters(lowest=1.0))
    assert (verdict.score, verdict.refused, verdict.weight) == (None, None, 1.0)


def test_all_filters_are_heard_and_the_refusing_one_is_named() -> None:
    import diachron.pipelines.filters.edit_visibility as module

    kept = judge_all(candidate(8), [("edit_visibility", module, Parameters(action="weight"))])
    assert kept == {"edit_visibility": {"score": 0.4, "weight": 0.4}}
    with pytest.raises(FilteredError, match="tile: edit_visibility: 40% of"):
        judge_all(candidate(8), [("edit_visibility", module, Parameters(lowest=0.5))])


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(RecipeError, match="action is 'drop'"):
        Parameters(action="drop")


def test_a_run_keeps_score_and_weight_in_record_index_and_pair(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 2)
    filters = "filters={edit_visibility: {step: 0.3, action: weight}}"
    code, _, said = call(*generation(source, tmp_path / "out", "--set", filters, samples=4))
    assert code == 0, said
    dataset = Dataset(tmp_path / "out")
    scores = [record["filters"]["edit_visibility"] for record in dataset.records()]
    assert all(entry["score"] is None or 0 <= entry["score"] <= 1 for entry in scores)
    weights = [entry["weight"] for entry in scores]
    assert any(weight < 1 for weight in weights)
    index = pq.read_table(tmp_path / "out" / "index.parquet").to_pydict()
    assert index["weight"] == weights
    assert [json.loads(text)["edit_visibility"] for text in index["filters"]] == scores
    assert [pair.weight for pair in PackagePairs(tmp_path / "out")] == weights


def test_a_run_refuses_what_a_filter_refuses_with_its_reason(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 2)
    # Nothing differs by the whole range, so every sample with a change is refused, attempt after attempt.
    filters = "filters=[{edit_visibility: {step: 1.0, lowest: 1.0}}]"
    call(*generation(source, tmp_path / "out", "--set", filters, samples=4))
    lines = [line for line in rejections(tmp_path / "out") if line["sample"] is not None]
    assert lines
    assert {line["reason"] for line in lines} == {"filtered"}
    assert all("edit_visibility" in line["detail"] for line in lines)
    assert all(record["counts"]["changed_px"] == 0 for record in Dataset(tmp_path / "out").records())
