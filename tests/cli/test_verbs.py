"""What the verbs print: for people, and as one JSON object for machines."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from diachron.cli import VERBS
from diachron.core.registry import entries
from diachron.core.schemes import SCHEMES
from diachron.outputs import layout
from tests.tiles import OPTIONS, call, generate, generation, real_set, run, write_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 3)


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "out"
    assert call(*generation(source, out, samples=4))[0] == 0
    return out


def as_json(*arguments: object) -> Any:
    """Return the one JSON object that a verb prints."""
    code, printed, said = call(*arguments, "--json")
    assert code == 0, said
    assert printed.count("\n") == 1
    return json.loads(printed)


def test_help_lists_the_verbs_in_order() -> None:
    _, printed, _ = call("--help")
    positions = [printed.index(f"\n  {verb} ") for verb in VERBS]
    assert positions == sorted(positions)
    assert "Exit codes: 0 done, 1 refused" in " ".join(printed.split())


def test_help_answers_at_once() -> None:
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # Of the processor's time, not the clock's: another process may be at work.
    assert min(took) < 0.3


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert call("--version") == (0, f"diachron {version('diachron')}\n", "")


@pytest.mark.parametrize("verb", ["processes", "renderers"])
def test_registries_are_listed_and_printed(verb: str) -> None:
    listed = as_json(verb)
    assert set(listed) == set(entries(verb))
    for name, description in listed.items():
        assert description, f"{name} says nothing of itself"
        shown = as_json(verb, name)
        assert shown["name"] == name
        code, printed, _ = call(verb, name)
        assert code == 0
        assert all(key in printed for key in shown["parameters"])


def test_schemes_are_listed_and_printed() -> None:
    assert set(as_json("schemas")) == set(SCHEMES)
    for name, scheme in SCHEMES.items():
        assert [entry["id"] for entry in as_json("schemas", name)["classes"]] == [
            c.id for c in scheme.classes
        ]
        code, printed, _ = call("schemas", name)
        assert code == 0
        assert all(entry.name in printed for entry in scheme.classes)


def test_recipes_are_listed_with_what_they_are() -> None:
    listed = as_json("recipes")
    assert {"building-change", "demo"} <= set(listed)
    assert all(listed.values())


def test_a_dry_run_says_what_would_be_and_writes_nothing(source: Path, tmp_path: Path) -> None:
    arguments = generation(source, tmp_path / "out", "--dry-run", samples=9)
    facts = as_json(*arguments)
    assert (facts["samples"], facts["tiles"], facts["windows"], facts["seed"]) == (9, 3, 3, 0)
    # 60 per km² and year, 5 years, tiles of 96 m by 96 m.
    expected = 60 * 5 * 96 * 96 / 1e6
    assert facts["expected_events_per_sample"] == {
        "construction": pytest.approx(expected, abs=1e-3),
        "demolition": pytest.approx(expected, abs=1e-3),
    }
    code, printed, _ = call(*arguments)
    assert code == 0
    assert "windows: 3" in printed
    assert not (tmp_path / "out").exists()


def test_a_dry_run_needs_no_out(source: Path) -> None:
    arguments = ("generate", "building-change", "--source", source, *OPTIONS, "-n", "1", "--dry-run")
    assert call(*arguments)[0] == 0


def test_what_a_run_did_is_one_json_object(source: Path, tmp_path: Path) -> None:
    facts = as_json(*generation(source, tmp_path / "out", samples=3))
    assert (facts["made"], facts["already_there"], facts["refused"], facts["complete"]) == (3, 0, {}, True)
    for counts in facts["events"].values():
        assert counts["drawn"] == counts["placed"] + sum(counts["why_not"].values())
    again = as_json(*generation(source, tmp_path / "out", samples=3))
    assert (again["made"], again["already_there"]) == (0, 3)


def test_progress_goes_to_the_error_stream(source: Path, tmp_path: Path) -> None:
    done = generate(source, tmp_path / "out", samples=4)
    assert done.stderr.splitlines() == [f"{n} of 4 samples" for n in (1, 2, 3, 4)]
    assert done.stdout.startswith("4 made, 0 already there, 0 refused")
    _, _, said = call(*generation(source, tmp_path / "quiet", "--json", samples=4))
    assert said == ""


def test_more_shards_than_samples_is_no_fault(source: Path, tmp_path: Path) -> None:
    for number in range(3):
        code, _, said = call(*generation(source, tmp_path / "out", "--shard", f"{number}/3", samples=1))
        assert code == 0, said
    assert layout.done_ids(tmp_path / "out") == [0]
    assert (tmp_path / "out" / layout.INDEX).is_file()


def test_inspect_tells_a_data_set_from_a_source(source: Path, made: Path) -> None:
    facts = as_json("inspect", made)
    assert facts["samples"]["done"] == 4
    assert facts["recipe"] == "building-change"
    facts = as_json("inspect", source, "--schema", "openearthmap", "--priors")
    assert facts["tiles"] == 3
    assert [entry["name"] for entry in facts["files"]] == [f"image/town_{n}" for n in range(3)]
    assert facts["priors"]["area km2"] == pytest.approx(3 * 96 * 96 / 1e6, abs=1e-4)
    assert facts["priors"]["objects"]["building"] > 0
    assert sum(facts["priors"]["surface shares"].values()) == pytest.approx(1, abs=1e-3)
    for what in ((made,), (source, "--schema", "openearthmap")):
        code, printed, _ = call("inspect", *what)
        assert code == 0
        assert "samples" in printed or "tiles: 3" in printed


def test_a_report_is_written_where_it_is_asked_for(made: Path, tmp_path: Path) -> None:
    to = tmp_path / "page.html"
    assert call("report", made, "--to", to, "--limit", 2) == (0, f"{to}\n", "")
    assert "<html" in to.read_text(encoding="utf-8")


def test_validate_counts_what_it_checked(made: Path) -> None:
    facts = as_json("validate", made)
    assert (facts["samples"], facts["problems"], facts["joined"]) == (4, [], None)
    assert as_json("validate", made, "--finish")["joined"] is True


def test_real_tiles_go_all_the_way(tmp_path: Path) -> None:
    tiles = real_set("oam_banepa")
    if tiles is None:
        pytest.skip("DIACHRON_DATA does not name the folder of real sets")
    out = tmp_path / "out"
    code, _, said = call(
        "generate", "building-change", "--source", tiles, "--out", out, "-n", 2, "--workers", 2,
        "--set", "window_px=256", "--set", "donor_scenes=1",
    )  # fmt: skip
    assert code == 0, said
    assert as_json("validate", out)["problems"] == []
    code, printed, _ = call("export", out, "--format", "levir", "--to", tmp_path / "levir")
    assert (code, printed.partition(":")[0]) == (0, "2 samples")
