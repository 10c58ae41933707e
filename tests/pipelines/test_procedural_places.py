"""Recipes that need no input: their places come from worlds, and every promise holds there as well."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from rasterio.transform import Affine

from diachron.core import hub
from diachron.core.errors import RecipeError, UnknownNameError
from diachron.core.place import SEASONS
from diachron.core.scene import Scene, object_class_map
from diachron.core.streams import stream
from diachron.outputs.readers import Dataset
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.recipes.model import Recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources.worlds import (
    WorldOptions,
    WorldSource,
    origin_in,
    season_of,
    sky_of,
    world_source,
)
from diachron.simulators.worlds import World
from tests.tiles import EAST, NORTH, UTM, call, digests, write_raster

SMALL = ("window_px=128", "acquisition=none", "processes.construction.rate_per_km2_year=200")


# A small place may have no room for a new house, but something shall happen there.
BUSY = ("processes.demolition.rate_per_km2_year=100",)


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


@pytest.fixture(scope="module", params=["t2", "t1"], ids=["forwards", "backwards"])
def series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return made(
        recipe("time-series", f"paint={request.param}", "world.styles=[suburb]", *BUSY),
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
        (("--gsd", "1"), "--gsd is of tiles"),
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


@pytest.mark.parametrize(
    ("latitude", "day", "chance", "season"),
    [
        (45.0, 20, 0.9, "winter"),
        (45.0, 120, 0.9, "spring"),
        (45.0, 200, 0.9, "summer"),
        (45.0, 280, 0.9, "autumn"),
        (10.0, 30, 0.5, "dry"),
        (10.0, 200, 0.5, "summer"),
        (35.0, 205, 0.05, "dry"),
        (-45.0, 200, 0.9, "winter"),
    ],
)
def test_seasons_follow_day_and_latitude(latitude: float, day: int, chance: float, season: str) -> None:
    assert season_of(latitude, day, chance) == season


def test_places_of_one_run_lie_in_several_seasons() -> None:
    found = Counter(sky_of(stream(0, number, "world")).season for number in range(400))
    # Each has a share of a fifteenth or more: of 400 places fewer than 5 would be a miracle.
    assert set(found) == set(SEASONS)
    assert min(found.values()) >= 5
    scene = plan_of(recipe("world", "world.styles=[suburb]", "window_px=32"), 1).scene(0)
    assert scene.model is not None
    assert scene.model.season in SEASONS


class Land:
    """Stands in for a world: every second place is a field, the others have a house."""

    style = "village"

    def has_building(self, origin_m: tuple[float, float], shape: tuple[int, int], gsd_m: float) -> bool:
        assert origin_m[0] % gsd_m == origin_m[1] % gsd_m == 0
        assert shape[0] * gsd_m == 256.0
        return not round(sum(origin_m) / 25_000) % 2


def test_most_places_hold_what_may_change() -> None:
    options = recipe("world", "window_px=512").world_options(0, 1)
    empty = 0
    for number in range(400):
        first = stream(0, number, "world").integers(-50, 51, 2)
        origin = origin_in(cast("World", Land()), options, number, first)
        empty += round(sum(origin) / 25_000) % 2
    # One in eight is taken as it falls, half of those are fields; the others have four chances: 1/16 and
    # 7/8 / 16 make 47 of 400, five standard deviations are 32.
    assert 15 <= empty <= 79


TINTED = (0.7, 0.8, 1.25)
STYLED = ("window_px=96", "world.gsd_m=1", "world.styles=[suburb]")


def tinted_tiles(folder: Path) -> dict[str, NDArray[np.float64]]:
    """Write labelled tiles of places under another light, and return the median colour of their classes."""
    plan = plan_of(recipe("world", *STYLED), 6, seed=3)
    scenes = []
    for number in range(6):
        scene = plan.scene(number)
        image = np.clip(scene.image * np.array(TINTED)[:, None, None], 1, 255).astype(np.uint8)
        scene = replace(scene, image=image)
        scenes.append(scene)
        place = {"crs": UTM, "transform": Affine(1, 0, EAST + 1000.0 * number, 0, -1, NORTH)}
        write_raster(folder / "image" / f"town_{number}.tif", image, **place)
        write_raster(folder / "label" / f"town_{number}.png", scene.labels)
    return medians(scenes)


def medians(scenes: list[Scene]) -> dict[str, NDArray[np.float64]]:
    """Return the median 8-bit colour of roofs, roads and grass."""
    classes = {"building": hub.BUILDING, "road": hub.ROAD, "grass": hub.GRASS}
    return {
        name: np.median(np.concatenate([s.image[:, s.labels == number] for s in scenes], axis=1), axis=1)
        for name, number in classes.items()
    }


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, NDArray[np.float64]]]:
    folder = tmp_path_factory.mktemp("tinted")
    return folder, tinted_tiles(folder)


@pytest.fixture(scope="module")
def styled_run(
    tiles: tuple[Path, dict[str, NDArray[np.float64]]], tmp_path_factory: pytest.TempPathFactory
) -> Dataset:
    """Return a data set whose places take their colours from the tiles."""
    out = tmp_path_factory.mktemp("styled") / "out"
    options = [part for each in (*SMALL, *STYLED) for part in ("--set", each)]
    code, _, said = call(
        "generate", "world", "-n", 2, "--seed", 8, "--out", out, *options,
        "--style-from", tiles[0], "--schema", "hub", "--licence", "CC0-1.0",
    )  # fmt: skip
    assert code == 0, said
    return Dataset(out)


def test_colours_of_real_tiles_are_met_by_other_places(
    tiles: tuple[Path, dict[str, NDArray[np.float64]]], styled_run: Dataset
) -> None:
    learned = styled_run.info["recipe"]["world"]["style_from"]
    assert {"building", "road", "grass"} <= set(learned["classes"])
    # Other places than those that the colours come from, and than those that the painter was measured on.
    options = recipe("world", *STYLED).world_options(21, 6)
    plain, styled = (
        medians([source.scene(unit) for unit in source.units(96)])
        for source in (
            world_source(replace(options, palette={"bands": learned["bands"], "classes": {}})),
            world_source(replace(options, palette=learned)),
        )
    )
    for name, wanted in tiles[1].items():
        off, was = (np.abs(found[name] - wanted) for found in (styled, plain))
        # A dozen grey levels: six places of some hundred metres differ by as much from each other.
        assert off.max() < 14, (name, styled[name], wanted)
        assert off.mean() < 0.5 * was.mean(), (name, styled[name], plain[name], wanted)


def test_a_run_with_learned_colours_needs_its_tiles_no_more(styled_run: Dataset, tmp_path: Path) -> None:
    # The data set holds the numbers: its own recipe makes the same samples.
    told = styled_run.info["recipe"]
    path = tmp_path / "again.yaml"
    path.write_text(json.dumps(told))
    code, _, said = call(
        "generate", path, "-n", 2, "--seed", 8, "--out", tmp_path / "again", "--licence", "CC0-1.0"
    )
    assert code == 0, said
    again = Dataset(tmp_path / "again")
    for index in styled_run.ids:
        for layer in ("t1", "t2", "edit"):
            assert np.array_equal(styled_run.layer(index, layer), again.layer(index, layer))


def test_outside_the_edit_mask_nothing_differs_with_learned_colours(styled_run: Dataset) -> None:
    for index in styled_run.ids:
        t1, t2, edit = (styled_run.layer(index, name) for name in ("t1", "t2", "edit"))
        assert np.array_equal(t1[..., edit == 0], t2[..., edit == 0])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("building-change", "--style-from", "x"), "such as `world`"),
        (("world", "--style-from", "x", "--source", "y"), "without --source"),
        (("world", "--set", "world.style_from={bands: [red], classes: {gras: {}}}"), "style_from"),
        (
            (
                "world", "--set", "world.style_from={bands: [red, green], classes: {grass: {patches: 12, "
                "colour: [0.1], spread: [0.1], hue: [0.1], texture: [0.1], own: "
                "{colour: [0.1], spread: [0.1], hue: [0.1], texture: [0.1]}}}}",
            ),
            "grass: colour wants 2 numbers",
        ),
    ],
)  # fmt: skip
def test_learned_colours_that_do_not_fit_are_told(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    code, _, said = call("generate", arguments[0], "-n", 1, "--out", tmp_path / "out", *arguments[1:])
    assert code in (1, 2)
    assert told in said


def test_a_renderer_of_tiles_asked_for_on_made_up_places_is_refused_not_ignored() -> None:
    """`renderer` paints tiles, `world.renderer` places: who mixes them up is told so."""
    with pytest.raises(RecipeError, match=r"renderer 'inpainting' is for tiles.*--set world.renderer=inp"):
        recipe("world", "renderer=inpainting").world_options(0, 1)
    for asked in (("renderer=inpainting", "world.renderer=procedural"), ("renderer=procedural",)):
        assert recipe("world", *asked).world_options(0, 1).places == 1
