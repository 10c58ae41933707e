"""The package on disk: what was made is what is read, with its place, names, colours and provenance."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core.errors import REJECTION_REASONS, PackageError
from diachron.core.grid import GeoGrid
from diachron.core.sample import ChangeSample
from diachron.outputs import layout
from diachron.outputs.rasters import decode, encode
from diachron.outputs.readers import Dataset, schema_from_json, schema_to_json
from diachron.outputs.writer import sample_files, sample_record
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.workshop import Workshop
from tests.tiles import EAST, LIVELY, NORTH, SCHEME, SIDE, UTM, call, generation, rejections

OVERRIDES = [word for word in LIVELY if word != "--set"]


@pytest.fixture(scope="module")
def sample(town: Path) -> ChangeSample:
    """Return sample 0 of the set `series`, as it was before it was written."""
    options = SourceOptions(str(town), schema=SCHEME, licence="CC-BY-4.0")
    plan = Plan(load_recipe("building-change", [*OVERRIDES, "dates=3"]), discover(options), 0, 2)
    made = Workshop(plan).make(0)
    assert isinstance(made, ChangeSample)
    return made


def test_every_layer_reads_back_as_it_was_made(sample: ChangeSample, series: Path) -> None:
    dataset = Dataset(series)
    expected = {"change": sample.change, "edit": sample.edit}
    for name, date in zip(("t1", "t2", "t3"), sample.dates, strict=True):
        expected |= {name: date.image, f"label_{name}": date.labels}
        expected |= {f"surface_{name}": date.surface, f"instance_{name}": date.instances}
    for number, (change, edit) in enumerate(zip(sample.change_steps, sample.edit_steps, strict=True), 2):
        expected |= {f"change_t{number}": change, f"edit_t{number}": edit}
    assert {f"{name}.tif" for name in expected} == set(sample_files(sample))
    for name, values in expected.items():
        read = dataset.layer(0, name)
        np.testing.assert_array_equal(read, values, err_msg=name)
        assert read.dtype == (np.uint8 if values.dtype == bool else values.dtype), name


def test_the_record_reads_back_as_it_was_made(sample: ChangeSample, series: Path) -> None:
    assert Dataset(series).record(0) == json.loads(json.dumps(sample_record(sample)))


def test_layers_carry_place_names_nodata_and_colours(series: Path) -> None:
    dataset = Dataset(series)
    record = dataset.record(0)
    number = int(record["source"][-1])
    for path in sorted(dataset.folder(0).glob("*.tif")):
        with rasterio.open(path) as file:
            assert file.crs == rasterio.CRS.from_user_input(UTM), path
            assert tuple(file.transform)[:6] == (1.0, 0.0, EAST + 1000.0 * number, 0.0, -1.0, NORTH), path
            assert file.shape == (SIDE, SIDE), path
            assert file.compression.value == "ZSTD", path
            if path.stem.startswith("label_"):
                assert file.nodata == dataset.schema.ignore
                table = file.colormap(1)
                for class_id, rgb in dataset.schema.colour_table().items():
                    # GDAL shows the value without data as transparent.
                    assert table[class_id][:3] == rgb
            elif path.stem in ("t1", "t2", "t3"):
                assert file.descriptions == ("red", "green", "blue")
                assert file.dtypes == ("uint8",) * 3
            elif path.stem.startswith("change"):
                assert file.nodata == 255


def test_the_record_names_all_that_the_sample_came_from(made: Path) -> None:
    for record in Dataset(made).records():
        assert record["licence"] == "CC-BY-4.0"
        assert record["source"].startswith("image/town_")
        assert record["place"]
        provenance = record["provenance"]
        assert (provenance["recipe"], provenance["seed"], provenance["sample"]) == (
            "building-change",
            0,
            record["sample"],
        )
        assert {"diachron", "python", "numpy", "rasterio"} <= set(provenance["versions"])
        assert provenance["weights"] == []
        assert len(provenance["plan"]) == 64
        lent = {e["parameters"]["donor_scene"] for e in record["events"] if "donor_scene" in e["parameters"]}
        assert set(provenance["donor_scenes"]) == lent


def test_dataset_json_holds_the_resolved_recipe(made: Path) -> None:
    info = Dataset(made).info
    assert info["source"]["licence"] == "CC-BY-4.0"
    assert info["recipe"]["acquisition"] is None
    assert info["recipe"]["processes"]["construction"]["rate_per_km2_year"] == 60.0
    assert info["recipe"]["processes"]["construction"]["gap_m"] == 2.0


def test_a_licence_may_be_any_words(town: Path, tmp_path: Path) -> None:
    words = "CC-BY-4.0 (pictures), ODbL-1.0 | `outlines`"
    out = tmp_path / "out"
    assert call(*generation(town, out, "--licence", words, samples=1))[0] == 0
    assert Dataset(out).record(0)["licence"] == words
    import pyarrow.parquet as pq

    assert pq.read_table(out / layout.INDEX)["licence"].to_pylist() == [words]
    row = next(line for line in (out / layout.CARD).read_text().splitlines() if "licence" in line)
    assert row.count("|") == 3
    assert row.count("`") == 2


def test_reasons_are_words_of_the_fixed_list(made: Path) -> None:
    assert all(entry["reason"] in REJECTION_REASONS for entry in rejections(made))


@settings(max_examples=40, deadline=None)
@given(
    bands=st.integers(1, 5),
    rows=st.integers(1, 40),
    cols=st.integers(1, 40),
    dtype=st.sampled_from(["uint8", "uint16", "float32", "int32"]),
    seed=st.integers(0, 2**20),
)
def test_any_layer_survives_its_file(bands: int, rows: int, cols: int, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 250, (bands, rows, cols)).astype(dtype)
    if dtype == "float32":
        values += np.float32(0.1)
    grid = GeoGrid((rows, cols), (0.5, 0.0, EAST, 0.0, -0.5, NORTH), UTM, 0.5)
    content = encode(values, grid, names=tuple(f"b{n}" for n in range(bands)))
    read, profile = decode(content)
    np.testing.assert_array_equal(read if bands > 1 else read[np.newaxis], values)
    assert read.dtype == values.dtype
    assert tuple(profile["transform"])[:6] == grid.transform
    assert encode(values, grid, names=tuple(f"b{n}" for n in range(bands))) == content


def test_a_plain_grid_has_no_georeference() -> None:
    _, profile = decode(encode(np.zeros((8, 8), np.uint8), GeoGrid.plain((8, 8), 0.3)))
    assert profile["crs"] is None


def test_a_scheme_survives_json() -> None:
    from diachron.core.schemes import SCHEMES

    for schema in SCHEMES.values():
        again = schema_from_json(json.loads(json.dumps(schema_to_json(schema))))
        assert (again.name, again.classes, again.ignore) == (schema.name, schema.classes, schema.ignore)
        assert dict(again.draws) == dict(schema.draws)


def test_what_is_not_there_is_told(made: Path, tmp_path: Path) -> None:
    dataset = Dataset(made)
    with pytest.raises(PackageError, match=r"no such sample; 6 are complete"):
        dataset.record(77)
    with pytest.raises(PackageError, match=r"height_t1\.tif: no such layer"):
        dataset.layer(0, "height_t1")
    with pytest.raises(PackageError, match=r"no data set there"):
        Dataset(tmp_path)
    manifest = tmp_path / layout.DATASET
    for text, expected in (
        ("{", "not JSON"),
        ("[]", "not written by Diachron"),
        ("{}", "not written by Diachron"),
    ):
        manifest.write_text(text)
        with pytest.raises(PackageError, match=expected):
            Dataset(tmp_path)
    manifest.write_text(json.dumps({**dataset.info, "format": 99}))
    with pytest.raises(PackageError, match=r"format 99, this version reads 1"):
        Dataset(tmp_path)


def test_importing_diachron_loads_nothing_heavy() -> None:
    probe = (
        "import sys, diachron; heavy = {'torch', 'numpy', 'scipy', 'rasterio', 'diffusers'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_numpy_users_never_load_torch(made: Path) -> None:
    probe = (
        f"import sys, diachron; d = diachron.Dataset({str(made)!r}); d.layer(0, 't1'); d.schema;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_torch_loader_reads_batches_with_the_keys_of_the_field(made: Path) -> None:
    torch = pytest.importorskip("torch")
    import diachron

    pairs = diachron.open_dataset(made)
    assert len(pairs) == 6
    batch = next(iter(torch.utils.data.DataLoader(pairs, batch_size=3)))
    assert set(batch) == {"index", "image1", "image2", "mask", "mask1", "mask2"}
    for name in ("image1", "image2"):
        assert batch[name].shape == (3, 3, SIDE, SIDE)
        assert batch[name].dtype == torch.float32
    for name in ("mask", "mask1", "mask2"):
        assert batch[name].shape == (3, SIDE, SIDE)
        assert batch[name].dtype == torch.int64
    assert set(batch["mask"].unique().tolist()) <= {0, 1, 255}
    dataset = Dataset(made)
    np.testing.assert_array_equal(batch["image2"][1].numpy(), dataset.layer(1, "t2"))
    np.testing.assert_array_equal(batch["mask"][2].numpy(), dataset.layer(2, "change"))
    splits = [len(diachron.open_dataset(made, split)) for split in ("train", "val", "test")]
    assert sum(splits) == 6


def test_a_series_has_an_image_a_date(series: Path) -> None:
    pytest.importorskip("torch")
    import diachron

    item = diachron.open_dataset(series)[0]
    assert {"image1", "image2", "image3", "mask", "mask1", "mask2", "mask3"} <= set(item)
