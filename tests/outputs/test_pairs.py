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


def test_wrong_splits_and_folders_are_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'val'"):
        PackagePairs(made, "vall")
    with pytest.raises(PackageError, match="no data set there"):
        PackagePairs(tmp_path)
