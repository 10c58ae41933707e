"""What of a repainted hole is taken: detail of the proposal, and light within bounds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from diachron.generators.inpainting.trust import BORDER_PX, within_bounds

SIDE = 40
HOLE = np.zeros((SIDE, SIDE), bool)
HOLE[8:32, 10:34] = True


def pictures(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return (3, SIDE, SIDE) a flat and lighter repainting, and what was proposed, which has grain."""
    rng = np.random.default_rng(seed)
    proposal = rng.normal(0.0, 0.3, (3, SIDE, SIDE)).astype(np.float32)
    return np.where(HOLE, np.float32(0.8), proposal), proposal


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 20))
def test_around_the_hole_nothing_is_touched(detail: float, most_shift: float, seed: int) -> None:
    painted, proposal = pictures(seed)
    found = within_bounds(painted, proposal, HOLE, detail=detail, most_shift=most_shift)
    assert found.dtype == np.float32
    assert np.array_equal(found[:, ~HOLE], painted[:, ~HOLE])


def test_with_no_detail_and_no_bound_all_is_as_painted() -> None:
    painted, proposal = pictures()
    found = within_bounds(painted, proposal, HOLE, detail=0.0, most_shift=np.inf)
    np.testing.assert_allclose(found, painted, atol=1e-5)


def test_inside_all_detail_and_level_of_the_proposal_can_stay() -> None:
    painted, proposal = pictures()
    found = within_bounds(painted, proposal, HOLE, detail=1.0, most_shift=0.0)
    deep = np.zeros_like(HOLE)
    deep[8 + 3 : 32 - 3, 10 + 3 : 34 - 3] = True
    assert BORDER_PX < 4
    np.testing.assert_allclose(found[:, deep], proposal[:, deep], atol=1e-5)
    # At the border it is the network that decides what is fine.
    border = HOLE & ~deep
    assert np.abs(found - proposal)[:, border].mean() > 0.05


@given(st.floats(0.01, 1.0))
def test_the_level_moves_towards_the_painted_one_and_no_further_than_allowed(most_shift: float) -> None:
    flat = np.zeros((3, SIDE, SIDE), np.float32)
    lighter = np.where(HOLE, np.float32(0.5), flat)
    found = within_bounds(lighter, flat, HOLE, detail=1.0, most_shift=most_shift)
    moved = found[:, HOLE]
    assert moved.min() > 0.0
    assert moved.max() <= most_shift + 1e-6
    np.testing.assert_allclose(moved, most_shift * np.tanh(0.5 / most_shift), atol=1e-5)


def test_a_hole_without_a_border_has_none_at_the_rim_of_its_window() -> None:
    _, proposal = pictures()
    other = proposal[:, ::-1].copy()
    found = within_bounds(other, proposal, np.ones_like(HOLE), detail=1.0, most_shift=0.0)
    np.testing.assert_allclose(found, proposal, atol=1e-5)


def test_away_from_borders_a_wild_repainting_moves_the_level_no_further_than_allowed() -> None:
    _, proposal = pictures()
    wild = np.random.default_rng(1).normal(0.5, 2.0, proposal.shape).astype(np.float32)
    found = within_bounds(np.where(HOLE, wild, proposal), proposal, HOLE, detail=1.0, most_shift=0.2)
    deep = np.zeros_like(HOLE)
    deep[11:29, 13:31] = True
    assert np.abs(found - proposal)[:, deep].max() <= 0.2 + 1e-5
    assert np.abs(found - proposal)[:, deep].max() > 0.1
