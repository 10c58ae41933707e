"""Fidelity of labels: shares by hand with a made-up segmenter, and real weights in record and fingerprint."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from diachron.core.errors import PackageError, RecipeError
from diachron.core.schemes import SCHEMES
from diachron.outputs.readers import Dataset
from diachron.pipelines.filters import label_fidelity
from diachron.pipelines.filters.label_fidelity import Parameters, judge
from diachron.pipelines.filters.verdict import Candidate
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.training.segmenters.segmenter import Segmenter
from tests.tiles import SCHEME, call, generation, rejections, write_source

BUILDING, ROAD, BARE, UNSURE = 0, 1, 5, 255
# Ids of the scheme `segmenter` are the positions of the classes.
SEGMENTER = SCHEMES["segmenter"]


def candidate(t1: NDArray[np.uint8], t2: NDArray[np.uint8]) -> Candidate:
    """Return two dates of 40 pixels, 20 of which are built on; pictures hold the classes that are seen."""
    change = np.zeros((1, 40), np.uint8)
    change[0, :20] = 1
    bare, built = np.full((1, 40), BARE, np.uint8), np.full((1, 40), BARE, np.uint8)
    built[0, :20] = BUILDING
    dates = tuple(
        SimpleNamespace(image=seen.reshape(1, 1, 40), labels=labels)
        for seen, labels in ((t1, bare), (t2, built))
    )
    sample: Any = SimpleNamespace(change=change, dates=dates, schema=SEGMENTER, bands=("grey",))
    return Candidate(sample, (), 255.0)


def seen(*runs: tuple[int, int]) -> NDArray[np.uint8]:
    """Return 40 classes from (class, how many); the rest is road, where nothing changed."""
    values = np.full(40, ROAD, np.uint8)
    at = 0
    for value, count in runs:
        values[at : at + count] = value
        at += count
    return values


@pytest.fixture
def _reads_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a segmenter in place that takes pixel values for classes."""

    class Reader:
        def classify(self, image: NDArray[np.uint8], full_scale: float, *, bands: tuple[str, ...]) -> Any:
            return SimpleNamespace(labels=image[0])

    monkeypatch.setattr(label_fidelity, "_labeller", lambda folder: (Reader(), "0" * 64))


@pytest.mark.usefixtures("_reads_pixels")
def test_the_score_is_the_share_at_the_worse_date() -> None:
    found = judge(candidate(seen((BARE, 16), (ROAD, 4)), seen((BUILDING, 12), (BARE, 8))), Parameters())
    assert found.score == pytest.approx(12 / 20)
    turned = judge(candidate(seen((BARE, 5), (ROAD, 15)), seen((BUILDING, 20))), Parameters())
    assert turned.score == pytest.approx(5 / 20)
    assert "25% of the changed pixels look like their label, asked 30%" in str(turned.refused)


@pytest.mark.usefixtures("_reads_pixels")
def test_unsure_pixels_count_neither_way_and_too_few_sure_ones_say_nothing() -> None:
    right = seen((BARE, 20))
    assert judge(candidate(right, seen((BUILDING, 8), (UNSURE, 12))), Parameters()).score == 1.0
    # 4 of 20 are sure: that date is not heard, the other is.
    doubtful = seen((BARE, 4), (UNSURE, 16))
    assert judge(candidate(right, doubtful), Parameters(sure=0.25)).score == 1.0
    assert judge(candidate(right, doubtful), Parameters(sure=0.2)).score == 0.0
    verdict = judge(candidate(seen((UNSURE, 20)), doubtful), Parameters(sure=0.25))
    assert (verdict.score, verdict.refused, verdict.weight) == (None, None, 1.0)


@pytest.mark.usefixtures("_reads_pixels")
def test_a_label_that_may_be_anything_counts_neither_way() -> None:
    judged = candidate(seen((BARE, 20)), seen((BUILDING, 20)))
    judged.sample.dates[1].labels[0, :19] = SEGMENTER.ignore
    judged.sample.dates[1].labels[0, 19] = ROAD
    assert judge(judged, Parameters()).score == 0.0


@pytest.mark.usefixtures("_reads_pixels")
def test_samples_are_weighed_or_kept_where_nothing_changed() -> None:
    half = candidate(seen((BARE, 20)), seen((BUILDING, 10), (BARE, 10)))
    verdict = judge(half, Parameters(lowest=0.9, action="weight"))
    assert (verdict.refused, verdict.weight) == (None, 0.5)
    half.sample.change[:] = 0
    assert judge(half, Parameters(lowest=1.0)).score is None


