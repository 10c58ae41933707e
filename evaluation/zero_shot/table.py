"""Trials as one table: mean and spread over seeds, in JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, stdev
from typing import Any

FIGURES = ("f1", "f1_at_half", "iou", "precision", "recall", "false_alarm_share", "object_f1")
# Of tests that have boxes instead of masks; none of them is comparable with a figure of masks.
BOX_FIGURES = ("box_recall_at_5pct_alarms", "box_recall", "alarm_share_outside_boxes")


def rows_of(trials: Iterable[dict[str, Any]], budget: str) -> list[dict[str, Any]]:
    """Return a row for each method and test set, in the order in which they first appear.

    Args:
        trials: of `run_trial`.
        budget: name under which rows may be compared; rows of two budgets are never put into one mean.

    Returns:
        Rows with method, test, budget, seeds, and for each figure its mean and standard deviation over the
        seeds (`f1_mean`, `f1_std` ...; the deviation of a single run is 0.0 and says nothing). Tests with
        masks have `has_change` (whether any pixel changed) and `FIGURES`, tests with boxes have `boxes` (how
        many) and `BOX_FIGURES`, and none of the other kind.
    """
    groups: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
    for trial in trials:
        for test, figures in trial["tests"].items():
            groups.setdefault((trial["method"], test), []).append((trial["seed"], figures))
    rows = []
    for (method, test), runs in groups.items():
        runs.sort(key=lambda run: run[0])
        row: dict[str, Any] = {"method": method, "test": test, "budget": budget}
        row["seeds"] = [seed for seed, _ in runs]
        if "boxes" in runs[0][1]:
            row["boxes"] = runs[0][1]["boxes"]
        else:
            true, _, missed, _ = runs[0][1]["pixels"]
            row["has_change"] = true + missed > 0
        for name in _figures_of(row):
            values = [float(figures[name]) for _, figures in runs]
            row[f"{name}_mean"] = round(mean(values), 4)
            row[f"{name}_std"] = round(stdev(values), 4) if len(values) > 1 else 0.0
        rows.append(row)
    return rows


def flat_runs(trials: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one entry for each method, seed and test set, with its figures and the threshold used."""
    return [
        {
            "method": trial["method"],
            "test": test,
            "seed": trial["seed"],
            "threshold": trial["threshold"],
            **{name: round(float(figures[name]), 4) for name in _figures_of(figures)},
            **_beside(figures),
        }
        for trial in trials
        for test, figures in trial["tests"].items()
    ]


def _figures_of(figures: Mapping[str, Any]) -> tuple[str, ...]:
    return BOX_FIGURES if "boxes" in figures else FIGURES


def _beside(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run says beside its figures."""
    if "boxes" in figures:
        return {"boxes": figures["boxes"]}
    return {
        "f1_best_threshold": round(float(figures["f1_best_threshold"]), 4),
        "objects_by_size": figures["objects_by_size"],
    }


def markdown(rows: Sequence[dict[str, Any]], figure: str = "f1") -> str:
    """Return a Markdown table: methods down, test sets across, mean ± deviation.

    Where no pixel changed every figure of the change class is 0; the false alarms stand there instead. A test
    with boxes shows the share of them that is found at 5 % of false alarms outside.

    Args:
        rows: of one budget.
        figure: one of `FIGURES`.
    """
    methods = list(dict.fromkeys(row["method"] for row in rows))
    tests = list(dict.fromkeys(row["test"] for row in rows))
    cells = {(row["method"], row["test"]): _cell(row, figure) for row in rows}
    lines = [
        "| method | " + " | ".join(tests) + " |",
        "|---" * (len(tests) + 1) + "|",
        *(
            f"| {method} | " + " | ".join(cells.get((method, test), "") for test in tests) + " |"
            for method in methods
        ),
    ]
    return "\n".join(lines)


def _cell(row: dict[str, Any], figure: str) -> str:
    if "boxes" in row:
        shown, unit = BOX_FIGURES[0], f" of {row['boxes']} boxes"
    elif row["has_change"]:
        shown, unit = figure, ""
    else:
        shown, unit = "false_alarm_share", " false alarms"
    value = f"{row[f'{shown}_mean']:.3f}"
    if len(row["seeds"]) > 1:
        value += f" ± {row[f'{shown}_std']:.3f}"
    return value + unit
