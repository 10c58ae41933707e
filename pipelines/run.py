"""A run: the plan checked and written down, its samples made, the tables joined."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diachron.core.errors import DiachronError, RecipeError, SourceError
from diachron.outputs import layout, tables
from diachron.outputs.card import card_text
from diachron.outputs.readers import Dataset
from diachron.outputs.storage import LocalStorage
from diachron.outputs.writer import sample_files, sample_record
from diachron.pipelines.executors import run_here, run_spawned
from diachron.pipelines.manifest import open_folder
from diachron.pipelines.matching import matched
from diachron.pipelines.plan import Plan
from diachron.pipelines.workshop import Refusal, Workshop

# Samples handed to a worker together, at most: few enough that the last one does not wait long.
LARGEST_CHUNK = 16


@dataclass(frozen=True)
class RunOptions:
    """How a plan is carried out; none of it changes a byte of a sample.

    Args:
        out: folder of the data set.
        workers: processes; 1 works in this one.
        shard: (i, n) for the i-th of n parts.
        overwrite: remove what is there first.
        retry_failed: make refused samples again.
    """

    out: Path
    workers: int = 1
    shard: tuple[int, int] = (0, 1)
    overwrite: bool = False
    retry_failed: bool = False


@dataclass
class RunResult:
    """What a run did. `joined` tells whether the data set is finished, `example` why a sample was refused."""

    done: int = 0
    found: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    placed: Counter[str] = field(default_factory=Counter)
    why: dict[str, Counter[str]] = field(default_factory=dict)
    joined: bool = False
    example: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain counts."""
        return {
            "made": self.done,
            "already_there": self.found,
            "refused": dict(sorted(self.refused.items())),
            "events": {
                name: {
                    "drawn": self.drawn[name],
                    "placed": self.placed[name],
                    "why_not": dict(sorted(self.why.get(name, Counter()).items())),
                }
                for name in sorted(self.drawn)
            },
            "complete": self.joined,
        }


def generate(
    plan: Plan, options: RunOptions, *, progress: Callable[[int, int], None] | None = None
) -> RunResult:
    """Make a plan's samples, or those of one shard; what is there already is kept.

    Args:
        plan: checked.
        options: how to carry it out.
        progress: called with (finished, all) of this shard.

    Raises:
        RecipeError: what the recipe's `match` wants cannot be had.
        RunRefusedError: the folder holds another plan's data set, or another process writes there.
        SourceError: the disk is full or cannot be written to.
    """
    if not plan.units:
        raise SourceError("the source has no window to work on")
    number, of = options.shard
    if not 0 <= number < of:
        raise RecipeError(f"--shard {number}/{of}: the first number counts from 0 to {of - 1}")
    label = f"shard-{number:05d}-of-{of:05d}"
    plan = matched(plan)
    storage = LocalStorage(options.out)
    try:
        open_folder(plan, storage, overwrite=options.overwrite)
        with storage.shard(label):
            result = _make(plan, storage, label, options, progress)
            _write_part(storage, label, plan.shard(number, of))
        result.joined = finish(plan, storage)
    except OSError as error:
        if isinstance(error, DiachronError):
            raise
        raise _disk_error(error, options.out) from error
    return result


def _disk_error(error: OSError, out: Path) -> SourceError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = f"{out}: the disk is full; free some room"
    else:
        what = f"{error.filename or out}: {error.strerror or error}; mend that or choose another --out"
    return SourceError(f"{what}, then give the same command again; finished samples are kept")


@dataclass(frozen=True)
class SampleJob:
    """The work of one worker: make a sample and put it on disk. Answers with counts only."""

    plan: Plan
    out: Path
    label: str

    def open(self) -> tuple[Workshop, LocalStorage]:
        """Return a workshop and the storage."""
        return Workshop(self.plan), LocalStorage(self.out)

    def run(self, state: tuple[Workshop, LocalStorage], sample: int) -> dict[str, Any]:
        """Return `{"refused": ...}` or `{"simulation": ...}`."""
        workshop, storage = state
        made = workshop.make(sample)
        if isinstance(made, Refusal):
            return {"refused": {"source": made.source, "reason": made.reason, "detail": made.detail}}
        storage.commit(sample, sample_files(made), sample_record(made), self.label)
        return {"simulation": made.provenance["simulation"]}


