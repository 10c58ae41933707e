"""A user's scheme file: what it becomes, and what is said when it is wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.errors import LabelError, RecipeError
from diachron.pipelines.sources import read_scheme_file

VILLAGE = """
name: village
ignore: 0
classes:
  - {id: 0, name: unlabelled, hub: ignore}
  - {id: 1, name: house, hub: building, colour: "#DE1F07"}
  - {id: 2, name: land, hub: bare, also: [7, "20-30"]}
  - {id: 3, name: other, hub: unknown}
draws: {tree: land}
rest: other
"""


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a scheme file and returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "village.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_file_becomes_a_scheme(write):
    schema = read_scheme_file(write(VILLAGE))
    assert (schema.name, schema.ignore) == ("village", 0)
    assert [(c.id, c.name, c.hub) for c in schema.classes] == [
        (0, "unlabelled", hub.IGNORE),
        (1, "house", hub.BUILDING),
        (2, "land", hub.BARE),
        (3, "other", None),
    ]
    assert schema.classes[2].also == (7, *range(20, 31))
    assert (schema.draws[hub.TREE], schema.draws[hub.WATER], schema.draws[hub.BUILDING]) == (2, 3, 1)
    values = np.array([[0, 1, 2, 7], [20, 25, 30, 3]])
    assert schema.canonical(values, where="x").tolist() == [[0, 1, 2, 2], [2, 2, 2, 3]]
    assert pickle.loads(pickle.dumps(schema)) == schema


def test_missing_colours_come_from_a_fixed_palette_and_differ(write):
    classes = "\n".join(f"  - {{id: {i}, name: c{i}, hub: bare}}" for i in range(12))
    schema = read_scheme_file(write(f"classes:\n{classes}\nrest: c0\n"))
    colours = [entry.colour for entry in schema.classes]
    assert len(set(colours)) == 12
    assert schema.name == "village"
    assert [c.colour for c in read_scheme_file(write(f"classes:\n{classes}\nrest: c0\n")).classes] == colours


@settings(deadline=None)
@given(low=st.integers(0, 254), length=st.integers(1, 255))
def test_ranges_hold_both_ends(tmp_path_factory, low, length):
    high = min(255, low + length)
    path = tmp_path_factory.mktemp("scheme") / "s.yaml"
    path.write_text(f'classes: [{{id: {low}, name: a, hub: road, also: ["{low} - {high}"]}}]\nrest: a\n')
    (entry,) = read_scheme_file(path).classes
    assert {entry.id, *entry.also} == set(range(low, high + 1))


@pytest.mark.parametrize(
    ("old", "new", "error", "text"),
    [
        (
            "classes:",
            "clases:",
            RecipeError,
            r"classes: missing|clases: unknown key.*'classes'",
        ),
        ("rest: other", "rset: other", RecipeError, r"rset: unknown key; did you mean 'rest'\?"),
        ('colour: "#DE1F07"', 'color: "#DE1F07"', RecipeError, r"class 'house'\.color: .*mean 'colour'\?"),
        ('"#DE1F07"', "red", RecipeError, r"class 'house'\.colour: 'red' is not a colour such as '#de1f07'"),
        ("hub: building", "hub: bulding", RecipeError, r"class 'house': hub: 'bulding'.*mean 'building'\?"),
        ("{id: 1,", "{id: 300,", RecipeError, r"class 'house'\.id: .*255, got 300"),
        ("{id: 1,", "{id: yes,", RecipeError, r"class 'house'\.id: .*integer, got True"),
        ("{id: 1,", "{", RecipeError, r"class 'house'\.id: missing"),
        (
            "20-30",
            "30-20",
            RecipeError,
            r"class 'land': also: '30-20' is neither a value .* nor a range",
        ),
        ("rest: other", "rest: othr", RecipeError, r"rest: no class 'othr'; did you mean 'other'\?"),
        ("tree: land", "tre: land", RecipeError, r"draws: 'tre' is not in the hub legend; .*'tree'\?"),
        ("tree: land", "tree: lnd", RecipeError, r"draws\.tree: no class 'lnd'; did you mean 'land'\?"),
        ("name: other", "name: land", LabelError, r"two classes are called 'land'"),
        ("{id: 3,", "{id: 7,", LabelError, r"village\.yaml: .*value 7 .* belongs to 'land' already"),
        ("rest: other", "", LabelError, r"no class to draw .*add `rest: CLASS`"),
        ("ignore: 0", "ignore: 9", LabelError, r"ignore value 9 is not one of its classes"),
        ("ignore: 0", "ignore: 2", LabelError, r"ignore is 2, and class 'land' says.*`hub: ignore`"),
        ("name: village", "name: [", RecipeError, r"village\.yaml: not valid YAML: "),
        (
            "name: village",
            "name: !!python/name:os.system",
            RecipeError,
            r"not valid YAML: could not determine",
        ),
    ],
)
def test_each_mistake_names_file_and_key(write, old, new, error, text):
    assert old in VILLAGE
    with pytest.raises(error, match=text) as caught:
        read_scheme_file(write(VILLAGE.replace(old, new, 1)))
    assert "village.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_mapping_is_refused(write, tmp_path):
    with pytest.raises(RecipeError, match=r"a label scheme is a mapping with `classes`, got list"):
        read_scheme_file(write("- 1\n"))
    with pytest.raises(RecipeError, match=r"none\.yaml: the label scheme cannot be read"):
        read_scheme_file(tmp_path / "none.yaml")
