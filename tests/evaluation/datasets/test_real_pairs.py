"""The real sets behind DIACHRON_DATA: how many pairs, of which size, and what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.datasets.files import read_change
from diachron.evaluation.scores.xbd import DamageCounts

# format, folder, part, pairs, metres a pixel of the first, bands of its dates.
SETS = [
    ("levir", "levir_cd", None, 14, 0.5, (3, 3)),
    ("levir", "levir_cd", "dev", 9, 0.5, (3, 3)),
    ("levir", "levir_cd", "test", 5, 0.5, (3, 3)),
    ("gf1", "gf1_s2_building", None, 108, 2.0, (3, 3)),
    ("gf1", "gf1_s2_building", "train", 67, 2.0, (3, 3)),
    ("gf1", "gf1_s2_building", "test", 41, 2.0, (3, 3)),
    ("airchange", "sztaki_airchange", None, 8, 1.75, (3, 3)),
    ("airchange", "sztaki_airchange", "train", 4, 1.5, (3, 3)),
    ("oscd", "oscd", None, 9, 10.0, (3, 3)),
    ("oscd", "oscd", "test", 3, 10.0, (3, 3)),
    ("oscd", "oscd", "b4", 4, 10.0, (4, 4)),
    ("hetero", "hetero_pairs", None, 6, 0.6, (3, 3)),
    ("ombria", "ombria_flood", None, 11, 10.0, (3, 3)),
    ("ombria", "ombria_flood", "s1-test", 8, 10.0, (1, 1)),
    ("ombria", "ombria_flood", "s2-s1-train", 3, 10.0, (3, 1)),
    ("xbd_pairs", "xbd_pairs", None, 14, 0.5, (3, 3)),
    ("xbd_pairs", "xbd_pairs", "santa-rosa-intro", 1, 0.85, (3, 3)),
    ("naip", "naip_ca_60cm", "unchanged", 212, 0.6, (3, 3)),
    ("naip", "naip_ca_60cm", "boxes", 34, 0.6, (3, 3)),
    ("pairs", "levir_cd", None, 14, 0.5, (3, 3)),
]


@pytest.mark.parametrize(("form", "folder", "part", "count", "gsd_m", "bands"), SETS)
def test_a_real_set(form, folder, part, count, gsd_m, bands, real):
    text = f"{form}:{real(folder)}" + (f"@{part}" if part else "")
    opened = open_pairs(text, gsd_m=0.5 if form == "pairs" else None)
    assert (len(opened), len(set(opened.names))) == (count, count)
    first = opened[0]
    assert (first.gsd_m, (first.t1.shape[0], first.t2.shape[0])) == (gsd_m, bands)
    for position in range(0, count, max(1, count // 10)):
        pair = opened[position]
        assert pair.t1.shape[1:] == pair.t2.shape[1:] == pair.change.shape == pair.shape
        assert set(np.unique(pair.change)) <= {0, 1, 255}
        assert pair.change.dtype == np.uint8
        assert max(int(pair.t1.max()), int(pair.t2.max())) <= pair.full_scale or pair.t1.dtype == np.uint16


def test_damage_gives_the_change_that_was_drawn_beside_it(real):
    plain = {path.stem for path in (real("xbd_pairs") / "change").iterdir()}
    opened = open_pairs(f"xbd_pairs:{real('xbd_pairs')}")
    assert set(opened.names) == plain
    for pair in opened:
        np.testing.assert_array_equal(
            pair.change, read_change(real("xbd_pairs") / "change" / f"{pair.name}.png")
        )


def test_real_damage_scores_itself(real):
    whole = DamageCounts()
    for pair in open_pairs(f"xbd_pairs:{real('xbd_pairs')}"):
        whole += DamageCounts.of(pair.labels_t2, pair.labels_t2)
    assert whole.f1_buildings == 1.0
    # There is no minor damage in these windows, and a class without a hit pulls the mean to nothing.
    assert whole.f1_by_damage == {"no_damage": 1.0, "minor": 0.0, "major": 1.0, "destroyed": 1.0}
    assert whole.score == pytest.approx(0.3, abs=1e-4)


def test_boxes_lie_in_their_pictures(real):
    opened = open_pairs(f"naip:{real('naip_ca_60cm')}@boxes")
    boxes = [box for position in range(len(opened)) for box in opened.boxes(position)]
    assert len(boxes) == 35
    assert all(0 <= box.x0 < box.x1 <= 256 and 0 <= box.y0 < box.y1 <= 256 for box in boxes)
