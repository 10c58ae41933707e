"""What a painter learns from: real crops, holes like edits, fillings from elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import RecipeError, SourceError, UnknownNameError
from diachron.core.streams import stream
from diachron.training.inpainting.examples import Examples
from diachron.training.inpainting.options import InpaintingOptions
from diachron.training.inpainting.places import Ground, Places, ground_of
from diachron.training.inpainting.swaps import draw_hole, swap_patches
from tests.generators.models.nets import TINY
from tests.training.inpainting.places import Worlds
from tests.worlds import World

OPTIONS = InpaintingOptions(steps=4, batch=4, crop_px=48, network=TINY, device="cpu", precision="fp32")


def crops(seed: int, options: InpaintingOptions = OPTIONS) -> tuple[Ground, Ground]:
    places, rng = Places([Worlds()], options), stream(seed, 0, "crops")
    return places.crop(rng), places.crop(rng)


@given(seed=st.integers(0, 2**20))
def test_only_holes_are_filled_and_the_real_picture_stays(seed) -> None:
    crop, other = crops(0)
    before = crop.pixels.copy(), other.pixels.copy()
    swapped = swap_patches(stream(seed, 0, "swap"), crop, other)
    np.testing.assert_array_equal(crop.pixels, before[0])
    np.testing.assert_array_equal(other.pixels, before[1])
    assert swapped.hole.any()
    kept = ~swapped.hole
    np.testing.assert_array_equal(swapped.proposal[:, kept], crop.pixels[:, kept])
    assert swapped.proposal.dtype == np.float32
    assert np.isfinite(swapped.proposal).all()


def test_fillings_are_wrong_in_detail_and_right_in_the_mean() -> None:
    off, levels = [], []
    for seed in range(40):
        crop, other = crops(seed)
        swapped = swap_patches(stream(seed, 0, "swap"), crop, other)
        difference = (swapped.proposal - crop.pixels)[:, swapped.hole]
        off.append(np.abs(difference).mean())
        levels.append(abs(difference.mean()))
    assert np.median(off) > 0.15
    assert np.median(levels) < np.median(off)


def test_holes_are_often_the_outlines_of_things() -> None:
    crop, _ = crops(1)
    ids = np.unique(crop.instances[crop.instances > 0])
    assert ids.size
    outlines = 0
    for seed in range(100):
        hole = draw_hole(stream(seed, 0, "hole"), crop)
        covered = [(hole & (crop.instances == n)).sum() / (crop.instances == n).sum() for n in ids]
        outlines += max(covered) == 1.0
    # 0.4 of them are drawn on a thing; fewer than 20 of 100 has a chance below 1e-5.
    assert outlines >= 20


def test_some_crops_are_all_hole() -> None:
    crop, other = crops(0)
    whole = sum(swap_patches(stream(seed, 0, "swap"), crop, other).hole.all() for seed in range(100))
    # 0.15 of them; fewer than 3 or more than 35 of 100 has a chance below 1e-4.
    assert 3 <= whole <= 35


def test_pixels_without_data_are_no_hole() -> None:
    places = Places([Worlds(world=World(void=True))], OPTIONS)
    for seed in range(20):
        crop = places.crop(stream(seed, 0, "crops"))
        assert not (swap_patches(stream(seed, 0, "swap"), crop, crop).hole & crop.void).any()


def test_a_step_is_the_same_whenever_it_is_asked() -> None:
    examples = Examples([Worlds()], OPTIONS)
    later, first = examples[3], examples[0]
    again = Examples([Worlds()], OPTIONS)
    for name in ("picture", "proposal", "hole", "labels", "noise", "gsd_m", "strength", "time"):
        assert torch.equal(getattr(again[0], name), getattr(first, name))
        assert torch.equal(getattr(again[3], name), getattr(later, name))
    assert not torch.equal(first.picture, later.picture)
    assert not torch.equal(Examples([Worlds()], replace(OPTIONS, seed=1))[0].picture, first.picture)


def test_the_start_is_real_around_the_holes_and_noisy_in_them() -> None:
    batch = Examples([Worlds()], OPTIONS)[0]
    inside = (batch.hole > 0).expand_as(batch.picture)
    assert torch.equal(batch.start[~inside], batch.picture[~inside])
    share = batch.strength[:, None, None, None]
    wanted = (1 - share) * batch.proposal + share * batch.noise
    torch.testing.assert_close(batch.start[inside], wanted[inside])


def test_labels_are_hidden_in_the_asked_share() -> None:
    some = Examples([Worlds()], replace(OPTIONS, batch=200, crop_px=16, without_labels=0.5))[0]
    hidden = int((some.labels == 0).all(dim=(1, 2)).sum())
    # Binomial(200, 1/2): outside 60 to 140 with a chance below 1e-7.
    assert 60 <= hidden <= 140


def test_a_crop_is_averaged_down_to_its_scale() -> None:
    options = replace(OPTIONS, gsd_m=(2.0, 2.0), crop_px=32, turn=False)
    crop = Places([Worlds(1)], options).crop(stream(0, 0, "crops"))
    assert crop.gsd_m == 2.0
    # Rows and columns are drawn; the mean of the crop is that of the ground it spans.
    whole = ground_of(Worlds(1).read(0))
    means = [
        whole.pixels[:, row : row + 64, col : col + 64].mean(axis=(1, 2))
        for row in range(17)
        for col in range(17)
    ]
    assert min(np.abs(mean - crop.pixels.mean(axis=(1, 2))).max() for mean in means) < 1e-4


def test_turned_crops_turn_whole() -> None:
    places = Places([Worlds(1)], OPTIONS)
    whole = ground_of(Worlds(1).read(0))
    seen = {
        tuple(pixel) for pixel in np.stack([*whole.pixels, whole.labels, whole.instances]).reshape(5, -1).T
    }
    for seed in range(8):
        crop = places.crop(stream(seed, 0, "crops"))
        # Every pixel comes with the label and the object that it has in the whole scene.
        found = np.stack([*crop.pixels, crop.labels, crop.instances]).reshape(5, -1).T
        assert all(tuple(pixel) in seen for pixel in found)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(SourceError, match="no scene to learn from"):
        Places([Worlds(0)], OPTIONS)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"steps": 0}, RecipeError, "steps 0"),
        ({"crop_px": 50}, RecipeError, "crops of 50 px: expected a multiple of 4"),
        ({"gsd_m": (2.0, 1.0)}, RecipeError, "the finer first"),
        ({"strength": (0.0, 1.0)}, RecipeError, "two shares above 0"),
        ({"seed": -1}, RecipeError, "seed -1"),
        ({"precision": "bf61"}, UnknownNameError, "did you mean 'bf16'"),
    ],
)
def test_options_out_of_range_are_refused(change, error, said) -> None:
    with pytest.raises(error, match=said):
        replace(OPTIONS, **change)


def test_without_a_proposal_nothing_of_it_is_shown() -> None:
    batch = Examples([Worlds()], replace(OPTIONS, batch=24, without_proposal=0.5))[0]
    alone = batch.strength == 1.0
    assert 4 <= int(alone.sum()) <= 20
    shown, hole = batch.known.proposal, batch.hole > 0
    assert shown is not None
    where = hole.expand_as(shown)
    assert not shown[alone][where[alone]].any()
    torch.testing.assert_close(shown[~alone][where[~alone]], batch.proposal[~alone][where[~alone]])
    torch.testing.assert_close(shown[~where], batch.picture[~where])
    torch.testing.assert_close(batch.start[alone][where[alone]], batch.noise[alone][where[alone]])


def test_sets_are_drawn_by_their_weight_and_unlabelled_ones_name_nothing() -> None:
    sets = [Worlds(), Worlds(name="plain", labelled=False, weight=3.0)]
    places = Places(sets, OPTIONS)
    plain = sum(not places.crop(stream(n, 0, "crops")).labels.any() for n in range(200))
    # Three of four; eight standard errors.
    assert 101 <= plain <= 199
    with pytest.raises(SourceError, match="weight 0"):
        Places([Worlds(weight=0.0)], OPTIONS)
