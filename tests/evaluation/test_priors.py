"""Priors of a labelled set: pieces, shares and sizes that are known by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair
from diachron.evaluation.priors import change_priors
from diachron.pipelines.recipes import load_recipe
from tests.tiles import call, write_raster


@dataclass
class Pairs:
    """A few pairs in memory."""

    maps: list[np.ndarray]
    gsd_m: float = 2.0
    name: str = "made up"

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, position: int) -> LabelledPair:
        blank = np.zeros((3, *self.maps[position].shape), np.uint8)
        return LabelledPair(str(position), blank, blank, 255.0, self.gsd_m, self.maps[position])

    def __iter__(self):
        return (self[position] for position in range(len(self)))


def ground(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    change = np.zeros((100, 100), np.uint8)
    for row, col, rows, cols in boxes:
        change[row : row + rows, col : col + cols] = 1
    return change


def test_pieces_areas_and_shares_are_counted() -> None:
    # 5 x 5 px of 2 m are 100 m2, 10 x 10 400 m2, 20 x 20 1600 m2; one piece is cut by the edge.
    maps = [ground((10, 10, 5, 5), (40, 40, 10, 10), (70, 70, 20, 20), (0, 50, 4, 5)), ground()]
    maps[1][:50] = 255
    found = change_priors(Pairs(maps))
    assert found.area_km2 == pytest.approx(1.5 * 0.04)
    assert found.pieces == 3.5
    assert found.per_km2 == pytest.approx(3.5 / 0.06)
    assert found.change_share == pytest.approx((25 + 100 + 400 + 20) / 15000)
    assert found.quiet_share == 0.5
    assert found.median_m2 == pytest.approx(400)
    assert found.sigma == pytest.approx(np.std(np.log([100, 400, 1600])))


def test_slivers_are_no_objects_and_an_empty_set_is_refused() -> None:
    found = change_priors(Pairs([ground((10, 10, 1, 2))]))
    assert (found.pieces, found.median_m2) == (0, 0)
    assert "area_m2" not in found.fragment(5)["processes"]["construction"]
    with pytest.raises(SourceError, match="no pair with known ground"):
        change_priors(Pairs([np.full((8, 8), 255, np.uint8)]))


def test_sizes_of_a_lognormal_come_back() -> None:
    rng = np.random.default_rng(0)
    maps = []
    for _ in range(60):
        boxes = []
        for row in range(2, 360, 60):
            side = max(2, round(np.sqrt(200 * np.exp(0.7 * rng.standard_normal()))))
            boxes.append((row, 5, min(side, 58), min(side, 58)))
        change = np.zeros((400, 70), np.uint8)
        for row, col, rows, cols in boxes:
            change[row : row + rows, col : col + cols] = 1
        maps.append(change)
    found = change_priors(Pairs(maps, gsd_m=1.0))
    assert found.median_m2 == pytest.approx(200, rel=0.12)
    assert found.sigma == pytest.approx(0.7, rel=0.15)


def test_the_command_prints_a_recipe_that_can_be_used(tmp_path: Path) -> None:
    for name in ("t1", "t2"):
        write_raster(tmp_path / "set" / name / "a.png", np.zeros((3, 100, 100), np.uint8))
    write_raster(
        tmp_path / "set" / "change" / "a.png", ground((10, 10, 5, 5), (40, 40, 10, 10), (70, 70, 9, 9))
    )
    what = f"pairs:{tmp_path / 'set'}"
    code, printed, said = call("inspect", what, "--gsd", 2, "--priors", "--years", 4)
    assert code == 0, said
    assert yaml.safe_load(printed)["processes"]["construction"]["rate_per_km2_year"] == pytest.approx(15.0)
    (tmp_path / "like.yaml").write_text(printed)
    recipe = load_recipe(str(tmp_path / "like.yaml"))
    assert recipe.match is not None
    built = recipe.processes["construction"]
    assert recipe.match.sizes == built["area_m2"]
    assert recipe.years == 4
    code, _, said = call("inspect", what, "--gsd", 2, "--priors")
    assert (code, "wants --years N" in said) == (2, True)
    code, _, said = call("inspect", str(tmp_path / "set"), "--years", 4)
    assert (code, "--years is for pairs" in said) == (2, True)
