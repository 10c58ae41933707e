"""Crops: by the number of the step alone, of the right tiles, at the right scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from diachron.core.errors import RecipeError, SourceError, UnknownNameError
from diachron.training.segmenters.augmentation import augment_crop
from diachron.training.segmenters.classes import ANY
from diachron.training.segmenters.crops import TileCrops
from diachron.training.segmenters.options import SegmenterOptions
from diachron.training.segmenters.roles import half_of
from diachron.training.segmenters.tiles import LabelledTile, TileFacts
from tests.mosaics import COLOURS, Mosaics, mosaic, mosaics

OPTIONS = SegmenterOptions(batch=4, crop_px=32, gsd_m=(0.5, 0.5), augment=False)


def test_a_step_sees_the_same_in_any_order() -> None:
    ahead = [TileCrops([mosaics(3)], SegmenterOptions(batch=4, crop_px=32))[step] for step in (0, 1, 2)]
    crops = TileCrops([mosaics(3)], SegmenterOptions(batch=4, crop_px=32))
    for step in (2, 0, 1):
        torch.testing.assert_close(crops[step].images, ahead[step].images, rtol=0, atol=0)
        torch.testing.assert_close(crops[step].allowed, ahead[step].allowed, rtol=0, atol=0)
    assert not torch.equal(ahead[0].images, ahead[1].images)


def test_seeds_and_halves_see_different_crops() -> None:
    sets = [mosaics(6)]
    assert {half_of(facts.place) for facts in sets[0].facts} == {"A", "B"}
    first = TileCrops(sets, OPTIONS)[0].images
    assert not torch.equal(first, TileCrops(sets, replace(OPTIONS, seed=1))[0].images)
    assert not torch.equal(first, TileCrops(sets, replace(OPTIONS, places="B"))[0].images)


def test_held_out_tiles_and_the_other_half_are_never_read() -> None:
    tiles = mosaics(8, held_out=3)
    crops = TileCrops([tiles], replace(OPTIONS, places="A"))
    for step in range(20):
        _ = crops[step]
    expected = {i for i, f in enumerate(tiles.facts) if not f.held_out and half_of(f.place) == "A"}
    assert set(tiles.reads) == expected
    assert crops.places == sorted(f"mosaics/{tiles.facts[i].place}" for i in expected)


def test_a_tile_is_read_once_while_there_is_room() -> None:
    tiles = mosaics(2)
    crops = TileCrops([tiles], OPTIONS)
    for step in range(5):
        _ = crops[step]
    assert sorted(tiles.reads) == [0, 1]


def test_weights_decide_how_often_a_set_is_drawn() -> None:
    rare, often = mosaics(2, name="rare"), mosaics(2, name="often", seed=7)
    often.weight = 1e9
    crops = TileCrops([rare, often], OPTIONS)
    for step in range(5):
        _ = crops[step]
    assert rare.reads == []


def test_crops_keep_pixels_and_labels_together() -> None:
    batch = TileCrops([mosaics(2)], SegmenterOptions(batch=8, crop_px=32, gsd_m=(0.5, 0.5)))[0]
    plain = TileCrops([mosaics(2)], OPTIONS)[0]
    assert batch.images.shape == (8, 3, 32, 32)
    assert batch.images.dtype == torch.float32
    assert 0 <= float(batch.images.min()) <= float(batch.images.max()) <= 1
    labels = plain.allowed.float().log2().long()
    seen = plain.images.permute(0, 2, 3, 1) * 255
    torch.testing.assert_close(seen, torch.from_numpy(COLOURS)[labels].float(), atol=13, rtol=0)


def test_a_crop_is_averaged_down_to_its_metres_a_pixel() -> None:
    image = np.zeros((3, 64, 64), np.uint8)
    image[:, :, 1::2] = 200
    allowed = np.full((64, 64), 2, np.uint8)
    tiles = Mosaics([LabelledTile(image, (), 255.0, 0.5, allowed)], (TileFacts("stripes", "stripes", False),))
    batch = TileCrops([tiles], replace(OPTIONS, gsd_m=(1.0, 1.0)))[0]
    torch.testing.assert_close(batch.images, torch.full((4, 3, 32, 32), 100 / 255))
    assert (batch.allowed == 2).all()


def test_a_crop_is_never_finer_than_its_tile_nor_wider() -> None:
    tiles = Mosaics([mosaic(1, side=48)], (TileFacts("a", "a", False),))
    fine = TileCrops([tiles], replace(OPTIONS, gsd_m=(0.01, 0.01)))[0]
    whole = TileCrops([tiles], replace(OPTIONS, crop_px=48, gsd_m=(9.0, 9.0)))[0]
    tile = torch.from_numpy(tiles.tiles[0].image) / 255
    torch.testing.assert_close(whole.images[0], tile)
    noise = (fine.images[:, :, 1:] - fine.images[:, :, :-1]).abs().mean()
    assert noise > 0.02, "averaged, though the tile is coarser than what was asked for"


def test_an_augmented_crop_is_the_tile_in_one_of_eight_positions() -> None:
    labels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    unit = np.stack([labels / 16] * 3).astype(np.float32)
    before = unit.copy()
    seen = set()
    for seed in range(64):
        turned, allowed = augment_crop(unit, labels, np.random.default_rng(seed))
        seen.add(allowed.tobytes())
        assert turned.dtype == np.float32
        # Grey stays in order under any change of colours but mixing, which acts on all pixels alike.
        assert (np.argsort(turned.mean(0).ravel()) == np.argsort(allowed.ravel())).mean() > 0.5
    assert len(seen) == 8
    np.testing.assert_array_equal(unit, before)


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(SourceError, match="no tile to train on"):
        TileCrops([mosaics(2, held_out=2)], OPTIONS)
    only = next(i for i in range(99) if half_of(f"place_{i}") == "A")
    tiles = Mosaics([mosaic(0)], (TileFacts("t", f"place_{only}", False),))
    with pytest.raises(SourceError, match="no tile of half B to train on"):
        TileCrops([tiles], replace(OPTIONS, places="B"))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"crop_px": 40}, RecipeError, "40 px: expected a multiple of 16"),
        ({"steps": 0}, RecipeError, "steps 0"),
        ({"gsd_m": (1.0, 0.5)}, RecipeError, "the finer first"),
        ({"places": "C"}, UnknownNameError, "half of the places is called 'C'"),
        ({"precision": "bf6"}, UnknownNameError, "did you mean 'bf16'"),
    ],
)
def test_options_out_of_range_are_refused(
    change: dict[str, object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        replace(SegmenterOptions(), **change)  # type: ignore[arg-type]


def test_unknown_pixels_stay_unknown() -> None:
    tile = mosaic(3)
    blank = replace(tile, allowed=np.full_like(tile.allowed, ANY))
    tiles = Mosaics([blank], (TileFacts("t", "t", False),))
    assert (TileCrops([tiles], OPTIONS)[0].allowed == ANY).all()
