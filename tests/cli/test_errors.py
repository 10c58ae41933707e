"""Every error is one line that says what, where and what to do; the exit code says whose fault it is."""

# ruff: noqa: E501  (the table of cases: one line each)
from __future__ import annotations

import re
from pathlib import Path

import pytest

from diachron.cli import VERBS
from tests.tiles import LIVELY, OPTIONS, call, generate, generation, refusal, run, write_source

USAGE = 2
INPUT = 1


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 2)


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "out"
    assert call(*generation(source, out, samples=2))[0] == 0
    return out


# Arguments; SOURCE, OUT and MADE stand for folders. Then words of the answer.
WRONG_USAGE: dict[str, tuple[str, str]] = {
    "verb": ("generat", r"no command is called 'generat'; did you mean 'generate'\?"),
    "no recipe": ("generate --out OUT", r"[Mm]issing argument 'RECIPE'"),
    "recipe": ("generate bilding-change --out OUT", r"no recipe is called 'bilding-change'; did you mean 'building-change'\?"),
    "recipe file": ("generate mine.yaml --out OUT", r"mine\.yaml: there is no such file"),
    "no out": ("generate building-change --source SOURCE -n 1", r"give the folder of the data set with --out DIR"),
    "no number": ("generate building-change --source SOURCE --schema hub --out OUT", r"number of samples with -n"),
    "no source": ("generate building-change --out OUT -n 1", r"brings no tiles; give yours with --source DIR"),
    "two sources": (
        "generate building-change --source SOURCE --images SOURCE/*.tif --out OUT -n 1",
        r"two sources: .* give one of them",
    ),
    "option": ("generate building-change --seeds 1", r"[Nn]o such option:? '?--seeds.*--seed"),
    "zero samples": ("generate building-change --source SOURCE --out OUT -n 0", r"'-n': 0 is not in the range x>=1"),
    "half a sample": ("generate building-change --source SOURCE --out OUT -n 1.5", r"'-n': '1\.5' is not a valid integer"),
    "negative seed": ("generate building-change --source SOURCE --out OUT -n 1 --seed -1", r"-1 is not in the range"),
    "no workers": ("generate building-change --source SOURCE --out OUT -n 1 --workers 0", r"0 is not in the range"),
    "shard past the last": ("GENERATE --shard 2/2", r"--shard 2/2: expected I/N with I from 0 to N-1"),
    "shard in words": ("GENERATE --shard one", r"--shard one: expected I/N"),
    "negative shard": ("GENERATE --shard -1/2", r"--shard -1/2: expected I/N"),
    "scheme": ("generate building-change --source SOURCE --schema bilding --out OUT -n 1", r"'bilding'.*'building'"),
    "no scheme": ("generate building-change --source SOURCE --out OUT -n 1", r"no scheme is given; add --schema"),
    "gsd zero": ("GENERATE --gsd 0", r"--gsd 0.0: give a positive number"),
    "gsd nan": ("GENERATE --gsd nan", r"--gsd nan: give a positive number"),
    "gsd words": ("GENERATE --gsd half", r"'half' is not a valid float"),
    "sun in words": ("GENERATE --sun east", r"--sun east: expected degrees, AZIMUTH or AZIMUTH,ELEVATION"),
    "sun nan": ("GENERATE --sun nan,40", r"--sun nan,40"),
    "sun below": ("GENERATE --sun 90,-3", r"--sun 90.*,-3.*: give an azimuth"),
    "white": ("GENERATE --full-scale -3", r"--full-scale -3.0: give a positive number"),
    "bands": ("GENERATE --bands red,green", r"2 names, but .* has 3 bands"),
    "dates in words": ("GENERATE --set dates=two", r"dates: expected a number of dates, .*; got 'two'"),
    "process": ("GENERATE --set processes.constuction={}", r"'constuction'; did you mean 'construction'\?"),
    "parameter": (
        "GENERATE --set processes.construction.rate_per_km2_yaer=3",
        r"unknown key 'rate_per_km2_yaer'; did you mean 'rate_per_km2_year'\?",
    ),
    "former": (
        "GENERATE --set processes.demolition.former.gap_metres=3",
        r"demolition: .*gap_metres.*gap_m",
    ),
    "step": ("GENERATE --set acquisition.blurr={}", r"'blurr'; did you mean 'blur'\?"),
    "parameter of a step": ("GENERATE --set acquisition.blur.sigma=1", r"unknown key 'sigma'; did you mean 'sigma_px'\?"),
    "preset": ("GENERATE --set acquisition.preset=areal", r"no preset is called 'areal'; did you mean 'aerial'\?"),
    "renderer": ("GENERATE --set renderer=copy_past", r"no renderer is called 'copy_past'; did you mean 'copy_paste'\?"),
    "renderer's parameter": ("GENERATE --set renderer.seam=3", r"renderer 'copy_paste' takes no parameter 'seam'"),
    "key": ("GENERATE --set yeers=3", r"unknown key 'yeers'; did you mean 'years'\?"),
    "surface": (
        "GENERATE --set processes.construction.surfaces.gras=1",
        r"construction: surfaces: 'gras' is not one of them; did you mean 'grass'\?",
    ),
    "distribution": (
        "GENERATE --set processes.construction.area_m2.lognormall=[1,2]",
        r"no distribution is called 'lognormall'; did you mean 'lognormal'\?",
    ),
    "negative rate": (
        "GENERATE --set processes.construction.rate_per_km2_year=-1",
        r"construction: rate_per_km2_year: -1 is not between 0 and inf",
    ),
    "rate nan": ("GENERATE --set processes.construction.rate_per_km2_year=.nan", r"rate_per_km2_year: .*nan"),
    "rate infinite": ("GENERATE --set processes.construction.rate_per_km2_year=.inf", r"rate_per_km2_year: .*inf"),
    "rate in words": ("GENERATE --set processes.construction.rate_per_km2_year=often", r"rate_per_km2_year: .*number"),
    "pair upside down": ("GENERATE --set acquisition.blur.sigma_px=[2,1]", r"a pair is \[low, high\], got \[2.*, 1.*\]"),
    "years": ("GENERATE --set years=0", r"years: should be greater than 0, got 0$"),
    "years nan": ("GENERATE --set years=.nan", r"years: .*(finite|greater than 0)"),
    "years infinite": ("GENERATE --set years=.inf", r"years: .*finite"),
    "one date": ("GENERATE --set dates=1", r"dates.*at least two dates, got 1"),
    "dates back": ("GENERATE --set dates=[2,1]", r"dates.*in order.*got \[2\.0, 1\.0\]"),
    "dates nan": ("GENERATE --set dates=[0,.nan]", r"dates: expected a number of dates, .*nan"),
    "paint": ("GENERATE --set paint=t3", r"paint: should be 't1', 't2', 'both' or 'coin', got 't3'"),
    "filters": ("GENERATE --set filters=[edit_visbility]", r"filters.*did you mean 'edit_visibility'"),
    "match": ("GENERATE --set match=0.1", r"match: .*valid dictionary or instance of Match, got 0.1"),
    "window": ("GENERATE --set window_px=8", r"window_px: should be greater than or equal to 32, got 8"),
    "set without value": ("GENERATE --set years", r"--set years: expected a\.b=value"),
    "set without key": ("GENERATE --set =3", r"--set =3: expected a\.b=value"),
    "set with a hole": ("GENERATE --set processes..rate=3", r"--set processes\.\.rate=3: 'processes\.\.rate' is no key"),
    "set no yaml": ("GENERATE --set years=[1", r"'\[1' is not YAML \(expected .* at line 1, column 3\)"),
    "list of processes": ("GENERATE --set processes=[construction]", r"processes: should be a valid dict.*, got \['construction'\]"),
    "number as a process": ("GENERATE --set processes.construction=5", r"construction: expected a mapping .* got 5"),
    "renderer in a list": ("GENERATE --set renderer.name=[1]", r"no renderer is called '\[1\]'"),
    "preset in a list": ("GENERATE --set acquisition.preset=[1]", r"no preset is called '\[1\]'"),
    "recipe shown": ("recipes bilding-change", r"no recipe is called 'bilding-change'; did you mean 'building-change'\?"),
    "schema shown": ("schemas isprss", r"'isprss'.*'isprs'"),
    "process shown": ("processes demolitoin", r"'demolitoin'; did you mean 'demolition'\?"),
    "renderer shown": ("renderers copypaste", r"'copypaste'; did you mean 'copy_paste'\?"),
    "format": ("export MADE --format levri --to OUT", r"'levri'; did you mean 'levir'\?"),
    "no format": ("export MADE --to OUT", r"[Mm]issing option '--format'"),
    "gallery": ("report MADE --limit 0", r"0 is not in the range"),
}  # fmt: skip

