"""Probe scores: a naive paste loses against a soft one; unfit probes are refused; records, hashes, bytes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from diachron.core.errors import PackageError, RecipeError
from diachron.core.streams import stream
from diachron.generators.models.threads import one_thread
from diachron.outputs.pairs import PackagePairs
from diachron.outputs.readers import Dataset
from diachron.pipelines.filters import probe_score
from diachron.pipelines.filters.probe_score import LEAST_WEIGHT, Parameters, judge, weights_hash
from diachron.pipelines.filters.verdict import Candidate
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.training.probes.calibration import calibrate
from diachron.training.probes.edited_crops import edited_crops
from diachron.training.probes.learning import ProbeOptions, learn_probe
from diachron.training.probes.network import logits_of
from diachron.training.probes.probe import Probe, ProbeFacts, save_probe
from tests.tiles import SCHEME, call, digests, generation, rejections, write_source

SIDE = 72
GSD_M = 1.0
NAIVE, SOFT = 0.0, 1.5


def candidate(number: int, edge_px: float, *, painted: tuple[bool, bool] = (False, True)) -> Candidate:
    """Return noisy ground on which a house stands at the last date, its edge soft by some pixels."""
    rng = np.random.default_rng([3, number])
    ground = 0.35 + 0.6 * ndimage.gaussian_filter(rng.normal(0, 0.3, (3, SIDE, SIDE)), (0, 1.2, 1.2))
    house = np.zeros((SIDE, SIDE), np.int32)
    row, col = rng.integers(18, 30, size=2)
    house[row : row + 20, col : col + 24] = 5
    cover = ndimage.gaussian_filter((house == 5).astype(float), edge_px) if edge_px else house == 5
    built = ground * (1 - cover) + (ground + 0.3) * cover
    images = [np.round(np.clip(image, 0, 1) * 255).astype(np.uint8) for image in (ground, built)]
    sample: Any = SimpleNamespace(
        dates=tuple(
            SimpleNamespace(image=image, instances=instances, painted=is_painted)
            for image, instances, is_painted in zip(images, (0 * house, house), painted, strict=True)
        ),
        edit=ndimage.binary_dilation(house > 0, iterations=3),
        bands=("red", "green", "blue"),
        grid=SimpleNamespace(gsd_m=GSD_M),
        provenance={"source": "tile"},
    )
    return Candidate(sample, (), 255.0)


def outlines(numbers: range, edge_px: float) -> np.ndarray:
    """Return the crops of some candidates."""
    crops = []
    for number in numbers:
        sample = candidate(number, edge_px).sample
        before, after = sample.dates
        image = after.image.astype(np.float32) / np.float32(255)
        crops += edited_crops("seam", image, (after.instances, before.instances), sample.edit)
    return np.concatenate(crops)


@pytest.fixture(scope="module")
def trained() -> Probe:
    """Return a probe that has learnt to tell naive pastes from soft ones."""
    learn, test = range(24), range(24, 36)
    with one_thread():
        network = learn_probe(
            outlines(learn, NAIVE),
            outlines(learn, SOFT),
            stream(0, 0, "test/probe"),
            ProbeOptions(steps=30, batch=24, recolour=True),
        )
        line = calibrate(logits_of(network, outlines(test, NAIVE)), logits_of(network, outlines(test, SOFT)))
    facts = ProbeFacts(
        kind="seam",
        data={"name": "town"},
        gsd_m=(GSD_M, GSD_M),
        seed=0,
        auc=0.95,
        chance_std=0.05,
        bad_case="set in hard",
        bad_auc=0.95,
        sound=True,
    )
    return Probe(network, line, facts)


@pytest.fixture(scope="module")
def weights(trained: Probe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probes") / "seam.safetensors"
    save_probe(trained, path)
    return path


def test_a_naive_paste_is_refused_and_a_soft_one_is_kept(weights: Path) -> None:
    strict = Parameters(str(weights), highest=0.7)
    naive = [judge(candidate(number, NAIVE), strict) for number in range(100, 110)]
    soft = [judge(candidate(number, SOFT), strict) for number in range(100, 110)]
    assert all(verdict.refused is None for verdict in soft)
    assert all("what was painted looks made with" in str(verdict.refused) for verdict in naive)
    assert "asked 70% at most" in str(naive[0].refused)


def test_a_naive_paste_weighs_less(weights: Path) -> None:
    weighing = Parameters(str(weights), action="weight")
    for number in range(100, 110):
        naive, soft = (judge(candidate(number, edge), weighing) for edge in (NAIVE, SOFT))
        assert naive.refused is None
        assert 0 < naive.weight < 0.5 * soft.weight <= 0.5


def test_a_sample_is_asked_twice_and_says_the_same(weights: Path) -> None:
    first, again = (judge(candidate(7, NAIVE), Parameters(str(weights))) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("painted", [(False, False), (True, True)])
def test_without_one_painted_date_there_is_no_score(weights: Path, painted: tuple[bool, bool]) -> None:
    verdict = judge(candidate(0, NAIVE, painted=painted), Parameters(str(weights), highest=0.0))
    assert (verdict.score, verdict.refused, verdict.weight) == (None, None, 1.0)


def test_pictures_of_another_scale_are_refused(weights: Path) -> None:
    judged = candidate(0, NAIVE)
    judged.sample.grid.gsd_m = 2.0
    with pytest.raises(RecipeError, match="a probe of pictures of 1 to 1 m a pixel, tile has 2 m"):
        judge(judged, Parameters(str(weights)))


def test_a_probe_that_missed_its_bad_case_is_refused(trained: Probe, tmp_path: Path) -> None:
    blind = replace(trained, facts=replace(trained.facts, sound=False, bad_auc=0.55))
    save_probe(blind, tmp_path / "blind.safetensors")
    with pytest.raises(RecipeError, match=r"did not find its bad case \(set in hard, AUC 0.55\)"):
        weights_hash(Parameters(str(tmp_path / "blind.safetensors")))
    with pytest.raises(PackageError, match="no probe can be read there"):
        weights_hash(Parameters(str(tmp_path / "none.safetensors")))


@pytest.mark.parametrize(
    ("wrong", "text"), [({"action": "drop"}, "action is 'drop'"), ({"highest": 2.0}, "highest")]
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(RecipeError, match=text):
        Parameters(**wrong)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(0, 1))
def test_weights_lie_between_a_little_and_one(found: list[float], highest: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe_score, "_made", lambda _candidate, _parameters: found)
        weighed = judge(candidate(0, NAIVE), Parameters(action="weight"))
        strict = judge(candidate(0, NAIVE), Parameters(highest=highest))
    mean = float(np.mean(found))
    assert weighed.score == strict.score == mean
    assert LEAST_WEIGHT <= weighed.weight <= 1.0
    assert (weighed.weight == 1.0) == (mean <= 0.5)
    assert (strict.refused is not None) == (mean > highest)


def using(weights: Path, **more: Any) -> str:
    """Return a recipe's override with the filter."""
    words = "".join(f", {key}: {value}" for key, value in more.items())
    return f"filters={{probe_score: {{weights: '{weights}'{words}}}}}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 2)


