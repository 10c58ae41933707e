"""Data sets made once by the command line, and copies of them to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tiles import call, generation, write_source

SAMPLES = 6


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a source of four tiles in UTM."""
    return write_source(tmp_path_factory.mktemp("source") / "town", 4)


@pytest.fixture(scope="session")
def made(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set without acquisition, so that dates can be compared bit for bit; not to be changed."""
    out = tmp_path_factory.mktemp("made") / "out"
    code, _, said = call(*generation(town, out, "--set", "acquisition=none", samples=SAMPLES))
    assert code == 0, said
    return out


@pytest.fixture(scope="session")
def series(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set of three dates with acquisition; not to be changed."""
    out = tmp_path_factory.mktemp("series") / "out"
    code, _, said = call(*generation(town, out, "--set", "dates=3", samples=2))
    assert code == 0, said
    return out


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """Return a function that copies a data set."""

    def copied(out: Path) -> Path:
        return Path(shutil.copytree(out, tmp_path / "copy"))

    return copied