REFUSED_INPUT: dict[str, tuple[str, str]] = {
    "source": ("generate building-change --source SOURCEE --out OUT -n 1", r"there is no such file or folder; did you mean 'town'"),
    "glob": ("generate building-change --source SOURCE/*.jpg --out OUT -n 1", r"no image found; looked for"),
    "labels": (
        "generate building-change --images SOURCE/image/*.tif --labels SOURCE/mask/*.png --out OUT -n 1",
        r"--labels .*: no file matches; check the pattern and its quotes",
    ),
    "footprints": ("GENERATE --footprints SOURCE/none.geojson", r"none\.geojson: .*(no such file|not)"),
    "validated": ("validate SOURCE", r"no data set there \(no dataset\.json\); give the folder of --out"),
    "reported": ("report SOURCE", r"no data set there"),
    "exported": ("export SOURCE --format levir --to OUT", r"no data set there"),
    "inspected": ("inspect NOWHERE", r"there is no such file or folder"),
    "full folder": ("export MADE --format levir --to SOURCE", r"is not an empty folder; choose another with --to"),
}  # fmt: skip


def arguments(text: str, source: Path, made: Path, out: Path) -> list[str]:
    start = f"generate building-change --source SOURCE {' '.join(OPTIONS)} {' '.join(LIVELY)} --out OUT -n 1"
    names = {"SOURCEE": f"{source}x", "SOURCE": source, "OUT": out, "MADE": made, "NOWHERE": out / "nowhere"}
    words = text.replace("GENERATE", start).split(" ")
    pattern = re.compile("|".join(names))
    return [pattern.sub(lambda match: str(names[match[0]]), word) for word in words]