def test_an_unknown_action_and_a_share_above_one_are_refused() -> None:
    with pytest.raises(RecipeError, match="action is 'drop'"):
        Parameters(action="drop")
    with pytest.raises(RecipeError, match="lowest"):
        Parameters(lowest=2.0)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 2)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights") / "labeller"
    Segmenter.untrained("labeller", 0).save(folder)
    return folder


def using(weights: Path, **more: Any) -> str:
    """Return a recipe's override with the filter."""
    words = "".join(f", {key}: {value}" for key, value in more.items())
    return f"filters={{label_fidelity: {{weights: '{weights}'{words}}}}}"


def plan(town: Path, *overrides: str) -> Plan:
    """Return the plan of four samples."""
    source = discover(SourceOptions(str(town), schema=SCHEME, licence="CC-BY-4.0"))
    return Plan(load_recipe("building-change", list(overrides)), source, 1, 4)


def test_the_hash_of_the_weights_decides_the_fingerprint_and_not_where_they_lie(
    town: Path, weights: Path, tmp_path: Path
) -> None:
    moved, other = tmp_path / "moved", tmp_path / "other"
    shutil.copytree(weights, moved)
    Segmenter.untrained("labeller", 1).save(other)
    here = plan(town, using(weights))
    assert here.fingerprint == plan(town, using(moved)).fingerprint
    assert len({p.fingerprint for p in (here, plan(town, using(other)), plan(town))}) == 3
    assert here.recipe.filters["label_fidelity"]["weights"] == str(weights), "the recipe stays as given"
    assert plan(town).weights == ()


def test_a_scorer_and_a_folder_without_weights_are_refused_before_the_work(
    town: Path, tmp_path: Path
) -> None:
    Segmenter.untrained("scorer", 0).save(tmp_path / "scorer")
    with pytest.raises(RecipeError, match=r"is a scorer .* a labeller is needed"):
        _ = plan(town, using(tmp_path / "scorer")).fingerprint
    with pytest.raises(PackageError, match="no segmenter can be read there"):
        _ = plan(town, using(tmp_path)).fingerprint
    code, _, said = call(*generation(town, tmp_path / "out", "--set", using(tmp_path / "scorer")))
    assert (code, said.count("\n")) == (2, 1)
    assert not (tmp_path / "out" / "dataset.json").exists()


def test_a_run_keeps_score_and_hash_and_leaves_the_number_of_threads(
    town: Path, weights: Path, tmp_path: Path
) -> None:
    # Untrained weights are sure of nothing at the usual bound, so that no date has a score.
    digest = hashlib.sha256((weights / "weights.safetensors").read_bytes()).hexdigest()
    before = torch.get_num_threads()
    code, _, said = call(
        *generation(town, tmp_path / "out", "--set", using(weights, action="weight"), samples=2)
    )
    assert code == 0, said
    assert torch.get_num_threads() == before
    records = list(Dataset(tmp_path / "out").records())
    assert len(records) == 2
    for record in records:
        assert record["provenance"]["weights"] == [{"filter": "label_fidelity", "sha256": digest}]
        assert record["filters"]["label_fidelity"]["score"] is None
    assert not [line for line in rejections(tmp_path / "out") if line["sample"] is not None]


def test_a_run_refuses_what_does_not_look_like_its_label(
    town: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_built(self: Segmenter, image: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
        found = np.full((6, *image.shape[-2:]), 0.02, np.float32)
        found[BUILDING] = 0.9
        return found

    monkeypatch.setattr(Segmenter, "probability", all_built)
    call(*generation(town, tmp_path / "out", "--set", using(weights), samples=3))
    # A sample that is drawn again may be kept: nothing changed in it.
    records = list(Dataset(tmp_path / "out").records())
    lines = [line for line in rejections(tmp_path / "out") if line["sample"] is not None]
    refused = [*lines, *(entry for record in records for entry in record["provenance"]["refused_attempts"])]
    assert refused
    # Where one house came and another went, a part of each date is built.
    assert all(re.search(r"label_fidelity: [12]?\d% of the changed", entry["detail"]) for entry in refused)
    scores = [record["filters"]["label_fidelity"]["score"] for record in records]
    assert all(score is None or 0.3 <= score <= 0.5 for score in scores)


def test_a_list_of_filters_holds_names_and_nothing_else() -> None:
    assert load_recipe("building-change", ["filters=[clones]"]).filters["clones"]["near_m"] == 60
    with pytest.raises(RecipeError, match=r"filters: expected names, alone or with parameters; got \[\]"):
        load_recipe("building-change", ["filters=[[]]"])
