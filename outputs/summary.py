"""A data set in a few numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from diachron.outputs.readers import Dataset


def summarise(dataset: Dataset) -> dict[str, Any]:
    """Return counts over all records; no pixel is read."""
    events: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    painted: Counter[str] = Counter()
    changed = known = edited = empty = 0
    areas: list[float] = []
    for record in dataset.records():
        counts = record["counts"]
        changed += counts["changed_px"]
        edited += counts["edit_px"]
        known += counts["pixels"] - counts["ignored_px"]
        empty += counts["changed_px"] == 0
        splits[record["split"]] += 1
        painted.update(date["name"] for date in record["dates"] if date["painted"])
        for event in record["events"]:
            events[f"{event['kind']}: {event['phase']}"] += 1
            areas.append(event["area_m2"])
    areas.sort()
    return {
        "data set": str(dataset.root),
        "recipe": dataset.info["name"],
        "seed": dataset.info["seed"],
        "samples": {"done": len(dataset), "planned": dataset.info["n"], **dict(sorted(splits.items()))},
        "dates": dataset.info["dates"],
        "bands": dataset.info["bands"],
        "scheme": dataset.info["schema"]["name"],
        "changed share": round(changed / known, 6) if known else 0.0,
        "edited share": round(edited / known, 6) if known else 0.0,
        "samples without change": empty,
        "painted dates": dict(sorted(painted.items())),
        "events": dict(sorted(events.items())),
        "median event area m2": round(areas[len(areas) // 2], 1) if areas else None,
        "refused": dict(sorted(Counter(entry["reason"] for entry in dataset.rejections()).items())),
    }
