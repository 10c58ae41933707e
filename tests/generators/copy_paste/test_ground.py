"""Ground laid over a hole: real pixels, in the light and direction of what lies around."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.errors import RenderError
from diachron.core.grid import GeoGrid
from diachron.core.scene import Footprint, Scene, SceneObject
from diachron.core.schemes import schema_named
from diachron.generators.copy_paste.ground import grow_ground
from diachron.generators.copy_paste.palette import palette_of
from diachron.generators.copy_paste.quilting import Patchwork

SIDE = 160
WINDOW = (slice(31, 105), slice(40, 113))


def place(image: np.ndarray, *, surface: int | np.ndarray = hub.GRASS, dtype: str = "float32") -> Scene:
    """Return a scene without objects."""
    return Scene(
        image=image.astype(dtype),
        bands=("red", "green", "blue"),
        full_scale=1.0 if dtype == "float32" else 255,
        nodata=None,
        surface=np.broadcast_to(np.uint8(surface), image.shape[1:]).copy(),
        instances=np.zeros(image.shape[1:], np.int32),
        objects={},
        height_m=None,
        grid=GeoGrid.plain(image.shape[1:], 0.5),
        labels=np.zeros(image.shape[1:], np.uint8),
        schema=schema_named("building"),
        source="made",
    )


def noise(seed: int = 0, level: float = 0.4, spread: float = 0.02) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return level + spread * rng.standard_normal((3, SIDE, SIDE)).astype(np.float32)


def with_hole(scene: Scene, *, odd: bool = False) -> tuple[Scene, np.ndarray]:
    """Return the scene with a white house in the window, and the house's pixels in it."""
    mask = np.zeros((WINDOW[0].stop - WINDOW[0].start, WINDOW[1].stop - WINDOW[1].start), bool)
    mask[20:55, 18 + odd : 50] = True
    image, instances = scene.image.copy(), scene.instances.copy()
    image[:, WINDOW[0], WINDOW[1]][:, mask] = 1.0
    instances[WINDOW][mask] = 1
    house = SceneObject(1, hub.BUILDING, Footprint(WINDOW[0].start, WINDOW[1].start, mask))
    return dataclasses.replace(scene, image=image, instances=instances, objects={1: house}), mask


def grown(
    scene: Scene, hole: np.ndarray, *, seed: int = 0, reach: bool = True, join: bool = True
) -> np.ndarray:
    known = ~hole
    picture = scene.image[:, WINDOW[0], WINDOW[1]].astype(np.float32)
    return grow_ground(
        np.random.default_rng(seed),
        scene,
        (),
        hub.GRASS,
        WINDOW,
        picture,
        hole,
        known,
        join=join,
        reach=known if reach else None,
    )


@pytest.mark.parametrize("odd", [False, True])
def test_without_reach_only_the_hole_is_written(odd):
    scene, hole = with_hole(place(noise()), odd=odd)
    filled = grown(scene, hole, reach=False)
    before = scene.image[:, WINDOW[0], WINDOW[1]]
    np.testing.assert_array_equal(filled[:, ~hole], before[:, ~hole])
    # Nothing is left of the house: its white lies 30 deviations off.
    assert filled[:, hole].max() < 0.6


def test_grain_keeps_its_strength():
    scene, hole = with_hole(place(noise()))
    filled = grown(scene, hole)
    inner = np.zeros_like(hole)
    inner[24:51, 22:46] = True
    assert filled[:, inner].std() == pytest.approx(0.02, rel=0.15)


def test_rows_keep_their_direction():
    rows, cols = np.indices((SIDE, SIDE))
    # Two fields, far apart in brightness of nothing but the direction of their rows.
    stripes = np.where(cols < 80, np.sin(rows * 0.9), np.sin(cols * 0.9))
    scene, hole = with_hole(place(noise(spread=0.01) + 0.08 * stripes))
    one_field = np.zeros_like(hole)
    one_field[24:51, 22:36] = True  # west of the border at column 80
    filled = np.stack([grown(scene, hole, seed=seed).mean(axis=0) for seed in range(4)])
    down = np.diff(filled, axis=1)[:, :, 1:][:, one_field[1:, 1:]]
    across = np.diff(filled, axis=2)[:, 1:][:, one_field[1:, 1:]]
    # Pieces of either field at random would give about 1.
    assert np.square(down).mean() > 2 * np.square(across).mean()


def test_the_filling_takes_on_local_light():
    ramp = np.linspace(-0.06, 0.06, SIDE, dtype=np.float32)[None, None, :]
    scene, hole = with_hole(place(noise(spread=0.005) + ramp))
    filled = grown(scene, hole).mean(axis=0)
    expected = 0.4 + ramp[0, 0, WINDOW[1]]
    # The middle of the hole follows the slope to a tenth of its range.
    found = filled[25:50].mean(axis=0)[20:48]
    assert np.abs(found - expected[20:48]).max() < 0.012


