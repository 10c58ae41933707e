"""From a data set to the page: what each sample shows, and the file as a whole."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
import yaml
from markupsafe import Markup

from diachron.core.errors import REJECTION_REASONS, RecipeError
from diachron.outputs.report import charts, pictures
from diachron.outputs.report.cards import read_card
from diachron.outputs.report.statistics import Statistics, gather

if TYPE_CHECKING:
    from diachron.outputs.readers import Dataset

# Colours in the style sheet; a data set with more kinds of event uses them again.
_SERIES = 6


def report(dataset: Dataset, out: Path, *, limit: int = 24) -> Path:
    """Write the report of a data set and return its path.

    Statistics cover every sample; the gallery shows `limit` of them, spread evenly over the ids, so the same
    data set gives the same page. One sample is held at a time, and the file appears whole or not at all.

    Args:
        dataset: opened for reading.
        out: the file to write, or an existing folder that gets a `report.html`.
        limit: samples in the gallery, 0 or more; a sample of 512 x 512 takes about 0.2 MB.

    Raises:
        RecipeError: `limit` is negative.
    """
    if limit < 0:
        raise RecipeError(f"limit: a gallery of {limit} samples cannot be shown; give 0 or more")
    path = Path(out)
    if path.is_dir():
        path /= "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    statistics = gather(dataset)
    series = {kind: f"s{k % _SERIES}" for k, kind in enumerate(statistics.kinds)}
    shown = spread(dataset.ids, limit)
    folder = resources.files("diachron.outputs.report")
    script = (folder / "report.js").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(number=charts.number, percent=charts.percent, year=charts.year)
    template = environment.from_string((folder / "report.html.j2").read_text("utf-8"))
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Cards are made while the page is written: jinja asks the generator for one after the other.
        template.stream(
            info=dataset.info,
            bands=_band_text(dataset),
            classes=[(c.id, c.name, _css(dataset, c.id)) for c in dataset.schema.classes],
            ignore=dataset.schema.ignore,
            statistics=statistics,
            share=np.asarray(statistics.change_share),
            dates=_date_text(statistics),
            charts=_charts(dataset, statistics, series),
            matrix=_matrix(dataset, statistics),
            reasons=REJECTION_REASONS,
            recipe=yaml.safe_dump(
                dict(dataset.info["recipe"]), sort_keys=False, allow_unicode=True, default_flow_style=None
            ),
            cards=(read_card(dataset, index, series) for index in shown),
            shown=len(shown),
            style=Markup((folder / "report.css").read_text("utf-8")),  # ours, no data in it
            script=Markup(script),
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            chart_width=charts.WIDTH,
        ).dump(str(half), "utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path


def spread(ids: Sequence[int], limit: int) -> list[int]:
    """Return up to `limit` of the ids, evenly spread, the first and the last among them."""
    if len(ids) <= limit:
        return list(ids)
    if limit < 2:
        return list(ids[:limit])
    return [ids[k * (len(ids) - 1) // (limit - 1)] for k in range(limit)]


def _charts(dataset: Dataset, statistics: Statistics, series: Mapping[str, str]) -> list[charts.Chart]:
    """Return the figures, in reading order."""
    before, after = statistics.class_pixels
    totals = [sum(before.values()) or 1, sum(after.values()) or 1]
    names = dataset.schema.names
    rows = [
        (names.get(k, str(k)), before[k] / totals[0], after[k] / totals[1]) for k in sorted(before | after)
    ]
    # Of two classes that shift by as much, the rarer one is worth the words.
    moved = max(rows, key=lambda row: (round(abs(row[2] - row[1]), 9), -row[1]), default=("", 0.0, 0.0))
    balance = (
        f"Share of labelled pixels. The largest shift is {moved[0]}: {charts.percent(moved[1])} at the first "
        f"date, {charts.percent(moved[2])} at the last."
        if rows
        else "No samples."
    )
    sizes = {kind: statistics.sizes_m2[kind] for kind in sorted(statistics.sizes_m2)}
    return [
        charts.share_histogram(
            "change",
            "Changed share per sample",
            statistics.change_share,
            label="Changed pixels",
            what="samples",
        ),
        charts.paired_bars("classes", "Class balance", balance, rows, ("first date", "last date")),
        charts.size_histogram("sizes", "Size of what changed", sizes, series),
    ]


def _matrix(dataset: Dataset, statistics: Statistics) -> dict[str, Any]:
    """Return the transition table: names, and per cell pixels, share of all changed pixels and heat 0-1."""
    counted = statistics.transitions
    ids = sorted({k for pair in counted for k in pair})
    total = sum(counted.values()) or 1
    most = max(counted.values(), default=1) or 1
    # The square root keeps rare transitions visible beside the common ones.
    cells = [
        [(counted[a, b], counted[a, b] / total, round((counted[a, b] / most) ** 0.5, 3)) for b in ids]
        for a in ids
    ]
    names = [dataset.schema.names.get(k, str(k)) for k in ids]
    return {"names": names, "rows": list(zip(names, cells, strict=True)), "total": sum(counted.values())}


def _band_text(dataset: Dataset) -> str:
    """Return which bands there are and which are shown."""
    names = list(dataset.bands)
    shown = [names[k] for k in pictures.display_bands(names, len(names))] if names else []
    text = ", ".join(names)
    return text if shown == names else f"{text} (shown: {', '.join(shown)})"


def _date_text(statistics: Statistics) -> str:
    """Return the dates of the samples, if they are the same in all."""
    if len(statistics.dates) == 1:
        (dates,) = statistics.dates
        return ", ".join(f"{name} at year {charts.number(time)}" for name, time in dates)
    return f"{len(statistics.dates)} different date lists" if statistics.dates else "–"


def _css(dataset: Dataset, class_id: int) -> str:
    # From numbers, never from the scheme's own text: that may be a user's file, and this goes into a style.
    return "rgb({} {} {})".format(*dataset.schema.colour_table()[class_id])
