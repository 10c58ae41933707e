"""The head of a data set: `dataset.json`, and whether a folder may be worked in."""

from __future__ import annotations

import json
import math
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from diachron.core.errors import PackageError, RunRefusedError
from diachron.outputs import layout
from diachron.outputs.readers import Dataset, schema_to_json
from diachron.outputs.storage import LocalStorage, json_bytes
from diachron.pipelines.plan import Plan
from diachron.pipelines.sources import Source

_SHOWN = 3


def open_folder(plan: Plan, storage: LocalStorage, *, overwrite: bool) -> None:
    """Write `dataset.json`, or check that the one that is there is of the same plan.

    Args:
        plan: what is going to be made.
        storage: of the folder; made if missing.
        overwrite: remove the data set that is there first; other files stay.

    Raises:
        RunRefusedError: it is a file, it holds other things or another plan's data set, or a run is at work.
        PackageError: its `dataset.json` is not Diachron's.
        OSError: it cannot be written to.
    """
    out = storage.root
    manifest = out / layout.DATASET
    if out.exists() and not out.is_dir():
        raise RunRefusedError(f"{out}: is a file; choose a folder with --out")
    if overwrite and manifest.is_file():
        _remove(storage)
    elif not manifest.is_file() and out.is_dir() and any(not _is_ours(path) for path in out.iterdir()):
        raise RunRefusedError(f"{out}: is not empty and holds no data set; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    # Under the lock, because shards of one job array start together in one empty folder.
    with storage.lock("dataset", wait=True):
        if not manifest.is_file():
            storage.write(layout.DATASET, json_bytes(dataset_info(plan)))
            return
    there = Dataset(out).info
    if there["plan"]["fingerprint"] != plan.fingerprint:
        raise RunRefusedError(
            f"{out}: holds a data set of another plan ({differences(there, dataset_info(plan))}); "
            "choose another --out, or add --overwrite to replace it"
        )


def _is_ours(path: Path) -> bool:
    """Whether a name in a folder without `dataset.json` was left there by a run that had just begun."""
    return path.name == layout.LOCKS or path.name.startswith(f".{layout.DATASET}.")


def _remove(storage: LocalStorage) -> None:
    """Remove a data set, unless somebody writes to it or another tool made it."""
    out = storage.root
    try:
        facts = json.loads((out / layout.DATASET).read_text(encoding="utf-8"))
    except ValueError:
        facts = None
    if not isinstance(facts, dict) or not {"format", "plan"} <= set(facts):
        raise PackageError(f"{out / layout.DATASET}: not written by Diachron, so nothing there is replaced")
    with storage.all_locks():
        # The manifest goes last: a removal that was cut short can be given again.
        for name in (layout.SAMPLES, layout.PARTS, layout.STAGING):
            shutil.rmtree(out / name, ignore_errors=True)
        for name in (
            layout.CARD,
            layout.INDEX,
            layout.EVENTS,
            layout.REJECTED,
            layout.REPORT,
            layout.DATASET,
        ):
            (out / name).unlink(missing_ok=True)


def differences(there: dict[str, Any], here: dict[str, Any]) -> str:
    """Return in a few words what distinguishes two `dataset.json`."""
    words = []
    old_facts, new_facts = (
        {key: value for key, value in info.items() if key not in ("plan", "versions")}
        for info in (there, here)
    )
    for key, old, new in _differing(old_facts, new_facts, ""):
        if key == "source.fingerprint":
            words.append("the source differs (files, gsd, sun or splits)")
        elif len(f"{old}{new}") <= 80:
            words.append(f"{key} {_short(old)} there, {_short(new)} here")
        else:
            words.append(f"{key} differs")
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more if words else "the place, split or grid of a tile differs"


def _differing(there: Any, here: Any, key: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield (dotted key, old, new) for every leaf that differs; lists are leaves."""
    if isinstance(there, dict) and isinstance(here, dict):
        for name in [*here, *(n for n in there if n not in here)]:
            yield from _differing(there.get(name), here.get(name), f"{key}.{name}" if key else name)
    elif json.dumps(there) != json.dumps(here):
        yield key, there, here


def _short(value: Any) -> str:
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)


def dataset_info(plan: Plan) -> dict[str, Any]:
    """Return the content of `dataset.json`: only what the plan fixes."""
    source = plan.source
    nodata = source.tiles[0].nodata
    return {
        "format": layout.FORMAT,
        "name": plan.recipe.name,
        "seed": plan.seed,
        "n": plan.samples,
        "dates": len(plan.recipe.times_years),
        "recipe": plan.recipe.model_dump(),
        **({"weights": list(plan.weights)} if plan.weights else {}),
        **({"where_rasters": list(plan.where_rasters)} if plan.where_rasters else {}),
        **({"rate_factor": plan.rate_factor} if plan.recipe.match is not None else {}),
        "schema": schema_to_json(source.schema),
        "bands": list(source.bands),
        "dtype": source.tiles[0].dtype,
        "full_scale": source.full_scale,
        # JSON has no NaN, and a float that is not a number is without data in any case.
        "nodata": None if nodata is None or math.isnan(nodata) else nodata,
        "source": {
            "root": Path(source.root).name,
            "tiles": len(source.tiles),
            "windows": len(plan.units),
            "licence": source.licence,
            "resample_m": source.resample_m,
            "fingerprint": source.fingerprint(),
            **({} if source.objects is None else {"objects": asdict(source.objects)}),
        },
        **({"donors": [_lending(donor) for donor in plan.donors]} if plan.donors else {}),
        "plan": {
            "fingerprint": plan.fingerprint,
            "stream": "SeedSequence(seed, spawn_key=(sample, crc32(stage)))",
        },
        "versions": versions(networks=bool(plan.weights)),
    }


def _lending(donor: Source) -> dict[str, Any]:
    return {
        "root": Path(donor.root).resolve().name,
        "tiles": len(donor.tiles),
        "licence": donor.licence,
        "resample_m": donor.resample_m,
        "fingerprint": donor.fingerprint(),
    }


@cache
def versions(*, networks: bool) -> dict[str, str]:
    """Return versions of what decides the bytes.

    Args:
        networks: whether some of them are painted, or judged, by a network.
    """
    names = ["diachron", "numpy", "scipy", "scikit-image", "rasterio", "shapely", "pyarrow"]
    if networks:
        names += ["torch", "diffusers"]
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}
