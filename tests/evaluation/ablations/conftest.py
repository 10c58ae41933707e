"""One run with and one without acquisition, of the same source and seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from diachron.outputs.pairs import PackagePairs
from tests.tiles import call, generation, write_source

SAMPLES = 8


@pytest.fixture(scope="session")
def acquired(tmp_path_factory: pytest.TempPathFactory) -> PackagePairs:
    """Return the pairs of a run whose rates leave some of them without change; not to be changed."""
    return _run(tmp_path_factory.mktemp("acquired"))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> PackagePairs:
    """Return the pairs of the same run without acquisition; not to be changed."""
    return _run(tmp_path_factory.mktemp("plain"), "--set", "acquisition=none")


def _run(folder: Path, *more: str) -> PackagePairs:
    town = write_source(folder / "town", 4)
    rates = ("--set", "processes.construction.rate_per_km2_year=15", "--set", "processes.demolition=none")
    code, _, said = call(*generation(town, folder / "out", *rates, *more, samples=SAMPLES))
    assert code == 0, said
    return PackagePairs(folder / "out")
