"""Scenes by number: windows of several sources, lenders of the same kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import SourceError
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.pipelines.sources import SourceOptions
from tests.tiles import SCHEME, write_source
from tests.worlds import World


def options(folder: Path, tiles: int = 2, **world: object) -> SourceOptions:
    made = World(rows=64, cols=64, scheme=SCHEME, **world)  # type: ignore[arg-type]
    return SourceOptions(source=str(write_source(folder, tiles, made)), schema=SCHEME)


def test_windows_of_all_sources_stand_in_order(tmp_path):
    shelf = SceneShelf([options(tmp_path / "a"), options(tmp_path / "b", 3)], window_px=48)
    assert len(shelf) == 4 * (2 + 3)
    assert [shelf[position].grid.shape for position in (0, 19)] == [(48, 48), (48, 48)]
    assert shelf[0].source.startswith("image/town_0@") and shelf[19].source == "image/town_2@r16c16"
    with pytest.raises(IndexError):
        shelf[20]


def test_a_scene_is_prepared_once_while_it_is_kept(tmp_path):
    shelf = SceneShelf([options(tmp_path / "a", 3)], kept=2)
    first = shelf[0]
    assert shelf[0] is first
    assert shelf[1] is not None and shelf[2] is not None
    assert shelf[0] is not first
    np.testing.assert_array_equal(shelf[0].image, first.image)


def test_bands_are_red_green_and_blue_where_they_are_known(tmp_path):
    named = options(tmp_path / "a", bands=5)
    five = ("blue", "green", "red", "rededge", "nir")
    shelf = SceneShelf([SourceOptions(source=named.source, schema=SCHEME, bands=five)])
    whole = shelf._sources[0].read(shelf._sources[0].units(512)[0])
    assert shelf[0].bands == ("red", "green", "blue")
    np.testing.assert_array_equal(shelf[0].image, whole.image[[2, 1, 0]])
    assert shelf[0].sun is None or len(shelf[0].sun.contrast) == 3
    assert SceneShelf([options(tmp_path / "b", bands=1)])[0].image.shape[0] == 1


def test_lenders_are_others_of_the_same_source_and_kind(tmp_path):
    shelf = SceneShelf(
        [options(tmp_path / "a", 3), options(tmp_path / "b", 1), options(tmp_path / "c", 1, dtype="uint16")]
    )
    rng = np.random.default_rng(0)
    lent = {id(shelf.lend(rng, 0)) for _ in range(30)}
    assert lent == {id(shelf[1]), id(shelf[2])}
    # A source of one tile takes from another of its kind; one of a kind of its own lends to itself.
    assert {id(shelf.lend(rng, 3)) for _ in range(40)} == {id(shelf[n]) for n in (0, 1, 2)}
    assert shelf.lend(rng, 4) is shelf[4]


def test_no_source_is_refused():
    with pytest.raises(SourceError, match="no source is given"):
        SceneShelf([])
