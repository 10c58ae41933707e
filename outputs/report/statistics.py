"""What a data set holds, counted from the records of all samples; no pixel is read."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from diachron.outputs.readers import Dataset

# Rejections that are shown word for word, per reason.
EXAMPLES = 3


@dataclass
class Tally:
    """Incidents of one process: how many were drawn, how many found a place, and why the others did not."""

    drawn: int = 0
    placed: int = 0
    why: Counter[str] = field(default_factory=Counter)


@dataclass
class Refusal:
    """Rejections with one reason.

    Args:
        samples: rejections of a planned sample.
        sources: rejections of a source file.
        examples: the first few records.
    """

    samples: int = 0
    sources: int = 0
    examples: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass
class Statistics:
    """Counts over all samples.

    Args:
        planned: samples of the plan.
        done: samples on disk.
        refused: samples of the plan that were given up; what is neither done nor refused is not made yet.
        change_share: per sample, changed pixels over pixels that are not ignored, 0-1.
        gsd_m: every ground sampling distance, with its samples.
        area_m2, changed_m2: on the ground, of all samples.
        dates: every row of date names and times, with its samples.
        painted: date name -> samples in which a renderer touched that date.
        splits, licences, places: with their samples.
        class_pixels: (first date, last date), class id -> pixels, ignore left out.
        transitions: (class id before, class id after) -> pixels.
        events: (kind, phase) -> events that are seen in the change mask.
        hidden_events: events of the logs that are not.
        sizes_m2: kind -> footprint of each object with a visible event, once per object.
        processes: process -> tally.
        refusals: reason -> rejections.
    """

    planned: int = 0
    done: int = 0
    refused: int = 0
    change_share: array[float] = field(default_factory=lambda: array("d"))
    gsd_m: Counter[float] = field(default_factory=Counter)
    area_m2: float = 0.0
    changed_m2: float = 0.0
    dates: Counter[tuple[tuple[str, float], ...]] = field(default_factory=Counter)
    painted: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    class_pixels: tuple[Counter[int], Counter[int]] = field(default_factory=lambda: (Counter(), Counter()))
    transitions: Counter[tuple[int, int]] = field(default_factory=Counter)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    hidden_events: int = 0
    sizes_m2: dict[str, array[float]] = field(default_factory=dict)
    processes: dict[str, Tally] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Samples of the plan that are neither done nor refused."""
        return max(0, self.planned - self.done - self.refused)

    @property
    def unchanged(self) -> int:
        """Samples without a changed pixel."""
        return int(np.count_nonzero(np.asarray(self.change_share) == 0))

    @property
    def kinds(self) -> list[str]:
        """Every kind of event that is seen, in alphabetical order."""
        return sorted({kind for kind, _ in self.events} | set(self.sizes_m2))


def gather(dataset: Dataset) -> Statistics:
    """Return the statistics of a data set; memory grows by a few numbers a sample."""
    statistics = Statistics(planned=int(dataset.info["n"]))
    ignore = dataset.schema.ignore
    done: set[int] = set()
    for index in dataset.ids:
        _count(statistics, dataset.record(index), ignore)
        done.add(index)
    statistics.done = len(done)
    refused: set[int] = set()
    for rejection in dataset.rejections():
        refusal = statistics.refusals.setdefault(str(rejection["reason"]), Refusal())
        if rejection["sample"] is None:
            refusal.sources += 1
        else:
            refusal.samples += 1
            refused.add(rejection["sample"])
        if len(refusal.examples) < EXAMPLES:
            refusal.examples.append(rejection)
    # A sample that was refused once and done by a later run is done.
    statistics.refused = len(refused - done)
    return statistics


def _count(statistics: Statistics, record: Mapping[str, Any], ignore: int | None) -> None:
    """Add one sample."""
    counts, dates = record["counts"], record["dates"]
    gsd_m = float(record["grid"]["gsd_m"])
    known = counts["pixels"] - counts["ignored_px"]
    statistics.change_share.append(counts["changed_px"] / known if known else 0.0)
    statistics.gsd_m[gsd_m] += 1
    statistics.area_m2 += counts["pixels"] * gsd_m**2
    statistics.changed_m2 += counts["changed_px"] * gsd_m**2
    statistics.dates[tuple((date["name"], float(date["time_years"])) for date in dates)] += 1
    statistics.painted.update(date["name"] for date in dates if date["painted"])
    statistics.splits[record["split"]] += 1
    statistics.licences[record["licence"] or "not stated"] += 1
    statistics.places[record["place"]] += 1
    for total, date in zip(statistics.class_pixels, (dates[0], dates[-1]), strict=True):
        for class_id, pixels in record["class_pixels"][date["name"]].items():
            if int(class_id) != ignore:
                total[int(class_id)] += pixels
    for row in record["transitions"]:
        statistics.transitions[row["from"], row["to"]] += row["pixels"]
    _count_events(statistics, record["events"])
    for process, counted in (record.get("simulation") or {}).items():
        tally = statistics.processes.setdefault(process, Tally())
        tally.drawn += counted["drawn"]
        tally.placed += counted["placed"]
        tally.why.update(counted["why"])


def _count_events(statistics: Statistics, events: list[Mapping[str, Any]]) -> None:
    """Add the log of one sample; the phases of one object are one size."""
    sizes: dict[tuple[str, int], float] = {}
    for event in events:
        if not event["visible_px"]:
            statistics.hidden_events += 1
            continue
        statistics.events[event["kind"], event["phase"]] += 1
        # Events without an object stand for themselves: ids are positive, so a negative one is free.
        sizes[event["kind"], event["object_id"] or -event["id"]] = event["area_m2"]
    for (kind, _), area_m2 in sizes.items():
        statistics.sizes_m2.setdefault(kind, array("d")).append(area_m2)
