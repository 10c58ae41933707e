"""From a finished sample to its files and its record."""

from __future__ import annotations

from typing import Any

import numpy as np

from diachron.core.sample import ChangeSample
from diachron.outputs import layout
from diachron.outputs.rasters import encode


def sample_files(sample: ChangeSample) -> dict[str, bytes]:
    """Return file name -> GeoTIFF bytes of every layer of a sample."""
    grid = sample.grid
    files: dict[str, bytes] = {}
    colours = sample.schema.colour_table()
    for name, date in zip(layout.date_names(len(sample.dates)), sample.dates, strict=True):
        files[f"{name}.tif"] = encode(date.image, grid, nodata=sample.nodata, names=sample.bands)
        files[f"label_{name}.tif"] = encode(
            date.labels, grid, nodata=sample.schema.ignore, names=(sample.schema.name,), colours=colours
        )
        files[f"surface_{name}.tif"] = encode(date.surface, grid, nodata=0, names=("hub surface",))
        files[f"instance_{name}.tif"] = encode(date.instances, grid, names=("object id",))
        if date.height_m is not None:
            files[f"height_{name}.tif"] = encode(date.height_m, grid, names=("height above ground, m",))
    for number, moved in enumerate(sample.displacements, start=1):
        names = ("rows down, px", "columns right, px")
        rounded = moved.astype(np.float16).astype(np.float32)
        files[f"displacement_t{number}.tif"] = encode(rounded, grid, names=names, half=True)
    files["change.tif"] = encode(sample.change, grid, nodata=255, names=("change",))
    files["edit.tif"] = encode(sample.edit.astype(np.uint8), grid, names=("edit",))
    for number, (change, edit) in enumerate(
        zip(sample.change_steps, sample.edit_steps, strict=True), start=2
    ):
        files[f"change_t{number}.tif"] = encode(change, grid, nodata=255, names=("change",))
        files[f"edit_t{number}.tif"] = encode(edit.astype(np.uint8), grid, names=("edit",))
    return files


def sample_record(sample: ChangeSample) -> dict[str, Any]:
    """Return the content of `sample.json`. See docs/package-on-disk.md for every field."""
    grid = sample.grid
    first, last = sample.dates[0].labels, sample.dates[-1].labels
    changed = sample.change == 1
    pairs, pixels = np.unique(first[changed].astype(np.int32) * 256 + last[changed], return_counts=True)
    events = []
    for event in sample.log:
        visible = sample.visible.get(event.id, 0)
        events.append(
            event.to_json() | {"visible_px": visible, "visible_m2": round(visible * grid.pixel_area_m2, 6)}
        )
    names = layout.date_names(len(sample.dates))
    return {
        "format": layout.FORMAT,
        "sample": sample.index,
        **{
            key: sample.provenance[key]
            for key in ("place", "source", "split", "licence", "simulation", "render", "provenance")
        },
        "grid": {
            "shape": list(grid.shape),
            "transform": list(grid.transform),
            "crs": grid.crs,
            "gsd_m": grid.gsd_m,
        },
        "dates": [
            {"name": name, "time_years": date.time_years, "painted": date.painted}
            for name, date in zip(names, sample.dates, strict=True)
        ],
        "events": events,
        "counts": {
            "pixels": int(sample.change.size),
            "changed_px": int(np.count_nonzero(changed)),
            "ignored_px": int(np.count_nonzero(sample.change == 255)),
            "edit_px": int(np.count_nonzero(sample.edit)),
        },
        "transitions": [
            {"from": int(pair) // 256, "to": int(pair) % 256, "pixels": int(count)}
            for pair, count in zip(pairs, pixels, strict=True)
        ],
        "class_pixels": {
            name: {
                str(value): int(count)
                for value, count in enumerate(np.bincount(date.labels.ravel()))
                if count
            }
            for name, date in zip(names, sample.dates, strict=True)
        },
        "filters": {name: dict(verdict) for name, verdict in sample.filters.items()},
        "acquisition": None if sample.acquisition is None else [dict(drawn) for drawn in sample.acquisition],
    }
