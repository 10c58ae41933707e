"""Promise 1: the same seed gives the same bytes, however the work is carried out."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from diachron.outputs import layout
from tests.tiles import call, digests, generate, generation, rejections, started, write_source, write_tile

SAMPLES = 12


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a source with four good tiles, an empty file and a label map outside the scheme."""
    folder = write_source(tmp_path_factory.mktemp("here") / "town", 4)
    (folder / "image" / "empty.tif").write_bytes(b"")
    _, label = write_tile(folder, "strange", number=9)
    spoil(label)
    return folder


def spoil(label: Path) -> None:
    """Give a label map one value that no scheme knows."""
    import rasterio

    with rasterio.open(label) as file:
        values = file.read(1)
    values[40, 50] = 77
    label.unlink()
    with rasterio.open(
        label, "w", driver="PNG", height=values.shape[0], width=values.shape[1], count=1, dtype="uint8"
    ) as file:
        file.write(values.astype(np.uint8), 1)


@pytest.fixture(scope="module")
def whole(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data set of one process, made in one go."""
    out = tmp_path_factory.mktemp("whole") / "out"
    done = generate(town, out, samples=SAMPLES)
    assert done.returncode == 0, done.stderr
    return out


def made_here(source: Path, out: Path, *more: object) -> str:
    """Return what a run in this process printed; `whole` comes from another process.

    To start an interpreter takes longer than the samples of such a run.
    """
    code, printed, said = call(*generation(source, out, *more, samples=SAMPLES))
    assert code == 0, said
    return printed


def test_the_set_under_test_holds_events_and_refusals(whole: Path) -> None:
    assert len(layout.done_ids(whole)) == SAMPLES
    assert {entry["reason"] for entry in rejections(whole)} == {"empty", "label_outside_scheme"}
    assert (whole / layout.EVENTS).stat().st_size > 5000


def test_four_workers_write_the_bytes_of_one(town: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "of-four"
    assert generate(town, out, "--workers", 4, samples=SAMPLES).returncode == 0
    assert digests(out) == digests(whole)


def test_two_shards_in_one_folder_write_the_bytes_of_one_run(town: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    assert "not complete yet" in made_here(town, out, "--shard", "1/2")
    assert not (out / layout.INDEX).exists()
    assert "not complete" not in made_here(town, out, "--shard", "0/2")
    assert digests(out) == digests(whole)


def test_shards_that_start_together_share_a_folder(town: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "together"
    with (
        started(*generation(town, out, "--shard", "0/2", samples=SAMPLES)) as first,
        started(*generation(town, out, "--shard", "1/2", samples=SAMPLES)) as second,
    ):
        endings = [process.communicate(timeout=60) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), endings
    assert digests(out) == digests(whole)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on_to_the_same_bytes(
    town: Path, whole: Path, tmp_path: Path, workers: int
) -> None:
    out = tmp_path / "another name"
    with started(*generation(town, out, "--workers", workers, samples=SAMPLES)) as process:
        deadline = time.monotonic() + 60
        while len(layout.done_ids(out)) < 2 and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = digests(out / layout.SAMPLES)
    assert 0 < len(layout.done_ids(out)) < SAMPLES
    assert not (out / layout.INDEX).exists()
    resumed = generate(town, out, "--workers", workers, samples=SAMPLES)
    assert resumed.returncode == 0
    found = int(resumed.stdout.split(" made, ")[1].split()[0])
    assert 2 <= found < SAMPLES, "finished samples were made again"
    assert digests(out) == digests(whole)
    assert kept.items() <= digests(out / layout.SAMPLES).items()


def test_a_complete_set_stays_as_it_is(town: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    shutil.copytree(whole, out)
    times = {path: path.stat().st_mtime_ns for path in (out / layout.SAMPLES).rglob("*.tif")}
    assert f"0 made, {SAMPLES} already there" in made_here(town, out)
    assert digests(out) == digests(whole)
    assert times == {path: path.stat().st_mtime_ns for path in (out / layout.SAMPLES).rglob("*.tif")}


def test_a_source_that_moved_gives_the_same_bytes(town: Path, whole: Path, tmp_path: Path) -> None:
    moved = tmp_path / "there" / town.name
    shutil.copytree(town, moved)
    out = tmp_path / "out"
    made_here(moved, out)
    assert digests(out) == digests(whole)


def test_nothing_in_the_set_names_the_machine(town: Path, whole: Path) -> None:
    texts = [path for path in whole.rglob("*") if path.suffix in {".json", ".jsonl", ".md"}]
    assert texts
    for path in texts:
        assert str(town.parent) not in path.read_text(encoding="utf-8"), path


def test_another_seed_gives_other_events(town: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made_here(town, out, "--seed", 1)
    own, other = digests(out), digests(whole)
    assert own.keys() == other.keys()
    assert own[layout.EVENTS] != other[layout.EVENTS]


def test_tables_made_again_are_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    shutil.copytree(whole, out)
    for name in (layout.INDEX, layout.EVENTS, layout.CARD):
        (out / name).unlink()
    assert call("validate", out, "--finish")[0] == 0
    assert digests(out) == digests(whole)
