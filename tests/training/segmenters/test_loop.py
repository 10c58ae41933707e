"""Training: it learns from sets of classes, goes on as if it had never stopped, and is stored whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from diachron.core.errors import PackageError, RecipeError, RunRefusedError
from diachron.training.segmenters.classes import CLASSES, UNSURE, class_set
from diachron.training.segmenters.loop import train_segmenter
from diachron.training.segmenters.options import SegmenterOptions
from diachron.training.segmenters.report import Tally, score_places
from diachron.training.segmenters.segmenter import Segmenter
from diachron.training.segmenters.tiles import TileSet
from tests.mosaics import COLOURS, Mosaics, mosaic, mosaics

SHORT = SegmenterOptions(
    steps=6, batch=2, crop_px=32, gsd_m=(0.5, 0.5), checkpoint_every=2, device="cpu", precision="fp32"
)


def weights(segmenter: Segmenter) -> torch.Tensor:
    return torch.cat([value.float().flatten() for value in segmenter.network.state_dict().values()])


def partly_labelled() -> list[TileSet]:
    """Return two sets, of which one names buildings and roads, and the other all that the first leaves."""
    outlines = class_set(["building", "road"])
    ground = class_set(CLASSES) & ~outlines
    first, second = mosaics(4), mosaics(4, seed=1, name="ground")

    def told(tiles: Mosaics, names: int, otherwise: int) -> Mosaics:
        maps = [
            replace(tile, allowed=np.where(tile.allowed & names, tile.allowed, otherwise).astype(np.uint8))
            for tile in tiles.tiles
        ]
        return replace(tiles, tiles=maps)

    return [told(first, outlines, ground), told(second, ground, outlines)]


def test_two_partial_legends_teach_the_whole_one() -> None:
    """Neither set tells all classes apart; a net trained on both does."""
    options = replace(SHORT, steps=50, batch=6, learning_rate=5e-3, augment=False)
    segmenter = train_segmenter(partly_labelled(), options)
    tile = mosaic(99)
    found = segmenter.classify(tile.image, tile.full_scale, unsure_below=0.0)
    truth = np.log2(tile.allowed).astype(np.uint8)
    assert (found.labels == truth).mean() > 0.9


def test_a_batch_is_overfitted() -> None:
    sets = [mosaics(1)]
    options = replace(SHORT, steps=40, batch=1, crop_px=64, learning_rate=5e-3, augment=False)
    segmenter = train_segmenter(sets, options)
    # Six classes at random cost 1.79; what is left are pixels at the edges of patches.
    assert segmenter.training["loss"] < 0.4


def test_the_same_seed_gives_the_same_weights_and_each_role_its_own() -> None:
    sets = [mosaics(8)]
    first, again = (weights(train_segmenter(sets, SHORT)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, weights(train_segmenter(sets, replace(SHORT, seed=1))))
    start = weights(Segmenter.untrained("labeller", 0))
    assert torch.equal(start, weights(Segmenter.untrained("labeller", 0)))
    assert not torch.equal(start, weights(Segmenter.untrained("scorer", 0)))


def test_no_checkerboard_is_there_before_training() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    found = Segmenter.untrained("labeller", 0).probability(image, 255.0)
    for row, col in ((0, 1), (1, 0), (1, 1)):
        np.testing.assert_allclose(found[:, row::2, col::2], found[:, ::2, ::2], rtol=1e-5)


def test_training_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    Segmenter.untrained("labeller", 5)
    assert torch.equal(before, torch.random.get_rng_state())


class Stop(Exception):
    pass


def test_a_stopped_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    sets = [mosaics(3)]
    straight = train_segmenter(sets, SHORT, out=tmp_path / "straight")

    def interrupt(done: int, _: int) -> None:
        if done == 5:
            raise Stop

    with pytest.raises(Stop):
        train_segmenter(sets, SHORT, out=tmp_path / "stopped", progress=interrupt)
    with pytest.raises(RunRefusedError, match="go on with --resume"):
        train_segmenter(sets, SHORT, out=tmp_path / "stopped")
    resumed = train_segmenter(sets, SHORT, out=tmp_path / "stopped", resume=True)
    assert torch.equal(weights(straight), weights(resumed))
    losses = [(tmp_path / run / "losses.jsonl").read_text() for run in ("straight", "stopped")]
    assert losses[0] == losses[1]
    assert len(losses[0].splitlines()) == SHORT.steps
    assert not (tmp_path / "stopped" / "checkpoint").exists()


def test_a_finished_run_is_loaded_and_another_plan_refused(tmp_path: Path) -> None:
    sets = [mosaics(3)]
    made = train_segmenter(sets, SHORT, out=tmp_path)
    again = train_segmenter(sets, SHORT, out=tmp_path, resume=True)
    assert torch.equal(weights(made), weights(again))
    with pytest.raises(RunRefusedError, match="trained with options"):
        train_segmenter(sets, replace(SHORT, seed=1), out=tmp_path, resume=True)
    with pytest.raises(RecipeError, match="give `out`"):
        train_segmenter(sets, SHORT, resume=True)


def test_a_segmenter_comes_back_from_its_folder_in_its_role(tmp_path: Path) -> None:
    made = train_segmenter([mosaics(8)], replace(SHORT, places="B"), out=tmp_path)
    assert made.role == "scorer"
    loaded = Segmenter.load(tmp_path / "segmenter.json", role="scorer")
    assert torch.equal(weights(made), weights(loaded))
    assert loaded.training == made.training
    assert loaded.gsd_m == (0.5, 0.5)
    with pytest.raises(RecipeError, match=r"is a scorer .* a labeller is needed"):
        Segmenter.load(tmp_path, role="labeller")


def test_what_is_no_segmenter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no segmenter can be read there"):
        Segmenter.load(tmp_path, role="labeller")
    Segmenter.untrained("labeller", 0).save(tmp_path)
    described = json.loads((tmp_path / "segmenter.json").read_text())
    (tmp_path / "segmenter.json").write_text(json.dumps({**described, "classes": ["building"]}))
    with pytest.raises(PackageError, match=r"with classes \['building'\]"):
        Segmenter.load(tmp_path, role="labeller")
    (tmp_path / "segmenter.json").write_text(json.dumps({**described, "role": "boss"}))
    with pytest.raises(PackageError, match="no role of a segmenter is called 'boss'"):
        Segmenter.load(tmp_path, role="labeller")
    (tmp_path / "segmenter.json").write_text(json.dumps(described))
    (tmp_path / "weights.safetensors").write_bytes(b"cut off")
    with pytest.raises(PackageError, match="no segmenter can be read"):
        Segmenter.load(tmp_path, role="labeller")


@pytest.mark.parametrize("shape", [(200, 333), (64, 500)])
def test_windows_answer_like_the_whole_picture(shape: Sequence[int]) -> None:
    segmenter = Segmenter.untrained("labeller", 0)
    image = np.random.default_rng(0).integers(0, 256, (3, *shape)).astype(np.uint8)
    whole = segmenter.classify(image, 255.0, unsure_below=0.0, window_px=1024)
    parts = segmenter.classify(image, 255.0, unsure_below=0.0, window_px=224, overlap_px=160)
    np.testing.assert_allclose(parts.confidence, whole.confidence, atol=1e-5)
    assert (parts.labels == whole.labels).mean() > 0.9999


def test_unsure_pixels_are_those_of_little_probability() -> None:
    segmenter = Segmenter.untrained("labeller", 0)
    image = np.random.default_rng(0).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    all_labelled = segmenter.classify(image, 255.0, unsure_below=0.0)
    limit = float(np.median(all_labelled.confidence))
    found = segmenter.classify(image, 255.0, unsure_below=limit)
    np.testing.assert_array_equal(found.labels == UNSURE, all_labelled.confidence < limit)
    np.testing.assert_array_equal(found.confidence, all_labelled.confidence)
    assert all_labelled.labels.max() < len(CLASSES)
    assert found.labels.dtype == np.uint8
    assert found.confidence.dtype == np.float32


def test_bands_are_chosen_by_name() -> None:
    segmenter = Segmenter.untrained("labeller", 0)
    rgb = COLOURS[np.random.default_rng(0).integers(0, 6, (32, 32))].transpose(2, 0, 1)
    other = np.concatenate([rgb[::-1], np.zeros((1, 32, 32), np.uint8)])
    expected = segmenter.classify(rgb, 255.0).confidence
    found = segmenter.classify(other, 255.0, bands=("blue", "green", "red", "nir")).confidence
    np.testing.assert_array_equal(found, expected)


def test_the_tally_counts_only_what_the_map_tells() -> None:
    """Four pixels: a building found, a building missed, ground found as building, and one of unknown kind."""
    ground = class_set(CLASSES) & ~1
    allowed = np.array([[1, 1, ground, class_set(CLASSES)]], np.uint8)
    labels = np.array([[0, 1, 0, 0]], np.uint8)
    tally = Tally()
    tally.add(labels, np.array([[True, False, True, True]]), allowed)
    facts = tally.to_json()
    assert facts["pixels"] == 4
    assert facts["unsure"] == 0.25
    assert facts["agreeing"] == pytest.approx(1 / 3, abs=1e-4)
    assert facts["agreeing_sure"] == 0.5
    assert facts["classes"] == {
        "building": {
            "iou": pytest.approx(1 / 3, abs=1e-4),
            "iou_sure": 0.5,
            "precision": 0.5,
            "recall": 0.5,
            "truth_share": 0.5,
        }
    }


def test_only_held_out_places_are_scored() -> None:
    tiles = mosaics(5, held_out=2)
    seen: list[tuple[int, int]] = []
    segmenter = Segmenter.untrained("labeller", 0)
    report = score_places(segmenter, [tiles], progress=lambda done, of: seen.append((done, of)))
    assert list(report["places"]) == ["mosaics/place_3", "mosaics/place_4"]
    assert tiles.reads == [3, 4]
    assert report["all"]["tiles"] == 2
    assert report["all"]["pixels"] == 2 * 64 * 64
    assert seen == [(1, 2), (2, 2)]
    assert score_places(segmenter, [mosaics(2)])["places"] == {}
