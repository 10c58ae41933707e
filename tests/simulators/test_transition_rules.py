"""What may become what by scheme: nothing that the scheme cannot say, by any process, in every scheme."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.labels import LabelClass, build_schema
from diachron.core.registry import entries
from diachron.core.scene import Scene
from diachron.core.schemes import SCHEMES
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import class_transition
from diachron.simulators.site import Site, survey
from diachron.simulators.transition_rules import HUB, OWN, matrix_for
from tests.worlds import World, played, raw_scene, seeds

DOCS = Path(__file__).parents[2] / "docs" / "recipes.md"
PAGE = ("openearthmap", "loveda", "flair", "landcover-ai", "second", "worldcover", "building", "levir-mci")


@cache
def scene_in(scheme: str, seed: int = 3) -> Scene:
    return prepare(raw_scene(World(rows=96, cols=96, seed=seed, scheme=scheme, many=True, ignored=True)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_rules_and_each_is_a_change_that_it_tells(scheme):
    schema = SCHEMES[scheme]
    ids = {entry.id for entry in schema.classes} - {schema.ignore}
    matrix = matrix_for(schema)
    assert matrix
    class_transition.check_matrix(matrix)
    for source, row in matrix.items():
        assert row
        for target in row:
            before, after = (schema.draws[hub.IDS[name]] for name in (source, target))
            assert before in ids
            assert after in ids - {before}, (source, target)
            # Read again, it is what it was meant to be, or ground of any kind.
            drawn = next(entry for entry in schema.classes if entry.id == after)
            assert drawn.hub in (hub.IDS[target], None)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_class_of_ground_or_building_that_a_scheme_names_can_change(scheme):
    named = {hub.NAMES[entry.hub] for entry in SCHEMES[scheme].classes if entry.hub}
    assert named - {"snow"} <= set(matrix_for(SCHEMES[scheme]))


def test_the_hub_has_the_whole_matrix_and_restrictions_keep_the_sums():
    assert matrix_for(SCHEMES["hub"]) == HUB
    for scheme in sorted(set(SCHEMES) - set(OWN)):
        for source, row in matrix_for(SCHEMES[scheme]).items():
            assert sum(row.values()) == pytest.approx(sum(HUB[source].values()), abs=1e-3)


def test_houses_count_as_built_up_land_where_that_is_what_is_told():
    assert matrix_for(SCHEMES["worldcover"])["grass"] == {"bare": 0.4, "developed": 0.5, "tree": 0.1}


def test_a_file_of_the_users_that_is_called_like_a_scheme_gets_the_general_rules():
    classes = [
        LabelClass(0, "ground", "#000000", None),
        LabelClass(1, "crop", "#00ff00", hub.CROP),
        LabelClass(2, "soil", "#aa8800", hub.BARE),
    ]
    own = build_schema("hrscd", classes, rest="ground")
    assert matrix_for(own)["crop"] == {"bare": 0.5, "grass": 0.25, "developed": 0.25}


@settings(max_examples=8)
@given(
    seed=seeds(),
    process=st.sampled_from(sorted(entries("processes"))),
    anchor=st.sampled_from((0.0, 5.0)),
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_process_leaves_the_scheme(scheme, seed, process, anchor):
    scene = scene_in(scheme, seed % 3)
    names = ("class_transition", process)
    result = played(scene, seed=seed, anchor=anchor, incidents=3.0, needs_pixels=seed % 2 == 0, names=names)
    schema = SCHEMES[scheme]
    for labels in result.labels:
        np.testing.assert_array_equal(schema.canonical(labels, where="test"), labels)
        # What was known stays known: no event draws a class that says nothing.
        if schema.ignore is not None:
            assert (scene.labels[labels == schema.ignore] == schema.ignore).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_by_default_transitions_happen_and_show_in_the_labels(scheme):
    happened = shown = 0
    for seed in range(4):
        result = played(scene_in(scheme, seed % 3), seed=seed, incidents=6.0, names=("class_transition",))
        # On ground of any kind what is guessed may be of another class than the label says.
        happened += len(result.log)
        shown += sum(pixels > 0 for pixels in result.between(0, 1).visible.values())
    assert happened >= 4
    assert shown >= 0.6 * happened
    if not result.scene.surface_is_estimated:
        assert shown == happened


def test_a_matrix_of_ones_own_goes_before_the_rules():
    scene = scene_in("building")
    assert "developed" not in matrix_for(scene.schema)["grass"]
    parameters = class_transition.Parameters(matrix={"grass": {"developed": 1.0}}, area_m2=40.0)
    site = Site(scene, survey(scene))
    outcome = class_transition.forward(np.random.default_rng(0), site, np.linspace(0.5, 4.5, 6), parameters)
    assert outcome.placed
    assert {(e.before.surface, e.after.surface) for e in outcome.events} == {(hub.GRASS, hub.DEVELOPED)}


def test_the_page_tells_the_rules_that_are_used():
    text = DOCS.read_text(encoding="utf-8")
    for scheme in PAGE:
        (line,) = re.findall(rf"^\| `{scheme}` \| (.+) \|$", text, re.MULTILINE)
        told = {
            source: set(targets.split(", "))
            for source, targets in (entry.split(" → ") for entry in line.split("; "))
        }
        assert told == {source: set(row) for source, row in matrix_for(SCHEMES[scheme]).items()}
