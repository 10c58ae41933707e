"""Cuts and insets of convex pieces: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from diachron.simulators.worlds.convex import Piece, cut, inset, strips

SQUARE = Piece(((0.0, 0.0), (40.0, 0.0), (40.0, 20.0), (0.0, 20.0)), (0, 1, 2, 3))


@st.composite
def pieces(draw):
    points = draw(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=4, max_size=8))
    hull = shapely.MultiPoint(points).convex_hull
    assume(hull.geom_type == "Polygon" and hull.area > 20.0 and hull.minimum_clearance > 0.1)
    ring = shapely.orient_polygons(hull).exterior.coords[:-1]
    return Piece(tuple(ring), tuple(range(len(ring))))


@given(pieces(), st.floats(0.0, math.pi), st.floats(0.05, 0.95))
def test_a_cut_keeps_the_area_and_names_its_edge(piece, angle, share):
    normal = (math.cos(angle), math.sin(angle))
    low, high = piece.extent(normal)
    place = low + share * (high - low)
    done = cut(piece, (place * normal[0], place * normal[1]), normal, 99)
    assert done is not None
    assert done.ahead.area + done.behind.area == pytest.approx(piece.area)
    assert done.ahead.tags.count(99) == done.behind.tags.count(99) == 1
    assert done.ahead.extent(normal)[0] == pytest.approx(place, abs=1e-6)
    assert done.behind.extent(normal)[1] == pytest.approx(place, abs=1e-6)


@given(pieces(), st.floats(0.1, 30.0))
def test_an_inset_is_what_a_buffer_leaves(piece, distance):
    left = shapely.Polygon(piece.points).buffer(-distance, join_style="mitre")
    got = inset(piece, [distance] * len(piece.points))
    assert (0.0 if got is None else got.area) == pytest.approx(left.area, abs=1e-3, rel=1e-4)


def test_a_rectangle_has_its_axes():
    along, across, length, width = SQUARE.axes()
    assert (length, width) == (40.0, 20.0)
    assert abs(along[0]) == 1.0
    assert abs(across[1]) == 1.0
    assert SQUARE.centre == (20.0, 10.0)


def test_strips_lie_in_order_and_fill_the_piece():
    parts = strips(SQUARE, (1.0, 0.0), [10.0, 30.0], 7)
    assert [part.area for part in parts] == [200.0, 400.0, 200.0]
    assert [part.tags.count(7) for part in parts] == [1, 2, 1]


def test_a_line_beside_a_piece_does_not_cut():
    assert cut(SQUARE, (41.0, 0.0), (1.0, 0.0), 7) is None
    assert cut(SQUARE, (40.0, 0.0), (1.0, 0.0), 7) is None
