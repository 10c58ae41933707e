"""Prediction on files: windows equal the whole, no data stays no data, grids are checked, memory is flat."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from rasterio.transform import Affine
from torch import Tensor, nn

from diachron.core.errors import GridError, RecipeError, RunRefusedError, SourceError
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.detector import Detector
from diachron.training.detectors.predict_raster import predict_raster
from tests.tiles import UTM, write_raster

PLACE = {"crs": UTM, "transform": Affine(0.5, 0, 350_000.0, 0, -0.5, 3_050_000.0)}


class Difference(nn.Module):
    """Stands for a network: certain of change where the first band differs by half of the scale or more."""

    stride = 16

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(40.0))

    def forward(self, t1: Tensor, t2: Tensor) -> dict[str, Tensor]:
        # Normalised pixels spread over five units.
        return {"change": self.gain * ((t1 - t2).abs()[:, :1] - 2.5)}


DIFFERENCE = Detector(DetectorConfig(), Difference())


def two_dates(folder: Path, side: int = 100, **profile: object) -> tuple[Path, Path]:
    """Write two dates that differ in a block of 10 × 20 px."""
    dates = np.full((2, 3, side, side), 100, np.uint8)
    dates[1, :, 70:80, 5:25] = 250
    return tuple(  # type: ignore[return-value]
        write_raster(folder / f"t{number}.tif", date, **(PLACE | profile))
        for number, date in enumerate(dates, 1)
    )


def read(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read(1)


def test_files_hold_what_the_detector_says_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    dates = rng.integers(0, 255, (2, 3, 150, 90), np.uint8)
    t1, t2 = (write_raster(tmp_path / f"t{n}.tif", date, **PLACE) for n, date in enumerate(dates, 1))
    detector = Detector.untrained(DetectorConfig(), 0)
    done = predict_raster(detector, t1, t2, tmp_path / "out", threshold=0.51, window_px=144)
    expected = detector.probability(dates[0], dates[1], 255.0)
    # Windows of 144 px overlap by 64; an untrained network sees hardly as far.
    stored = read(done.files["probability"]) / 254
    assert np.abs(stored - expected).max() < 0.01
    with rasterio.open(done.files["probability"]) as file:
        assert file.scales == (pytest.approx(1 / 254),)
        assert file.nodata == 255
        assert file.crs == UTM and file.transform == PLACE["transform"]
    mask = read(done.files["mask"])
    assert set(np.unique(mask)) <= {0, 1}
    assert done.known_px == 150 * 90 and done.changed_px == np.count_nonzero(mask)


def test_the_mask_is_what_reaches_the_threshold(tmp_path: Path) -> None:
    done = predict_raster(DIFFERENCE, *two_dates(tmp_path), tmp_path / "out")
    expected = np.zeros((100, 100), np.uint8)
    expected[70:80, 5:25] = 1
    np.testing.assert_array_equal(read(done.files["mask"]), expected)
    assert done.changed_px == 200


def test_no_data_in_either_date_is_no_answer_and_no_change_beside_it(tmp_path: Path) -> None:
    t1, t2 = two_dates(tmp_path, nodata=0)
    with rasterio.open(t1, "r+") as file:
        file.write(np.zeros((3, 30, 100), np.uint8), window=rasterio.windows.Window(0, 0, 100, 30))
    done = predict_raster(DIFFERENCE, t1, t2, tmp_path / "out")
    for name in ("probability", "mask"):
        layer = read(done.files[name])
        assert (layer[:30] == 255).all() and (layer[30:] != 255).all()
    assert done.known_px == 7000 and done.changed_px == 200


def test_a_semantic_head_writes_its_maps_and_a_conditional_one_reads_one(tmp_path: Path) -> None:
    t1, t2 = two_dates(tmp_path)
    semantic = Detector.untrained(DetectorConfig(head="semantic", classes=3), 0)
    done = predict_raster(semantic, t1, t2, tmp_path / "semantic")
    assert set(done.files) == {"probability", "mask", "labels_t1", "labels_t2"}
    assert read(done.files["labels_t1"]).max() < 3
    conditional = Detector.untrained(DetectorConfig(head="conditional", classes=3), 0)
    with pytest.raises(RecipeError, match="give the label map of the first date"):
        predict_raster(conditional, t1, t2, tmp_path / "conditional")
    label_maps = [
        write_raster(tmp_path / f"labels{value}.tif", np.full((100, 100), value, np.uint8), **PLACE)
        for value in (0, 2)
    ]
    found = [
        read(
            predict_raster(conditional, t1, t2, tmp_path / labels.stem, labels_t1=labels).files["probability"]
        )
        for labels in label_maps
    ]
    assert (found[0] != found[1]).any(), "the label map is not looked at"


def test_rasters_that_do_not_fit_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    t1, _ = two_dates(tmp_path)
    out = tmp_path / "out"
    smaller = write_raster(tmp_path / "smaller.tif", np.zeros((3, 90, 100), np.uint8), **PLACE)
    with pytest.raises(GridError, match=r"smaller.tif: \(90, 100\) pixels.*rio warp"):
        predict_raster(DIFFERENCE, t1, smaller, out)
    moved = write_raster(
        tmp_path / "moved.tif",
        np.zeros((3, 100, 100), np.uint8),
        **(PLACE | {"transform": PLACE["transform"] @ Affine.translation(0, 1)}),
    )
    with pytest.raises(GridError, match=r"moved.tif: corners lie 0.5 units"):
        predict_raster(DIFFERENCE, t1, moved, out)
    elsewhere = write_raster(
        tmp_path / "elsewhere.tif", np.zeros((3, 100, 100), np.uint8), **(PLACE | {"crs": "EPSG:32646"})
    )
    with pytest.raises(GridError, match="CRS EPSG:32646"):
        predict_raster(DIFFERENCE, t1, elsewhere, out)
    wide = write_raster(tmp_path / "wide.tif", np.zeros((3, 100, 100), np.uint16), **PLACE)
    with pytest.raises(RecipeError, match=r"uint16 pixels.*--full-scale"):
        predict_raster(DIFFERENCE, t1, wide, out)
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        predict_raster(DIFFERENCE, t1, tmp_path / "text.tif", out)
    assert not out.exists()


def test_a_prediction_is_not_overwritten_and_a_stopped_one_leaves_nothing(tmp_path: Path) -> None:
    dates = two_dates(tmp_path)
    out = tmp_path / "out"

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_raster(DIFFERENCE, *dates, out, progress=stop)
    assert list(out.iterdir()) == []
    predict_raster(DIFFERENCE, *dates, out)
    with pytest.raises(RunRefusedError, match="a prediction is there already"):
        predict_raster(DIFFERENCE, *dates, out)
    predict_raster(DIFFERENCE, *dates, out, overwrite=True)


LARGE = """
import resource, sys
from pathlib import Path
import numpy as np, rasterio
from diachron.training.detectors.predict_raster import predict_raster
from tests.training.detectors.test_predict_raster import DIFFERENCE
folder, side = Path(sys.argv[1]), 20_000
profile = dict(driver="GTiff", count=1, height=side, width=side, dtype="uint8", tiled=True, sparse_ok=True)
for number in (1, 2):
    with rasterio.open(folder / f"t{number}.tif", "w", **profile) as file:
        if number == 2:
            file.write(np.full((1, 100, 100), 255, np.uint8), window=((12_000, 12_100), (19_900, 20_000)))
done = predict_raster(DIFFERENCE, folder / "t1.tif", folder / "t2.tif", folder / "out")
print(done.changed_px, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_twenty_thousand_pixels_square_stay_under_two_gigabytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LARGE, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    changed, megabytes = map(int, done.stdout.split())
    assert changed == 10_000
    # What a network needs for a window comes on top and does not depend on the raster.
    assert megabytes < 1500
