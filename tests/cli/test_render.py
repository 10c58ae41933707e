"""`diachron render scene`: the stages of a sample are those of the sample that `generate` makes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from diachron.core.schemes import SCHEMES
from diachron.outputs.readers import Dataset
from diachron.pipelines.stage_panels import STAGES
from tests.dated_tiles import OPTIONS as DATED
from tests.dated_tiles import write_places
from tests.tiles import LIVELY, OPTIONS, PLACE, SCHEME, call, generation, refusal, write_source

SEED = ("--seed", 3)
SAMPLE = 2


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 3)


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    out = tmp_path_factory.mktemp("made") / "out"
    code, _, said = call(*generation(source, out, *SEED, samples=4))
    assert code == 0, said
    return Dataset(out)


def scene(source: Path, out: Path, *more: object) -> tuple[object, ...]:
    """Return the arguments that draw the sample of the data set `made`."""
    return (
        *("render", "scene", source, *OPTIONS, *LIVELY, *SEED, "-n", 4, "--sample", SAMPLE),
        *("--out", out, *more),
    )


def drawn(*arguments: object) -> dict[str, Any]:
    """Return the JSON object of a call that must succeed."""
    code, printed, said = call(*arguments, "--json")
    assert code == 0, said
    found: dict[str, Any] = json.loads(printed)
    return found


def picture(path: Path) -> NDArray[np.uint8]:
    """Return (H, W, 3)."""
    return np.asarray(Image.open(path).convert("RGB"))


def rgb(layer: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W, 3) of the first three bands."""
    return layer[:3].transpose(1, 2, 0)


def test_the_stages_are_those_of_the_data_set(source: Path, made: Dataset, tmp_path: Path) -> None:
    facts = drawn(*scene(source, tmp_path))
    assert {Path(path).name for path in facts["files"]} == {path.name for path in tmp_path.iterdir()}
    record = made.record(SAMPLE)
    assert facts["source"] == record["source"]
    assert facts["acquisition"] == record["acquisition"]
    events = [{key: value for key, value in e.items() if key != "footprint"} for e in record["events"]]
    for event, told in zip(events, facts["events"], strict=True):
        assert {key: event[key] for key in told} == told
    colours = made.schema.colour_table()
    untouched = made.layer(SAMPLE, "edit") == 0
    for name in ("t1", "t2"):
        np.testing.assert_array_equal(
            picture(tmp_path / f"acquisition_{name}.png"), rgb(made.layer(SAMPLE, name))
        )
        labels = picture(tmp_path / f"labels_{name}.png")[untouched]
        expected = np.array([colours[value] for value in made.layer(SAMPLE, f"label_{name}")[untouched]])
        np.testing.assert_array_equal(labels, expected)
        hub = SCHEMES["hub"].colour_table()
        surface = made.layer(SAMPLE, f"surface_{name}")
        known = surface > 0
        expected = np.array([hub[value] for value in surface[known]])
        np.testing.assert_array_equal(picture(tmp_path / f"surface_{name}.png")[known], expected)
    changed = (picture(tmp_path / "change.png") == (255, 40, 140)).all(axis=2)
    np.testing.assert_array_equal(changed, made.layer(SAMPLE, "change") == 1)
    assert changed.any()


def test_before_acquisition_the_dates_are_the_source_outside_the_edits(
    source: Path, made: Dataset, tmp_path: Path
) -> None:
    drawn(*scene(source, tmp_path, "--stage", "source", "--stage", "painted"))
    assert len(list(tmp_path.iterdir())) == 3
    real = picture(tmp_path / "source.png")
    edited = made.layer(SAMPLE, "edit") > 0
    differs = np.zeros_like(edited)
    for name in ("t1", "t2"):
        there = (picture(tmp_path / f"painted_{name}.png") != real).any(axis=2)
        assert not (there & ~edited).any()
        differs |= there
    assert differs.any()


def test_a_step_alone_takes_the_numbers_of_the_sample(source: Path, made: Dataset, tmp_path: Path) -> None:
    only = ("--set", "acquisition={white_balance: {warmth: 0.2}}", "--stage", "white_balance")
    facts = drawn(*scene(source, tmp_path, *only, "--stage", "painted", "--stage", "acquisition"))
    assert [set(date) for date in facts["acquisition"]] == [{"white_balance"}] * 2
    for name in ("t1", "t2"):
        before, after = (
            picture(tmp_path / f"white_balance_{name}_{side}.png") for side in ("before", "after")
        )
        np.testing.assert_array_equal(before, picture(tmp_path / f"painted_{name}.png"))
        # Where it is the only step, it is the whole layer.
        np.testing.assert_array_equal(after, picture(tmp_path / f"acquisition_{name}.png"))
        assert (before != after).any()


def test_one_file_holds_a_row_a_stage(source: Path, tmp_path: Path) -> None:
    code, printed, said = call(*scene(source, tmp_path / "all.png"))
    assert code == 0, said
    assert printed.split() == [str(tmp_path / "all.png")]
    height, width, _ = picture(tmp_path / "all.png").shape
    assert height > len(STAGES) * PLACE.rows
    assert width >= 2 * PLACE.cols


@pytest.mark.parametrize(("bands", "dtype"), [(1, "uint8"), (4, "uint16"), (2, "float32")])
def test_any_bands_and_depth_can_be_looked_at(tmp_path: Path, bands: int, dtype: str) -> None:
    world = replace(PLACE, bands=bands, dtype=dtype)
    town = write_source(tmp_path / "town", 1, world)
    out = tmp_path / "out"
    drawn("render", "scene", town, "--schema", SCHEME, "--out", out, "--stage", "painted")
    assert picture(out / "painted_t1.png").shape == (PLACE.rows, PLACE.cols, 3)


def test_two_real_dates_are_shown_as_they_came(tmp_path: Path) -> None:
    dated = write_places(tmp_path / "dated", 1)
    arguments = ("--recipe", "real-dates", "--labels", dated / "labels", *DATED, *LIVELY)
    facts = drawn("render", "scene", dated, *arguments, "--out", tmp_path / "out")
    assert facts["acquisition"] is None
    untouched = facts["painted"].index(False) + 1
    for stage in ("painted", "acquisition"):
        assert (tmp_path / "out" / f"{stage}_t{untouched}.png").is_file()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--stage", "haz"), "no such stage; did you mean 'haze'"),
        (("--stage", "snow"), "add it with --set acquisition.snow={}"),
        (("--sample", 4), "--sample 4: samples 0 to 3 are made with -n 4"),
        (("--source", "elsewhere"), "give the tiles once"),
    ],
)
def test_mistakes_are_told_in_one_line(
    source: Path, tmp_path: Path, more: tuple[object, ...], words: str
) -> None:
    code, _, said = call(*scene(source, tmp_path / "out", *more))
    assert words in refusal(code, said, expected=2)
    assert not (tmp_path / "out").exists()


def test_a_data_set_is_not_a_tile(made: Dataset, tmp_path: Path) -> None:
    code, _, said = call("render", "scene", made.root, "--out", tmp_path / "out")
    assert "`diachron report" in refusal(code, said, expected=2)
    code, _, said = call("render", "scene", "--out", tmp_path / "out")
    assert "brings no tiles" in refusal(code, said, expected=2)
