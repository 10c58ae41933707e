"""`diachron generate real-dates` from tiles to a checked data set, and what validation knows of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import rasterio

from diachron.outputs.readers import Dataset
from tests.dated_tiles import OPTIONS, write_places
from tests.tiles import LIVELY, call, digests, refusal, write_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_places(tmp_path_factory.mktemp("dated") / "town", 3)


def generation(source: Path, out: Path, *more: object) -> tuple[object, ...]:
    labels = ("--labels", source / "labels")
    return (
        "generate",
        "real-dates",
        "--source",
        source,
        *labels,
        *OPTIONS,
        *LIVELY,
        "--out",
        out,
        "-n",
        4,
        *more,
    )


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "out"
    code, printed, said = call(*generation(source, out))
    assert code == 0, said
    assert "4 made" in printed
    return out


def test_a_data_set_of_real_dates_is_valid(made: Path) -> None:
    code, printed, said = call("validate", made, "--json")
    assert code == 0, said
    facts = json.loads(printed)
    assert facts["problems"] == []
    assert facts["samples"] == 4
    for record in Dataset(made).records():
        told = record["provenance"]["real_dates"]
        assert [date["date"] for date in told["dates"]] == ["2016", "2018"]
        assert told["years_between"] == record["dates"][1]["time_years"] == 2.0
        assert "may remain" in told["note"]
        assert record["acquisition"] is None


def test_a_pixel_of_the_untouched_date_that_was_changed_is_found(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    dataset = Dataset(copy)
    dates = dataset.record(0)["provenance"]["real_dates"]["dates"]
    name = next(f"t{n}" for n, date in enumerate(dates, 1) if not date["painted_into"])
    with rasterio.open(dataset.folder(0) / f"{name}.tif", "r+") as file:
        pixels = file.read()
        pixels[0, 0, 0] ^= 1
        file.write(pixels)
    code, printed, _ = call("validate", copy)
    assert code == 1
    assert f"{name}.tif differs from 'town_" in printed


def test_workers_and_shards_give_the_same_bytes(source: Path, made: Path, tmp_path: Path) -> None:
    for part, workers in (("1/2", 2), ("0/2", 1)):
        code, _, said = call(*generation(source, tmp_path / "shards", "--shard", part, "--workers", workers))
        assert code == 0, said
    assert digests(tmp_path / "shards") == digests(made)


def test_donors_lend_through_the_command_line(source: Path, tmp_path: Path) -> None:
    lending = write_source(tmp_path / "lending", 2)
    (tmp_path / "donors.yaml").write_text("- {source: lending, schema: openearthmap, licence: CC-BY-4.0}\n")
    out = tmp_path / "out"
    code, _, said = call(*generation(source, out, "--donors", tmp_path / "donors.yaml"))
    assert code == 0, said
    assert lending.is_dir()
    info = Dataset(out).info
    assert [donor["root"] for donor in info["donors"]] == ["lending"]
    assert [donor["licence"] for donor in info["donors"]] == ["CC-BY-4.0"]
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "what has really changed between them is not, and some may remain" in card
    assert "| objects lent by | `lending`, terms: `CC-BY-4.0` |" in card
    assert call("validate", out)[0] == 0
    # Without them it is another plan.
    code, _, said = call(*generation(source, out))
    assert "of another plan" in refusal(code, said)


def test_a_dry_run_tells_years_from_the_dates(source: Path, tmp_path: Path) -> None:
    code, printed, said = call(*generation(source, tmp_path / "none", "--dry-run", "--json"))
    assert code == 0, said
    facts = json.loads(printed)
    area_km2 = facts["area_km2"] / facts["windows"]
    assert facts["windows"] == 6
    assert facts["expected_events_per_sample"]["construction"] == pytest.approx(60 * 2 * area_km2, abs=1e-3)
    assert not (tmp_path / "none").exists()


def test_pictures_without_labels_are_refused_with_the_way_to_labels(tmp_path: Path) -> None:
    bare = write_places(tmp_path / "bare", 2, labelled=())
    code, _, said = call("generate", "real-dates", "--source", bare, "--out", tmp_path / "out", "-n", 2)
    assert "`diachron segment IMAGES --weights LABELLER" in refusal(code, said)
