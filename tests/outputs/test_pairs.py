"""A data set as labelled pairs: what is on disk, by split, first date against last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import PackageError, UnknownNameError
from diachron.outputs.pairs import PackagePairs
from diachron.outputs.readers import Dataset


def test_a_pair_is_what_the_layers_say(made: Path) -> None:
    dataset, pairs = Dataset(made), PackagePairs(made)
    assert len(pairs) == len(dataset.ids) > 0
    for index, pair in zip(dataset.ids, pairs, strict=True):
        np.testing.assert_array_equal(pair.t1, dataset.layer(index, "t1"))
        np.testing.assert_array_equal(pair.t2, dataset.layer(index, "t2"))
        np.testing.assert_array_equal(pair.change, dataset.layer(index, "change"))
        np.testing.assert_array_equal(pair.labels_t2, dataset.layer(index, "label_t2"))
        assert (pair.full_scale, pair.gsd_m) == (255.0, 1.0)
        assert pair.schema == dataset.schema


def test_splits_share_the_pairs_out(made: Path) -> None:
    names = [pair.name for split in ("train", "val", "test") for pair in PackagePairs(made, split)]
    assert sorted(names) == [pair.name for pair in PackagePairs(made)]


def test_a_series_is_its_first_date_against_its_last(series: Path) -> None:
    pair = PackagePairs(series)[0]
    np.testing.assert_array_equal(pair.t2, Dataset(series).layer(0, "t3"))


def test_the_painted_date_is_the_one_that_differs_from_the_real_picture(made: Path) -> None:
    pairs = PackagePairs(made)
    seen = set()
    for position, index in enumerate(pairs.ids):
        painted = pairs.painted(position)
        seen.add(painted)
        # Without acquisition a date is painted where, and only where, the dates differ.
        record = pairs.dataset.record(index)
        assert any(painted) == (record["counts"]["edit_px"] > 0)
        assert [date["name"] for date, is_it in zip(record["dates"], painted, strict=True) if is_it] == (
            [] if not any(painted) else [("t1", "t2")[painted.index(True)]]
        )
    assert seen & {(True, False), (False, True)}


def test_a_series_tells_of_its_first_and_last_date(series: Path) -> None:
    dates = Dataset(series).record(0)["dates"]
    assert len(dates) == 3
    assert PackagePairs(series).painted(0) == (dates[0]["painted"], dates[2]["painted"])


def test_wrong_splits_and_folders_are_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'val'"):
        PackagePairs(made, "vall")
    with pytest.raises(PackageError, match="no data set there"):
        PackagePairs(tmp_path)
