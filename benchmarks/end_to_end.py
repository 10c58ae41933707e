"""A whole run from tiles to a data set on disk: samples a second, against bare encoding, memory, stages.

DIACHRON_DATA=... python benchmarks/end_to_end.py --json
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from statistics import median
from typing import Any

import bench
import numpy as np
import rasterio

from diachron.core.grid import GeoGrid
from diachron.evaluation.testmaps import GSD_M, raw_scene, town
from diachron.outputs import layout
from diachron.outputs.rasters import encode
from diachron.outputs.readers import Dataset
from diachron.pipelines import run as pipeline_run
from diachron.pipelines import workshop as pipeline_workshop
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.run import SampleJob
from diachron.pipelines.sources import SourceOptions, discover

RECIPE = "building-change"
WORKERS = 2
SIDE_PX = 512
FAKE_TILES = 12
ROUNDS = 2
SETTINGS = {"aerial": [], "none": ["--set", "acquisition=none"]}
POLL_S = 0.1
# Where a sample's time goes: stage -> (owner, function) that are timed from outside.
STAGES: dict[str, list[tuple[Any, str]]] = {
    "read_and_prepare": [(pipeline_workshop.Workshop, "prepared")],
    "simulate": [(pipeline_workshop, "simulate")],
    "paint": [(pipeline_workshop.Workshop, "_paint")],
    "acquire": [(pipeline_workshop.Workshop, "_acquire")],
    "encode_and_write": [
        (pipeline_run, "sample_files"),
        (pipeline_run, "sample_record"),
        (pipeline_run.LocalStorage, "commit"),
    ],
}


def tiles(folder: Path) -> tuple[str, list[str]]:
    """Return the name of the source and the options that give it to the command line."""
    data = os.environ.get("DIACHRON_DATA")
    if data and (Path(data) / "oam_banepa").is_dir():
        return "oam_banepa", ["--source", str(Path(data) / "oam_banepa")]
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
    grid = GeoGrid.plain((SIDE_PX, SIDE_PX), GSD_M)
    for number in range(FAKE_TILES):
        raw = raw_scene(town(number, side_px=SIDE_PX, houses=40))
        (folder / "images" / f"{number:02d}.tif").write_bytes(encode(raw.image, grid))
        (folder / "labels" / f"{number:02d}.tif").write_bytes(encode(raw.labels, grid))
    globs = ["--images", str(folder / "images" / "*.tif"), "--labels", str(folder / "labels" / "*.tif")]
    return "fake", [*globs, "--schema", "openearthmap", "--gsd", str(GSD_M)]


def generate(source: list[str], out: Path, samples: int, extra: list[str]) -> dict[str, float]:
    """Run the command line with two workers; return seconds a sample, wall seconds and the peak memory.

    Seconds a sample are those between the first and the last record on disk, without the start of workers.

    Raises:
        SystemExit: the run failed or refused samples.
    """
    command = [sys.executable, "-m", "diachron", "generate", RECIPE, *source, "--out", str(out)]
    command += ["-n", str(samples), "--seed", "0", "--workers", str(WORKERS), "--json", *extra]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        peaks: dict[int, int] = {}
        watcher = threading.Thread(target=_watch, args=(process, peaks))
        watcher.start()
        printed, errors = process.communicate()
        watcher.join()
    wall = time.perf_counter() - start
    if process.returncode != 0 or json.loads(printed)["made"] != samples:
        raise SystemExit(f"{' '.join(command)}\nfailed ({process.returncode}): {printed}{errors}")
    records = sorted(path.stat().st_mtime_ns for path in (out / layout.SAMPLES).glob("*/*/" + layout.RECORD))
    return {
        "seconds_a_sample": (records[-1] - records[0]) / 1e9 / (len(records) - 1),
        "wall_s": wall,
        "peak_mb": max(peaks.values()) / 1024,
    }


def _watch(process: subprocess.Popen[str], peaks: dict[int, int]) -> None:
    """Keep the kernel's own high-water mark of every process of a tree, in KiB, until it ends."""
    while process.poll() is None:
        for pid in [process.pid, *_descendants(process.pid)]:
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            marks = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
            if marks:
                peaks[pid] = marks[0]
        time.sleep(POLL_S)


