"""Each measure on pairs whose fault is known: leaks, lost contrast, copies, labels that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from diachron.core.schemes import SCHEMES
from diachron.core.streams import stream
from diachron.evaluation.quality.band_statistics import BandStatistics
from diachron.evaluation.quality.contact_sheet import write_sheet
from diachron.evaluation.quality.date_probe import DateProbe, in_two_orders
from diachron.evaluation.quality.diversity import Diversity
from diachron.evaluation.quality.feature_distance import FeatureDistance, windows_at
from diachron.evaluation.quality.fidelity import Fidelity
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.memorisation import Memorisation, distance
from diachron.evaluation.quality.object_patches import object_patch
from diachron.evaluation.quality.painted_probe import PaintedProbe
from diachron.evaluation.quality.real_pairs import place_of
from diachron.evaluation.quality.seam_probe import SeamProbe
from diachron.evaluation.quality.spots import painted_spots, untouched_spots
from diachron.evaluation.quality.unchanged_error import UnchangedError
from diachron.evaluation.quality.unchanged_pair_probe import UnchangedPairProbe, windows
from diachron.training.features.encoder import load_encoder
from diachron.training.probes.learning import ProbeOptions
from diachron.training.segmenters.classes import CLASSES
from tests.pairs import bright_squares

MakePair = Callable[..., MadePair]
QUICK = ProbeOptions(steps=12, batch=16)


@pytest.mark.parametrize("painted", [0, 1])
def test_spots_lie_where_they_say(pair_of: MakePair, painted: int) -> None:
    pair = pair_of(0, painted=painted)
    (spot,) = painted_spots(pair, painted, stream(0, 0, "spots"))
    assert (spot.kind, spot.object_id) == ("object", 9)
    assert pair.instances[painted][spot.centre] == pair.instances[painted][spot.outline] == 9
    untouched = untouched_spots(pair, 32, stream(0, 0, "spots"))
    assert {s.object_id for s in untouched if s.kind == "object"} == {1, 2, 3, 4}
    for other in untouched:
        row, col = other.centre
        around = pair.edit[max(0, row - 16) : row + 16, max(0, col - 16) : col + 16]
        assert not around.any()


def test_ground_that_was_laid_is_a_spot_too(pair_of: MakePair) -> None:
    pair = pair_of(0)
    # The past was painted: the house stands at the other date.
    cleared = replace(pair, painted=(True, False))
    (spot,) = painted_spots(cleared, 0, stream(0, 0, "spots"))
    assert (spot.kind, spot.object_id) == ("ground", 0)
    assert pair.edit[spot.centre]


def test_pairs_without_one_painted_date_give_no_crops(pair_of: MakePair) -> None:
    pair = replace(pair_of(0), painted=(True, True))
    for probe in (SeamProbe(QUICK), PaintedProbe(QUICK), DateProbe("edits", QUICK)):
        probe.add(pair, stream(0, 0, "x"))
        assert all(len(crops) == 0 for crops in probe.crops().values())
        assert probe.figures([0])["valid"] is False


def test_unchanged_pixels_are_equal_without_acquisition(pair_of: MakePair) -> None:
    measure, leaking = UnchangedError(), UnchangedError()
    for index in range(4):
        pair = pair_of(index)
        measure.add(pair, stream(0, index, "x"))
        spoilt = pair.dates[1].copy()
        spoilt[:, :8] += 0.1
        leaking.add(replace(pair, dates=(pair.dates[0], spoilt)), stream(0, index, "x"))
    assert measure.figures([0])["differing_share"] == 0.0
    # Eight of 160 rows, none of them edited, of the pixels outside the edit.
    assert leaking.figures([0])["differing_share"] == pytest.approx(8 * 160 / (160 * 160 - 22 * 28), rel=1e-4)


def test_an_edit_beyond_its_mask_shows(pair_of: MakePair) -> None:
    sound, leaking = UnchangedError(), UnchangedError()
    for index in range(4):
        pair = pair_of(index, acquired=True)
        sound.add(pair, stream(0, index, "x"))
        leak = pair.dates[1].copy()
        leak[:, 62:98, 58:100] += 0.2
        leaking.add(replace(pair, dates=(pair.dates[0], np.clip(leak, 0, 1))), stream(0, index, "x"))
    fine, found = sound.figures([0]), leaking.figures([0])
    assert fine["valid"] is True
    assert fine["differing_share"] is None
    assert fine["beside_over_far"] == pytest.approx(1.0, abs=0.15)
    assert found["beside_over_far"] > 1.5


def test_lost_contrast_of_the_painted_date_is_measured(pair_of: MakePair) -> None:
    measure = BandStatistics()
    for index in range(6):
        pair = pair_of(index, painted=index % 2)
        date = index % 2
        dates = list(pair.dates)
        mean = dates[date][:, ~pair.edit].mean(axis=1)[:, None, None]
        dates[date] = mean + np.float32(0.8) * (dates[date] - mean)
        measure.add(replace(pair, dates=(dates[0], dates[1])), stream(0, index, "x"))
    figures = measure.figures([0])
    assert figures["painted_over_real"]["contrast"] == pytest.approx([0.8] * 3, abs=1e-3)
    assert figures["painted_over_real"]["mean"] == pytest.approx([1.0] * 3, abs=1e-3)
    assert figures["contrast_t2_over_t1"] == pytest.approx([1.0] * 3, abs=1e-3)


def test_vegetation_is_measured_where_there_is_near_infrared(pair_of: MakePair) -> None:
    pair = pair_of(0)
    near_infrared = (3.0 * pair.dates[0][0], pair.dates[1][0])
    measure = BandStatistics()
    measure.add(replace(pair, near_infrared=near_infrared), stream(0, 0, "x"))
    figures = measure.figures([0])
    assert (figures["ndvi_t1"], figures["ndvi_t2"]) == (0.5, 0.0)


@dataclass
class Answer:
    labels: np.ndarray


class BrightIsBuilding:
    """Calls what is bright a building."""

    gsd_m = None

    def classify(self, image: np.ndarray, full_scale: float) -> Answer:
        bright = image.mean(axis=0) > 0.55 * full_scale
        return Answer(np.where(bright, CLASSES.index("building"), CLASSES.index("bare")).astype(np.uint8))


def test_a_scorer_finds_painted_buildings_and_misses_invisible_ones(pair_of: MakePair) -> None:
    seen, unseen = (Fidelity(BrightIsBuilding(), SCHEMES["building"]) for _ in range(2))
    for index in range(3):
        pair = pair_of(index)
        seen.add(pair, stream(0, index, "x"))
        unseen.add(replace(pair, dates=(pair.dates[0], pair.dates[0])), stream(0, index, "x"))
    figures = seen.figures([0])
    assert figures["painted_buildings"]["called_building"] == 1.0
    assert figures["untouched_buildings"]["called_building"] > 0.95
    assert figures["untouched_ground"]["called_building"] < 0.05
    assert figures["valid"] is True
    assert unseen.figures([0])["painted_buildings"]["called_building"] < 0.05


def various_pairs(pair_of: MakePair, *, alike: bool) -> list[MadePair]:
    """Return pairs whose houses all look different; the painted ones all alike, or different, too."""
    pairs = []
    for index in range(30):
        pair = pair_of(index)
        rng = np.random.default_rng([1, index])
        dates = [date.copy() for date in pair.dates]
        for number in (1, 2, 3, 4, 9):
            period, colour = rng.uniform(2, 12), rng.random(3)
            if number == 9 and alike:
                period, colour = 5.0, np.array([0.8, 0.2, 0.2])
            wave = 0.5 + 0.5 * np.sin(np.arange(160) * 2 * np.pi / period)
            texture = colour[:, None, None] * wave[None, :, None] * np.ones((1, 1, 160))
            for date, ids in zip(dates, pair.instances, strict=True):
                date[:, ids == number] = texture[:, ids == number]
        pairs.append(replace(pair, dates=(dates[0], dates[1])))
    return pairs


def test_painted_objects_that_are_all_alike_are_not_diverse(pair_of: MakePair) -> None:
    ratios = []
    for alike in (False, True):
        measure = Diversity(load_encoder())
        for pair in various_pairs(pair_of, alike=alike):
            measure.add(pair, stream(0, pair.index, "x"))
        ratios.append(measure.figures([0, 1])["ratio"])
    # Two dozen objects scatter; alike ones count as one.
    assert ratios[0] > 0.6
    assert ratios[1] < 0.5 * ratios[0]


def test_copies_of_real_objects_are_called_repeated(pair_of: MakePair) -> None:
    shares = []
    for copying in (False, True):
        measure = Memorisation()
        pairs = various_pairs(pair_of, alike=False)
        for pair in pairs:
            if copying:
                copy = pair.dates[1].copy()
                donor = pairs[(pair.index + 1) % len(pairs)]
                copy[:, 71:89, 68:90] = donor.dates[0][:, 4:22, 4:26]
                ids = pair.instances[1].copy()
                ids[ids == 9] = 0
                ids[71:89, 68:90] = 9
                pair = replace(pair, dates=(pair.dates[0], copy), instances=(pair.instances[0], ids))
            measure.add(pair, stream(0, pair.index, "x"))
        shares.append(measure.figures([0, 1])["repeated_share"])
    assert shares[0] < 0.25
    # A half of the real objects is known at a time, so that half of the copies can be found.
    assert shares[1] > 0.35


def test_the_distance_of_a_turned_and_brighter_copy_is_nothing() -> None:
    patches = np.random.default_rng(0).random((3, 3, 64, 64), np.float32)
    found = distance(np.float32(1.2) * patches[:, :, ::-1], patches)
    np.testing.assert_allclose(np.diag(found), 0.0, atol=1e-3)
    assert found[0, 1] > 1.0


def test_an_object_patch_holds_the_object_alone() -> None:
    image = np.zeros((3, 40, 40), np.float32)
    mask = np.zeros((40, 40), bool)
    mask[10:20, 5:25] = True
    image[:, mask] = 1.0
    turned = object_patch(image.transpose(0, 2, 1), mask.T)
    patch = object_patch(image, mask)
    assert patch is not None
    assert turned is not None
    assert patch.shape == turned.shape == (3, 64, 64)
    # Around the object lies its own mean.
    np.testing.assert_allclose(patch, 1.0, atol=1e-6)
    np.testing.assert_allclose(turned, 1.0, atol=1e-6)
    assert object_patch(image, mask & (np.arange(40) < 7)) is None


def test_each_window_is_shown_in_both_orders(pair_of: MakePair) -> None:
    probe = DateProbe("elsewhere", QUICK)
    for index in range(4):
        probe.add(pair_of(index, painted=index % 2, acquired=True), stream(0, index, "x"))
    first, last = in_two_orders(probe.windows.crops())
    np.testing.assert_array_equal(first.pixels[:, :3], last.pixels[:, 3:])
    np.testing.assert_array_equal(first.pixels[:, 3:], last.pixels[:, :3])
    np.testing.assert_array_equal(first.places, last.places)


def test_windows_hold_nothing_that_was_touched() -> None:
    touched = np.zeros((100, 100), bool)
    touched[40:60, 40:60] = True
    numbered = np.arange(10_000, dtype=np.float32).reshape(1, 100, 100)
    found = windows(numbered, touched, 0.5, 0.5, np.random.default_rng(0))
    assert found
    for window in found:
        assert not touched.ravel()[window.astype(int).ravel()].any()
    # At four times the distance a window spans the picture, and with it the middle.
    assert windows(numbered, touched, 0.5, 1.5, np.random.default_rng(0)) == []


def test_windows_are_averaged_to_the_distance_asked_for() -> None:
    image = np.random.default_rng(0).random((3, 256, 256), np.float32)
    found = windows_at(image, 0.5, 1.0, np.random.default_rng(0))
    assert [window.shape for window in found] == [(3, 64, 64)] * 4
    assert found[0].std() == pytest.approx(image.std() / 2, rel=0.1)
    assert windows_at(image[:, :32], 0.5, 0.5, np.random.default_rng(0)) == []


def test_unchanged_windows_are_asked_about_in_both_ways(pair_of: MakePair, tmp_path: object) -> None:
    probe = UnchangedPairProbe(bright_squares(12, side=96, gsd_m=0.5), 0.5, QUICK)
    for index in range(12):
        # No acquisition: each made pair is its own copy.
        probe.add(pair_of(index), stream(0, index, "x"))
    figures = probe.figures([0])
    assert figures["as_made"]["content_auc"] is not None
    assert figures["same_ground"]["made_crops"] == figures["same_ground"]["real_crops"] > 0
    assert {crops.pixels.shape[1:] for crops in probe.crops().values()} == {(6, 32, 32)}


def test_painted_crops_are_compared_with_their_source_and_a_real_set(pair_of: MakePair) -> None:
    measure = FeatureDistance(load_encoder(), bright_squares(20, side=96, gsd_m=0.5), 0.5)
    for index in range(30):
        measure.add(pair_of(index), stream(0, index, "x"))
    figures = measure.figures([0, 1])
    assert figures["features"] == "places-1"
    for part in ("painted", "dates"):
        assert {"kid", "kid_floor", "bad_kid", "precision", "coverage"} <= set(figures[part])


def test_names_that_start_alike_are_one_place() -> None:
    assert place_of("test_102_0512_0000") == place_of("test_102_0000_0000") == "test_102"
    assert place_of("30_64") == "30"
    assert place_of("alone") == "alone"
    assert place_of("train_36") == "train_36"


def test_a_sheet_is_written_for_pairs_and_single_dates(pair_of: MakePair, tmp_path: object) -> None:
    from pathlib import Path

    from PIL import Image

    probe = DateProbe("elsewhere", QUICK)
    for index in range(4):
        probe.add(pair_of(index), stream(0, index, "x"))
    path = Path(str(tmp_path)) / "sheets" / "date.png"
    write_sheet(probe.crops(), path)
    with Image.open(path) as sheet:
        assert sheet.width == 16 * 66
