"""`diachron evaluate zero-shot`: the whole path from tiles to a table, on fake places."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diachron.outputs.readers import Dataset
from tests.dated_tiles import write_places
from tests.pairs import bright_squares
from tests.tiles import OPTIONS, call, refusal, write_raster, write_source


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a source of tiles, and a folder of real pairs in LEVIR's layout."""
    folder = tmp_path_factory.mktemp("places")
    source = write_source(folder / "town", 3)
    for pair in bright_squares(2, side=48):
        write_raster(folder / "real" / "A" / f"{pair.name}.png", pair.t1)
        write_raster(folder / "real" / "B" / f"{pair.name}.png", pair.t2)
        write_raster(
            folder / "real" / "label" / f"{pair.name}.png", 255 * (pair.change == 1).astype(np.uint8)
        )
    return source, folder / "real"


def trial(places: tuple[Path, Path], *more: object) -> tuple[object, ...]:
    """Return the arguments of a trial that takes seconds."""
    source, real = places
    return (
        *("evaluate", "zero-shot", "--recipe", "building-change", "--source", source, *OPTIONS),
        *("--test", f"levir:{real}", "-n", 4, "--steps", 2, "--batch", 2, "--crop", 32, *more),
    )


def test_a_trial_prints_figures_by_seed_and_keeps_them(places: tuple[Path, Path], tmp_path: Path) -> None:
    arguments = trial(places, "--seeds", "0,1", "--baseline", "change_vector", "--out", tmp_path, "--json")
    code, printed, said = call(*arguments)
    assert code == 0, said
    result = json.loads(printed)
    rows = {row["method"]: row for row in result["rows"]}
    assert list(rows) == ["diachron-building-change", "baseline-change-vector"]
    assert rows["diachron-building-change"]["seeds"] == [0, 1]
    assert rows["baseline-change-vector"]["seeds"] == [0]
    # The squares are the only large difference: any sound baseline finds them.
    assert rows["baseline-change-vector"]["f1_mean"] > 0.8
    for run in result["runs"]:
        assert {"f1", "iou", "precision", "recall", "seed"} <= set(run)
        assert run["test"] == "real"
    assert json.loads((tmp_path / "table.json").read_text()) == result
    assert "| diachron-building-change |" in (tmp_path / "table.md").read_text()
    # The same command finds everything there, and says the same.
    again, same, _ = call(*arguments)
    assert (again, json.loads(same)) == (0, result)


def test_nothing_is_left_behind_without_a_folder(
    places: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, printed, said = call(*trial(places, "--seeds", "0"))
    assert code == 0, said
    assert "keep data and errors with --out DIR" in printed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--seeds", "a"), "--seeds a: expected numbers by comma"),
        (("--test", "levr:nowhere"), "did you mean 'levir'"),
        (("--rival", "self_pear"), "did you mean 'self_pair'"),
        (("--baseline", "cva"), "no entry of baselines is called 'cva'"),
        (("--sources", "REAL/A"), "is a directory"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(
    places: tuple[Path, Path], tmp_path: Path, more: tuple[str, str], words: str
) -> None:
    option, value = more
    arguments = trial(places, option, value.replace("REAL", str(places[1])), "--out", tmp_path / "out")
    code, _, said = call(*arguments)
    assert words in refusal(code, said, expected=2)
    assert not (tmp_path / "out").exists()


def test_nothing_is_judged_on_what_it_saw(places: tuple[Path, Path]) -> None:
    code, _, said = call(*trial(places, "--real", f"levir:{places[1]}"))
    assert "a test set too" in refusal(code, said, expected=2)


def test_donors_lend_to_recipes_on_real_dates(places: tuple[Path, Path], tmp_path: Path) -> None:
    dated = write_places(tmp_path / "dated", 2)
    source, real = places
    (tmp_path / "donors.yaml").write_text(f"- {{source: {source}, schema: openearthmap, licence: CC0-1.0}}\n")
    arguments = (
        *("evaluate", "zero-shot", "--recipe", "real-dates", "--source", dated, "--labels", dated / "labels"),
        *(*OPTIONS, "--donors", tmp_path / "donors.yaml", "--test", f"levir:{real}", "--seeds", "0"),
        *("-n", 4, "--steps", 1, "--batch", 2, "--crop", 32, "--out", tmp_path / "out", "--json"),
    )
    code, printed, said = call(*arguments)
    assert code == 0, said
    assert [row["method"] for row in json.loads(printed)["rows"]] == ["diachron-real-dates"]
    (made,) = (tmp_path / "out" / "data-sets" / "real-dates" / "seed-0").iterdir()
    assert [donor["root"] for donor in Dataset(made).info["donors"]] == [source.name]
    # Other donors are another trial.
    code, _, said = call(*(source if part == tmp_path / "donors.yaml" else part for part in arguments))
    assert "made with other settings" in refusal(code, said)
