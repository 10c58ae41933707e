"""A source in a few numbers: what was found, what was refused, and what the scenes hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from diachron.core import hub
from diachron.core.errors import LabelError, SourceError
from diachron.pipelines.sources import SourceOptions, discover
from diachron.simulators.donors import donors_of

WINDOW_PX = 512


def inspect_source(options: SourceOptions, *, priors: bool) -> dict[str, Any]:
    """Return facts about a source, one entry a tile.

    Args:
        options: as for `generate`.
        priors: also read and prepare every window, and measure its objects.

    Raises:
        SourceError: nothing there can be used.
    """
    source = discover(options)
    facts: dict[str, Any] = {
        "source": source.root,
        "tiles": len(source.tiles),
        "windows": len(source.units(WINDOW_PX)),
        "scheme": source.schema.name,
        "bands": list(source.bands),
        "full scale": source.full_scale,
        "resampled to": "no" if source.resample_m is None else f"{source.resample_m:g} m",
        "licence": source.licence or "not stated",
        "refused": dict(sorted(Counter(r.reason for r in source.refusals).items())),
        "files": [
            {
                "name": tile.name,
                "size": f"{tile.grid.shape[1]} x {tile.grid.shape[0]}",
                "gsd_m": round(tile.grid.gsd_m, 4),
                "dtype": tile.dtype,
                "labels": "polygons" if tile.footprints else "label map" if tile.label else "none",
                "place": tile.place,
            }
            for tile in source.tiles
        ],
        "refusals": [{"path": r.path, "reason": r.reason, "detail": r.detail} for r in source.refusals],
    }
    if priors:
        facts["priors"] = _priors(source)
    return facts


def _priors(source: Any) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    areas: list[float] = []
    surfaces: defaultdict[str, float] = defaultdict(float)
    area_km2 = 0.0
    donors = suns = 0
    unreadable: list[str] = []
    for unit in source.units(WINDOW_PX):
        try:
            scene = source.scene(unit)
        except (SourceError, LabelError) as error:
            unreadable.append(str(error))
            continue
        area_km2 += scene.grid.area_km2
        suns += scene.sun is not None
        donors += len(donors_of(scene))
        for entry in scene.objects.values():
            counts[hub.OBJECTS[entry.object_class]] += 1
            if entry.object_class == hub.BUILDING:
                areas.append(entry.footprint.pixels * scene.grid.pixel_area_m2)
        for surface, pixels in zip(*np.unique(scene.surface, return_counts=True), strict=True):
            surfaces[hub.NAMES[int(surface)]] += int(pixels) * scene.grid.pixel_area_m2
    total = sum(surfaces.values()) or 1.0
    return {
        "area km2": round(area_km2, 4),
        "objects": dict(sorted(counts.items())),
        "buildings per km2": round(counts["building"] / area_km2, 1) if area_km2 else 0.0,
        "building area m2": {
            "median": round(float(np.median(areas)), 1),
            "lognormal sigma": round(float(np.std(np.log(areas))), 3),
        }
        if areas
        else {},
        "surface shares": {name: round(share / total, 4) for name, share in sorted(surfaces.items())},
        "windows with a sun": suns,
        "buildings fit to be donors": donors,
        "windows refused": unreadable,
    }
