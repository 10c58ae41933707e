"""Sets of classes: what a value of each scheme may be, and whom a place belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.errors import RecipeError, UnknownNameError
from diachron.core.labels import LabelSchema
from diachron.core.schemes import SCHEMES
from diachron.training.segmenters.classes import ANY, CLASSES, UNSURE, allowed_classes, class_set
from diachron.training.segmenters.roles import half_of, require_role


def may_be(scheme: str, name: str) -> set[str]:
    """Return the classes that a class of a built-in scheme may be."""
    schema = SCHEMES[scheme]
    value = next(entry.id for entry in schema.classes if entry.name == name)
    allowed = int(allowed_classes(schema)[value])
    return {name for k, name in enumerate(CLASSES) if allowed >> k & 1}


@pytest.mark.parametrize(
    ("scheme", "name", "expected"),
    [
        ("building", "building", "building"),
        ("building", "ground", "road tree low_vegetation water bare"),
        ("road", "ground", "building tree low_vegetation water bare"),
        ("mbrsc", "land", "bare low_vegetation"),
        ("mbrsc", "vegetation", "tree low_vegetation"),
        ("mbrsc", "water", "water"),
        ("isprs", "impervious", "road bare"),
        ("isprs", "low_vegetation", "low_vegetation"),
        ("loveda", "background", "tree low_vegetation bare"),
        ("loveda", "agriculture", "low_vegetation bare"),
        ("worldcover", "built", "building road bare"),
    ],
)
def test_a_class_may_be_what_its_scheme_draws_as_it(scheme: str, name: str, expected: str) -> None:
    assert may_be(scheme, name) == set(expected.split())


@pytest.mark.parametrize("schema", SCHEMES.values(), ids=lambda schema: schema.name)
def test_no_value_excludes_every_class_and_ignore_excludes_none(schema: LabelSchema) -> None:
    table = allowed_classes(schema)
    assert table.shape == (256,)
    assert table.min() > 0
    assert table.max() <= ANY
    if schema.ignore is not None:
        assert table[schema.ignore] == ANY


def test_the_scheme_of_label_maps_names_the_classes_by_position() -> None:
    schema = SCHEMES["segmenter"]
    assert [schema.names[k] for k in range(len(CLASSES))] == list(CLASSES)
    assert schema.ignore == UNSURE
    assert allowed_classes(schema)[: len(CLASSES)].tolist() == [1 << k for k in range(len(CLASSES))]


def test_other_values_of_a_class_mean_the_same() -> None:
    table = allowed_classes(SCHEMES["building"])
    assert table[255] == table[1] == class_set(["building"])


def test_what_is_stated_goes_before_the_rule() -> None:
    table = allowed_classes(SCHEMES["mbrsc"], {"land": ["bare"]})
    assert table[1] == class_set(["bare"])
    assert table[3] == class_set(["tree", "low_vegetation"])


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no class 'lnad'; did you mean 'land'"):
        allowed_classes(SCHEMES["mbrsc"], {"lnad": ["bare"]})
    with pytest.raises(UnknownNameError, match="'buildings'; did you mean 'building'"):
        class_set(["buildings"])


@given(st.text())
def test_a_place_is_in_one_half_whenever_it_is_asked(place: str) -> None:
    assert half_of(place) == half_of(place)
    assert half_of(place) in ("A", "B")


def test_both_halves_get_about_half_of_the_places() -> None:
    # 400 fair draws miss 140..260 with a probability below 1e-8.
    assert 140 < sum(half_of(f"place {i}") == "A" for i in range(400)) < 260


def test_a_scorer_does_not_label_and_a_labeller_does_not_score() -> None:
    require_role("scorer", "scorer", "weights")
    with pytest.raises(RecipeError, match=r"weights: .* is a scorer .* a labeller is needed; .*--places A"):
        require_role("scorer", "labeller", "weights")
    with pytest.raises(RecipeError, match=r"is a labeller .* a scorer is needed; .*--places B"):
        require_role("labeller", "scorer", "weights")
