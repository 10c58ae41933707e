"""The contract of every registered baseline, on pairs whose change is known."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from diachron.core.errors import GridError
from diachron.core.registry import entries, load

every_baseline = pytest.mark.parametrize("name", sorted(entries("baselines")))
SIDE = 96
CHANGED = (slice(30, 62), slice(20, 52))


def place(bands: int = 3, seed: int = 0) -> NDArray[np.float64]:
    """Return (C, H, W) textured ground between 0.2 and 0.6, bands alike but not equal."""
    rng = np.random.default_rng(seed)
    shared = ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 4)
    own = ndimage.gaussian_filter(rng.standard_normal((bands, SIDE, SIDE)), (0, 2, 2))
    values = shared / shared.std() + 0.5 * own / own.std()
    return 0.4 + 0.08 * np.clip(values, -2.5, 2.5)


def as_type(values: NDArray[np.float64], dtype: str, full_scale: float, seed: int) -> NDArray[np.generic]:
    """Return values with sensor noise in a source's dtype and scale."""
    noisy = values + np.random.default_rng(seed).normal(0, 0.005, values.shape)
    return (noisy * full_scale).astype(dtype)


def pair(dtype: str, full_scale: float, bands: int) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Return two dates of a place: darker, of less contrast, and with a bright square at the second."""
    t1 = place(bands)
    t2 = t1.copy()
    t2[:, CHANGED[0], CHANGED[1]] = 0.9
    return as_type(t1, dtype, full_scale, 1), as_type(0.1 + 0.6 * t2, dtype, full_scale, 2)


def truth() -> NDArray[np.bool_]:
    changed = np.zeros((SIDE, SIDE), bool)
    changed[CHANGED] = True
    return changed


@every_baseline
@pytest.mark.parametrize("form", [("uint8", 255.0, 3), ("uint16", 2047.0, 4), ("float32", 1.0, 1)])
def test_a_square_is_found_through_gain_and_offset(name, form):
    t1, t2 = pair(*form)
    kept = t1.copy(), t2.copy()
    found = load("baselines", name).detect(t1, t2, form[1])
    assert found.shape == (SIDE, SIDE) and found.dtype == bool
    hits = np.count_nonzero(found & truth())
    assert 2 * hits / (np.count_nonzero(found) + np.count_nonzero(truth())) > 0.8
    np.testing.assert_array_equal(t1, kept[0])
    np.testing.assert_array_equal(t2, kept[1])


@every_baseline
def test_scores_are_higher_where_something_changed_and_repeat(name):
    t1, t2 = pair("uint8", 255.0, 3)
    baseline = load("baselines", name)
    score = baseline.score(t1, t2, 255.0)
    assert score.shape == (SIDE, SIDE) and score.dtype == np.float32
    assert np.median(score[truth()]) > np.quantile(score[~truth()], 0.9)
    np.testing.assert_array_equal(score, baseline.score(t1, t2, 255.0))


@every_baseline
@pytest.mark.parametrize("image", ["ground", "flat", "grey"])
def test_equal_dates_have_no_change(name, image):
    date = as_type(place(), "uint8", 255.0, 1)
    if image == "flat":
        date = np.full_like(date, 77)
    if image == "grey":
        date[:] = date[:1]
    assert not load("baselines", name).detect(date, date.copy(), 255.0).any()


@every_baseline
def test_one_band_stored_three_times_can_be_solved(name):
    t1, t2 = (np.repeat(date[:1], 3, axis=0) for date in pair("uint8", 255.0, 3))
    found = load("baselines", name).detect(t1, t2, 255.0)
    hits = np.count_nonzero(found & truth())
    assert 2 * hits / (np.count_nonzero(found) + np.count_nonzero(truth())) > 0.8


@every_baseline
def test_the_scale_of_the_source_does_not_matter(name):
    t1, t2 = pair("float32", 1.0, 3)
    baseline = load("baselines", name)
    np.testing.assert_allclose(
        baseline.score(t1, t2, 1.0), baseline.score(t1 * 4000, t2 * 4000, 4000.0), rtol=2e-3, atol=2e-3
    )


@every_baseline
def test_dates_of_two_shapes_are_refused(name):
    t1, t2 = pair("uint8", 255.0, 3)
    with pytest.raises(GridError, match=r"\(3, 96, 96\) and \(3, 96, 90\)"):
        load("baselines", name).detect(t1, t2[:, :, :90], 255.0)


def test_mad_variates_do_not_see_a_linear_change_of_the_bands():
    module = load("baselines", "ir_mad")
    t1, t2 = pair("float32", 1.0, 3)
    mixed = np.einsum("ij,jhw->ihw", [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.0, 0.3, 0.6]], t2)
    mixed = mixed.astype(np.float32)
    np.testing.assert_allclose(module.score(t1, mixed, 1.0), module.score(t1, t2, 1.0), rtol=0.05, atol=0.1)


@pytest.mark.slow
@every_baseline
def test_real_pairs_are_read_better_than_by_chance(name):
    if "DIACHRON_DATA" not in os.environ:
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    folder = Path(os.environ["DIACHRON_DATA"]) / "gf1_s2_building"
    baseline = load("baselines", name)
    hits = alarms = misses = changed = pixels = 0
    # Rows <= 29 are those that smoothing and block size were chosen on.
    for mask in sorted((folder / "change").iterdir())[::4]:
        if int(mask.stem.split("_")[0]) > 29:
            continue
        t1, t2 = (read(folder / date, mask.stem) for date in ("t1", "t2"))
        known = np.asarray(Image.open(mask)) > 127
        found = baseline.detect(t1, t2, 255.0)
        hits += np.count_nonzero(found & known)
        alarms += np.count_nonzero(found & ~known)
        misses += np.count_nonzero(~found & known)
        changed += np.count_nonzero(known)
        pixels += known.size
    share = changed / pixels
    assert 2 * hits / (2 * hits + alarms + misses) > 1.3 * 2 * share / (1 + share)


def read(folder: Path, stem: str) -> NDArray[np.uint8]:
    """Return the (3, H, W) picture of a stem, whatever its suffix."""
    (path,) = folder.glob(f"{stem}.*")
    return np.moveaxis(np.asarray(Image.open(path).convert("RGB")), -1, 0)
