"""Broken ground has no straight outline, keeps to free ground, and shows ruts where pixels can."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.generators.copy_paste.plots import broken, even_noise, worked

SQUARE = np.zeros((80, 80), bool)
SQUARE[25:55, 25:55] = True


def test_the_footprint_is_broken_and_the_rim_is_ragged():
    shares = [broken(np.random.default_rng(seed), SQUARE, ~SQUARE, 0.3) for seed in range(4)]
    assert all((share[30:50, 30:50] == 1).all() for share in shares)
    assert max(share[:10].max() for share in shares) == 0.0
    reach = [int(np.flatnonzero(share[:, col] > 0.5)[0]) for share in shares for col in range(27, 53)]
    assert np.std(reach) > 0.7


def test_what_is_not_free_stays():
    free = ~SQUARE
    free[:, :25] = False
    share = broken(np.random.default_rng(0), SQUARE, free, 0.3)
    assert share[:, :25].max() == 0.0


@pytest.mark.parametrize(("gsd_m", "ruts"), [(0.3, True), (3.0, False)])
def test_ruts_are_drawn_where_pixels_can_show_them(gsd_m, ruts):
    factors = np.stack([worked(np.random.default_rng(n), (80, 80), SQUARE, gsd_m) for n in range(12)])
    mean = factors.mean()
    assert (mean < 0.999) == ruts
    assert factors.min() > 0.7
    assert factors.max() < 1.2


def test_noise_is_even_at_any_scale():
    rng = np.random.default_rng(0)
    for scale in (1.0, 4.0, 12.0):
        field = even_noise(rng, (300, 300), scale)
        assert field.std() == pytest.approx(0.95, abs=0.12)
        assert abs(field.mean()) < 0.2
