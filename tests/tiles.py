"""Small sources on disk, made of the fake places of `worlds`, and ways to run the command line on them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine

from diachron.outputs import layout
from tests.worlds import World, raw_scene

SCHEME = "openearthmap"
UTM = "EPSG:32645"
EAST, NORTH = 350_000.0, 3_050_000.0
SIDE = 96
PLACE = World(rows=SIDE, cols=SIDE, gsd_m=1.0, scheme=SCHEME)
# Options that every run on such a source takes; the rates give a few events a tile of 96 m.
OPTIONS = ("--schema", SCHEME, "--licence", "CC-BY-4.0")
LIVELY = (
    "--set",
    "processes.construction.rate_per_km2_year=60",
    "--set",
    "processes.demolition.rate_per_km2_year=60",
)
DRIVERS = {".tif": "GTiff", ".png": "PNG", ".jpg": "JPEG"}


def write_raster(path: Path, values: NDArray[np.generic], **profile: Any) -> Path:
    """Write (H, W) or (C, H, W) values with the driver of the suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = values if values.ndim == 3 else values[np.newaxis]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver=DRIVERS[path.suffix],
            count=data.shape[0],
            height=data.shape[1],
            width=data.shape[2],
            dtype=data.dtype.name,
            **profile,
        ) as file:
            file.write(data)
    return path


def write_tile(
    folder: Path, name: str, world: World = PLACE, number: int = 0, **profile: Any
) -> tuple[Path, Path]:
    """Write `image/NAME.tif` in UTM and `label/NAME.png`; return both."""
    raw = raw_scene(replace(world, seed=number))
    x, y = EAST + 1000.0 * number, NORTH
    place = {"crs": UTM, "transform": Affine(world.gsd_m, 0, x, 0, -world.gsd_m, y)}
    image = write_raster(folder / "image" / f"{name}.tif", raw.image, **(place | profile))
    return image, write_raster(folder / "label" / f"{name}.png", raw.labels)


def write_source(folder: Path, tiles: int = 4, world: World = PLACE, **profile: Any) -> Path:
    """Write tiles `town_0` and so on, each a place of its own."""
    for number in range(tiles):
        write_tile(folder, f"town_{number}", world, number, **profile)
    return folder


def command(*arguments: object) -> list[str]:
    """Return the command line that runs Diachron as the installed script does."""
    script = Path(sys.executable).with_name("diachron")
    start = [str(script)] if script.is_file() else [sys.executable, "-m", "diachron"]
    return [*start, *map(str, arguments)]


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run Diachron in a process of its own and wait for its end."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=120, check=False, **options
    )


def call(*arguments: object) -> tuple[int, str, str]:
    """Run the command line in this process; return its exit code and what it printed on both streams."""
    from diachron.cli import main

    printed, said = io.StringIO(), io.StringIO()
    code: Any = None
    with redirect_stdout(printed), redirect_stderr(said):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
    return int(code), printed.getvalue(), said.getvalue()


def refusal(code: int, said: str, *, expected: int = 1) -> str:
    """Return the one line with which a command ended, next to the lines of its progress.

    It is the form of every error: one line, no traceback, and an exit code that says whose fault it is.
    """
    lines = [line for line in said.splitlines() if not re.fullmatch(r"\d+ of \d+ samples", line)]
    assert code == expected, said
    assert len(lines) == 1, said
    assert lines[0].startswith("diachron: "), said
    return lines[0]


def generate(source: Path, out: Path, *more: object, samples: int = 6, **options: Any) -> Any:
    """Run `diachron generate` on a source of `write_source`; return the process with what it printed."""
    return run(*generation(source, out, *more, samples=samples), **options)


def generation(source: Path, out: Path, *more: object, samples: int = 6) -> tuple[object, ...]:
    """Return the arguments of `generate`."""
    return (
        "generate",
        "building-change",
        "--source",
        source,
        *OPTIONS,
        *LIVELY,
        "--out",
        out,
        "-n",
        samples,
        *more,
    )


@contextmanager
def started(*arguments: object, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start Diachron in a process group of its own, and end what is left of the group."""
    process = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def digests(out: Path, *, parts: bool = False) -> dict[str, str]:
    """Return path -> SHA-256 of every file of a data set, hidden ones too; locks are left out.

    Args:
        out: the data set.
        parts: also those of the shards, which differ with the number of shards.
    """
    left_out = {layout.LOCKS} | (set() if parts else {layout.PARTS})
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.relative_to(out).parts[0] not in left_out
    }


def rejections(out: Path) -> list[dict[str, Any]]:
    """Return the lines of `rejected.jsonl`."""
    return [json.loads(line) for line in (out / layout.REJECTED).read_text(encoding="utf-8").splitlines()]


def alive(pid: int) -> bool:
    """Return whether a process lives; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, and theirs."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            child = int(status.parent.name)
            found += [child, *children(child)]
    return found


def real_set(name: str) -> Path | None:
    """Return the folder of a real set, None where `DIACHRON_DATA` does not name one."""
    root = os.environ.get("DIACHRON_DATA")
    folder = Path(root) / name if root else None
    return folder if folder is not None and folder.is_dir() else None
