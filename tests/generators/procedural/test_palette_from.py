"""Palettes: what is measured in pictures is what lies in them, and painted places come to meet it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.streams import stream
from diachron.generators import procedural
from diachron.generators.procedural.palette_from import beside, corrected, palette_from
from diachron.generators.procedural.tone import from_scale, to_scale
from diachron.generators.procedural.toning import SPREAD, toning_of
from tests.generators.procedural.place import RGBN, pictured, place, request, scene_of, without


def tint(colour: tuple[float, ...], own: tuple[float, ...], spread: float = 0.2) -> dict[str, Any]:
    """Return an entry of a palette that differs from the painter in colour alone."""
    rest = {"spread": [spread] * len(own), "hue": [0.05] * len(own), "texture": [0.03] * len(own)}
    return {"colour": list(colour), **rest, "patches": 50, "own": {"colour": list(own), **rest}}


@given(level=st.floats(0.01, 0.34), band=st.sampled_from(RGBN))
@settings(max_examples=40)
def test_the_curve_for_8_bits_is_read_backwards(level: float, band: str) -> None:
    reflectance = np.full((1, 2, 2), level, np.float32)
    values = to_scale(reflectance, (band,), np.dtype("uint8"), 255.0)
    # A grey level is at most 4 % of it in the dark, and 3 % where the shoulder squeezes the bright.
    np.testing.assert_allclose(from_scale(values, (band,), 255.0), reflectance, rtol=0.03, atol=0.002)


@pytest.mark.parametrize(("dtype", "full_scale"), [("uint16", 10_000.0), ("float32", 1.0)])
def test_other_data_types_are_reflectance(dtype: str, full_scale: float) -> None:
    values = to_scale(np.full((1, 2, 2), 0.25, np.float32), ("red",), np.dtype(dtype), full_scale)
    np.testing.assert_allclose(from_scale(values, ("red",), full_scale), 0.25, atol=1e-4)


def test_colour_spread_and_texture_are_those_of_the_pixels() -> None:
    rng = np.random.default_rng(5)
    model, state = place()
    scene = scene_of(model, state, dtype="float32", full_scale=1.0, bands=("red", "green"))
    side = round(16 / model.gsd_m)
    cells = -(-state.surface.shape[0] // side)
    level = np.repeat(np.repeat(np.exp(0.3 * rng.standard_normal((cells, cells))), side, 0), side, 1)
    level = level[: state.surface.shape[0], : state.surface.shape[1]]
    grain = np.exp(0.05 * rng.standard_normal(level.shape))
    image = (np.array([0.2, 0.1])[:, None, None] * level * grain).astype(np.float32)
    # A stray that is no larger than a tenth of a patch moves no median.
    image[:, ::40, ::40] = 0.9
    found = palette_from([dataclasses.replace(scene, image=image)])
    grass = found["classes"]["grass"]
    assert found["bands"] == ["red", "green"]
    # Some 30 patches: their median and spread are known to about 0.3 / sqrt(30) and a fifth.
    np.testing.assert_allclose(grass["colour"], [0.2, 0.1], rtol=0.25)
    assert grass["colour"][0] == pytest.approx(2 * grass["colour"][1], rel=0.03)
    assert grass["spread"] == pytest.approx([0.3, 0.3], rel=0.5)
    # A ninth of a pixel's own is in the mean of its neighbourhood.
    assert grass["texture"] == pytest.approx([0.05 * (8 / 9) ** 0.5] * 2, rel=0.15)
    assert max(grass["hue"]) < 0.02
    assert "water" not in found["classes"], "one pond is too little to learn from"
    assert json.loads(json.dumps(found)) == found


def shown(palette: dict[str, Any] | None, **more: Any) -> tuple[np.ndarray, Any]:
    """Return the picture of the small place with a palette as reflectance, and its state."""
    model, state = place(side_m=96.0, trees=False)
    with_palette = dataclasses.replace(model, palette=palette)
    return pictured(with_palette, state, dtype="float32", full_scale=1.0, **more), state


def test_classes_come_to_lie_where_the_palette_says() -> None:
    before, state = shown(None)
    lawn = (state.surface == hub.GRASS) & (state.instances == 0)
    own = np.median(before[:, lawn], axis=1)
    wanted = tuple((own * (1.3, 0.8, 0.9, 1.1)).tolist())
    after, _ = shown({"bands": list(RGBN), "classes": {"grass": tint(wanted, tuple(own.tolist()))}})
    np.testing.assert_allclose(np.median(after[:, lawn], axis=1), wanted, rtol=0.08)


def test_classes_and_bands_that_are_not_told_stay() -> None:
    before, state = shown(None)
    palette = {"bands": ["red", "green"], "classes": {"grass": tint((0.2, 0.2), (0.1, 0.1))}}
    after, _ = shown(palette)
    for mask in (state.instances > 0, state.surface == hub.WATER):
        # The rim sees light and pixels of its neighbours.
        inner = mask & ~_beside(~mask)
        np.testing.assert_allclose(after[:, inner], before[:, inner], atol=1e-5)
    lawn = (state.surface == hub.GRASS) & (state.instances == 0)
    lawn &= ~_beside(~lawn)
    # Texture of the class differs in all bands, its level only in those that are told.
    assert (np.median(after[:2, lawn], axis=1) > 1.2 * np.median(before[:2, lawn], axis=1)).all()
    np.testing.assert_allclose(
        np.median(after[2:, lawn], axis=1), np.median(before[2:, lawn], axis=1), rtol=0.02
    )


def _beside(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask, 2, mode="edge")
    return np.any(
        [padded[r : r + mask.shape[0], c : c + mask.shape[1]] for r in range(5) for c in range(5)], 0
    )


def test_a_class_takes_after_its_kin() -> None:
    palette = {
        "bands": ["red"],
        "classes": {"developed": tint((0.2,), (0.1,)), "grass": tint((0.3,), (0.1,))},
    }
    toning = toning_of(palette, ("red", "nir"))
    assert toning is not None
    assert toning.known.tolist() == [0]
    assert set(toning.own) == {hub.DEVELOPED, hub.ROAD, hub.RAIL, hub.GRASS, hub.CROP, hub.SHRUB, hub.TREE}
    assert toning.learned[hub.ROAD] == pytest.approx([0.2])
    assert toning_of(None, ("red",)) is None
    assert toning_of({"bands": ["red"], "classes": {}}, ("red",)) is None


def test_spreads_are_followed_only_so_far() -> None:
    entry = tint((0.2,), (0.1,), spread=0.01)
    entry["spread"] = [5.0]
    toning = toning_of({"bands": ["red"], "classes": {"building": entry}}, ("red",))
    assert toning is not None
    assert toning.spread[hub.BUILDING] == pytest.approx(SPREAD[1])


def test_bytes_outside_edit_stay_with_a_palette() -> None:
    model, state = place(side_m=64.0)
    classes = {
        "grass": tint((0.2, 0.2, 0.1), (0.1, 0.1, 0.1)),
        "building": tint((0.1, 0.1, 0.3), (0.2, 0.2, 0.2)),
    }
    model = dataclasses.replace(model, palette={"bands": ["red", "green", "blue"], "classes": classes})
    scene = scene_of(model, state)
    target, log = without(state, 1)
    asked = request(scene, target, log)
    picture = procedural.paint(asked, procedural.draw(stream(0, 0, "render"), asked))
    kept = ~picture.edit
    assert picture.image[:, kept].tobytes() == scene.image[:, kept].tobytes()
    whole = pictured(model, target)
    assert np.abs(picture.image.astype(int) - whole).max() <= 3
    assert 0.0 < picture.edit.mean() < 0.3


def test_what_was_missed_is_taken_off_the_painters_own() -> None:
    learned = {"bands": ["red"], "classes": {"grass": tint((0.2,), (0.1,)), "water": tint((0.1,), (0.1,))}}
    own = {"bands": ["red"], "classes": {"grass": tint((0.1,), (0.1,))}}
    palette = beside(learned, own)
    assert set(palette["classes"]) == {"grass"}, "what the painter never shows has nothing beside it"
    met = {"classes": {"grass": tint((0.22,), (0.1,))}}
    better = corrected(palette, met)["classes"]["grass"]
    # It came out a tenth too bright: it is now shifted by a tenth less.
    assert better["own"]["colour"] == pytest.approx([0.11])
    assert better["colour"] == [0.2]
