"""Looks tell yards and places of one kind from others, whatever the exposure."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from diachron.core.look import Look, Tint
from diachron.core.scene import Scene, Sun
from diachron.simulators.donors import donors_of
from diachron.simulators.lenders import LenderTable
from diachron.simulators.looks import colours_of, difference, softness
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import construction
from diachron.simulators.site import Site, survey
from tests.worlds import World, raw_scene

SIDE = 160
# Of the scheme openearthmap.
BARE, GRASS, BUILDING = 1, 2, 8


def two_grounds(*, gain: float = 1.0, dtype: str = "uint8", bands: int = 3) -> Scene:
    """Return sand on the left and lawn on the right, with four houses on each and free ground below."""
    rng = np.random.default_rng(3)
    raw = raw_scene(
        World(rows=SIDE, cols=SIDE, road=False, water=False, sun_azimuth_deg=None, bands=bands, dtype=dtype)
    )
    sand, lawn, roof = (
        np.resize(c, bands) for c in ((0.62, 0.55, 0.45), (0.30, 0.42, 0.25), (0.5, 0.3, 0.3))
    )
    unit = np.empty((bands, SIDE, SIDE))
    unit[:, :, : SIDE // 2] = sand[:, None, None]
    unit[:, :, SIDE // 2 :] = lawn[:, None, None]
    labels = np.full((SIDE, SIDE), BARE, np.uint8)
    labels[:, SIDE // 2 :] = GRASS
    houses = np.zeros((SIDE, SIDE), bool)
    for col in (12, 50, 92, 130):
        for row in (12, 46):
            houses[row : row + 14, col : col + 14] = True
    labels[houses] = BUILDING
    unit[:, houses] = roof[:, None]
    unit += 0.01 * rng.standard_normal(unit.shape)
    values = np.clip(gain * unit, 0.0, 1.0) * raw.full_scale
    image = (values if dtype == "float32" else np.rint(values)).astype(dtype)
    return prepare(
        dataclasses.replace(raw, image=image, labels=labels, void=np.zeros_like(houses), source=f"two{gain}")
    )


def sides(scene: Scene) -> tuple[list[Look], list[Look]]:
    found = donors_of(scene)
    assert len(found) == 8
    left = [donor.look for donor in found if donor.object.footprint.col < SIDE // 2]
    return left, [donor.look for donor in found if donor.look not in left]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_yards_are_nearer_to_their_own_ground(dtype):
    scene = two_grounds(dtype=dtype)
    on_sand, on_lawn = sides(scene)
    sand, lawn = (colours_of(scene).at(130, col) for col in (20, 140))
    for look in on_sand:
        assert difference(look.ground, sand) < 0.3
        assert difference(look.ground, lawn) > 2.0
    for look in on_lawn:
        assert difference(look.ground, lawn) < 0.3
        assert look.ground.green > 0.15


def test_exposure_is_no_difference():
    one, other = (sides(two_grounds(gain=gain)) for gain in (1.0, 0.6))
    for before, after in zip(one[0] + one[1], other[0] + other[1], strict=True):
        assert difference(before.roof, after.roof) < 0.15
        assert difference(before.ground, after.ground) < 0.15


def test_one_band_has_brightness_alone():
    on_sand, on_lawn = sides(two_grounds(bands=1))
    for look in on_sand + on_lawn:
        assert (look.ground.warmth, look.ground.green) == (0.0, 0.0)


def test_nothing_known_is_no_difference():
    assert difference(None, Tint(0.5, 0.1, 0.1)) == 0.0
    assert difference(Tint(0.5, 0.1, 0.1), Tint(0.5, 0.1, 0.1)) == 0.0


def test_only_what_comes_out_softer_counts_as_soft():
    look = Look(Tint(0, 0, 0), None, 0.1, 0.1, blur_px=0.8, noise=0.01)
    assert softness(look, 1.0, 0.8) == 0.0
    assert softness(look, 0.5, 0.8) == 0.0
    assert softness(look, 2.0, 0.8) > softness(look, 1.3, 0.8) > 0.0


def yard_matches(temperature: float) -> float:
    """Return the share of new houses whose donor stands on the ground that they come to."""
    scene = two_grounds()
    terrain, donors = survey(scene), donors_of(scene)
    home = {donor.object.id: donor.object.footprint.col < SIDE // 2 for donor in donors}
    hits: Counter[bool] = Counter()
    wanted = construction.Parameters(sources={"scene": 1.0}, look_temperature=temperature)
    for seed in range(60):
        site = Site(scene, terrain, donors, needs_pixels=True)
        outcome = construction.forward(np.random.default_rng(seed), site, [0.0], wanted)
        for event in outcome.events[1:]:
            hits[(event.footprint.col < SIDE // 2) == home[event.parameters["donor_object"]]] += 1
    assert hits.total() >= 40
    return hits[True] / hits.total()


def test_donors_of_the_same_ground_are_preferred_as_the_temperature_asks():
    # At chance, 8 donors alike, a half; 6 standard errors of 40 draws are 0.47.
    assert yard_matches(0.0) == 1.0
    assert yard_matches(0.5) > 0.9
    assert 0.2 < yard_matches(100.0) < 0.8


def test_a_roof_like_none_of_the_scene_is_strange():
    home, abroad = two_grounds(), two_grounds(gain=0.6)
    lent = donors_of(abroad)
    odd = dataclasses.replace(lent[0], look=dataclasses.replace(lent[0].look, roof=Tint(0.0, -1.0, 0.3)))
    table = LenderTable((*donors_of(home), *lent[1:], odd), home.source, home.sun)
    others = table.of(lent[0].object.object_class, same_scene=False)
    assert all(lender.strangeness == 0.0 for lender in others[:-1])
    assert others[-1].strangeness > 3.0
    assert all(lender.strangeness == 0.0 for lender in table.of(11, same_scene=True))


@pytest.mark.parametrize(
    ("sun_azimuth_deg", "share", "least", "most"), [(140.0, 0.5, 0.1, 0.9), (None, 0.5, 1, 1)]
)
def test_yards_come_along_as_often_as_asked_and_always_without_a_sun(sun_azimuth_deg, share, least, most):
    scene = two_grounds()
    if sun_azimuth_deg is not None:
        scene = dataclasses.replace(scene, sun=Sun(0.6, -0.8, 5.0, (0.4, 0.4, 0.4)))
    terrain, donors = survey(scene), donors_of(scene)
    brought = []
    for seed in range(40):
        site = Site(scene, terrain, donors, needs_pixels=True)
        wanted = construction.Parameters(sources={"scene": 1.0}, look_temperature=0.0, parcel_share=share)
        events = construction.forward(np.random.default_rng(seed), site, [0.0], wanted).events
        brought += ["parcel_margin_m" in event.parameters for event in events[1:]]
    assert len(brought) >= 25
    # At a half, 25 draws leave 0.1 to 0.9 once in 10^5 times.
    assert least <= np.mean(brought) <= most


def test_no_yard_comes_to_ground_of_another_kind_or_where_none_is_asked_for():
    scene = two_grounds()
    terrain, donors = survey(scene), donors_of(scene)
    home = {donor.object.id: donor.object.footprint.col < SIDE // 2 for donor in donors}
    strange = 0
    for seed in range(60):
        for share in (0.0, 1.0):
            site = Site(scene, terrain, donors, needs_pixels=True)
            wanted = construction.Parameters(
                sources={"scene": 1.0}, look_temperature=100.0, parcel_share=share
            )
            for event in construction.forward(np.random.default_rng(seed), site, [0.0], wanted).events[1:]:
                at_home = (event.footprint.col < SIDE // 2) == home[event.parameters["donor_object"]]
                strange += not at_home
                if share == 0.0 or not at_home:
                    assert "parcel_margin_m" not in event.parameters
    assert strange > 10
