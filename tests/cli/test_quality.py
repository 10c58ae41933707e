"""`diachron evaluate quality`: figures for people and machines, mistakes in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diachron.evaluation.quality import measures
from diachron.training.probes.learning import ProbeOptions
from tests.tiles import call, generation, write_source


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = write_source(tmp_path_factory.mktemp("source") / "town", 4)
    out = tmp_path_factory.mktemp("made") / "out"
    assert call(*generation(source, out, "--set", "acquisition=none", samples=8))[0] == 0
    return out


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the probes learn for a few steps only."""
    monkeypatch.setattr(measures, "ProbeOptions", lambda **options: ProbeOptions(**{**options, "steps": 3}))


@pytest.mark.usefixtures("quick")
def test_figures_are_printed_as_one_object(made: Path, tmp_path: Path) -> None:
    sheets = tmp_path / "sheets"
    code, printed, said = call("evaluate", "quality", made, "--seeds", "4", "--sheets", sheets, "--json")
    assert code == 0, said
    figures = json.loads(printed)
    assert figures["samples"] == 8
    assert figures["seeds"] == [4]
    # Without acquisition nothing outside the edits may differ.
    assert figures["unchanged_error"]["differing_share"] == 0.0
    assert {"seam_probe", "painted_probe", "date_probe", "diversity"} <= set(figures)
    assert "unchanged_pair_probe" not in figures
    assert (sheets / "seam_probe.png").is_file()


@pytest.mark.usefixtures("quick")
def test_probes_are_kept_where_there_are_crops_enough(made: Path, tmp_path: Path) -> None:
    probes = tmp_path / "probes"
    code, printed, said = call("evaluate", "quality", made, "--seeds", "0", "--keep-probes", probes, "--json")
    assert code == 0, said
    figures = json.loads(printed)
    for kind in ("seam", "painted"):
        few = figures[f"{kind}_probe"]["auc"] is None
        assert figures[f"{kind}_probe"]["kept"] == (None if few else f"{kind}.safetensors")
        assert (probes / f"{kind}.safetensors").is_file() == (not few)
    assert "kept" not in figures["date_probe"]


@pytest.mark.usefixtures("quick")
def test_the_same_command_gives_the_same_figures_with_another_set_beside(made: Path) -> None:
    command = ("evaluate", "quality", made, "--real", made, "--seeds", "0", "--json")
    code, printed, said = call(*command)
    assert code == 0, said
    assert call(*command)[1] == printed
    figures = json.loads(printed)
    assert figures["unchanged_pair_probe"]["real"] == "out"
    assert figures["band_statistics"]["real"]["contrast_t2_over_t1"] == pytest.approx([1.0] * 3, abs=0.02)


@pytest.mark.usefixtures("quick")
def test_figures_that_do_not_count_are_marked_for_people(made: Path) -> None:
    code, printed, _ = call("evaluate", "quality", made, "--seeds", "0")
    assert code == 0
    assert "DOES NOT COUNT" in printed
    assert "why: " in printed


def test_mistakes_are_one_line(tmp_path: Path, made: Path) -> None:
    for arguments, code, text in (
        ((tmp_path,), 1, "no data set there"),
        ((made, "--seeds", "one"), 2, "expected whole numbers"),
        ((made, "--real", "levi:there"), 2, "did you mean 'levir'?"),
        ((made, "--scorer", tmp_path), 1, "no segmenter can be read there"),
    ):
        found, _, said = call("evaluate", "quality", *arguments)
        assert found == code, said
        assert text in said
        assert said.count("\n") == 1
