"""What a survey offers for building, and quick tests that must never refuse what fits."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.events import ChangeEvent
from diachron.simulators.donor_motion import centred_motion, moved_footprint
from diachron.simulators.donors import donors_of
from diachron.simulators.lenders import Lender
from diachron.simulators.preparation import prepare
from diachron.simulators.processes import construction
from diachron.simulators.shapes import draw_shape
from diachron.simulators.site import HALF_A_HOUSE_PX, SMALLEST_GAP_PX, Site, survey
from tests.worlds import World, raw_scene

SCENE = prepare(raw_scene(World(rows=96, cols=96, seed=4)))
TERRAIN = survey(SCENE)
LENDERS = [Lender(donor, 0.0) for donor in donors_of(SCENE)]
EVERYWHERE = np.ones(256, bool)


def test_open_ground_is_plain_and_holds_the_middle_of_a_house():
    open_ground = np.zeros(SCENE.grid.shape, bool)
    open_ground.flat[TERRAIN.open_px] = True
    assert TERRAIN.open_px.size > 100
    wide = TERRAIN.clearance_px > SMALLEST_GAP_PX + HALF_A_HOUSE_PX
    np.testing.assert_array_equal(open_ground, TERRAIN.plain & wide)


@settings(max_examples=300)
@given(
    st.integers(0, 95), st.integers(0, 95), st.floats(-180, 180), st.floats(0.5, 1.4), st.integers(0, 10**6)
)
def test_probes_are_pixels_of_what_is_moved(row, col, turn_deg, scale, pick):
    lender = LENDERS[pick % len(LENDERS)]
    turn_deg, scale = (turn_deg, scale) if pick % 3 else (0.0, 1.0)
    footprint = moved_footprint(lender.donor, centred_motion(lender.donor, row, col, turn_deg, scale))
    if footprint is not None:
        for probe in lender.moved_probes(row, col, turn_deg, scale):
            assert footprint.mask[round(probe.real) - footprint.row, round(probe.imag) - footprint.col]


@given(st.integers(0, 10**6), st.floats(40, 600), st.sampled_from((0.3, 0.5, 1.0)), st.floats(0, 90))
def test_probes_are_pixels_of_a_drawn_shape(seed, area_m2, gsd_m, local_deg):
    shape = draw_shape(np.random.default_rng(seed), area_m2, gsd_m, local_deg)
    footprint = shape.footprint_at(50, 60)
    if footprint is not None:
        for probe in shape.probes_at(50, 60):
            assert footprint.mask[round(probe.real) - footprint.row, round(probe.imag) - footprint.col]


@settings(max_examples=300)
@given(st.integers(-5, 100), st.integers(-5, 100), st.sampled_from((0.0, 2.0, 4.0)), st.integers(0, 10**6))
def test_what_fits_is_never_refused_for_a_few_pixels(row, col, gap_px, pick):
    site, lender = Site(SCENE, TERRAIN), LENDERS[pick % len(LENDERS)]
    footprint = moved_footprint(lender.donor, centred_motion(lender.donor, row, col, 0.0, 1.0))
    if footprint is not None and site.fits(footprint, EVERYWHERE, gap_px, 5.0):
        assert site.is_open(lender.moved_probes(row, col, 0.0, 1.0), gap_px, 5.0)


def built(count: int, **parameters: object) -> list[ChangeEvent]:
    """Return the first construction of each of `count` sites."""
    chosen = construction.Parameters(**parameters)
    found = []
    for seed in range(count):
        site = Site(SCENE, TERRAIN, tuple(lender.donor for lender in LENDERS), needs_pixels=True)
        found += construction.forward(np.random.default_rng(seed), site, [0.0], chosen).events[:1]
    return found


def test_donors_that_fit_alike_are_taken_alike_where_looks_do_not_count():
    small = {"gap_m": 0.0, "set_back_m": 0.0, "sources": {"scene": 1.0}, "look_temperature": 100.0}
    taken = Counter(event.parameters["donor_object"] for event in built(300, **small))
    sizes = {lender.donor.object.id: lender.donor.area_m2 for lender in LENDERS}
    # A smaller house also fits where a larger one does not.
    middle = np.median(list(sizes.values()))
    alike = [number for number, area in sizes.items() if abs(area - middle) <= 0.12 * middle]
    assert len(alike) >= 3
    uses = [taken[number] for number in alike]
    assert min(uses) >= 0.3 * max(uses)


@pytest.mark.parametrize("share", [0.25, 4.0])
def test_places_are_drawn_as_their_surface_weighs(share):
    weights = {"grass": 1.0, "bare": share}
    small = {"gap_m": 0.0, "set_back_m": 0.0, "sources": {"scene": 1.0}, "look_temperature": 100.0}
    counts = Counter()
    for event in built(300, surfaces=weights, **small):
        height, width = event.footprint.mask.shape
        counts[SCENE.surface[event.footprint.row + height // 2, event.footprint.col + width // 2]] += 1
    # Weighed by how much open ground of each kind there is, nearness to the road left out.
    open_surface = SCENE.surface.ravel()[TERRAIN.open_px]
    ground = {kind: np.count_nonzero(open_surface == kind) for kind in (hub.GRASS, hub.BARE)}
    density = (counts[hub.BARE] / ground[hub.BARE]) / (counts[hub.GRASS] / ground[hub.GRASS])
    assert 0.4 * share < density < 2.5 * share
