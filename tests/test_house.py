"""The house itself: help is fast, files say what they are for, the wheel holds what it should and works."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("simulators", "generators", "outputs", "training", "pipelines", "evaluation")
LONGEST = 400
HEAVY = {"torch", "diffusers", "numpy", "scipy", "rasterio", "pyarrow", "pydantic", "skimage", "shapely"}
DATA = {".yaml", ".j2", ".css", ".js"}
# Whole folders that come along: tiles and weights with their terms beside them.
DATA_FOLDERS = (
    "generators/weights/inpainting-3",
    "generators/weights/semantic-1",
    "pipelines/recipes/demo",
    "training/features/weights",
)


def known_to_git() -> list[Path]:
    """Return the files of the working tree, new ones too, relative to the root; ignored ones are left out."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [Path(line) for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def code_files() -> list[Path]:
    """Return the Python files of the package."""
    return [
        path
        for path in known_to_git()
        if path.suffix == ".py" and path.parts[0] in ("diachron", *FOLDERS) and not (ROOT / path).is_symlink()
    ]


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "diachron", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert imported & HEAVY == set()
    assert done.stdout.startswith("Usage: diachron")


def test_listing_verbs_do_not_load_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "diachron", "processes"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not re.search(r"\| +torch$", done.stderr, re.MULTILINE)
    assert "construction" in done.stdout


def test_every_file_says_what_it_is_for() -> None:
    silent = [
        str(path)
        for path in code_files()
        if not ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_no_file_has_two_jobs() -> None:
    lengths = {
        str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in code_files()
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_file_is_called_after_nothing() -> None:
    vague = {"utils", "helpers", "common", "misc", "manager"}
    assert [str(path) for path in code_files() if path.stem in vague] == []


def test_folders_are_reached_under_one_name_only() -> None:
    bare = re.compile(rf"^\s*(?:from|import) (?:{'|'.join(FOLDERS)}|core|cli)\b", re.MULTILINE)
    found = [str(path) for path in code_files() if bare.search((ROOT / path).read_text(encoding="utf-8"))]
    assert found == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of a clean copy of what git knows, so that no build folder of the checkout is used."""
    pytest.importorskip("setuptools", minversion="77")
    copy = tmp_path_factory.mktemp("checkout")
    for path in known_to_git():
        target = copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target, follow_symlinks=False)
    for name in FOLDERS:
        link = ROOT / "diachron" / name
        if link.is_symlink() and not (copy / "diachron" / name).exists():
            (copy / "diachron" / name).symlink_to(link.readlink())
    dist = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet",
         "--disable-pip-version-check", "--wheel-dir", str(dist), str(copy)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (found,) = dist.glob("*.whl")
    return found


def test_the_wheel_holds_what_git_knows_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in inside} == {"diachron"}, "a bare top-level package"
    expected = {
        str(path if path.parts[0] == "diachron" else Path("diachron") / path) for path in code_files()
    }
    assert {name for name in inside if name.endswith(".py")} == expected
    data = {
        str(Path("diachron") / path)
        for path in known_to_git()
        if path.parts[0] in FOLDERS
        and (path.suffix in DATA or any(path.is_relative_to(folder) for folder in DATA_FOLDERS))
    }
    assert {name for name in inside if not name.endswith(".py")} == data | {"diachron/py.typed"}
    assert any(name.endswith(".tif") for name in data), "the demo brings its tiles"


def test_the_wheel_states_its_licence_and_its_script(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {
            name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name
        }
        assert {"licenses/LICENSE", "licenses/NOTICE"} <= set(names)
        assert "diachron = diachron.cli:main" in archive.read(names["entry_points.txt"]).decode()
        assert "License-Expression: Apache-2.0" in archive.read(names["METADATA"]).decode()


def test_the_installed_wheel_makes_the_demo(wheel: Path, tmp_path: Path) -> None:
    """Installed in a folder of its own, far from the checkout."""
    home = tmp_path / "installed"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet",
         "--disable-pip-version-check", "--target", str(home), str(wheel)],
        check=True,
    )  # fmt: skip
    out = tmp_path / "out"
    start = "import sys, diachron.cli; print(diachron.cli.__file__); diachron.cli.main(sys.argv[1:])"

    def installed(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-c", start, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(str(home)), "another copy of Diachron was run"
        return done.stdout

    assert "2 made" in installed("generate", "demo", "--out", str(out), "-n", "2")
    assert "no problem found" in installed("validate", str(out))
    installed("report", str(out))
    assert (out / "report.html").stat().st_size > 10_000
    assert "demo" in installed("recipes")
