"""Measures of a known difference say what was done."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import GridError
from diachron.training.acquisition.measures import SIZES, measure_difference, summary

ALL = np.ones((160, 160), bool)


def picture(seed: int = 0) -> NDArray[np.float32]:
    """Return coloured ground with detail of all sizes, (3, 160, 160) around 0.5."""
    rng = np.random.default_rng(seed)
    layers = [
        ndimage.gaussian_filter(rng.standard_normal((3, 160, 160)), (0, size, size)) for size in (1, 4, 16)
    ]
    return np.clip(0.5 + 0.1 * sum(layer / layer.std() for layer in layers), 0, 1).astype(np.float32)


def test_a_date_and_itself_do_not_differ() -> None:
    one = picture()
    found = measure_difference(one, one, ALL)
    assert found["field_px"] == pytest.approx(0, abs=1e-6)
    assert all(found[f"coherence_{size}"] == pytest.approx(1) for size in SIZES)
    assert all(
        found[f"{name}_{band}"] == pytest.approx(0, abs=1e-6)
        for name in ("gain", "offset")
        for band in range(3)
    )
    assert found["chroma"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("shift", [(2.0, -3.0), (0.5, 0.25)])
def test_a_shift_is_read_off_and_taken_back(shift: tuple[float, float]) -> None:
    one = picture()
    moved = np.stack([ndimage.shift(band, shift, order=3, mode="nearest") for band in one])
    found = measure_difference(one, moved, ALL)
    assert (found["shift_down_px"], found["shift_right_px"]) == pytest.approx(shift, abs=0.1)
    assert found["coherence_4"] > 0.98


def test_contrast_and_level_are_read_off() -> None:
    one = picture()
    found = measure_difference(one, (one - 0.5) * np.float32(0.8) + np.float32(0.55), ALL)
    assert [found[f"gain_{band}"] for band in range(3)] == pytest.approx([np.log(0.8)] * 3, abs=1e-3)
    assert found["offset_1"] == pytest.approx(0.05 - 0.2 * (one[1].mean() - 0.5), abs=1e-3)


def test_new_detail_lowers_the_coherence_of_its_size_only() -> None:
    one = picture()
    noise = np.random.default_rng(1).standard_normal(one.shape[1:]).astype(np.float32)
    found = measure_difference(one, one + np.float32(0.05) * noise, ALL)
    assert found["coherence_1"] < 0.75
    assert found["coherence_16"] > 0.99


def test_only_usable_pixels_count() -> None:
    one = picture()
    other = one.copy()
    other[:, :60] = 0
    usable = ALL.copy()
    usable[:100] = False
    assert measure_difference(one, other, usable)["coherence_8"] > 0.99
    assert measure_difference(one, other, ALL)["coherence_8"] < 0.9


def test_what_does_not_fit_is_refused() -> None:
    one = picture()
    with pytest.raises(GridError, match="expected one size"):
        measure_difference(one, one[:, :-1], ALL)
    with pytest.raises(GridError, match="200 or more"):
        measure_difference(one, one, np.zeros_like(ALL))


def test_a_summary_leaves_out_what_could_not_be_told() -> None:
    figures = summary({"green": np.array([0.1, np.nan, 0.3])})
    assert figures["green"]["median"] == pytest.approx(0.2)
