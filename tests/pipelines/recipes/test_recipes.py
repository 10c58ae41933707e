"""Recipes: what is printed is the same recipe again, one base, `none` switches off, nothing is guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core.errors import RecipeError
from diachron.pipelines.recipes import Recipe, builtin_recipes, load_recipe, resolved_yaml
from diachron.pipelines.recipes.model import build_recipe
from diachron.pipelines.recipes.presets import load_preset
from diachron.pipelines.recipes.reading import recipe_tiles
from tests.tiles import call


def facts(recipe: Recipe) -> str:
    """Return the recipe as it goes into the fingerprint of a plan."""
    return json.dumps(recipe.model_dump(), sort_keys=True)


def written(folder: Path, text: str, name: str = "mine") -> str:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", builtin_recipes())
def test_a_printed_recipe_is_the_same_recipe_again(tmp_path: Path, name: str) -> None:
    code, printed, said = call("recipes", name)
    assert (code, said) == (0, "")
    assert facts(load_recipe(written(tmp_path, printed))) == facts(load_recipe(name))
    # Every field is there, so that a reader sees every default.
    assert set(yaml.safe_load(printed)) == set(Recipe.model_fields)


@pytest.mark.parametrize(
    "override",
    ["acquisition=none", "dates=[0, 2, 3.5]", "processes=none", "paint=t1", "acquisition.blur.sigma_px=0.5"],
)
def test_every_variant_survives_being_printed(tmp_path: Path, override: str) -> None:
    recipe = load_recipe("building-change", [override])
    assert facts(load_recipe(written(tmp_path, resolved_yaml(recipe)))) == facts(recipe)


def test_a_renderer_by_its_name_takes_parameters_after_it() -> None:
    recipe = load_recipe("building-change", ["renderer=inpainting", "renderer.steps=3"])
    assert (recipe.renderer["name"], recipe.renderer["steps"]) == ("inpainting", 3)
    with pytest.raises(RecipeError, match="renderer 'procedural' takes no parameter 'steps'"):
        load_recipe("building-change", ["renderer=procedural", "renderer.steps=3"])


def test_json_and_yaml_say_the_same() -> None:
    _, as_json, _ = call("recipes", "building-change", "--json")
    assert json.dumps(json.loads(as_json), sort_keys=True) == facts(load_recipe("building-change"))


def test_a_recipe_is_named_after_its_file(tmp_path: Path) -> None:
    assert load_recipe(written(tmp_path, "base: building-change\n", "village")).name == "village"


def test_a_recipe_over_a_base_changes_only_what_it_says(tmp_path: Path) -> None:
    base = load_recipe("building-change")
    own = load_recipe(
        written(
            tmp_path, "base: building-change\nprocesses: {construction: {area_m2: 90}, demolition: none}\n"
        )
    )
    assert own.processes == {
        "construction": {**base.processes["construction"], "area_m2": 90.0},
    }
    assert own.years == base.years


def test_a_base_may_lie_beside_its_recipe_and_has_none_itself(tmp_path: Path) -> None:
    written(tmp_path, "years: 7\nsource: tiles\n", "below")
    (tmp_path / "tiles").mkdir()
    above = written(tmp_path, "base: below.yaml\npaint: t1\n", "above")
    assert (load_recipe(above).years, load_recipe(above).paint) == (7.0, "t1")
    third = written(tmp_path, "base: above.yaml\n", "third")
    with pytest.raises(RecipeError, match=r"above\.yaml' has a base itself; one level is allowed"):
        load_recipe(third)


def test_tiles_of_a_base_are_found_beside_the_base(tmp_path: Path) -> None:
    (tmp_path / "below" / "tiles").mkdir(parents=True)
    written(tmp_path / "below", "source: tiles\nlicence: CC0-1.0\n", "below")
    name = written(tmp_path, "base: below/below.yaml\nyears: 2\n")
    assert recipe_tiles(name, load_recipe(name)) == tmp_path / "below" / "tiles"
    assert recipe_tiles("building-change", load_recipe("building-change")) is None


def test_none_switches_a_stage_off() -> None:
    assert load_recipe("building-change", ["acquisition=none"]).acquisition_steps() is None
    assert load_recipe("building-change", ["processes=none"]).processes == {}
    assert set(load_recipe("building-change", ["processes.demolition=none"]).processes) == {"construction"}
    left = load_recipe("building-change", ["acquisition.blur=none"]).acquisition
    assert left is not None
    assert set(left) == set(load_preset("aerial")) - {"blur"}


def test_steps_without_a_preset_are_the_only_steps() -> None:
    recipe = load_recipe("building-change", ["acquisition=none", "acquisition={blur: {sigma_px: 1}}"])
    assert recipe.acquisition == {"blur": {"sigma_px": 1.0}}


def test_the_order_of_processes_has_no_meaning(tmp_path: Path) -> None:
    first = written(tmp_path, "processes: {construction: {}, demolition: {}}\n", "a")
    second = written(tmp_path, "name: a\nprocesses: {demolition: {}, construction: {}}\n", "b")
    assert facts(load_recipe(first)) == facts(load_recipe(second))


def test_dates_are_a_number_or_times() -> None:
    assert load_recipe("building-change", ["dates=3", "years=4"]).times_years == (0.0, 2.0, 4.0)
    # Times count from the first one, so that calendar years may be given.
    assert load_recipe("building-change", ["dates=[2018, 2019.5, 2024]"]).times_years == (0.0, 1.5, 6.0)


def test_a_quantity_is_a_number_a_pair_or_a_distribution() -> None:
    for value in ("90", "[60, 120]", "{lognormal: [90, 0.5]}", "{choice: [60, 90]}"):
        recipe = load_recipe("building-change", [f"processes.construction.area_m2={value}"])
        assert recipe.processes["construction"]["area_m2"] == yaml.safe_load(value)


def test_a_distribution_replaces_the_one_of_the_base(tmp_path: Path) -> None:
    written(tmp_path, "processes: {construction: {area_m2: {lognormal: [90, 0.5]}}}\n", "below")
    above = written(
        tmp_path, "base: below.yaml\nprocesses: {construction: {area_m2: {normal: [90, 5]}}}\n", "above"
    )
    assert load_recipe(above).processes["construction"]["area_m2"] == {"normal": [90.0, 5.0]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- years\n", r"mine\.yaml: a recipe is a mapping of keys, got list"),
        ("", r"mine\.yaml: a recipe is a mapping of keys, got NoneType"),
        ("years: [1\n", r"mine\.yaml: not YAML \(.* at line 2, column 1\)"),
        ("1: 2\n", r"mine\.yaml: unknown key 1"),
        ("yeers: 2\n", r"mine\.yaml: unknown key 'yeers'; did you mean 'years'\?"),
        ("processes: {construction: {1: 2}}\n", r"construction: expected a mapping of parameters"),
        ("processes: {1: {}}\n", r"mine\.yaml: processes"),
        ("base: nowhere\n", r"no recipe is called 'nowhere'"),
        ("base: nowhere.yaml\n", r"nowhere\.yaml: there is no such file"),
        ("base: [demo]\n", r"no recipe is called"),
        ("acquisition: 5\n", r"mine\.yaml: acquisition"),
        ("renderer: [copy_paste]\n", r"mine\.yaml: renderer"),
    ],
)
def test_what_is_no_recipe_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(RecipeError, match=expected) as error:
        load_recipe(written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"years: \xff\n")
    with pytest.raises(RecipeError, match=r"mine\.yaml: cannot be read"):
        load_recipe(str(path))


def trees() -> st.SearchStrategy[Any]:
    words = st.sampled_from(
        ["none", "aerial", "copy_paste", "construction", "blur", "lognormal", "name", "preset", "", "t1"]
    )
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(-3, 3), st.floats(), words, st.binary(max_size=2), st.dates()
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.one_of(words, st.integers(0, 2)), inner, max_size=3),
        ),
        max_leaves=6,
    )


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(Recipe.model_fields)), trees(), max_size=3))
def test_any_yaml_is_a_recipe_or_one_line(values: dict[str, Any]) -> None:
    try:
        recipe = build_recipe({"name": "mine", **values}, "mine.yaml")
    except RecipeError as error:
        assert str(error).startswith("mine.yaml: ")
        assert "\n" not in str(error)
        return
    assert json.loads(json.dumps(recipe.model_dump(), allow_nan=False))
