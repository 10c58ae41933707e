"""What the gallery shows of one sample: its pictures and maps, events, acquisition and making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diachron.core.change import CHANGE_IGNORE
from diachron.core.scene import Footprint
from diachron.outputs.report import charts, pictures

if TYPE_CHECKING:
    from diachron.outputs.readers import Dataset

# Colours that aerial pictures do not hold: magenta for change, yellow for edit, grey for what is not known.
_CHANGE, _EDIT, _IGNORED = (255, 40, 140, 255), (255, 221, 51, 255), (160, 160, 160, 200)
# A value of the provenance that is longer than this is cut: donors of a thousand events fill no page.
_LONGEST_VALUE = 400


@dataclass(frozen=True)
class EventRow:
    """One event as the table shows it; `shape` is its outline's place in the card, `series` its colour."""

    id: int
    kind: str
    phase: str
    series: str
    time_years: float
    area_m2: float
    visible_m2: float
    origin: str
    shape: int


@dataclass(frozen=True)
class Card:
    """One sample of the gallery.

    Args:
        record: its `sample.json`.
        pictures: date name -> data URI.
        layers: (layer, dates that it belongs to, data URI): `label` of one date, `change` between two,
            `edit` of all.
        shapes: (path data, series, whether some event there is visible) of every outline.
        events: in order of time.
        share: changed share, as text.
        summary: events by kind, as text.
        acquisition: rows of (step, parameter, one text a date).
        facts: rows of (name, text) on source, grid and making.
    """

    record: Mapping[str, Any]
    pictures: Mapping[str, str]
    layers: Sequence[tuple[str, str, str]]
    shapes: Sequence[tuple[str, str, bool]]
    events: Sequence[EventRow]
    share: str
    summary: str
    acquisition: Sequence[tuple[str, str, Sequence[str]]]
    facts: Sequence[tuple[str, str]]


def read_card(dataset: Dataset, index: int, series: Mapping[str, str]) -> Card:
    """Read one sample and return what the gallery shows of it."""
    record = dataset.record(index)
    names = [date["name"] for date in record["dates"]]
    # The first date sets the scaling of all: a difference that is seen is a difference of the data.
    first = dataset.layer(index, names[0])
    display = pictures.Display.of(first, dataset.bands, dataset.info["nodata"])
    images = {names[0]: pictures.picture_uri(display.pixels(first))}
    del first
    for name in names[1:]:
        images[name] = pictures.picture_uri(display.pixels(dataset.layer(index, name)))
    shapes, events = _events(record, series)
    counts = record["counts"]
    known = counts["pixels"] - counts["ignored_px"]
    kinds: dict[str, set[int]] = {}
    for event in record["events"]:
        if event["visible_px"]:
            kinds.setdefault(event["kind"], set()).add(event["object_id"] or -event["id"])
    return Card(
        record=record,
        pictures=images,
        layers=_layers(dataset, index, names),
        shapes=shapes,
        events=events,
        share=charts.percent(counts["changed_px"] / known if known else 0.0),
        summary=" · ".join(f"{len(ids)} {kind}" for kind, ids in sorted(kinds.items())) or "no change",
        acquisition=_acquisition(record),
        facts=_facts(record),
    )


def _layers(dataset: Dataset, index: int, names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return label maps of all dates, change masks of all pairs on disk, and the edit mask."""
    ignore = dataset.schema.ignore
    label_colours = {
        class_id: (*colour, 255)
        for class_id, colour in dataset.schema.colour_table().items()
        if class_id != ignore
    }
    change_colours = {1: _CHANGE, CHANGE_IGNORE: _IGNORED}
    layers = [
        ("label", name, pictures.map_uri(dataset.layer(index, f"label_{name}"), label_colours))
        for name in names
    ]
    layers.append(
        (
            "change",
            f"{names[0]} {names[-1]}",
            pictures.map_uri(dataset.layer(index, "change"), change_colours),
        )
    )
    if len(names) > 2:
        layers += [
            (
                "change",
                f"{earlier} {later}",
                pictures.map_uri(dataset.layer(index, f"change_{later}"), change_colours),
            )
            for earlier, later in pairwise(names)
        ]
    edit = (dataset.layer(index, "edit") > 0).astype(np.uint8)
    return [*layers, ("edit", "", pictures.map_uri(edit, {1: _EDIT}))]


def _events(
    record: Mapping[str, Any], series: Mapping[str, str]
) -> tuple[list[tuple[str, str, bool]], list[EventRow]]:
    """Return the outlines of a sample and its event table; phases on one footprint share an outline."""
    places: dict[str, int] = {}
    shapes: list[tuple[str, str, bool]] = []
    rows: list[EventRow] = []
    for event in record["events"]:
        path = pictures.outline(Footprint.from_json(event["footprint"]))
        colour = series.get(event["kind"], "s0")
        place = places.setdefault(path, len(shapes))
        visible = bool(event["visible_px"])
        if place == len(shapes):
            shapes.append((path, colour, visible))
        elif visible:
            shapes[place] = (path, colour, True)
        rows.append(
            EventRow(
                event["id"], event["kind"], event["phase"], colour, event["time_years"], event["area_m2"],
                event["visible_m2"], _origin(event["parameters"]), place,
            )
        )  # fmt: skip
    return shapes, rows


def _origin(parameters: Mapping[str, Any]) -> str:
    """Return where the pixels of an event come from, and how they were turned and scaled."""
    origin = str(parameters.get("origin", ""))
    parts = [{"standing": "stands in the picture", "drawn": "drawn shape", "donor": ""}.get(origin, origin)]
    if "donor_scene" in parameters:
        donor = Path(str(parameters["donor_scene"])).name
        parts.append(f"from {donor} #{parameters.get('donor_object', '?')}")
    motion = parameters.get("motion") or {}
    if "turn_deg" in motion:
        parts.append(f"turned {motion['turn_deg']:.0f}°".replace("-", "−"))
    if abs(motion.get("scale", 1) - 1) >= 0.005:
        parts.append(f"scaled {motion['scale']:.2f}")
    return ", ".join(part for part in parts if part)


def _acquisition(record: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return one row a parameter, with its value at every date."""
    dates = record["acquisition"] or []
    keys = dict.fromkeys((step, name) for date in dates for step, drawn in date.items() for name in drawn)
    return [(step, name, [_text(date.get(step, {}).get(name, "–")) for date in dates]) for step, name in keys]


def _facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return source, grid, and everything that says how the sample was made, by dotted name."""
    grid = record["grid"]
    rows = [
        ("source", str(record["source"])),
        ("licence", record["licence"] or "not stated"),
        ("size", f"{grid['shape'][1]} × {grid['shape'][0]} px at {charts.number(grid['gsd_m'])} m"),
        ("crs", grid["crs"] or "none (plain pixel grid)"),
    ]
    for part in ("simulation", "render", "provenance"):
        rows += _flat(part, record.get(part) or {})
    return rows


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [row for key, inner in value.items() for row in _flat(f"{name}.{key}", inner)]
    return [(name, _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return charts.number(value)
    if isinstance(value, (list, tuple)) and any(isinstance(entry, Mapping) for entry in value):
        # A car park full of cars is told by its number.
        return f"{len(value)} listed"
    if isinstance(value, (list, tuple)):
        text = ", ".join(_text(entry) for entry in value) or "–"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
