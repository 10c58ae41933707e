"""Class transitions: the matrix decides, and every class can come and go."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy import stats

from diachron.core import hub
from diachron.core.errors import RecipeError
from diachron.core.scene import Scene
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import class_transition
from diachron.simulators.site import Outcome, Site, survey
from tests.worlds import World, raw_scene

GROUND = ("bare", "grass", "shrub", "tree", "crop", "developed", "water")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return prepare(raw_scene(World(rows=120, cols=120, seed=3, scheme="hub", many=True)))


def run(scene: Scene, step: str, count: int, *, seed: int = 1, pixels: bool = True, **given: Any) -> Outcome:
    site = Site(scene, survey(scene), donors_of(scene), needs_pixels=pixels)
    parameters = class_transition.Parameters(
        area_m2=60.0, stretch_m=15.0, road_length_m=(15.0, 40.0), **given
    )
    times = np.linspace(0.5, 4.5, count)
    return getattr(class_transition, step)(np.random.default_rng(seed), site, times, parameters)


def kind_of(scene: Scene, event: Any, cover: Any) -> str:
    if cover.object_id == 0:
        return hub.NAMES[cover.surface] if cover.surface is not None else "ground"
    entry = event.new_object or scene.objects[cover.object_id]
    return hub.NAMES[entry.object_class]


@pytest.mark.parametrize("step", ["forward", "backward"])
@pytest.mark.parametrize(
    ("source", "target"),
    [("grass", "tree"), ("tree", "developed"), ("crop", "bare"), ("building", "grass"), ("bare", "building"),
     ("road", "tree"), ("tree", "road"), ("water", "bare")],
)  # fmt: skip
def test_every_class_can_come_and_go(scene, step, source, target):
    outcome = run(scene, step, 6, matrix={source: {target: 1.0}})
    told = {(kind_of(scene, e, e.before), kind_of(scene, e, e.after)) for e in outcome.events}
    # A road or house may lie over several kinds of ground: the log names none of them.
    assert {target, source} >= {name for pair in told for name in pair} - {"ground"}
    assert told


@pytest.mark.parametrize("target", ["pool", "greenhouse", "sports", "rail", "snow", "wetland"])
def test_what_no_picture_shows_needs_a_renderer_that_needs_none(scene, target):
    with_pixels = run(scene, "forward", 4, matrix={"grass": {target: 1.0}})
    assert with_pixels.placed == 0
    assert set(with_pixels.why) <= {"no_donor", "no_donor_ground"}
    drawn = run(scene, "forward", 8, matrix={"grass": {target: 1.0}}, pixels=False)
    assert {kind_of(scene, e, e.after) for e in drawn.events} == {target}


def test_shares_of_targets_follow_the_weights(scene):
    matrix = {"grass": {"bare": 3.0, "developed": 1.0}}
    kinds: Counter[str] = Counter()
    for seed in range(60):
        outcome = run(scene, "forward", 3, seed=seed, matrix=matrix, pixels=False)
        kinds.update(kind_of(scene, e, e.after) for e in outcome.events)
    total = kinds.total()
    assert total > 150
    # Fails by chance once in 10^6 other seeds.
    assert stats.chisquare([kinds["bare"], kinds["developed"]], [0.75 * total, 0.25 * total]).pvalue > 1e-6


def test_backward_names_what_the_picture_shows_as_what_came_of_it(scene):
    for event in run(scene, "backward", 8, matrix={"tree": {"grass": 1.0}}).events:
        box, mask = event.footprint.window, event.footprint.mask
        assert (scene.surface[box][mask] == hub.GRASS).all()
        assert (event.before.surface, event.after.surface) == (hub.TREE, hub.GRASS)


@pytest.mark.parametrize(
    ("matrix", "text"),
    [
        ({"gras": {"bare": 1}}, r"matrix: 'gras' is no class; did you mean 'grass'\?"),
        ({"grass": {"bear": 1}}, r"matrix.grass.bear: 'bear' is no class; did you mean 'bare'\?"),
        ({"grass": {"grass": 1}}, "a class that becomes itself"),
        ({"grass": {"bare": -1}}, "matrix.grass.bare: -1 is not between"),
        ({"road": {"building": 1}}, "an object becomes ground first"),
    ],
)
def test_a_wrong_matrix_is_named(matrix, text):
    with pytest.raises(RecipeError, match=text):
        class_transition.Parameters(matrix=matrix)
