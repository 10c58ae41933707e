"""Pairs by number: the same whatever is asked for first, from several sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import SourceError, UnknownNameError
from diachron.core.pair import LabelledPair
from diachron.core.registry import entries
from diachron.evaluation.rivals.pair_set import RivalPairs
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.pipelines.sources import SourceOptions
from tests.tiles import SCHEME, write_source
from tests.worlds import World

every_policy = pytest.mark.parametrize("name", sorted(entries("rivals")))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[SourceOptions]:
    """Return two sources of different schemes, sizes and numbers of bands."""
    folder = tmp_path_factory.mktemp("sources")
    write_source(folder / "town", 3)
    write_source(folder / "village", 2, World(rows=64, cols=80, scheme="building", bands=4, ignored=False))
    return [
        SourceOptions(source=str(folder / "town"), schema=SCHEME),
        SourceOptions(source=str(folder / "village"), schema="building"),
    ]


def assert_equal(one: LabelledPair, other: LabelledPair) -> None:
    assert (one.name, one.gsd_m) == (other.name, other.gsd_m)
    for key in ("t1", "t2", "change"):
        np.testing.assert_array_equal(getattr(one, key), getattr(other, key))


@every_policy
def test_pairs_do_not_depend_on_the_order_they_are_asked_for(name, sources):
    forward = RivalPairs(name, SceneShelf(sources, kept=1), 6, 4)
    backward = RivalPairs(name, SceneShelf(sources), 6, 4)
    told = list(forward)
    asked = [backward[position] for position in (5, 3, 1, 0, 2, 4)]
    for position, pair in zip((5, 3, 1, 0, 2, 4), asked, strict=True):
        assert_equal(told[position], pair)
    assert len({pair.name for pair in told}) == 6


@every_policy
def test_seeds_differ(name, sources):
    shelf = SceneShelf(sources)
    first, second = list(RivalPairs(name, shelf, 4, 0)), list(RivalPairs(name, shelf, 4, 1))
    assert any(
        one.t2.shape != other.t2.shape or (one.t2 != other.t2).any()
        for one, other in zip(first, second, strict=True)
    )
    assert any((pair.change == 1).any() for pair in first)


def test_every_window_is_used_evenly_and_pairs_of_one_follow_each_other(sources):
    shelf = SceneShelf(sources)
    pairs = RivalPairs("naive_paste", shelf, 3 * len(shelf), 0)
    shapes = [pair.shape for pair in pairs]
    assert shapes.count((96, 96)) == 9 and shapes.count((64, 80)) == 6
    for group in range(len(shelf)):
        assert len(set(shapes[3 * group : 3 * group + 3])) == 1


def test_acquisition_changes_both_dates_and_no_label(sources):
    shelf = SceneShelf(sources)
    plain = RivalPairs("naive_paste", shelf, 4, 0)
    acquired = RivalPairs("naive_paste", shelf, 4, 0, acquisition=True)
    assert (plain.name, acquired.name) == ("naive_paste", "naive_paste+acquisition")
    for one, other in zip(plain, acquired, strict=True):
        np.testing.assert_array_equal(one.change, other.change)
        same = one.change == 0
        assert (one.t1[:, same] == one.t2[:, same]).all()
        for key in ("t1", "t2"):
            before, after = getattr(one, key), getattr(other, key)
            assert before.dtype == after.dtype and before.shape == after.shape
            assert np.count_nonzero(before != after) > 0.2 * before.size
        assert (other.t1[:, same] != other.t2[:, same]).any()


def test_the_ends_of_a_set_and_unknown_names(sources):
    shelf = SceneShelf(sources)
    pairs = RivalPairs("changestar_pairs", shelf, 3, 0)
    assert_equal(pairs[-1], pairs[2])
    with pytest.raises(IndexError, match="has 3 pairs, there is no pair 3"):
        pairs[3]
    with pytest.raises(UnknownNameError, match="did you mean 'naive_paste'"):
        RivalPairs("naive_past", shelf, 3, 0)
    with pytest.raises(ValueError, match="must be >= 0, got -1"):
        RivalPairs("naive_paste", shelf, -1, 0)


def test_a_tile_that_cannot_be_read_is_passed_over(sources, tmp_path: Path):
    broken = write_source(tmp_path / "town", 3)
    shelf = SceneShelf([SourceOptions(source=str(broken), schema=SCHEME)])
    (broken / "label" / "town_1.png").write_bytes(b"no picture")
    pairs = list(RivalPairs("naive_paste", shelf, 6, 0))
    assert len(pairs) == 6


def test_one_tile_alone_has_no_partner(tmp_path: Path):
    shelf = SceneShelf([SourceOptions(source=str(write_source(tmp_path / "town", 1)), schema=SCHEME)])
    assert RivalPairs("naive_paste", shelf, 1, 0)[0].shape == (96, 96)
    with pytest.raises(SourceError, match="needs a second tile"):
        RivalPairs("changestar_pairs", shelf, 1, 0)[0]
