"""A roof comes to the light of its place, as far as even ground of one kind tells it; else it stays."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.grid import GeoGrid
from diachron.core.scene import Footprint, Scene, SceneObject, Sun
from diachron.core.schemes import schema_named
from diachron.generators.copy_paste.light import (
    CLIPPED,
    LARGEST_TINT,
    LOCAL_GAIN,
    SCENE_GAIN,
    ground_around,
    in_local_light,
)
from diachron.generators.copy_paste.palette import palette_of
from tests.worlds import BANDS, FULL_SCALE

ROWS, COLS, SIDE = 64, 128, 12
LEVEL = np.array([0.46, 0.42, 0.36, 0.5, 0.44])
ROOF = np.array([0.62, 0.5, 0.46, 0.58, 0.52])
SPREAD = 0.01
GAIN = np.array([0.84, 0.82, 0.86, 0.84, 0.83])
OFFSET = 0.02
# In white: half of the chance in the ratio of two spreads of 800 pixels each (5 %), times roof minus ground.
CHANCE = 0.005
SUNS = (None, Sun(0.0, 1.0, 4.0, (0.45,) * 5))


def house(row: int, col: int, number: int) -> SceneObject:
    return SceneObject(number, hub.BUILDING, Footprint(row, col, np.ones((SIDE, SIDE), bool)))


LEFT, RIGHT = house(24, 16, 1), house(24, 96, 2)


def place(
    *,
    gain: np.ndarray | float = 1.0,
    offset: float = 0.0,
    bands: int = 3,
    dtype: str = "uint8",
    spread: float = SPREAD,
    kinds: tuple[int, int] = (hub.BARE, hub.BARE),
    sun: Sun | None = None,
    seed: int = 0,
    scale: float = 1.0,
    estimated: bool = False,
) -> Scene:
    """Return even ground of one kind a half with a house on the left; the right half is in another light."""
    rng = np.random.default_rng(seed)
    unit = np.broadcast_to(LEVEL[:bands, None, None], (bands, ROWS, COLS)).copy()
    unit += spread * rng.standard_normal(unit.shape)
    window = LEFT.footprint.window
    roof = ROOF[:bands, None, None] + 0.04 * rng.standard_normal((bands, SIDE, SIDE))
    unit[:, window[0], window[1]] = roof
    gains = np.broadcast_to(gain, (5,))[:bands, None, None]
    unit[:, :, COLS // 2 :] = unit[:, :, COLS // 2 :] * gains + offset
    values = np.clip(unit * scale, 0.0, 1.0) * FULL_SCALE[dtype]
    instances = np.zeros((ROWS, COLS), np.int32)
    instances[window] = LEFT.id
    surface = np.full((ROWS, COLS), kinds[0], np.uint8)
    surface[:, COLS // 2 :] = kinds[1]
    return Scene(
        image=(values if dtype == "float32" else np.rint(values)).astype(dtype),
        bands=BANDS[bands],
        full_scale=FULL_SCALE[dtype],
        nodata=None,
        surface=surface,
        instances=instances,
        objects={LEFT.id: LEFT},
        height_m=None,
        grid=GeoGrid.plain((ROWS, COLS), 0.5),
        labels=np.zeros((ROWS, COLS), np.uint8),
        schema=schema_named("openearthmap"),
        surface_is_estimated=estimated,
        sun=sun,
        source=f"place{seed}",
    )


def roof_of(scene: Scene) -> np.ndarray:
    window = LEFT.footprint.window
    return scene.image[:, window[0], window[1]].astype(np.float32)


def moved(there: Scene, here: Scene, entry: SceneObject = RIGHT) -> np.ndarray:
    return in_local_light(roof_of(there), there, LEFT, here, entry)


def means(pixels: np.ndarray) -> np.ndarray:
    return pixels.mean(axis=(1, 2), dtype=np.float64)


def spreads(pixels: np.ndarray) -> np.ndarray:
    return pixels.std(axis=(1, 2), dtype=np.float64)


@pytest.mark.parametrize("sun", SUNS, ids=("no sun", "sun"))
@pytest.mark.parametrize(("dtype", "bands"), [(d, b) for d in sorted(FULL_SCALE) for b in sorted(BANDS)])
def test_a_roof_moved_to_a_darker_half_comes_out_in_its_light(dtype, bands, sun):
    scene = place(gain=GAIN, offset=OFFSET, dtype=dtype, bands=bands, sun=sun)
    before, after = roof_of(scene), moved(scene, scene)
    true = before * GAIN[:bands, None, None].astype(np.float32) + OFFSET * FULL_SCALE[dtype]
    assert after.dtype == np.float32
    assert after.shape == before.shape
    # Ground with a spread of 2 % of its level tells nearly all: trust is 0.93.
    error = np.abs(means(after) - means(true)) / np.abs(means(before) - means(true))
    assert error.max() < 0.25
    # The spread goes about half of the way beyond the level's.
    ratio = spreads(after) / spreads(before)
    assert (ratio < 0.95).all()
    assert (np.abs(ratio - GAIN[:bands]) < 0.09).all()


def test_a_pure_gain_moves_mean_and_spread_alike():
    scene = place(gain=0.82, dtype="float32")
    before, after = roof_of(scene), moved(scene, scene)
    np.testing.assert_allclose(means(after) / means(before), 0.82, atol=0.03)
    np.testing.assert_allclose(spreads(after) / spreads(before), 0.82, atol=0.03)


def test_a_brighter_half_brightens():
    scene = place(gain=1.2, dtype="float32")
    np.testing.assert_allclose(means(moved(scene, scene)) / means(roof_of(scene)), 1.2, atol=0.04)


@pytest.mark.parametrize("dtype", sorted(FULL_SCALE))
def test_a_scene_of_one_light_leaves_a_roof_alone(dtype):
    scene = place(dtype=dtype)
    gap = np.abs(means(moved(scene, scene)) - means(roof_of(scene))) / FULL_SCALE[dtype]
    assert gap.max() < CHANCE


def test_patchy_ground_tells_less_than_even_ground():
    scenes = [place(gain=0.82, dtype="float32", spread=spread) for spread in (0.01, 0.04, 0.12)]
    even, uneven, patchy = (
        float(-np.log(means(moved(scene, scene)) / means(roof_of(scene))).mean()) for scene in scenes
    )
    assert even > 1.3 * uneven > 1.3 * 1.3 * patchy > 0


def test_other_ground_is_no_measure_within_a_scene():
    scene = place(gain=0.7, kinds=(hub.BARE, hub.GRASS))
    np.testing.assert_array_equal(moved(scene, scene), roof_of(scene))


def test_no_ground_at_all_leaves_a_roof_alone():
    scene = place(gain=0.7, kinds=(hub.IGNORE, hub.IGNORE))
    assert ground_around(scene, RIGHT) == {}
    np.testing.assert_array_equal(moved(scene, scene), roof_of(scene))


def test_ground_that_is_clipped_is_no_measure():
    scene = place(gain=4.0)
    assert scene.image[:, 30, 100].min() >= CLIPPED * 255
    assert ground_around(scene, RIGHT) == {}
    np.testing.assert_array_equal(moved(scene, scene), roof_of(scene))


def test_without_ground_in_common_another_scene_gives_its_level():
    there = place(kinds=(hub.GRASS, hub.GRASS), scale=0.8, dtype="float32", seed=1)
    here = place(kinds=(hub.BARE, hub.BARE), dtype="float32")
    levels = palette_of(here).levels[0] / palette_of(there).levels[0]
    np.testing.assert_allclose(means(moved(there, here)) / means(roof_of(there)), levels, rtol=0.06)


def test_another_scene_s_roof_comes_to_the_light_of_the_place():
    there = place(scale=0.8, dtype="float32", seed=1)
    here = place(gain=GAIN, dtype="float32")
    ratio = [means(moved(there, here, entry)) / means(roof_of(there)) for entry in (LEFT, RIGHT)]
    np.testing.assert_allclose(ratio[0], 1.25, rtol=0.05)
    np.testing.assert_allclose(ratio[1], 1.25 * GAIN[:3], rtol=0.05)


def test_scenes_of_different_scale_meet_on_the_scale_of_the_painted_one():
    there, here = place(dtype="uint16", seed=1), place(dtype="float32")
    np.testing.assert_allclose(means(moved(there, here)), ROOF[:3], rtol=0.06)


@pytest.mark.parametrize("gain", [0.1, 0.4, 1.6])
def test_gains_are_limited_and_hues_kept(gain):
    colour = np.array([1.0, 1.25, 0.8, 1.0, 1.0])
    scene = place(gain=gain * colour, dtype="float32")
    ratio = means(moved(scene, scene)) / means(roof_of(scene))
    assert (ratio > 1 / LOCAL_GAIN - 1e-6).all()
    assert (ratio < LOCAL_GAIN + 1e-6).all()
    assert ratio.max() / ratio.min() <= LARGEST_TINT**2 + 1e-6
    there = place(scale=0.6, dtype="float32", seed=1)
    levels = palette_of(scene).levels[0] / palette_of(there).levels[0]
    ratio = means(moved(there, scene)) / means(roof_of(there)) / levels
    assert (ratio > 1 / SCENE_GAIN / 1.1 - 1e-6).all()
    assert (ratio < SCENE_GAIN * 1.1 + 1e-6).all()


def test_shadows_and_objects_are_no_ground():
    scene = place(dtype="float32", sun=SUNS[1])
    lit = ground_around(scene, LEFT)[hub.BARE]
    shaded = scene.image.copy()
    shaded[:, 24:36, 28:34] *= 0.4
    dark = ground_around(dataclasses.replace(scene, image=shaded), LEFT)[hub.BARE]
    assert dark.pixels == lit.pixels - 12 * 4  # two columns beside the house belong to no ground
    np.testing.assert_allclose(dark.level, lit.level, atol=0.002)


def test_neither_scene_is_written_to_and_the_answer_repeats():
    scene, other = place(gain=0.8, estimated=True), place(seed=1, scale=0.9)
    for layer in (scene.image, scene.surface, scene.instances, other.image):
        layer.flags.writeable = False
    assert moved(other, scene).tobytes() == moved(other, scene).tobytes()
    again = place(gain=0.8, estimated=True)
    assert moved(scene, scene).tobytes() == moved(again, again).tobytes()
