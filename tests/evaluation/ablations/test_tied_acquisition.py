"""Acquisition tied to change: bytes of one run where something changed, of the other where nothing did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import PackageError
from diachron.evaluation.ablations.tied_acquisition import TiedAcquisition
from diachron.outputs.pairs import PackagePairs
from tests.tiles import call, generation, write_source


def test_only_pairs_with_change_have_their_acquisition(acquired: PackagePairs, plain: PackagePairs) -> None:
    tied = TiedAcquisition(acquired, plain)
    assert len(tied) == len(acquired) == len(plain)
    changed = 0
    for pair, with_it, without in zip(tied, acquired, plain, strict=True):
        np.testing.assert_array_equal(with_it.change, without.change)
        source = with_it if (pair.change == 1).any() else without
        changed += source is with_it
        for date in ("t1", "t2", "change"):
            np.testing.assert_array_equal(getattr(pair, date), getattr(source, date))
        # That is the cue: a difference anywhere says that something changed.
        assert (pair.t1 == pair.t2).all() == (source is without)
    assert 0 < changed < len(tied)


def test_samples_that_are_not_the_same_are_left_out(acquired: PackagePairs, plain: PackagePairs) -> None:
    fewer = PackagePairs(plain.dataset.root)
    fewer.ids = fewer.ids[1:]
    assert [pair.name for pair in TiedAcquisition(acquired, fewer)] == [pair.name for pair in fewer]


def test_runs_of_two_sources_are_refused(acquired: PackagePairs, tmp_path: Path) -> None:
    town = write_source(tmp_path / "village", 2)
    code, _, said = call(*generation(town, tmp_path / "out", "--seed", 7, samples=2))
    assert code == 0, said
    with pytest.raises(PackageError, match="no sample in common"):
        TiedAcquisition(acquired, PackagePairs(tmp_path / "out"))
