"""The folder of a run: full disks, foreign folders, another plan's data set; and the input stays as it is."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from diachron.core.errors import SourceError
from diachron.outputs import layout
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.run import RunOptions
from diachron.pipelines.run import generate as generate_plan
from diachron.pipelines.sources import SourceOptions, discover
from tests.tiles import (
    SCHEME,
    call,
    command,
    digests,
    generate,
    generation,
    refusal,
    write_source,
    write_tile,
)

SAMPLES = 4


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 3)


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "out"
    make(source, out, samples=SAMPLES)
    return out


def make(source: Path, out: Path, *more: object, samples: int = SAMPLES) -> None:
    """Make a data set in this process, without an error."""
    code, _, said = call(*generation(source, out, *more, samples=samples))
    assert code == 0, said


def refused(source: Path, out: Path, *more: object, code: int = 1) -> str:
    """Return the one line with which a run in this process is refused."""
    found, _, said = call(*generation(source, out, *more, samples=SAMPLES))
    return refusal(found, said, expected=code)


def refused_process(process: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a process said before it ended with 1."""
    return refusal(process.returncode, process.stderr)


def test_a_full_disk_keeps_what_is_finished(
    source: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(
        load_recipe("building-change"), discover(SourceOptions(str(source), schema=SCHEME)), 0, SAMPLES
    )
    write_bytes = Path.write_bytes
    written = 0

    def fills_up(path: Path, content: bytes) -> int:
        nonlocal written
        written += len(content)
        if written > 200_000:
            # Part of a file reaches the disk before the write fails.
            write_bytes(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return write_bytes(path, content)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", fills_up)
        with pytest.raises(SourceError, match=r"out: the disk is full; free some room, then .* again"):
            generate_plan(plan, RunOptions(tmp_path / "out"))
    done = layout.done_ids(tmp_path / "out")
    assert 0 < len(done) < SAMPLES
    assert len(list((tmp_path / "out" / layout.SAMPLES).glob("*/*"))) == len(done)
    assert not (tmp_path / "out" / layout.STAGING).exists()
    result = generate_plan(plan, RunOptions(tmp_path / "out"))
    assert (result.found, result.done, result.joined) == (len(done), SAMPLES - len(done), True)
    generate_plan(plan, RunOptions(tmp_path / "in one go"))
    assert digests(tmp_path / "out") == digests(tmp_path / "in one go")


def test_a_file_that_cannot_be_written_ends_the_run(source: Path, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(source, out, "--shard", "0/2", samples=SAMPLES)
    kept = layout.done_ids(out)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    stopped = generate(source, out, "--workers", 2, samples=SAMPLES, preexec_fn=small_files)
    assert "finished samples are kept" in refused_process(stopped)
    assert layout.done_ids(out) == kept
    assert len(list((out / layout.SAMPLES).glob("*/*"))) == len(kept)
    make(source, out, samples=SAMPLES)
    assert digests(out) == digests(made)


def test_a_tmpfs_that_is_full(source: Path, made: Path, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    inside = " ".join(f"'{word}'" for word in command(*generation(source, room / "out", samples=SAMPLES)))
    after = f"test ! -e {room}/out/{layout.STAGING} && ls {room}/out/{layout.SAMPLES}/00000"
    script = f"mount -t tmpfs -o size=300k none {room} || exit 77; {inside}; code=$?; {after}; exit $code"
    process = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if process.returncode == 77 or "unshare" in process.stderr:
        pytest.skip("this machine lets nobody mount a tmpfs")
    assert "the disk is full" in refused_process(process)
    assert 0 < len(process.stdout.split()) < SAMPLES


def test_a_folder_that_may_not_be_written(source: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)

    def as_nobody_special() -> None:
        # Root may write everywhere; without CAP_DAC_OVERRIDE (1) and CAP_DAC_READ_SEARCH (2) it may not.
        # 24 is PR_CAPBSET_DROP; for anybody else it fails and nothing is lost.
        for capability in (1, 2):
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)

    line = refused_process(generate(source, closed / "below", samples=SAMPLES, preexec_fn=as_nobody_special))
    assert "Permission denied" in line
    assert str(closed) in line


def test_out_must_be_a_folder_of_ours(source: Path, tmp_path: Path) -> None:
    taken = tmp_path / "notes.txt"
    taken.write_text("mine")
    assert "is a file; choose a folder with --out" in refused(source, taken)
    assert "Not a directory" in refused(source, taken / "below")
    for more in ((), ("--overwrite",)):
        line = refused(source, tmp_path, *more)
        assert "is not empty and holds no data set" in line
    assert taken.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


def test_overwrite_leaves_another_tools_dataset_json_alone(source: Path, tmp_path: Path) -> None:
    (tmp_path / layout.DATASET).write_text('{"mine": 1}')
    (tmp_path / layout.SAMPLES).mkdir()
    for more in ((), ("--overwrite",)):
        assert "not written by Diachron" in refused(source, tmp_path, *more)
    assert (tmp_path / layout.SAMPLES).is_dir()


DIFFERENT: dict[str, tuple[tuple[object, ...], str]] = {
    "seed": (("--seed", 1), "seed 0 there, 1 here"),
    "number": (("-n", 5), "n 4 there, 5 here"),
    "years": (("--set", "years=3"), "recipe.years 5.0 there, 3.0 here"),
    "rate": (
        ("--set", "processes.construction.gap_m=1"),
        "recipe.processes.construction.gap_m 2.0 there, 1.0 here",
    ),
    "off": (("--set", "processes.demolition=none"), "recipe.processes.demolition"),
    "licence": (("--licence", "MIT"), "source.licence CC-BY-4.0 there, MIT here"),
    "white": (("--full-scale", 300), "full_scale 255.0 there, 300.0 here"),
    "bands": (
        ("--bands", "blue,green,red"),
        'bands ["red", "green", "blue"] there, ["blue", "green", "red"] here',
    ),
    "sun": (("--sun", "135,40"), "the source differs (files, gsd, sun or splits)"),
    "gsd": (("--gsd", 2), "the source differs (files, gsd, sun or splits)"),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_another_plan_is_refused_by_what_differs(source: Path, made: Path, name: str) -> None:
    before = digests(made, parts=True)
    more, expected = DIFFERENT[name]
    line = refused(source, made, *more)
    assert expected in line
    assert "--overwrite" in line
    assert digests(made, parts=True) == before


def test_another_source_of_the_same_name_is_refused(source: Path, made: Path, tmp_path: Path) -> None:
    other = tmp_path / "town"
    shutil.copytree(source, other)
    write_tile(other, "town_1", number=11)
    assert "the source differs (files, gsd, sun or splits)" in refused(other, made)


def test_overwrite_replaces_and_keeps_what_is_not_ours(source: Path, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(made, out)
    (out / "notes.txt").write_text("mine")
    make(source, out, "--seed", 3, "--overwrite", samples=2)
    assert layout.done_ids(out) == [0, 1]
    assert json.loads((out / layout.DATASET).read_text())["seed"] == 3
    assert (out / "notes.txt").read_text() == "mine"
    assert call("validate", out)[0] == 0


def test_overwrite_of_one_shard_would_remove_the_others(source: Path, made: Path) -> None:
    line = refused(source, made, "--overwrite", "--shard", "0/2", code=2)
    assert "--overwrite with --shard" in line
    assert layout.done_ids(made) == [0, 1, 2, 3]


def test_a_scheme_that_changed_under_its_name_is_another_plan(source: Path, tmp_path: Path) -> None:
    scheme = tmp_path / "mine.yaml"
    text = "name: mine\nrest: c1\nclasses:\n" + "".join(
        f"  - {{id: {number}, name: c{number}, hub: {hub}}}\n"
        for number, hub in enumerate(
            ("ignore", "bare", "grass", "developed", "road", "tree", "water", "crop", "building")
        )
    )
    scheme.write_text(text)
    out = tmp_path / "out"
    options = ("generate", "building-change", "--source", source, "--schema", scheme, "--out", out, "-n", 1)
    assert call(*options)[0] == 0
    scheme.write_text(text.replace("name: c5", "name: woods"))
    code, _, said = call(*options)
    assert "schema.classes" in refusal(code, said)


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_no_input_is_ever_modified(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 2)
    (source / "image" / "broken.tif").write_bytes(b"II*\0 not a picture")
    before = contents(source)
    out = tmp_path / "out"
    make(source, out)
    assert call("inspect", source, "--schema", SCHEME, "--priors")[0] == 0
    assert contents(source) == before, "a tile or a file beside it was written"
    made = contents(out)
    for arguments in (
        ("validate", out),
        ("inspect", out),
        ("export", out, "--format", "levir", "--to", tmp_path / "x"),
    ):
        assert call(*arguments)[0] == 0
    assert contents(out) == made
