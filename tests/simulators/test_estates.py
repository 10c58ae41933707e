"""Estates: rows of like houses on open ground."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core import hub
from diachron.simulators.blocks import Outline
from diachron.simulators.donors import donors_of
from diachron.simulators.estates import Estate, lay_out
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import construction
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene

SCENE = prepare(raw_scene(World(rows=140, cols=140, seed=4, water=False)))
TERRAIN = survey(SCENE)
DONORS = donors_of(SCENE)
OUTLINE = Outline(area_m2=3000.0, elongation=1.5, angle_rad=0.3, max_gap_m=12.0)


def laid_out(site: Site, seed: int, least: int = 3) -> Estate | str:
    wish = construction.wish_of(site, construction.Parameters(gap_m=2.0))
    rng = np.random.default_rng(seed)
    return lay_out(rng, site, wish, OUTLINE, lanes_m=(2.0, 4.0), least_buildings=least)


@pytest.fixture(scope="module")
def estates() -> list[Estate]:
    found = [laid_out(Site(SCENE, TERRAIN, DONORS), seed) for seed in range(12)]
    return [estate for estate in found if isinstance(estate, Estate)]


def test_houses_stand_apart_on_open_ground(estates):
    assert estates
    for estate in estates:
        taken = np.zeros(SCENE.grid.shape, int)
        for footprint in (*(house.footprint for house in estate.houses), estate.ground):
            assert not SCENE.instances[footprint.window][footprint.mask].any()
            assert not (SCENE.surface[footprint.window][footprint.mask] == hub.WATER).any()
            taken[footprint.window] += footprint.mask
        assert taken.max() == 1


def test_houses_are_of_a_kind_and_face_one_way(estates):
    for estate in estates:
        areas = [house.footprint.pixels for house in estate.houses]
        assert max(areas) / min(areas) < 3.5
        facing = [house.orientation_deg for house in estate.houses if house.orientation_deg is not None]
        turns = [abs((a - facing[0] + 45) % 90 - 45) for a in facing]
        assert max(turns) <= 12.0


def test_no_donor_stands_twice_in_an_estate(estates):
    for estate in estates:
        donors = [house.donor.object.id for house in estate.houses if house.donor is not None]
        assert len(donors) == len(estate.houses) == len(set(donors))


def test_what_is_laid_out_is_claimed():
    site = Site(SCENE, TERRAIN, DONORS)
    first = next(e for e in (laid_out(site, seed) for seed in range(12)) if isinstance(e, Estate))
    free = site.unclaimed()
    for house in first.houses:
        assert not free[house.footprint.window][house.footprint.mask].any()


def test_reasons_are_told():
    assert laid_out(Site(SCENE, TERRAIN), 0) == "no_donor"
    assert laid_out(Site(SCENE, TERRAIN, DONORS), 0, least=500) == "no_room"