def _make(
    plan: Plan,
    storage: LocalStorage,
    label: str,
    options: RunOptions,
    progress: Callable[[int, int], None] | None,
) -> RunResult:
    samples = plan.shard(*options.shard)
    log = tables.RejectionLog(storage.root, label)
    # Lines of other shards stay: they may be at work. A sample that is done counts as done in any case.
    refused_before = {} if options.retry_failed else tables.rejected_samples(storage.root)
    todo = [i for i in samples if not storage.is_done(i) and i not in refused_before]
    result = RunResult(found=sum(storage.is_done(i) for i in samples))
    for i in samples:
        if i in refused_before and not storage.is_done(i):
            result.refused[str(refused_before[i]["reason"])] += 1
            result.example = result.example or f"{refused_before[i]['source']}: {refused_before[i]['detail']}"
    finished = len(samples) - len(todo)
    job = SampleJob(plan, storage.root, label)
    workers = min(options.workers, max(1, len(todo)))
    if workers == 1:
        answers: Generator[tuple[int, Any], None, None] = run_here(job, todo)
    else:
        chunk = max(1, min(LARGEST_CHUNK, len(todo) // (4 * workers)))
        answers = run_spawned(job, todo, workers, chunk)
    # Closed on every way out, so that workers stop when Ctrl-C or a full disk ends the loop.
    with closing(answers):
        for sample, answer in answers:
            finished += 1
            if "refused" in answer:
                refusal = answer["refused"]
                log.add(sample=sample, **refusal)
                result.refused[refusal["reason"]] += 1
                result.example = result.example or f"{refusal['source']}: {refusal['detail']}"
            else:
                result.done += 1
                for name, counts in answer["simulation"].items():
                    result.drawn[name] += counts["drawn"]
                    result.placed[name] += counts["placed"]
                    result.why.setdefault(name, Counter()).update(counts["why"])
            if progress is not None:
                progress(finished, len(samples))
    return result


def _write_part(storage: LocalStorage, label: str, samples: range) -> None:
    """Write this shard's own index and events, so that they can be used before the others are done."""
    dataset = Dataset(storage.root)
    ids = [i for i in samples if storage.is_done(i)]
    tables.write_tables(
        dataset,
        storage,
        ids,
        f"{layout.PARTS}/index-{label}.parquet",
        f"{layout.PARTS}/events-{label}.parquet",
    )


def finish(plan: Plan, storage: LocalStorage) -> bool:
    """Join the tables where every sample is done or refused; return whether it was so."""
    refusals = [
        {"sample": None, "source": r.path, "reason": r.reason, "detail": r.detail}
        for r in plan.source.refusals
    ]
    return finish_folder(storage, plan.samples, refusals)


def finish_folder(storage: LocalStorage, samples: int, refusals: list[dict[str, Any]] | None) -> bool:
    """Join the tables of a folder; `refusals` None keeps the source's refusals that are written there."""
    done = layout.done_ids(storage.root)
    settled = set(done) | set(tables.rejected_samples(storage.root))
    if len(settled & set(range(samples))) < samples:
        return False
    with storage.lock("join", wait=True):
        dataset = Dataset(storage.root)
        if refusals is None:
            refusals = [entry for entry in dataset.rejections() if entry["sample"] is None]
        tables.join(dataset, storage, refusals)
        storage.write(layout.CARD, card_text(dataset).encode("utf-8"))
    return True


def describe(plan: Plan) -> dict[str, Any]:
    """Return what a run would do, for `--dry-run`: counts and sizes, nothing written."""
    source = plan.source
    rows = [u.rows * u.cols for u in plan.units]
    pixels = sum(rows) / max(1, len(rows))
    area_km2 = sum(u.rows * u.cols * source.tiles[u.tile].grid.pixel_area_m2 for u in plan.units) / 1e6
    bytes_per_pixel = len(source.bands) * {"uint8": 1, "uint16": 2, "float32": 4}.get(
        source.tiles[0].dtype, 8
    )
    return {
        "recipe": plan.recipe.name,
        "samples": plan.samples,
        "seed": plan.seed,
        "tiles": len(source.tiles),
        "windows": len(plan.units),
        **({"donor_windows": len(plan.lent)} if plan.donors else {}),
        "refused_files": dict(sorted(Counter(r.reason for r in source.refusals).items())),
        "scheme": source.schema.name,
        "licence": source.licence,
        "bands": list(source.bands),
        "gsd_m": sorted({t.grid.gsd_m for t in source.tiles}),
        "area_km2": round(area_km2, 6),
        "expected_events_per_sample": {
            name: round(
                parameters.rate_per_km2_year * plan.mean_years * area_km2 / max(1, len(plan.units)),
                3,
            )
            for name, (_, parameters) in plan.recipe.process_modules().items()
        },
        # Noisy pictures hardly compress: 0.8 of the raw pictures, and the maps are small beside them.
        "approximate_megabytes": round(
            0.8 * plan.samples * pixels * bytes_per_pixel * len(plan.recipe.times_years) / 1e6, 1
        ),
        "refusals": [{"path": r.path, "reason": r.reason, "detail": r.detail} for r in source.refusals],
    }


__all__ = ["RunOptions", "RunResult", "describe", "finish", "generate"]
