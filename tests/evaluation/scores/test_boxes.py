"""Boxes around changes: found or not, and alarms outside."""

from __future__ import annotations

import numpy as np

from diachron.evaluation.scores.boxes import BoxCounts, ChangeBox


def test_boxes_and_alarms_by_hand():
    predicted = np.zeros((100, 100), bool)
    predicted[10:20, 10:20] = True
    predicted[80:90, 80:90] = True
    boxes = (ChangeBox(0, 0, 30, 30, "built"), ChangeBox(50, 50, 70, 70))
    counts = BoxCounts.of(predicted, boxes)
    # 100 of 900 pixels are more than a tenth; outside are 100 x 100 less 36 x 36 and 32 x 32.
    assert counts == BoxCounts(boxes=2, found=1, outside_px=10_000 - 36 * 36 - 32 * 32, alarm_px=100)
    assert counts.box_recall == 0.5
    assert counts.alarm_share == 100 / 7680


def test_a_speckle_finds_no_box_and_columns_are_x():
    predicted = np.zeros((50, 100), bool)
    predicted[0:10, 60:90] = True
    assert BoxCounts.of(predicted, (ChangeBox(60, 0, 90, 10),)).found == 1
    assert BoxCounts.of(predicted, (ChangeBox(0, 60, 10, 90),)).found == 0
    predicted[:] = False
    predicted[5, 65] = True
    assert BoxCounts.of(predicted, (ChangeBox(60, 0, 90, 10),)).found == 0


def test_the_margin_lies_on_all_sides_of_a_box():
    for x, y, outside in ((33, 10, False), (66, 10, False), (40, 3, True), (40, 4, False), (32, 10, True)):
        predicted = np.zeros((50, 100), bool)
        predicted[y, x] = True
        counts = BoxCounts.of(predicted, (ChangeBox(39, 10, 61, 20),))
        assert counts.alarm_px == outside, (x, y)


def test_pairs_add_up_and_nothing_is_zero():
    counts = BoxCounts.of(np.ones((10, 10), bool), (ChangeBox(0, 0, 10, 10),))
    assert counts + counts == BoxCounts(2, 2, 0, 0)
    assert counts.alarm_share == 0.0
    assert BoxCounts().box_recall == 0.0
