"""`label`: change maps of real pairs, which `pairs:` opens; a segmenter that says what a pixel's value is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.transform import Affine

from diachron.evaluation.datasets import open_pairs
from diachron.training.segmenters.segmenter import Segmenter
from tests.tiles import EAST, NORTH, UTM, call, refusal, write_raster

SIDE = 64
PLACE = {"crs": UTM, "transform": Affine(1.0, 0, EAST, 0, -1.0, NORTH)}
GROUND, ROOF = 40, 220


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an untrained labeller: sure of nothing at the usual bound, of some class at 0."""
    folder = tmp_path_factory.mktemp("weights")
    Segmenter.untrained("labeller", 0).save(folder)
    return folder


@pytest.fixture
def _bright_is_roof(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every segmenter take bright pixels for buildings and grey ones for pixels it is not sure of."""

    def probability(self: Segmenter, image: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
        value = image[0].astype(np.float32) / full_scale
        found = np.full((6, *value.shape), 0.02, np.float32)
        found[0][value > 0.6] = 0.9
        found[3][value < 0.4] = 0.9
        return found

    monkeypatch.setattr(Segmenter, "probability", probability)


def write_pair(folder: Path, name: str, *, built: bool, doubt: bool = False, suffix: str = ".tif") -> None:
    """Write a town of one old house; a new one may follow, and a grey corner at the later date."""
    t1 = np.full((3, SIDE, SIDE), GROUND, np.uint8)
    t1[:, 4:16, 4:16] = ROOF
    t2 = t1.copy()
    if built:
        t2[:, 30:44, 30:42] = ROOF
    if doubt:
        t2[:, -8:, -8:] = 128
    place = PLACE if suffix == ".tif" else {}
    write_raster(folder / "t1" / f"{name}{suffix}", t1, **place)
    write_raster(folder / "t2" / f"{name}{suffix}", t2, **place)


@pytest.mark.usefixtures("_bright_is_roof")
def test_maps_lie_on_the_grid_of_the_pair_and_say_what_was_built(weights: Path, tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs", tmp_path / "out"
    write_pair(pairs, "north", built=True, doubt=True)
    write_pair(pairs, "south", built=False)
    code, printed, said = call("label", pairs, "--weights", weights, "--out", out)
    assert code == 0, said
    assert "north: 4.10% changed, 1.6% unknown" in printed
    with rasterio.open(out / "change" / "north.tif") as file:
        change = file.read(1)
        assert (str(file.crs), file.transform) == (UTM, PLACE["transform"])
    expected = np.zeros((SIDE, SIDE), np.uint8)
    expected[30:44, 30:42] = 1
    expected[-8:, -8:] = 255
    np.testing.assert_array_equal(change, expected)
    facts = json.loads((out / "label.json").read_text())
    assert (
        facts["weights"]["sha256"]
        == hashlib.sha256((weights / "weights.safetensors").read_bytes()).hexdigest()
    )
    assert (out / facts["pairs"]["south"]["t2"]).resolve() == pairs / "t2" / "south.tif"
    assert facts["pairs"]["south"]["changed"] == 0
    assert not (out / "t1").exists()


@pytest.mark.usefixtures("_bright_is_roof")
def test_copies_open_as_pairs(weights: Path, tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs", tmp_path / "out"
    write_pair(pairs, "east", built=True, doubt=True, suffix=".png")
    write_pair(pairs, "west", built=False, doubt=True, suffix=".png")
    code, printed, said = call(
        "label", pairs, "--weights", weights, "--out", out, "--gsd", 1, "--copy", "--json"
    )
    assert code == 0, said
    facts = json.loads(printed)
    east, west = open_pairs(f"pairs:{out}", gsd_m=1.0)
    assert [np.bincount(east.change.ravel(), minlength=256)[k] for k in (1, 255)] == [14 * 12, 64]
    # A mask without a 1 of somebody else would be read as 255 for change; this one declares what it means.
    assert np.bincount(west.change.ravel(), minlength=256)[[0, 255]].tolist() == [SIDE**2 - 64, 64]
    assert facts["pairs"]["west"]["unknown"] == pytest.approx(64 / SIDE**2, abs=1e-6)
    assert east.t2.shape == (3, SIDE, SIDE)


@pytest.mark.usefixtures("_bright_is_roof")
def test_pixels_without_data_are_unknown_and_refused_pairs_are_named(weights: Path, tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs", tmp_path / "out"
    write_pair(pairs, "good", built=True)
    with rasterio.open(pairs / "t2" / "good.tif", "r+") as file:
        file.nodata = 0
        values = file.read()
        values[:, :4] = 0
        file.write(values)
    write_pair(pairs, "shifted", built=True)
    with rasterio.open(pairs / "t2" / "shifted.tif", "r+") as file:
        file.transform = Affine(1.0, 0, EAST + 5, 0, -1.0, NORTH)
    code, _, said = call("label", pairs, "--weights", weights, "--out", out)
    assert code == 0
    assert "shifted: refused" in said
    assert "warp one of them" in said
    facts = json.loads((out / "label.json").read_text())
    assert list(facts["pairs"]) == ["good"]
    assert facts["pairs"]["good"]["unknown"] == pytest.approx(4 / SIDE)
    assert sorted(path.name for path in (out / "change").iterdir()) == ["good.tif"]


def test_an_untrained_segmenter_knows_nothing(weights: Path, tmp_path: Path) -> None:
    write_pair(tmp_path / "pairs", "north", built=True)
    run = ("label", tmp_path / "pairs", "--weights", weights, "--out", tmp_path)
    code, _, said = call(*run, "--json")
    assert code == 1
    assert "100% of the pair is unknown" in said
    assert not list((tmp_path / "change").iterdir())
    code, printed, said = call(*run, "--unsure", 0, "--json")
    assert code == 0, said
    assert json.loads(printed)["pairs"]["north"]["unknown"] < 0.5


def test_wrong_usage_is_one_line(weights: Path, tmp_path: Path) -> None:
    pairs, scorer = tmp_path / "pairs", tmp_path / "scorer"
    write_pair(pairs, "north", built=True, suffix=".png")
    Segmenter.untrained("scorer", 0).save(scorer)
    (tmp_path / "masks" / "change").mkdir(parents=True)
    (tmp_path / "masks" / "change" / "north.png").write_bytes(b"drawn by hand")
    cases = [
        ((pairs, "--weights", scorer, "--out", tmp_path / "out"), 2, "is a scorer"),
        ((tmp_path, "--weights", weights, "--out", tmp_path / "out"), 1, "t1: there is no such folder"),
        ((pairs, "--weights", weights, "--out", tmp_path / "out"), 1, "give them with --gsd"),
        ((pairs, "--weights", weights, "--out", pairs, "--copy"), 2, "is the folder of the pairs itself"),
        ((pairs, "--weights", weights, "--out", tmp_path / "masks"), 1, "has not written"),
    ]
    for arguments, expected, text in cases:
        code, _, said = call("label", *arguments)
        assert text in refusal(code, said.replace("1 of 1 pairs\n", ""), expected=expected)
    assert (tmp_path / "masks" / "change" / "north.png").read_bytes() == b"drawn by hand"
    (pairs / "t2" / "north.png").unlink()
    code, _, said = call("label", pairs, "--weights", weights, "--out", tmp_path / "out", "--gsd", 1)
    assert "t2: 'north' is missing" in said
