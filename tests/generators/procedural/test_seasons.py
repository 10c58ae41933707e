"""Seasons of a place: leaves and grass differ, what is built does not, and dates agree in any of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from diachron.core import hub
from diachron.core.light import shadow_direction
from diachron.core.place import COVERS, SEASONS, Crown
from diachron.core.streams import stream
from diachron.generators import procedural
from diachron.generators.procedural.seasons import (
    BUSHES,
    GROUNDS,
    MATERIALS_OF_CROWNS,
    TREES,
    leaves_of,
)
from diachron.generators.procedural.spectra import MATERIALS
from tests.generators.procedural.place import SUN, pictured, place, request, scene_of, with_house, without


def greenness(season: str, mask_of: str) -> float:
    """Return green over the mean of red and blue of lawns or of trees."""
    model, state = place(side_m=64.0, corner_m=(-40.0, -40.0))
    picture = pictured(dataclasses.replace(model, season=season), state, dtype="float32", full_scale=1.0)
    rows, cols = np.indices(state.surface.shape)
    tree = next(crown for crown in model.crowns if crown.kind == "broadleaf")
    close = np.hypot(rows - tree.row, cols - tree.col) * model.gsd_m < 0.6 * tree.radius_m
    lawn = (state.surface == hub.GRASS) & (state.instances == 0) & ~close
    red, green, blue, _ = picture[:, lawn if mask_of == "lawn" else close].mean(axis=1)
    return float(2 * green / (red + blue))


def test_grass_is_greenest_in_spring_and_least_in_the_dry_season() -> None:
    found = [greenness(season, "lawn") for season in ("spring", "summer", "autumn", "winter", "dry")]
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.15 * found[-1]


def test_trees_are_bare_in_winter() -> None:
    assert greenness("summer", "tree") > 1.2 * greenness("winter", "tree")


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("make", [lambda s: without(s, 1), lambda s: with_house(s, 112, 4, (24, 32), 6.0)])
def test_bytes_outside_edit_stay_in_every_season(season, make) -> None:
    model, state = place(side_m=80.0)
    scene = scene_of(dataclasses.replace(model, season=season), state)
    target, log = make(state)
    asked = request(scene, target, log)
    picture = procedural.paint(asked, procedural.draw(stream(0, 0, "render"), asked))
    kept = ~picture.edit
    assert picture.image[:, kept].tobytes() == scene.image[:, kept].tobytes()
    assert 0.0 < picture.edit.mean() < 0.3
    whole = procedural.picture_of(
        scene.model, target, sun_azimuth_deg=SUN[0], sun_elevation_deg=SUN[1], bands=scene.bands,
        dtype="uint8", full_scale=255.0, log=log,
    )  # fmt: skip
    off = np.abs(picture.image.astype(int) - whole).max(axis=0)
    # The ground that comes to light is that of the season.
    assert off.max() <= 2


def test_roofs_look_the_same_all_year() -> None:
    model, state = place(side_m=64.0, trees=False)
    roofs = state.instances == 3
    first, *others = (pictured(dataclasses.replace(model, season=s), state)[:, roofs] for s in SEASONS)
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_a_bare_tree_lets_light_through() -> None:
    model, state = place(side_m=48.0, corner_m=(-44.0, 10.0), trees=False)
    tree = Crown(48.0, 48.0, 4.0, 10.0, "broadleaf", 21)
    # Half of its height off on the side that lies away from the sun.
    down, right = shadow_direction(SUN[0])
    row, col = round(48 + 16 * down), round(48 + 16 * right)
    behind = np.s_[:, row - 2 : row + 3, col - 2 : col + 3]
    share = {}
    for season in ("summer", "winter"):
        alone = dataclasses.replace(model, season=season)
        pictures = [
            pictured(dataclasses.replace(alone, crowns=crowns), state, dtype="float32", full_scale=1.0)
            for crowns in ((tree,), ())
        ]
        share[season] = pictures[0][behind].mean() / pictures[1][behind].mean()
    assert share["summer"] < 0.45
    assert 0.5 < share["winter"] < 0.8


def test_a_conifer_stays_as_it_is() -> None:
    kind = np.array([1, 2])
    for season in SEASONS:
        found = leaves_of(season, kind, np.array([0.1, 0.9], np.float32))
        assert [MATERIALS_OF_CROWNS[number] for number in found] == ["conifer", "palm"]


def test_tables_tell_every_season_and_add_up() -> None:
    assert set(GROUNDS) == set(TREES) == set(BUSHES) == set(SEASONS)
    assert set(MATERIALS_OF_CROWNS) <= set(MATERIALS)
    for looks in (*TREES.values(), *BUSHES.values()):
        assert sum(weight for _, weight in looks) == pytest.approx(1.0)
        assert {name for name, _ in looks} <= set(MATERIALS_OF_CROWNS)
    for covers in GROUNDS.values():
        assert set(covers) <= set(COVERS)


def test_looks_of_crowns_come_as_often_as_they_say() -> None:
    # 20 000 crowns: five standard errors of a share of one half are 0.018.
    chance = np.linspace(0, 1, 20_000, endpoint=False, dtype=np.float32)
    found = leaves_of("autumn", np.zeros(len(chance), np.intp), chance)
    for name, weight in TREES["autumn"]:
        assert (found == MATERIALS_OF_CROWNS.index(name)).mean() == pytest.approx(weight, abs=0.018)
