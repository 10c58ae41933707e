"""Recipes that need no input: their places come from worlds, and every promise holds there as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.errors import RecipeError, UnknownNameError
from diachron.core.scene import object_class_map
from diachron.outputs.readers import Dataset
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.recipes.model import Recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources.worlds import WorldOptions, WorldSource, world_source
from tests.tiles import call, digests

SMALL = ("window_px=128", "acquisition=none", "processes.construction.rate_per_km2_year=200")


def recipe(name: str = "world", *overrides: str) -> Recipe:
    """Return a built-in recipe with small places."""
    return load_recipe(name, [*SMALL, *overrides])


def plan_of(chosen: Recipe, samples: int, seed: int = 0) -> Plan:
    """Return the plan that the command line makes of a recipe without tiles."""
    return Plan(chosen, world_source(chosen.world_options(seed, samples)), seed, samples)


def made(chosen: Recipe, out: Path, samples: int, seed: int = 0) -> Dataset:
    """Return a data set of procedural places."""
    result = generate(plan_of(chosen, samples, seed), RunOptions(out))
    assert result.joined, result.example
    return Dataset(out)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return made(recipe(), tmp_path_factory.mktemp("pairs") / "out", 3)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return made(
        recipe("time-series", "paint=t2", "world.styles=[suburb]"),
        tmp_path_factory.mktemp("series") / "out",
        1,
    )


def test_a_place_has_labels_of_the_hub_heights_and_objects(pairs: Dataset) -> None:
    assert pairs.info["schema"]["name"] == "hub"
    for index in pairs.ids:
        surface, instances, labels, heights = (
            pairs.layer(index, f"{layer}_t1") for layer in ("surface", "instance", "label", "height")
        )
        assert (surface > hub.IGNORE).all()
        assert instances.max() < 500, "ids are counted, not hashes"
        assert np.array_equal(labels == hub.BUILDING, labels == 11)
        assert (heights[labels == hub.BUILDING] > 1.5).mean() > 0.9
        assert (heights[np.isin(labels, [hub.WATER, hub.BARE])] < 40).all()


def test_heights_follow_what_was_built_and_what_came_down(pairs: Dataset) -> None:
    seen = 0
    for index in pairs.ids:
        first, last = (pairs.layer(index, f"height_{date}") for date in ("t1", "t2"))
        for event in pairs.record(index)["events"]:
            if event["process"] != "construction" or event["visible_px"] < 30 or event["phase"] != "built":
                continue
            box = event["footprint"]
            at = np.s_[box["row"] : box["row"] + box["shape"][0], box["col"] : box["col"] + box["shape"][1]]
            rose = last[at] - first[at]
            assert rose.max() > 1.5, event["id"]
            seen += 1
        assert np.array_equal(
            first[pairs.layer(index, "change") == 0], last[pairs.layer(index, "change") == 0]
        )
    assert seen or all(event["process"] for i in pairs.ids for event in pairs.record(i)["events"])


def test_outside_the_edit_mask_both_dates_are_the_same(pairs: Dataset) -> None:
    for index in pairs.ids:
        t1, t2, edit = (pairs.layer(index, name) for name in ("t1", "t2", "edit"))
        stays = edit == 0
        assert np.array_equal(t1[..., stays], t2[..., stays])
        assert edit.mean() < 0.9


def test_a_world_is_the_same_whenever_it_is_made(pairs: Dataset, tmp_path: Path) -> None:
    made(recipe(), tmp_path / "again", 3)
    assert digests(tmp_path / "again") == digests(pairs.root)


def test_another_seed_has_other_places() -> None:
    first, other = (plan_of(recipe(), 1, seed) for seed in (0, 1))
    assert first.fingerprint != other.fingerprint
    scenes = [plan.scene(0) for plan in (first, other)]
    assert not np.array_equal(scenes[0].labels, scenes[1].labels)


def test_numbers_of_objects_agree_between_scene_and_model() -> None:
    scene = plan_of(recipe("world", "world.styles=[suburb]"), 1).scene(0)
    model = scene.model
    assert model is not None
    k = model.oversampling
    fine = model.instances[k // 2 :: k, k // 2 :: k]
    agree = fine == scene.instances
    assert agree.mean() > 0.97
    buildings = {i for i, entry in scene.objects.items() if entry.object_class == hub.BUILDING}
    assert buildings and buildings <= set(model.roofs)
    classes = object_class_map(scene.instances, scene.objects)
    assert np.array_equal(classes > 0, scene.instances > 0)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_more_bands_and_other_data_types(dtype: str) -> None:
    chosen = recipe("world", f"world.dtype={dtype}", "world.bands=[red, green, blue, nir]")
    scene = plan_of(chosen, 1).scene(0)
    assert scene.image.dtype == dtype
    assert scene.image.shape == (4, 128, 128)
    trees = scene.labels == hub.TREE
    if trees.sum() > 100:
        red, nir = (np.asarray(scene.image[band], np.float64)[trees].mean() for band in (0, 3))
        assert nir > 2 * red, "leaves are bright in the near infrared"


def test_a_series_holds_twelve_dates_in_which_lives_are_whole(series: Dataset) -> None:
    index = series.ids[0]
    record = series.record(index)
    assert len(record["dates"]) == 12
    instances = np.stack([series.layer(index, f"instance_t{date}") for date in range(1, 13)])
    lives: dict[int, list[int]] = {}
    for date, ids in enumerate(instances):
        for object_id in np.unique(ids[ids > 0]).tolist():
            lives.setdefault(object_id, []).append(date)
    assert any(len(dates) < 12 for dates in lives.values()), "somebody built or tore down"
    for object_id, dates in lives.items():
        assert dates == list(range(dates[0], dates[-1] + 1)), f"object {object_id} came back"
        shapes = {(instances[date] == object_id).tobytes() for date in dates}
        assert len(shapes) == 1 or object_id in {event["object_id"] for event in record["events"]}


def test_dates_of_a_series_differ_where_their_masks_say(series: Dataset) -> None:
    index = series.ids[0]
    changes = []
    for date in range(2, 13):
        before, after = (series.layer(index, f"t{number}") for number in (date - 1, date))
        stays = series.layer(index, f"edit_t{date}") == 0
        assert np.array_equal(before[..., stays], after[..., stays])
        changes.append(_changed(series, index, date))
    whole = series.layer(index, "change") == 1
    assert not (whole & ~np.logical_or.reduce(changes)).any()


def _changed(series: Dataset, index: int, date: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = series.layer(index, f"change_t{date}") == 1
    ids = [series.layer(index, f"instance_t{number}") for number in (date - 1, date)]
    assert not (found & (ids[0] == ids[1]) & (ids[0] > 0)).any()
    return found


def test_the_command_needs_no_input(tmp_path: Path) -> None:
    options = [part for each in SMALL for part in ("--set", each)]
    code, printed, said = call("generate", "world", "-n", 1, "--out", tmp_path / "out", *options, "--json")
    assert code == 0, said
    assert json.loads(printed)["made"] == 1
    assert call("validate", tmp_path / "out")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--gsd", "1"), "gsd_m` is of tiles"),
        (("--set", "world.styles=[subburb]"), "suburb"),
        (("--set", "world.gsd_m=50"), "gsd_m"),
        (("--set", "world.renderer=oils"), "no renderer is called 'oils'"),
    ],
)
def test_what_does_not_fit_is_told(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    code, _, said = call("generate", "world", "-n", 1, "--out", tmp_path / "out", *arguments)
    assert code in (1, 2)
    assert told in said


def test_options_are_checked() -> None:
    good: dict[str, Any] = {
        "styles": ("suburb",),
        "places": 1,
        "size_px": 64,
        "gsd_m": 0.5,
        "bands": ("red",),
        "dtype": "uint8",
        "seed": 0,
    }
    assert isinstance(world_source(WorldOptions(**good)), WorldSource)
    with pytest.raises(UnknownNameError, match="style"):
        world_source(WorldOptions(**good | {"styles": ("atlantis",)}))
    with pytest.raises(RecipeError, match="int8"):
        world_source(WorldOptions(**good | {"dtype": "int8"}))
    with pytest.raises(RecipeError, match="0 places"):
        world_source(WorldOptions(**good | {"places": 0}))
    with pytest.raises(RecipeError, match="has no worlds"):
        load_recipe("building-change").world_options(0, 1)
