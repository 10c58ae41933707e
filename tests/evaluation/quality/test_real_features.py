"""The shipped features on real pairs: halves of a set lie close, blur and other sensors far."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.core.streams import stream
from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.quality.distances import kid
from diachron.evaluation.quality.feature_distance import blurred, windows_at
from diachron.training.features.encoder import load_encoder
from diachron.training.unit_colours import unit_dates
from tests.tiles import real_set


def windows_of(text: str, most: int) -> np.ndarray:
    """Return windows of the dates of a real set."""
    pairs = open_pairs(text)
    found = []
    for position in range(min(len(pairs), most)):
        pair = pairs[position]
        rng = stream(0, position, "windows")
        for image in unit_dates(pair):
            found += windows_at(image, pair.gsd_m, pair.gsd_m, rng)
    return np.stack(found)


def test_real_halves_lie_close_and_blur_and_another_sensor_far() -> None:
    naip, gf1 = real_set("naip_ca_60cm"), real_set("gf1_s2_building")
    if naip is None or gf1 is None:
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    aerial = windows_of(f"naip:{naip}@unchanged-test", 24)
    encoder, rng = load_encoder(), stream(0, 0, "halves")
    features = encoder.features(aerial)
    order = rng.permutation(len(features))
    same, spread = kid(features[order[::2]], features[order[1::2]], rng)
    soft, _ = kid(encoder.features(blurred(aerial)), features, rng)
    other, _ = kid(encoder.features(windows_of(f"gf1:{gf1}@train", 24)), features, rng)
    assert abs(same) < 2 * spread
    assert soft > 3 * spread
    assert other > 3 * spread
    assert min(soft, other) > 5 * abs(same)