def test_a_hole_larger_than_any_piece_is_filled_without_one_piece_twice_side_by_side():
    scene = place(noise(3))
    hole = np.zeros((SIDE, SIDE), bool)
    hole[20:140, 30:80] = True
    ground = np.where(hole, 1, 0).astype(np.int32)
    house = SceneObject(1, hub.BUILDING, Footprint(20, 30, np.ones((120, 50), bool)))
    scene = dataclasses.replace(scene, instances=ground, objects={1: house})
    filled = grow_ground(
        np.random.default_rng(0),
        scene,
        (),
        hub.GRASS,
        (slice(0, SIDE), slice(0, SIDE)),
        scene.image.astype(np.float32),
        hole,
        ~hole,
        join=True,
    )
    inside = filled[0, 24:136, 34:76]
    inside = inside - inside.mean()
    spectrum = np.abs(np.fft.fft2(inside, (256, 256))) ** 2
    agreement = np.fft.ifft2(spectrum).real
    agreement /= agreement[0, 0]
    agreement[:3, :3] = agreement[-2:, :3] = agreement[:3, -2:] = agreement[-2:, -2:] = 0.0
    # A piece repeated over half of the hole would give a peak of about a half.
    assert agreement.max() < 0.4


def test_other_kinds_stay_out_where_labels_tell_kinds():
    kinds = np.full((SIDE, SIDE), hub.GRASS, np.uint8)
    kinds[:, 130:] = hub.BARE
    image = noise()
    image[:, :, 130:] += 0.3
    scene, hole = with_hole(place(image, surface=kinds))
    assert grown(scene, hole, join=False)[:, hole].max() < 0.55


def test_ground_of_another_scene_comes_at_this_scenes_levels():
    bare = place(noise(1, level=0.7), surface=hub.GRASS)
    other = dataclasses.replace(bare, source="other")
    here, hole = with_hole(place(noise(2), surface=hub.WATER))
    picture = here.image[:, WINDOW[0], WINDOW[1]].astype(np.float32)
    filled = grow_ground(
        np.random.default_rng(0), here, (other,), hub.GRASS, WINDOW, picture, hole, ~hole, join=False
    )
    mean = palette_of(here).levels[0].mean()
    assert filled[:, hole].mean() == pytest.approx(mean, abs=0.03)


def test_no_ground_anywhere_is_told():
    scene, hole = with_hole(place(noise(), surface=hub.WATER))
    with pytest.raises(RenderError, match="made: no clear ground of 8 x 8 pixels"):
        grown(scene, hole)


def test_the_same_seed_lays_the_same_ground():
    scene, hole = with_hole(place(noise()))
    np.testing.assert_array_equal(grown(scene, hole, seed=4), grown(scene, hole, seed=4))
    assert (grown(scene, hole, seed=4) != grown(scene, hole, seed=5)).any()


def new_ground(seed: int) -> np.ndarray:
    """Return (160, 160) brightness with a hole of 140 x 100 pixels that a new kind of ground fills."""
    # Ground whose level goes up and down by ten deviations of its grain.
    rows, cols = np.indices((SIDE, SIDE))
    wavy = 0.05 * np.sin(rows / 9.0) + 0.05 * np.cos(cols / 7.0)
    scene = place(noise(5, spread=0.005) + wavy.astype(np.float32))
    hole = np.zeros((SIDE, SIDE), bool)
    hole[10:150, 50:150] = True
    house = SceneObject(1, hub.BUILDING, Footprint(10, 50, np.ones((140, 100), bool)))
    scene = dataclasses.replace(scene, instances=hole.astype(np.int32), objects={1: house})
    return grow_ground(
        np.random.default_rng(seed),
        scene,
        (),
        hub.GRASS,
        (slice(0, SIDE), slice(0, SIDE)),
        scene.image.astype(np.float32),
        hole,
        np.zeros_like(hole),
        join=False,
    ).mean(axis=0)


def test_pieces_of_a_new_kind_of_ground_are_cut_into_each_other():
    for seed in range(3):
        inside = new_ground(seed)[12:148, 52:148]
        # A straight seam is a row or a column whose step is large as a whole.
        along_rows = np.median(np.abs(np.diff(inside, axis=0)), axis=1)
        along_cols = np.median(np.abs(np.diff(inside, axis=1)), axis=0)
        # Pieces that end where their windows end gave 14 to 18.
        for steps in (along_rows, along_cols):
            assert steps.max() < 5 * np.median(steps)


def test_pieces_end_raggedly_inside_a_hole_and_none_is_laid_twice(monkeypatch):
    windows, left = [], []
    plain = Patchwork._left_over

    def noted(self, rng, window):
        windows.append((window[0].start, window[1].start, self.need[window].shape))
        left.append(plain(self, rng, window))
        return left[-1]

    monkeypatch.setattr(Patchwork, "_left_over", noted)
    new_ground(0)
    assert all(before != after for before, after in pairwise(windows))
    # An end is ragged where what is left differs in depth from row to row, or from column to column.
    ragged = [
        mask for mask in left if np.unique(mask.sum(axis=0)).size > 2 or np.unique(mask.sum(axis=1)).size > 2
    ]
    assert len(ragged) > len(left) / 2
