"""Headers: metres on the ground, alpha bands, band names and the value of white."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rasterio.enums import ColorInterp
from rasterio.transform import Affine

from diachron.core.errors import RecipeError, SourceError
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.sources.radiometry import band_names, derive_full_scale
from diachron.pipelines.sources.rasters import ground_gsd, open_raster, read_header

RGBA = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)


def gsd_of(fake, path, crs: str | None, transform: Affine | None) -> float | None:
    return ground_gsd(read_header(fake.image(path, crs=crs, transform=transform)))


@pytest.mark.parametrize(
    ("crs", "transform", "metres"),
    [
        ("EPSG:32645", Affine(0.25, 0, 3.5e5, 0, -0.25, 3e6), 0.25),
        ("EPSG:32645", Affine(0.2, 0, 3.5e5, 0, -0.8, 3e6), 0.4),
        ("EPSG:32645", Affine(0.3, 0.4, 3.5e5, 0.4, -0.3, 3e6), 0.5),
        ("EPSG:2263", Affine(2.0, 0, 9.8e5, 0, -2.0, 2e5), 2 * 1200 / 3937),
        ("EPSG:4326", Affine(1e-5, 0, 10, 0, -1e-5, 4e-5), 1.1132),
        ("EPSG:4326", Affine(1e-5, 0, 10, 0, -1e-5, 60 + 4e-5), 1.1132 * math.sqrt(0.5)),
        ("EPSG:3857", Affine(1.0, 0, 0, 0, -1.0, 4), 1.0),
        # y of 60 degrees north on the sphere of 6 378 137 m: R ln(tan(75 degrees)).
        ("EPSG:3857", Affine(1.0, 0, 0, 0, -1.0, 6378137 * math.log(math.tan(math.radians(75)))), 0.5),
        ("EPSG:4326", None, None),
        (None, Affine(0.25, 0, 3.5e5, 0, -0.25, 3e6), None),
    ],
)
def test_gsd_is_metres_on_the_ground(tmp_path, fake, crs, transform, metres):
    gsd = gsd_of(fake, tmp_path / "a.tif", crs, transform)
    assert gsd == (None if metres is None else pytest.approx(metres, rel=1e-5))


def test_given_gsd_goes_before_the_file(tmp_path, fake, rectangle):
    fake.geo_image(tmp_path / "a.tif")
    fake.geojson(tmp_path / "buildings.geojson", [rectangle(1, 1, 2, 2)])
    (tile,) = discover(SourceOptions(source=str(tmp_path), gsd_m=0.3)).tiles
    assert (tile.grid.gsd_m, tile.gsd_from, tile.grid.crs) == (0.3, "given", "EPSG:32645")


def test_alpha_of_pictures_is_no_band(tmp_path, fake):
    values = np.full((4, 8, 10), 200, np.uint8)
    for name in ("a.png", "a.webp"):
        assert read_header(fake.raster(tmp_path / name, values)).alpha == 4
    grey = fake.raster(tmp_path / "g.png", values[:2])
    assert read_header(grey).indexes == (1,)


def test_a_fourth_band_that_tiff_calls_alpha_may_be_infrared(tmp_path, fake):
    infrared = np.arange(320, dtype=np.uint8).reshape(4, 8, 10)
    plain = fake.raster(tmp_path / "plain.tif", infrared)
    assert read_header(plain).colours[3] == "alpha"
    assert read_header(plain).alpha is None
    masked = infrared.copy()
    masked[3] = np.where(masked[3] > 40, 255, 0)
    assert read_header(fake.raster(tmp_path / "masked.tif", masked)).alpha == 4
    named = fake.raster(tmp_path / "named.tif", masked, names=("swir", "nir", "red", "green"))
    assert read_header(named).alpha is None
    fake.label(tmp_path / "masked_label.png")
    names = ("red", "green", "blue", "nir")
    options = SourceOptions(source=str(tmp_path / "masked.tif"), schema="building", gsd_m=1.0, bands=names)
    assert (discover(options).tiles[0].count, discover(options).bands) == (4, names)


def test_band_names_by_given_described_colour_and_number(tmp_path, fake):
    four = np.arange(320, dtype=np.uint8).reshape(4, 8, 10)
    bgrn = (ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.nir)
    described = read_header(fake.raster(tmp_path / "a.tif", four, names=("Swir 1", "NIR", "red", "green")))
    coloured = read_header(fake.raster(tmp_path / "b.tif", four, photometric="MINISBLACK", colours=bgrn))
    plain = read_header(fake.raster(tmp_path / "c.tif", four.astype(np.uint16)))
    many = read_header(fake.raster(tmp_path / "d.tif", np.zeros((6, 4, 4), np.uint16)))
    pan = read_header(fake.raster(tmp_path / "e.tif", four[0]))
    assert band_names(described, None) == ("swir_1", "nir", "red", "green")
    assert band_names(coloured, None) == ("blue", "green", "red", "nir")
    assert band_names(plain, None) == ("red", "green", "blue", "nir")
    assert band_names(many, None) == tuple(f"band{i}" for i in range(1, 7))
    assert band_names(pan, None) == ("band1",)
    assert band_names(pan, ("pan",)) == ("pan",)
    with pytest.raises(RecipeError, match=r"--bands a,b: 2 names, but .*e\.tif has 1 bands"):
        band_names(pan, ("a", "b"))


@pytest.mark.parametrize(
    ("dtype", "brightest", "white"),
    [
        ("uint8", 17, 255.0),
        ("uint16", 1023, 1023.0),
        ("uint16", 1024, 2047.0),
        ("uint16", 4000, 4095.0),
        ("uint16", 9999, 10000.0),
        ("uint16", 16383, 16383.0),
        ("uint16", 20000, 65535.0),
        ("float32", 0.4, 1.0),
        ("float32", 1.7, 1.0),
        ("float32", 180.0, 1000.0),
        ("float32", 10000.0, 10000.0),
    ],
)
def test_white_follows_type_and_maximum(tmp_path, fake, dtype, brightest, white):
    headers = []
    for index in range(5):
        values = np.zeros((3, 6, 6), dtype)
        values[0, 2, 2] = brightest if index == 2 else 0
        headers.append(read_header(fake.raster(tmp_path / f"{index}.tif", values)))
    assert derive_full_scale(headers) == white


def test_white_follows_stated_bits_and_skips_nodata(tmp_path, fake):
    values = np.full((3, 6, 6), 500, np.uint16)
    assert derive_full_scale([read_header(fake.raster(tmp_path / "a.tif", values, NBITS=12))]) == 4095.0
    values[:, 0, 0] = 65535
    assert derive_full_scale([read_header(fake.raster(tmp_path / "b.tif", values, nodata=65535))]) == 1023.0


def test_other_formats_under_a_picture_name_are_not_opened(tmp_path, fake):
    target = fake.image(tmp_path / "a.tif")
    (tmp_path / "b.tif").write_text(
        '<VRTDataset rasterXSize="10" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>{target}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(SourceError, match=r"b\.tif: VRT is not GTiff, PNG"), open_raster(tmp_path / "b.tif"):
        pass
