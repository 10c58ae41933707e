"""`validate` is silent on a good set and names every fault that is planted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
from numpy.typing import NDArray

from diachron.outputs import layout
from diachron.outputs.readers import Dataset
from diachron.outputs.storage import json_bytes
from diachron.outputs.validation import validate
from tests.tiles import call


def problems(out: Path) -> list[str]:
    return validate(Dataset(out)).problems


def busy(out: Path) -> int:
    """Return a sample with at least two events that can be seen."""
    return next(
        record["sample"]
        for record in Dataset(out).records()
        if sum(event["visible_px"] > 0 for event in record["events"]) >= 2
    )


def edit_layer(out: Path, name: str, change: Callable[[NDArray[Any]], None]) -> None:
    """Change the pixels (C, H, W) of a layer of a busy sample in place."""
    path = Dataset(out).folder(busy(out)) / f"{name}.tif"
    with rasterio.open(path, "r+") as file:
        values = file.read()
        change(values)
        file.write(values)


def edit_record(out: Path, change: Callable[[dict[str, Any]], None]) -> None:
    dataset = Dataset(out)
    index = busy(out)
    record = dataset.record(index)
    change(record)
    (dataset.folder(index) / layout.RECORD).write_bytes(json_bytes(record))


def first_visible(record: dict[str, Any]) -> dict[str, Any]:
    return next(event for event in record["events"] if event["visible_px"])


def quiet_pixel(out: Path) -> tuple[int, int]:
    """Return a pixel of a busy sample that nobody edited and that is not ignored."""
    dataset = Dataset(out)
    edit, change = (dataset.layer(busy(out), name) for name in ("edit", "change"))
    row, col = np.argwhere((edit == 0) & (change == 0))[100]
    return int(row), int(col)


def changed_pixel(out: Path) -> tuple[int, int]:
    row, col = np.argwhere(Dataset(out).layer(busy(out), "change") == 1)[10]
    return int(row), int(col)


def set_pixel(at: tuple[int, int], value: int) -> Callable[[NDArray[Any]], None]:
    def change(values: NDArray[Any]) -> None:
        values[:, at[0], at[1]] = value

    return change


def missing_layer(out: Path) -> None:
    (Dataset(out).folder(busy(out)) / "edit.tif").unlink()


def torn_layer(out: Path) -> None:
    path = Dataset(out).folder(busy(out)) / "label_t1.tif"
    path.write_bytes(path.read_bytes()[:200])


def smaller_layer(out: Path) -> None:
    path = Dataset(out).folder(busy(out)) / "surface_t2.tif"
    with rasterio.open(path) as file:
        profile, values = file.profile, file.read()
    with rasterio.open(path, "w", **{**profile, "height": profile["height"] - 1}) as file:
        file.write(values[:, :-1])


def moved_layer(out: Path) -> None:
    with rasterio.open(Dataset(out).folder(busy(out)) / "t2.tif", "r+") as file:
        file.transform = file.transform @ rasterio.Affine.translation(1, 0)


def other_zone(out: Path) -> None:
    with rasterio.open(Dataset(out).folder(busy(out)) / "t2.tif", "r+") as file:
        file.crs = "EPSG:32646"


def wider_layer(out: Path) -> None:
    path = Dataset(out).folder(busy(out)) / "label_t2.tif"
    with rasterio.open(path) as file:
        profile, values = file.profile, file.read()
    with rasterio.open(path, "w", **{**profile, "dtype": "uint16"}) as file:
        file.write(values.astype("uint16"))


def fewer_bands(out: Path) -> None:
    path = Dataset(out).folder(busy(out)) / "t1.tif"
    with rasterio.open(path) as file:
        profile, values = file.profile, file.read()
    with rasterio.open(path, "w", **{**profile, "count": 2}) as file:
        file.write(values[:2])


def torn_record(out: Path) -> None:
    path = Dataset(out).folder(busy(out)) / layout.RECORD
    path.write_bytes(path.read_bytes()[:300])


def leftover(out: Path) -> None:
    (out / layout.sample_folder(4321)).mkdir(parents=True)


def copied_sample(out: Path) -> None:
    shutil.copytree(out / layout.sample_folder(0), out / layout.sample_folder(1), dirs_exist_ok=True)


def named_copy(out: Path) -> None:
    shutil.copytree(out / layout.sample_folder(0), out / layout.SAMPLES / "00000" / "000000000 (copy)")


def beyond_the_plan(out: Path) -> None:
    def number(record: dict[str, Any]) -> None:
        record["sample"] = 4321

    target = out / layout.sample_folder(4321)
    shutil.copytree(out / layout.sample_folder(0), target)
    record = json.loads((target / layout.RECORD).read_text())
    number(record)
    (target / layout.RECORD).write_bytes(json_bytes(record))


def lost_sample(out: Path) -> None:
    shutil.rmtree(out / layout.sample_folder(2))


def stale_index(out: Path) -> None:
    table = pq.read_table(out / layout.INDEX)
    column = table.schema.get_field_index("changed_px")
    wrong = table["changed_px"].to_numpy() + 1
    pq.write_table(table.set_column(column, "changed_px", [wrong]), out / layout.INDEX)


def stale_events(out: Path) -> None:
    pq.write_table(pq.read_table(out / layout.EVENTS).slice(1), out / layout.EVENTS)


def torn_index(out: Path) -> None:
    (out / layout.INDEX).write_bytes(b"PAR1")


def lost_index(out: Path) -> None:
    (out / layout.INDEX).unlink()


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing layer": (missing_layer, "edit.tif is missing"),
    "torn layer": (torn_layer, "label_t1.tif cannot be read"),
    "smaller layer": (smaller_layer, "surface_t2.tif is 95 x 96, the record says [96, 96]"),
    "moved layer": (moved_layer, "t2.tif lies elsewhere than the record says"),
    "other zone": (other_zone, "t2.tif is in another CRS than the record says"),
    "wider layer": (wider_layer, "label_t2.tif is not one band of uint8"),
    "fewer bands": (fewer_bands, "t1.tif has 2 bands of uint8, dataset.json says 3 of uint8"),
    "flipped change": (
        lambda out: edit_layer(out, "change", set_pixel(quiet_pixel(out), 1)),
        "change.tif: 1 pixels differ from what labels and instances give",
    ),
    "change outside edit": (
        lambda out: edit_layer(out, "edit", set_pixel(changed_pixel(out), 0)),
        "pixels changed outside edit.tif",
    ),
    "repainted outside edit": (
        lambda out: edit_layer(out, "t2", set_pixel(quiet_pixel(out), 7)),
        "t1 and t2 differ outside edit.tif",
    ),
    "label outside the scheme": (
        lambda out: edit_layer(out, "label_t2", set_pixel(quiet_pixel(out), 77)),
        "label_t2.tif holds 77, which scheme 'openearthmap' does not know",
    ),
    "label of an unchanged pixel": (
        lambda out: edit_layer(out, "label_t1", set_pixel(quiet_pixel(out), 5)),
        "change.tif: 1 pixels differ",
    ),
    "object id of an unchanged pixel": (
        lambda out: edit_layer(out, "instance_t2", set_pixel(quiet_pixel(out), 999)),
        "objects outside edit.tif changed their ids",
    ),
    "visible pixels": (
        lambda out: edit_record(out, lambda r: first_visible(r).update(visible_px=1)),
        "says 1 visible pixels, the maps give",
    ),
    "visible area": (
        lambda out: edit_record(out, lambda r: first_visible(r).update(visible_m2=0.5)),
        "says 0.5 visible m2 in",
    ),
    "area": (
        lambda out: edit_record(out, lambda r: r["events"][0].update(area_m2=1.5)),
        "says 1.5 m2, its footprint has",
    ),
    "footprint outside": (
        lambda out: edit_record(out, lambda r: r["events"][0]["footprint"].update(row=-3)),
        "lies outside the picture",
    ),
    "event taken out": (
        lambda out: edit_record(out, lambda r: r["events"].remove(first_visible(r))),
        "changed pixels belong to no event",
    ),
    "counts": (
        lambda out: edit_record(out, lambda r: r["counts"].update(changed_px=3)),
        "counts.changed_px is 3, the maps give",
    ),
    "key taken out": (
        lambda out: edit_record(out, lambda r: r.pop("dates") and None),
        "cannot be checked (KeyError",
    ),
    "torn record": (torn_record, "sample.json: not JSON"),
    "leftover folder": (leftover, "samples/00004/000004321: is not a finished sample"),
    "copied sample": (copied_sample, "sample.json is of sample 0"),
    "copy under a name": (named_copy, "000000000 (copy): is not a finished sample"),
    "sample beyond the plan": (beyond_the_plan, "samples/00004/000004321: the plan has 6 samples"),
    "lost sample": (lost_sample, "index.parquet differs from what the 5 records give"),
    "index out of date": (stale_index, "index.parquet differs from what the 6 records give"),
    "events out of date": (stale_events, "events.parquet differs from what the 6 records give"),
    "torn index": (torn_index, "index.parquet cannot be read"),
    "lost index": (lost_index, "index.parquet is missing"),
}


def test_a_good_set_has_no_problem(made: Path, series: Path) -> None:
    for out in (made, series):
        result = validate(Dataset(out))
        assert result.problems == []
        assert result.samples == len(layout.done_ids(out))
        assert result.events > 0


@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_found(made: Path, copy_of: Callable[[Path], Path], fault: str) -> None:
    out = copy_of(made)
    plant, expected = FAULTS[fault]
    plant(out)
    found = problems(out)
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize("name", ["change_t2", "edit_t3", "t3", "label_t3"])
def test_every_date_of_a_series_is_checked(series: Path, copy_of: Callable[[Path], Path], name: str) -> None:
    out = copy_of(series)
    (out / layout.sample_folder(0) / f"{name}.tif").unlink()
    assert problems(out) == [f"samples/00000/000000000: {name}.tif is missing"]


def test_a_step_of_a_series_is_made_again_from_the_maps(
    series: Path, copy_of: Callable[[Path], Path]
) -> None:
    out = copy_of(series)
    path = out / layout.sample_folder(0) / "change_t3.tif"
    with rasterio.open(path, "r+") as file:
        values = file.read(1)
        values[values == 0] = 1
        file.write(values, 1)
    assert any("change_t3.tif: " in problem for problem in problems(out))


def test_the_verb_lists_problems_and_fails(made: Path, copy_of: Callable[[Path], Path]) -> None:
    out = copy_of(made)
    missing_layer(out)
    leftover(out)
    code, printed, _ = call("validate", out)
    assert code == 1
    assert "edit.tif is missing" in printed
    assert printed.splitlines()[-1].endswith("2 problems")
    code, printed, _ = call("validate", out, "--json")
    assert code == 1
    assert len(json.loads(printed)["problems"]) == 2


def test_a_sample_taken_out_is_made_anew(made: Path, copy_of: Callable[[Path], Path], town: Path) -> None:
    from tests.tiles import digests, generation

    out = copy_of(made)
    torn_record(out)
    command = generation(town, out, "--set", "acquisition=none")
    code, _, said = call(*command)
    assert code == 1
    assert "remove its folder and give the command of the run again" in said
    shutil.rmtree(Dataset(out).folder(busy(made)))
    code, _, said = call(*command)
    assert code == 0, said
    assert digests(out) == digests(made)
