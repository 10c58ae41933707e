"""Killed, interrupted and crowded runs: nobody is left behind, nothing half-written counts."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from diachron.outputs import layout
from diachron.outputs.tables import RejectionLog, rejected_samples
from tests.tiles import alive, call, children, command, generation, refusal, run, started, write_source

# More than any machine makes before it is stopped here.
MANY = 400
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source"), 3)


def wait_for(what: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    """Return whether something became true in time."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def unfinished(out: Path) -> list[Path]:
    """Return what stands among the samples and is not a complete one."""
    whole = {out / layout.sample_folder(index) for index in layout.done_ids(out)}
    return [path for path in (out / layout.SAMPLES).glob("*/*") if path not in whole]


def test_workers_end_by_themselves_when_the_parent_is_killed(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(*generation(source, out, "--workers", 2, samples=MANY)) as process:
        assert wait_for(lambda: len(layout.done_ids(out)) > 1)
        workers = children(process.pid)
        assert len(workers) >= 2
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert wait_for(lambda: not any(map(alive, workers)), 5.0), "workers outlive their parent"
    assert not unfinished(out)
    # The lock of the dead does not block, and what they left is cleared away.
    (out / layout.STAGING / "shard-00000-of-00001").mkdir(parents=True, exist_ok=True)
    (out / layout.STAGING / "shard-00001-of-00002" / "77-3").mkdir(parents=True)
    (out / f".{layout.INDEX}.77").write_bytes(b"half")
    with started(*generation(source, out, "--workers", 2, samples=MANY)) as process:
        assert wait_for(lambda: not (out / layout.STAGING / "shard-00001-of-00002").exists())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert not (out / layout.STAGING).exists()


def test_a_partial_table_of_a_killed_run_is_cleared_away(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / f".{layout.DATASET}.77").write_bytes(b"{")
    assert call(*generation(source, out, samples=2))[0] == 0
    (out / f".{layout.INDEX}.77").write_bytes(b"half")
    assert call(*generation(source, out, samples=2))[0] == 0
    assert not [
        path.name for path in out.iterdir() if path.name.startswith(".") and path.name != layout.LOCKS
    ]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("to", ["group", "parent"])
def test_ctrl_c_ends_at_once_in_one_line(source: Path, tmp_path: Path, workers: int, to: str) -> None:
    out = tmp_path / "out"
    with started(*generation(source, out, "--workers", workers, "--json", samples=MANY)) as process:
        assert wait_for(lambda: len(layout.done_ids(out)) > 1)
        helpers = children(process.pid)
        (os.killpg if to == "group" else os.kill)(process.pid, signal.SIGINT)
        begin = time.monotonic()
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - begin < 5.0
        assert wait_for(lambda: not any(map(alive, helpers)), 5.0)
    assert process.returncode == 130
    lines = [line for line in said.splitlines() if line]
    assert lines == ["diachron: stopped; finished samples are kept, the same command goes on from there"], (
        said
    )
    assert not unfinished(out)
    assert not (out / layout.STAGING).exists()
    kept = len(layout.done_ids(out))
    assert 0 < kept < MANY


def test_ctrl_c_while_workers_start_gives_no_traceback(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(*generation(source, out, "--workers", 2, "--json", samples=MANY)) as process:
        # The resource tracker of multiprocessing is the first child, the workers come after it.
        assert wait_for(lambda: len(children(process.pid)) >= 2)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [line for line in said.splitlines() if line] == [
        "diachron: stopped; finished samples are kept, the same command goes on from there"
    ], said


def test_a_worker_that_dies_is_told_in_one_line(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(*generation(source, out, "--workers", 2, "--json", samples=MANY)) as process:
        assert wait_for(lambda: len(layout.done_ids(out)) > 1)
        # The youngest child is a worker.
        os.kill(max(children(process.pid)), signal.SIGKILL)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said.count("\n") == 1, said
    assert "a worker process died" in said
    assert "fewer --workers" in said


def test_the_lock_of_a_living_run_refuses_another(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call(*generation(source, out, samples=2))[0] == 0
    with (out / layout.LOCKS / "shard-00000-of-00001").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for more in ((), ("--overwrite",)):
            code, _, said = call(*generation(source, out, *more, samples=2))
            assert "another run is at work there" in refusal(code, said)
        assert layout.done_ids(out) == [0, 1], "--overwrite removed the set of a living run"
    assert call(*generation(source, out, samples=2))[0] == 0


def test_a_torn_line_of_refusals_costs_only_its_own_sample(tmp_path: Path) -> None:
    log = RejectionLog(tmp_path, "shard")
    log.add(sample=1, source="a", reason="empty", detail="")
    with log.path.open("a", encoding="utf-8") as handle:
        handle.write('{"sample": 2, "rea')
    log.add(sample=3, source="b", reason="empty", detail="")
    assert sorted(rejected_samples(tmp_path)) == [1, 3]


def test_a_reader_that_leaves_is_no_fault(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("schemas"), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert run("schemas").returncode == 0
