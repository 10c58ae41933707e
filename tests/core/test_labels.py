"""Label schemes: to the hub and back, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from diachron.core import hub
from diachron.core.errors import LabelError, UnknownNameError
from diachron.core.labels import LabelClass, LabelSchema, build_schema
from diachron.core.schemes import SCHEMES, schema_named

GROUND = LabelClass(0, "ground", "#000000", None)
HOUSE = LabelClass(1, "house", "#ff0010", hub.BUILDING, (255,))


@pytest.fixture(params=sorted(SCHEMES))
def schema(request: pytest.FixtureRequest) -> LabelSchema:
    return schema_named(request.param)


def hub_of(schema: LabelSchema, class_id: int) -> int | None:
    (found,) = (entry.hub for entry in schema.classes if entry.id == class_id)
    return found


def test_a_class_that_owns_a_hub_id_comes_back_as_what_it_means(schema):
    labels = np.array([[entry.id for entry in schema.classes if entry.hub is not None]], np.uint8)
    drawn = schema.draw(*schema.to_hub(labels))
    for before, after in zip(labels[0], drawn[0], strict=True):
        assert hub_of(schema, int(after)) == hub_of(schema, int(before))


def test_a_hub_id_that_some_class_stands_for_comes_back_itself(schema):
    owned = sorted({entry.hub for entry in schema.classes if entry.hub})
    surface = np.array([[h if h in hub.SURFACES else hub.BARE for h in owned]], np.uint8)
    objects = np.array([[h if h in hub.OBJECTS else 0 for h in owned]], np.uint8)
    back_surface, back_objects = schema.to_hub(schema.draw(surface, objects))
    assert np.where(back_objects > 0, back_objects, back_surface).tolist() == [owned]


def test_every_hub_id_is_drawn_as_a_class(schema):
    ids = set(schema.names)
    for hub_id in (*hub.SURFACES, *hub.OBJECTS):
        assert schema.draws[hub_id] in ids


@pytest.mark.parametrize("name", sorted(name for name, entry in SCHEMES.items() if entry.ignore is not None))
def test_ignore_comes_back_as_ignore(name):
    schema = schema_named(name)
    labels = np.full((2, 2), schema.ignore, np.uint8)
    surface, objects = schema.to_hub(labels)
    assert not surface.any()
    assert not objects.any()
    np.testing.assert_array_equal(schema.draw(surface, objects), labels)


def test_classes_are_told_apart_by_id_name_and_colour(schema):
    count = len(schema.classes)
    assert len(schema.names) == len(set(schema.names.values())) == count
    assert len(set(schema.colour_table().values())) == count
    assert all(0 <= part <= 255 for colour in schema.colour_table().values() for part in colour)


def test_a_scheme_travels_to_a_worker(schema):
    assert pickle.loads(pickle.dumps(schema)) == schema


@given(st.data())
def test_a_map_of_objects_over_surface_keeps_off_the_other_layer(data):
    schema = SCHEMES[data.draw(st.sampled_from(sorted(SCHEMES)))]
    labels = data.draw(hnp.arrays(np.uint8, (4, 5), elements=st.sampled_from(sorted(schema.names))))
    surface, objects = schema.to_hub(labels)
    assert surface.dtype == objects.dtype == np.uint8
    assert set(np.unique(surface)) <= {0, *hub.SURFACES}
    assert set(np.unique(objects)) <= {0, *hub.OBJECTS}
    assert not (surface[objects > 0] > 0).any()
    assert not (schema.unknown_ground(labels) & ((surface > 0) | (objects > 0))).any()


def test_other_values_of_a_class_become_its_id():
    values = np.array([[0, 255], [1, 0]], np.int64)
    assert schema_named("building").canonical(values, where="x.png").tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("value", [7, 256, -1, 70_000])
def test_a_value_outside_the_scheme_is_refused_with_its_place(value):
    values = np.zeros((50, 200), np.int32)
    values[40, 112] = value
    text = rf"x\.png: value {value} at row 40, column 112 .*'building' \(0 ground, 1 building\).*--schema"
    with pytest.raises(LabelError, match=text):
        schema_named("building").canonical(values, where="x.png")


def test_a_value_claimed_twice_is_refused():
    with pytest.raises(
        LabelError, match=r"scheme 'mine': value 255 of class 'shed' belongs to 'house' already"
    ):
        build_schema("mine", [GROUND, HOUSE, LabelClass(255, "shed", "#00ff00", hub.BUILDING)], rest="ground")


def test_a_value_that_no_byte_holds_is_refused():
    with pytest.raises(LabelError, match=r"value 256 of class 'shed' is not in 0-255"):
        build_schema("mine", [GROUND, LabelClass(256, "shed", "#00ff00", hub.BUILDING)], rest="ground")


def test_a_hub_id_without_a_class_is_refused():
    with pytest.raises(LabelError, match=r"scheme 'mine': no class to draw bare, grass, .*rail as"):
        build_schema("mine", [GROUND, HOUSE])


@pytest.mark.parametrize("draws", [{"gras": "ground"}, {"grass": "lawn"}])
def test_a_name_that_is_none_is_refused(draws):
    (pair,) = draws.items()
    with pytest.raises(
        LabelError, match=rf"cannot draw '{pair[0]}' as '{pair[1]}'; hub names are ignore, bare"
    ):
        build_schema("mine", [GROUND, HOUSE], draws, rest="ground")


def test_a_rest_that_is_no_class_is_refused():
    with pytest.raises(LabelError, match=r"scheme 'mine': .*'lawn'.*ground, house"):
        build_schema("mine", [GROUND, HOUSE], rest="lawn")


def test_an_ignore_value_without_a_class_is_refused():
    with pytest.raises(LabelError, match=r"ignore value 9 is not one of its classes"):
        build_schema("mine", [GROUND, HOUSE], rest="ground", ignore=9)


def test_colours_are_read_from_their_hex_form():
    assert build_schema("mine", [GROUND, HOUSE], rest="ground").colour_table()[1] == (255, 0, 16)


def test_an_unknown_scheme_is_refused_with_the_nearest_name():
    with pytest.raises(
        UnknownNameError, match=r"no label scheme is called 'bulding'; did you mean 'building'"
    ):
        schema_named("bulding")
