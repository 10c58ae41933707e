"""Ids of objects beside label maps, and panoptic labels: every object is itself, also in a terrace."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core import hub
from diachron.core.errors import LabelError, RecipeError, SourceError
from diachron.core.schemes import SCHEMES
from diachron.pipelines.sources import Source, SourceOptions, discover
from diachron.pipelines.sources.instance_maps import objects_of
from diachron.pipelines.sources.layout import Segment
from diachron.pipelines.sources.panoptic import classes_and_ids
from tests.tiles import UTM, call, write_raster

SHAPE = (64, 96)
GRASS, ROAD, BUILDING = 2, 4, 8
HOUSES = 6


def labels() -> np.ndarray:
    """Return a terrace of six houses, wall to wall, above a road; in scheme openearthmap."""
    values = np.full(SHAPE, GRASS, np.uint8)
    values[16:28, 10:82] = BUILDING
    values[40:46] = ROAD
    return values


def ids(dtype: type = np.uint16, first: int = 40_000) -> np.ndarray:
    values = np.zeros(SHAPE, dtype)
    for house in range(HOUSES):
        values[16:28, 10 + 12 * house : 22 + 12 * house] = first + house
    # On the lawn, where no object is.
    values[:4, :4] = 7
    return values


def picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (110 + 20 * (labels() == BUILDING) + rng.normal(0, 6, (3, *SHAPE))).clip(1, 255).astype(np.uint8)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    from rasterio.transform import Affine

    for name in ("a", "b"):
        place = {"crs": UTM, "transform": Affine(0.5, 0, 350_000, 0, -0.5, 3_050_000)}
        write_raster(tmp_path / "town" / "image" / f"{name}.tif", picture(), **place)
        write_raster(tmp_path / "town" / "label" / f"{name}.png", labels())
        write_raster(tmp_path / "town" / "ids" / f"{name}.tif", ids())
    return tmp_path / "town"


def options(town: Path, **more: object) -> SourceOptions:
    return SourceOptions(**{"source": str(town), "schema": "openearthmap", **more})


def houses(source: Source) -> list[int]:
    scene = source.scene(source.units(512)[0])
    found = [entry for entry in scene.objects.values() if entry.object_class == hub.BUILDING]
    return [entry.footprint.pixels for entry in found]


def test_without_ids_a_terrace_is_one_object_and_with_them_each_house_is_itself(town):
    assert houses(discover(options(town))) == [12 * 12 * HOUSES]
    source = discover(options(town, instances=str(town / "ids")))
    assert houses(source) == [12 * 12] * HOUSES
    scene = source.scene(source.units(512)[0])
    # The road has no id, and is an object all the same; the id on the lawn is none.
    assert sum(entry.object_class == hub.ROAD for entry in scene.objects.values()) == 1
    assert not scene.instances[:4, :4].any()
    np.testing.assert_array_equal(scene.labels, labels())


def test_ids_of_32_bits_are_read_by_windows(town):
    for name in ("a", "b"):
        (town / "ids" / f"{name}.tif").unlink()
        write_raster(town / "ids" / f"{name}.tif", ids(np.uint32, 4_000_000_000))
    source = discover(options(town, instances=f"{town}/ids/*.tif"))
    raw = source.read(source.units(64)[0])
    assert raw.footprints is not None
    assert raw.footprints.dtype == np.int32
    assert np.unique(raw.footprints).tolist() == [0, 1, 2, 3, 4, 5]


@given(seed=st.integers(0, 2**20), scheme=st.sampled_from(("openearthmap", "building", "flair", "second")))
def test_objects_are_the_pairs_of_id_and_class(seed, scheme):
    rng = np.random.default_rng(seed)
    schema = SCHEMES[scheme]
    values = rng.choice([entry.id for entry in schema.classes], (12, 14)).astype(np.uint8)
    numbers = rng.integers(0, 5, (12, 14)) * 1_000_003
    found = objects_of(numbers, values, schema)
    _, classes = schema.to_hub(values)
    np.testing.assert_array_equal(found > 0, (classes > 0) & (numbers > 0))
    assert sorted(np.unique(found[found > 0])) == list(range(1, int(found.max()) + 1))
    for number in range(1, int(found.max()) + 1):
        own = found == number
        assert np.unique(numbers[own]).size == np.unique(classes[own]).size == 1
        np.testing.assert_array_equal(own, (numbers == numbers[own][0]) & (classes == classes[own][0]))


def test_maps_of_ids_that_do_not_fit_are_refused(town):
    (town / "ids" / "b.tif").unlink()
    source = discover(options(town, instances=str(town / "ids")))
    assert [(r.path, r.reason) for r in source.refusals] == [("image/b.tif", "no_label")]
    assert "maps of ids that pair with it: none" in source.refusals[0].detail
    write_raster(town / "ids" / "b.tif", ids()[:32])
    assert discover(options(town, instances=str(town / "ids"))).refusals[0].reason == "size_mismatch"
    (town / "ids" / "b.tif").unlink()
    write_raster(town / "ids" / "b.tif", ids().astype(np.float32))
    assert "not ids" in discover(options(town, instances=str(town / "ids"))).refusals[0].detail


def test_other_ids_are_another_source(town):
    first = discover(options(town, instances=str(town / "ids"))).fingerprint()
    changed = ids()
    changed[16:28, 10:34] = 1
    (town / "ids" / "a.tif").unlink()
    write_raster(town / "ids" / "a.tif", changed)
    assert discover(options(town, instances=str(town / "ids"))).fingerprint() != first


def panoptic(town: Path, *, crowd: bool = False, category: int = BUILDING) -> Path:
    """Write the terrace as COCO has it: PNGs in a folder called like the JSON, images by their names."""
    coded = np.where(labels() == ROAD, 3, ids(np.uint32, 70_000)).astype(np.uint32)
    coded[:4, :4] = 0
    coded[(labels() == GRASS) & (coded == 0)] = 9
    coded[-4:, -4:] = 0
    channels = np.stack([coded % 256, coded // 256 % 256, coded // 65536]).astype(np.uint8)
    segments = [{"id": 3, "category_id": ROAD}, {"id": 9, "category_id": GRASS}]
    segments += [{"id": 70_000 + k, "category_id": category, "iscrowd": int(crowd)} for k in range(HOUSES)]
    images, annotations = [], []
    for number, name in enumerate(("a", "b")):
        write_raster(town.parent / "panoptic" / f"{number:012d}.png", channels)
        images.append({"id": number, "file_name": f"{name}.tif"})
        annotations.append({"image_id": number, "file_name": f"{number:012d}.png", "segments_info": segments})
    file = town.parent / "panoptic.json"
    file.write_text(json.dumps({"images": images, "annotations": annotations}), encoding="utf-8")
    return file


def test_panoptic_labels_are_classes_and_ids_at_once(town):
    source = discover(options(town, panoptic=str(panoptic(town))))
    assert houses(source) == [12 * 12] * HOUSES
    expected = labels()
    expected[-4:, -4:] = 0
    np.testing.assert_array_equal(source.read(source.units(512)[0]).labels, expected)


def test_of_a_crowd_nobody_told_the_members_apart(town):
    assert houses(discover(options(town, panoptic=str(panoptic(town, crowd=True))))) == [12 * 12 * HOUSES]


def test_a_data_set_is_made_of_panoptic_labels(town, tmp_path):
    out = tmp_path / "out"
    code, _, said = call(
        "generate", "building-change", "--source", town, "--panoptic", panoptic(town), "--schema",
        "openearthmap", "--out", out, "-n", 2, "--set", "processes.demolition.rate_per_km2_year=800",
        "--set", "paint=t2",
    )  # fmt: skip
    assert code == 0, said
    code, _, said = call("validate", out)
    assert code == 0, said
    gone = [
        event
        for path in out.glob("samples/*/*/sample.json")
        for event in json.loads(path.read_text())["events"]
        if event["kind"] == "demolition"
    ]
    assert gone
    assert all(event["area_m2"] == 36.0 for event in gone)


@pytest.mark.parametrize(
    ("rgb", "scheme", "text"),
    [
        ((1, 1, 0), "openearthmap", "segment 257 at row 0, column 0 is not in the JSON's segments_info"),
        ((5, 0, 0), "openearthmap", "value 77 at row 0, column 0 is not in scheme 'openearthmap'"),
        ((0, 0, 0), "dynamicearthnet", "pixels without a segment, and scheme 'dynamicearthnet'"),
    ],
)
def test_what_no_segment_or_class_explains_is_refused(rgb, scheme, text):
    coded = np.array(rgb, np.uint8).reshape(3, 1, 1)
    with pytest.raises(LabelError, match=text):
        classes_and_ids(coded, (Segment(5, 77),), SCHEMES[scheme], where="a.png")


def test_in_a_scheme_without_ignore_unlabelled_pixels_are_ground():
    coded = np.zeros((3, 1, 1), np.uint8)
    assert classes_and_ids(coded, (), SCHEMES["building"], where="a.png")[0].tolist() == [[0]]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"instances": "ids", "panoptic": "p.json"}, "--panoptic tells the objects already"),
        ({"instances": "ids", "footprints": "f.gpkg"}, "--instances tells the objects already"),
        ({"panoptic": "p.json", "labels": "label"}, "--panoptic brings labels already"),
        ({"instances": "ids", "resample_m": 2.0}, "ids of objects are read as they are"),
        ({"instances": "ids", "schema": "segments"}, "--instances .*reads none"),
    ],
)
def test_options_that_say_it_twice_are_refused(town, fake, rectangle, monkeypatch, more, text):
    monkeypatch.chdir(town)
    if "footprints" in more:
        more = {**more, "footprints": str(fake.geojson(town / "f.geojson", [rectangle(0, 0, 20, 20)]))}
    with pytest.raises(RecipeError, match=text):
        discover(options(town, **more))


def test_a_json_of_another_kind_is_refused(town):
    with pytest.raises(RecipeError, match="say what its categories are with --schema"):
        discover(options(town, panoptic=str(panoptic(town)), schema=None))
    other = town / "instances.json"
    other.write_text('{"annotations": [{"bbox": []}]}', encoding="utf-8")
    with pytest.raises(SourceError, match="not of COCO's panoptic kind"):
        discover(options(town, panoptic=str(other)))
    other.write_text('{"annotations": []}', encoding="utf-8")
    with pytest.raises(SourceError, match="none of its 0 images is one of 2 here"):
        discover(options(town, panoptic=str(other)))
