"""Label maps of rasters: like the picture at once, on its grid, with 255 where there is no data."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from diachron.core.errors import SourceError
from diachron.core.schemes import SCHEMES
from diachron.training.segmenters.predict_raster import RasterSummary, segment_raster
from diachron.training.segmenters.segmenter import Segmenter
from tests.tiles import UTM, write_raster

PLACE = {"crs": UTM, "transform": Affine(0.5, 0, 350_000, 0, -0.5, 3_050_000)}


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter.untrained("labeller", 0)


def segment(segmenter: Segmenter, image: Path, folder: Path, unsure_below: float = 0.0) -> RasterSummary:
    return segment_raster(
        segmenter,
        image,
        folder / "labels.tif",
        folder / "confidence.tif",
        full_scale=255.0,
        indexes=(1, 2, 3),
        unsure_below=unsure_below,
    )


def test_windows_give_what_the_picture_at_once_gives(segmenter: Segmenter, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(1, 256, (3, 200, 900)).astype(np.uint8)
    image = write_raster(tmp_path / "a.tif", pixels, **PLACE)
    summary = segment(segmenter, image, tmp_path, 0.3)
    expected = segmenter.classify(pixels, 255.0, unsure_below=0.3, window_px=2048)
    with rasterio.open(tmp_path / "labels.tif") as labels, rasterio.open(tmp_path / "confidence.tif") as sure:
        assert labels.crs.to_string() == UTM
        assert labels.transform == PLACE["transform"]
        assert labels.nodata == 255
        assert labels.dtypes == ("uint8",)
        assert labels.colormap(1)[4][:3] == SCHEMES["segmenter"].colour_table()[4]
        assert (labels.read(1) == expected.labels).mean() > 0.999
        np.testing.assert_allclose(sure.read(1), 100 * expected.confidence, atol=0.51)
    assert summary.pixels == 200 * 900
    assert sum(summary.shares.values()) == pytest.approx(1.0, abs=1e-3)
    assert summary.shares["unsure"] == pytest.approx((expected.labels == 255).mean(), abs=1e-3)


def test_pixels_without_data_are_not_labelled(segmenter: Segmenter, tmp_path: Path) -> None:
    pixels = np.full((3, 64, 64), 90, np.uint8)
    pixels[:, :, :16] = 0
    image = write_raster(tmp_path / "a.tif", pixels, nodata=0, **PLACE)
    summary = segment(segmenter, image, tmp_path)
    with rasterio.open(tmp_path / "labels.tif") as labels, rasterio.open(tmp_path / "confidence.tif") as sure:
        assert (labels.read(1)[:, :16] == 255).all()
        assert (labels.read(1)[:, 16:] < 6).all()
        assert (sure.read(1)[:, :16] == 255).all()
        assert sure.read(1)[:, 16:].max() <= 100
    assert summary.pixels == 64 * 48
    empty = write_raster(tmp_path / "b.tif", np.zeros((3, 32, 32), np.uint8), nodata=0, **PLACE)
    assert segment(segmenter, empty, tmp_path) == RasterSummary(0, {})


def test_a_cut_off_picture_leaves_no_label_map(segmenter: Segmenter, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(1, 256, (3, 400, 400)).astype(np.uint8)
    image = write_raster(tmp_path / "a.tif", pixels, **PLACE)
    image.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    with pytest.raises(SourceError, match=r"a\.tif: the window at row 0, column 0 cannot be decoded"):
        segment(segmenter, image, tmp_path)
    assert not (tmp_path / "labels.tif").exists()
    assert not (tmp_path / "confidence.tif").exists()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_raster(segmenter: Segmenter, tmp_path: Path) -> None:
    peaks = []
    for side in (1536, 3072):
        image = tmp_path / f"{side}.tif"
        row = np.random.default_rng(0).integers(1, 256, (3, 256, side)).astype(np.uint8)
        profile = {
            "driver": "GTiff",
            "count": 3,
            "dtype": "uint8",
            "tiled": True,
            "width": side,
            "height": side,
        }
        with rasterio.open(image, "w", **profile, **PLACE) as file:
            for top in range(0, side, 256):
                file.write(row, window=((top, top + 256), (0, side)))
        tracemalloc.start()
        segment(segmenter, image, tmp_path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