@pytest.mark.parametrize("case", WRONG_USAGE)
def test_wrong_usage_is_one_line_and_code_2(source: Path, made: Path, tmp_path: Path, case: str) -> None:
    text, expected = WRONG_USAGE[case]
    code, _, said = call(*arguments(text, source, made, tmp_path / "out"))
    assert re.search(expected, refusal(code, said, expected=USAGE)), said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", REFUSED_INPUT)
def test_refused_input_is_one_line_and_code_1(source: Path, made: Path, tmp_path: Path, case: str) -> None:
    text, expected = REFUSED_INPUT[case]
    code, _, said = call(*arguments(text, source, made, tmp_path / "out"))
    assert re.search(expected, refusal(code, said, expected=INPUT)), said
    assert not (tmp_path / "out").exists()


def test_a_hint_of_help_follows_wrong_usage() -> None:
    code, _, said = call("generate", "--seeds", "1")
    assert refusal(code, said, expected=USAGE).endswith("see `diachron generate --help`")


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_the_traceback_wherever_it_stands(tmp_path: Path, place: str) -> None:
    line = ["validate", str(tmp_path)]
    done = run(*(["--debug", *line] if place == "before" else [*line, "--debug"]))
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "PackageError" in done.stderr
    quiet = run(*line)
    assert "Traceback" not in refusal(quiet.returncode, quiet.stderr)


def test_an_unexpected_error_says_that_it_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("one\ntwo")

    monkeypatch.setattr("diachron.outputs.readers.Dataset.__init__", broken)
    code, _, said = call("validate", tmp_path)
    line = refusal(code, said)
    assert "unexpected ZeroDivisionError: one two; this is a fault of Diachron" in line
    assert "--debug" in line


def test_errors_of_a_process_of_its_own_look_the_same(source: Path, tmp_path: Path) -> None:
    done = generate(source, tmp_path / "out", "--set", "yeers=3")
    assert "did you mean 'years'?" in refusal(done.returncode, done.stderr, expected=USAGE)
    assert done.stdout == ""


def test_a_name_with_a_line_break_stays_on_its_line(tmp_path: Path) -> None:
    code, _, said = call("validate", f"{tmp_path}/two\nlines")
    assert "two lines" in refusal(code, said)


def test_no_verb_at_all_shows_the_help() -> None:
    code, printed, said = call()
    assert code == USAGE
    assert all(verb in printed + said for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_works(verb: str) -> None:
    code, printed, said = call(verb, "--help")
    assert (code, said) == (0, "")
    assert printed.startswith(f"Usage: diachron {verb}")
    assert "  --help" in printed or "-h, --help" in printed


def test_a_recipe_that_brings_no_tiles_says_so(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("base: building-change\nsource: tiles\n")
    code, _, said = call("generate", recipe, "--out", tmp_path / "out", "-n", "1")
    assert re.search(
        r"source 'tiles' is not in .*; give tiles with --source", refusal(code, said, expected=USAGE)
    )
    recipe.write_text("base: building-change\nsource: ../..\n")
    code, _, said = call("generate", recipe, "--out", tmp_path / "out", "-n", "1")
    assert "leaves the recipe's folder" in refusal(code, said, expected=USAGE)
