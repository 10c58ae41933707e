"""Figures as plain geometry: bars, ticks and words at coordinates, drawn as inline SVG by the template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

WIDTH = 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 26, 44
_PLOT_HEIGHT = 160
# A horizontal bar and its name.
_ROW, _NAME_WIDTH, _VALUE_WIDTH = 15, 112, 62


@dataclass(frozen=True)
class Bar:
    """One rectangle; `series` chooses its colour, `title` is what hovering says."""

    x: float
    y: float
    width: float
    height: float
    series: str
    title: str


@dataclass(frozen=True)
class Word:
    """One piece of text; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Chart:
    """A figure and the numbers that it shows.

    Args:
        name: for ids in the page.
        title: what is shown.
        summary: the finding in a sentence or two, with units.
        x_label, y_label: of the axes, with units; "" for an axis of names.
        height: of the figure; its width is `WIDTH`.
        bars, words: what is drawn.
        lines: grid lines, (x1, y1, x2, y2).
        legend: (series, name); empty where one series needs none.
        header, rows: the same numbers as a table.
    """

    name: str
    title: str
    summary: str
    x_label: str
    y_label: str
    height: float
    bars: tuple[Bar, ...]
    words: tuple[Word, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    legend: tuple[tuple[str, str], ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(value: float) -> str:
    """Return a number with three significant digits, or all digits before the point, grouped by thousands."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def year(value: float) -> str:
    """Return a time in years with two decimals, about four days, so that a column lines up."""
    return f"{value:.2f}".replace("-", "−")


def percent(share: float) -> str:
    """Return a share of 0-1 in percent; what is there but tiny does not become 0."""
    if 0 < share < 0.0001:
        return "< 0.01 %"
    return f"{number(share * 100)} %"


def ticks(top: float, count: int = 4) -> list[float]:
    """Return round numbers from 0 to at least `top`, about `count` steps."""
    if top <= 0:
        return [0.0, 1.0]
    raw = top / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(nice * power for nice in (1, 2, 5, 10) if nice * power >= raw * 0.999)
    return [step * k for k in range(math.ceil(top / step - 1e-9) + 1)]


def share_histogram(name: str, title: str, shares: Sequence[float], *, label: str, what: str) -> Chart:
    """Return a histogram of shares, with those that are exactly 0 in a bar of their own.

    Args:
        name, title: of the chart.
        shares: values of 0-1.
        label: of the axis, without unit.
        what: what is counted, in the plural.
    """
    percents = np.asarray(shares, np.float64) * 100
    above = percents[percents > 0]
    axis = ticks(float(above.max()) if above.size else 1.0, 5)
    edges = np.linspace(0.0, axis[-1], 4 * (len(axis) - 1) + 1)
    # The last mark may lie a rounding error below the largest share, which still belongs to the last bar.
    counts = np.histogram(np.minimum(above, edges[-1]), edges)[0].tolist()
    zero = int(percents.size - above.size)
    if percents.size:
        low, middle, high = np.percentile(percents, (10, 50, 90))
        summary = (
            f"Median {number(middle)} %, mean {number(float(percents.mean()))} %; eight of ten lie between "
            f"{number(low)} and {number(high)} %. {zero:,} of {percents.size:,} {what} have no change."
        )
    else:
        summary = f"No {what}."
    rows = [("exactly 0", f"{zero:,}")]
    rows += [
        (f"{number(a)} – {number(b)}", f"{n:,}") for (a, b), n in zip(pairwise(edges), counts, strict=True)
    ]
    # The bar of zeros stands left of the axis' own zero, so that it is not read as "a little".
    start, slot = _LEFT + 46, (WIDTH - _RIGHT - _LEFT - 46) / (len(edges) - 1)
    y_axis = ticks(max([zero, *counts]))
    tall = _PLOT_HEIGHT / y_axis[-1]
    bottom = _TOP + _PLOT_HEIGHT
    bars = [Bar(_LEFT + 8, bottom - zero * tall, 24, zero * tall, "muted", f"exactly 0: {zero:,} {what}")]
    for k, (label_text, shown) in enumerate(rows[1:]):
        height = counts[k] * tall
        bars.append(
            Bar(
                start + k * slot + 0.75,
                bottom - height,
                slot - 1.5,
                height,
                "main",
                f"{label_text} %: {shown} {what}",
            )
        )
    words = [Word(_LEFT + 20, bottom + 15, "none")]
    words += [Word(start + 4 * k * slot, bottom + 15, number(tick)) for k, tick in enumerate(axis)]
    grid, more = _value_axis(y_axis)
    return Chart(
        name,
        title,
        summary,
        f"{label} (%)",
        what.capitalize(),
        bottom + _BOTTOM,
        tuple(bars),
        (*words, *more),
        grid,
        (),
        (f"{label} (%)", what.capitalize()),
        tuple(rows),
    )


def size_histogram(
    name: str, title: str, sizes: Mapping[str, Sequence[float]], series: Mapping[str, str]
) -> Chart:
    """Return a histogram of sizes in m² on a logarithmic axis, kinds on top of each other.

    Args:
        name, title: of the chart.
        sizes: kind -> m², all positive.
        series: kind -> its colour.
    """
    everything = np.concatenate(
        [np.asarray(values, np.float64) for values in sizes.values()] or [np.zeros(0)]
    )
    everything = everything[everything > 0]
    low, high = (everything.min(), everything.max()) if everything.size else (10.0, 1000.0)
    # Five bins a decade: each is wider than the last by 58 %.
    first, last = math.floor(5 * math.log10(low)), math.floor(5 * math.log10(high)) + 1
    if last - first < 5:
        first, last = first - 2, last + 2
    edges = 10.0 ** (np.arange(first, last + 1) / 5)
    counts = {kind: np.histogram(np.asarray(values), edges)[0] for kind, values in sizes.items()}
    total = sum(counts.values()) if counts else np.zeros(len(edges) - 1, int)
    y_axis = ticks(float(np.max(total)))
    tall, bottom = _PLOT_HEIGHT / y_axis[-1], _TOP + _PLOT_HEIGHT
    slot = (WIDTH - _RIGHT - _LEFT) / (len(edges) - 1)
    bars: list[Bar] = []
    for k, (a, b) in enumerate(pairwise(edges)):
        floor = float(bottom)
        for kind, counted in counts.items():
            height = float(counted[k]) * tall
            floor -= height
            title_text = f"{number(a)} – {number(b)} m²: {int(counted[k]):,} {kind}"
            bars.append(Bar(_LEFT + k * slot + 0.75, floor, slot - 1.5, height, series[kind], title_text))
    marks = [m * 10.0**p for p in range(first // 5 - 1, last // 5 + 2) for m in (1, 2, 5)]
    marks = [mark for mark in marks if edges[0] * 0.999 <= mark <= edges[-1] * 1.001]
    if len(marks) > 8:
        marks = [mark for mark in marks if math.isclose(math.log10(mark) % 1, 0, abs_tol=1e-9)]
    reach = math.log10(edges[-1] / edges[0])
    words = [
        Word(
            _LEFT + (WIDTH - _RIGHT - _LEFT) * math.log10(mark / edges[0]) / reach, bottom + 15, number(mark)
        )
        for mark in marks
    ]
    medians = [
        f"{kind}: median {number(float(np.median(values)))} m² of {len(values):,}"
        for kind, values in sizes.items()
    ]
    grid, more = _value_axis(y_axis)
    rows = [
        (f"{number(a)} – {number(b)}", *(f"{int(counted[k]):,}" for counted in counts.values()))
        for k, (a, b) in enumerate(pairwise(edges))
    ]
    return Chart(
        name,
        title,
        "; ".join(medians).capitalize() + "." if medians else "No visible events.",
        "Footprint (m², logarithmic)",
        "Objects",
        bottom + _BOTTOM,
        tuple(bars),
        (*words, *more),
        grid,
        tuple((series[kind], kind) for kind in sizes),
        ("Footprint (m²)", *sizes),
        tuple(rows),
    )


def paired_bars(
    name: str, title: str, summary: str, rows: Sequence[tuple[str, float, float]], pair: tuple[str, str]
) -> Chart:
    """Return two horizontal bars a row, for shares of 0-1 that are to be compared.

    Args:
        name, title, summary: of the chart.
        rows: (name, first share, second share).
        pair: what the first and the second bar stand for.
    """
    axis = ticks(max([0.0, *(max(a, b) for _, a, b in rows)]) * 100)
    wide = (WIDTH - _NAME_WIDTH - _VALUE_WIDTH) / axis[-1]
    bars: list[Bar] = []
    words: list[Word] = []
    for k, (row, *shares) in enumerate(rows):
        y = 8 + k * (2 * _ROW + 12)
        words.append(Word(_NAME_WIDTH - 10, y + _ROW + 4, row if len(row) <= 14 else row[:13] + "…", "end"))
        for half, (share, which) in enumerate(zip(shares, pair, strict=True)):
            width = share * 100 * wide
            top = y + half * (_ROW + 1)
            bars.append(
                Bar(
                    _NAME_WIDTH,
                    top,
                    width,
                    _ROW,
                    ("muted", "main")[half],
                    f"{row}, {which}: {percent(share)}",
                )
            )
            words.append(Word(_NAME_WIDTH + width + 6, top + _ROW - 3.5, percent(share), "start"))
    return Chart(
        name,
        title,
        summary,
        "",
        "",
        8 + len(rows) * (2 * _ROW + 12),
        tuple(bars),
        tuple(words),
        (),
        (("muted", pair[0]), ("main", pair[1])),
        ("Class", *pair),
        tuple((row, percent(a), percent(b)) for row, a, b in rows),
    )


def _value_axis(axis: Sequence[float]) -> tuple[tuple[tuple[float, float, float, float], ...], list[Word]]:
    """Return grid lines and numbers of a vertical axis of counts."""
    whole = [tick for tick in axis if float(tick).is_integer()]
    heights = {tick: _TOP + _PLOT_HEIGHT * (1 - tick / axis[-1]) for tick in whole}
    lines = tuple((float(_LEFT), y, float(WIDTH - _RIGHT), y) for y in heights.values())
    return lines, [Word(_LEFT - 7, y + 4, number(tick), "end") for tick, y in heights.items()]