def _descendants(pid: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            direct = [int(child) for child in children.read_text().split()]
        except OSError:
            continue
        found += direct + [below for child in direct for below in _descendants(child)]
    return found


def raw_encode(out: Path, scratch: Path, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds a sample in which one process encodes and writes the files of a data set again."""
    dataset = Dataset(out)
    seconds = 0.0
    for index in dataset.ids:
        layers = [_read(path) for path in sorted(dataset.folder(index).glob("*.tif"))]
        record = (dataset.folder(index) / layout.RECORD).read_bytes()
        folder = scratch / str(index)
        start = clock()
        folder.mkdir(parents=True)
        for name, bands, options in layers:
            (folder / name).write_bytes(encode(bands, **options))
        (folder / layout.RECORD).write_bytes(record)
        seconds += clock() - start
    return seconds / len(dataset.ids)


def _read(path: Path) -> tuple[str, np.ndarray, dict[str, Any]]:
    """Return a file's name, its bands, and what `encode` must be told to write it again."""
    with rasterio.open(path) as file:
        bands = file.read()
        crs = None if file.crs is None else file.crs.to_string()
        grid = GeoGrid(file.shape, tuple(file.transform)[:6], crs, 1.0)
        colours = None
        if file.count == 1 and file.colorinterp[0].name == "palette":
            colours = {value: rgb[:3] for value, rgb in file.colormap(1).items()}
        names = tuple(name for name in file.descriptions if name)
        return path.name, bands, {"grid": grid, "nodata": file.nodata, "names": names, "colours": colours}


def stages_ms(source: list[str], out: Path, samples: int, extra: list[str]) -> dict[str, float]:
    """Return milliseconds a sample by stage, in one process; `other` is labels, difference and the rest.

    `cpu` is the time of the processor for all of it.
    """
    given = dict(zip(source[::2], source[1::2], strict=True))
    options = SourceOptions(
        source=given.get("--source"),
        images=given.get("--images"),
        labels=given.get("--labels"),
        schema=given.get("--schema"),
        gsd_m=float(given["--gsd"]) if "--gsd" in given else None,
    )
    plan = Plan(load_recipe(RECIPE, extra[1::2]), discover(options), 0, samples)
    spent: Counter[str] = Counter()
    with _timed_stages(spent):
        job = SampleJob(plan, out, "stages")
        state = job.open()
        start, cpu_start = time.perf_counter(), time.process_time()
        for sample in range(samples):
            job.run(state, sample)
        whole, cpu = time.perf_counter() - start, time.process_time() - cpu_start
    figures = {stage: round(1000 * spent[stage] / samples, 1) for stage in STAGES}
    figures["other"] = round(1000 * (whole - spent.total()) / samples, 1)
    return {**figures, "all": round(1000 * whole / samples, 1), "cpu": round(1000 * cpu / samples, 1)}


@contextmanager
def _timed_stages(spent: Counter[str]) -> Iterator[None]:
    """Add up the seconds of each stage's functions."""
    originals = [(owner, name, getattr(owner, name)) for pairs in STAGES.values() for owner, name in pairs]

    def timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                spent[stage] += time.perf_counter() - start

        return call

    try:
        for stage, pairs in STAGES.items():
            for owner, name in pairs:
                setattr(owner, name, timed(stage, getattr(owner, name)))
        yield
    finally:
        for owner, name, function in originals:
            setattr(owner, name, function)


def main() -> None:
    """Measure and print."""
    parser = bench.parser(__doc__ or "")
    parser.add_argument("--samples", type=int, default=120, help="of a run whose speed is measured")
    parser.add_argument("--memory", type=int, nargs=2, default=(50, 500), help="samples of the memory runs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        name, source = tiles(folder / "tiles")
        runs: dict[str, list[dict[str, float]]] = {setting: [] for setting in SETTINGS}
        raw: dict[str, list[float]] = {setting: [] for setting in SETTINGS}
        for turn in range(ROUNDS):
            for setting, extra in SETTINGS.items():
                out = folder / f"{setting}{turn}"
                runs[setting].append(generate(source, out, given.samples, extra))
                raw[setting].append(raw_encode(out, folder / f"{setting}{turn}_raw"))
        seconds = {key: median(run["seconds_a_sample"] for run in runs[key]) for key in SETTINGS}
        ratios = {key: round(median(raw[key]) / (seconds[key] * WORKERS), 4) for key in SETTINGS}
        peaks = [generate(source, folder / f"memory{n}", n, [])["peak_mb"] for n in given.memory]
        stages = {
            key: stages_ms(source, folder / f"stages_{key}", given.samples // 2, extra)
            for key, extra in SETTINGS.items()
        }
        cpu_s = {
            key: raw_encode(folder / f"{key}0", folder / f"{key}_cpu", time.process_time) for key in SETTINGS
        }
        windows = Dataset(folder / "aerial0").info["source"]["windows"]
    figures: dict[str, object] = {
        "samples_per_second": round(1 / seconds["aerial"], 2),
        "ratio_to_raw_encode": ratios["aerial"],
        "ratio_to_raw_encode_without_acquisition": ratios["none"],
        "cpu_time_ratio_to_raw_encode": {
            key: round(1000 * cpu_s[key] / stages[key]["cpu"], 4) for key in SETTINGS
        },
        "raw_encode_ms": {key: round(1000 * median(raw[key]), 2) for key in SETTINGS},
        "peak_rss_mb": {str(n): round(peak, 1) for n, peak in zip(given.memory, peaks, strict=True)},
        "peak_rss_ratio": round(peaks[1] / peaks[0], 3),
        "stages_ms": stages,
        "samples": given.samples,
        "windows": windows,
        "workers": WORKERS,
        "wall_s": {key: [round(run["wall_s"], 1) for run in runs[key]] for key in SETTINGS},
        "source": name,
        "side_px": SIDE_PX,
        "machine": bench.machine(),
    }
    bench.show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