def test_the_hash_of_the_probe_decides_the_fingerprint_and_not_where_it_lies(
    town: Path, trained: Probe, weights: Path, tmp_path: Path
) -> None:
    moved, other = tmp_path / "moved.safetensors", tmp_path / "other.safetensors"
    shutil.copy(weights, moved)
    save_probe(replace(trained, facts=replace(trained.facts, auc=0.9)), other)
    source = discover(SourceOptions(str(town), schema=SCHEME, licence="CC-BY-4.0"))
    plans = [
        Plan(load_recipe("building-change", [using(path)]), source, 1, 4) for path in (weights, moved, other)
    ]
    assert plans[0].fingerprint == plans[1].fingerprint != plans[2].fingerprint
    assert plans[0].weights == ({"filter": "probe_score", "sha256": weights_hash(Parameters(str(weights)))},)


def test_a_run_weighs_samples_and_shards_write_the_same(town: Path, weights: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for out, shard in ((one, "0/1"), (two, "1/2"), (two, "0/2")):
        weighing = using(weights, action="weight")
        code, _, said = call(*generation(town, out, "--shard", shard, "--set", weighing, samples=4))
        assert code == 0, said
    assert digests(one) == digests(two)
    records = list(Dataset(one).records())
    found = [record["filters"]["probe_score"] for record in records]
    assert any(entry["score"] is not None for entry in found)
    assert all(0 < entry["weight"] <= 1 for entry in found)
    for record, entry in zip(records, found, strict=True):
        assert (entry["score"] is None) == (record["counts"]["edit_px"] == 0)
        assert record["provenance"]["weights"][0]["filter"] == "probe_score"
    weighed = [entry["weight"] for entry in found]
    assert pq.read_table(one / "index.parquet")["weight"].to_pylist() == weighed
    assert [pair.weight for pair in PackagePairs(one)] == weighed


def test_a_run_refuses_what_looks_made_with_its_reason(town: Path, weights: Path, tmp_path: Path) -> None:
    # No paste has a probability of 0, so that every sample with an edit is refused.
    call(*generation(town, tmp_path / "out", "--set", using(weights, highest=0.0), samples=3))
    lines = [line for line in rejections(tmp_path / "out") if line["sample"] is not None]
    assert lines
    assert {line["reason"] for line in lines} == {"filtered"}
    assert all("probe_score: what was painted looks made" in line["detail"] for line in lines)
    assert all(record["counts"]["edit_px"] == 0 for record in Dataset(tmp_path / "out").records())
