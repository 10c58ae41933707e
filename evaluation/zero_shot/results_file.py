"""Rows of several runs of one bench in one file: what a part of the line-up measures erases nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any


def dated(rows: Iterable[dict[str, Any]], trials: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with `date` (of the latest of their trials) and `commit` (of each, by comma).

    Args:
        rows: of `table.rows_of` on the trials.
        trials: whose facts are `date` and `commit`; both the training and each test have their own.
    """
    found = []
    for row in rows:
        facts = [
            fact
            for trial in trials
            if trial["method"] == row["method"] and trial["seed"] in row["seeds"]
            for fact in (trial.get("facts", {}), trial["tests"][row["test"]].get("facts", {}))
            if fact
        ]
        commits = dict.fromkeys(fact["commit"] for fact in facts)
        found.append(
            {**row, "date": max((fact["date"] for fact in facts), default=""), "commit": ", ".join(commits)}
        )
    return found


def updated(
    content: Mapping[str, Any],
    budget: str,
    measured: Sequence[dict[str, Any]],
    settings: Mapping[str, Any],
    line_up: Sequence[tuple[str, int]],
    tests: Mapping[str, str],
) -> dict[str, Any]:
    """Return the content of a results file with the rows of one budget that are at hand in it.

    Rows that the file has already stay where they were measured at the same settings on the same test; a row
    with more seeds than are at hand stays, too: its trials are on another machine, or gone. Rows of other
    budgets are not touched. Rows of methods and tests that the line-up no longer has go.

    Args:
        content: `rows`, `runs` and `tests` of the file; empty for none.
        budget: name of it.
        measured: its rows, of the trials at hand.
        settings: JSON-ready; what rows of the budget have in common.
        line_up: all (method, seed) of the budget, in the order of the table.
        tests: name -> where the pairs lie, in the order of the table.

    Returns:
        `rows`; `runs`: budget -> settings and `missing_trials`, the (method, seed) that lack a figure for
        some test; `tests`.
    """
    before: dict[str, Any] = {"rows": [], "runs": {}, "tests": {}, **content}
    by_budget: dict[str, list[dict[str, Any]]] = {}
    for row in before["rows"]:
        by_budget.setdefault(row["budget"], []).append(row)
    own = by_budget.get(budget, [])
    said = before["runs"].get(budget, {})
    if any(said[key] != settings[key] for key in said.keys() & settings.keys()):
        own = []
    kept = [row for row in own if before["tests"].get(row["test"]) == tests.get(row["test"])]
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (*kept, *measured):
        place = (row["method"], row["test"])
        if place not in found or len(row["seeds"]) >= len(found[place]["seeds"]):
            found[place] = row
    methods = dict.fromkeys(method for method, _ in line_up)
    # A budget keeps its place in the file, so that a diff shows what was measured.
    by_budget[budget] = [found[place] for place in product(methods, tests) if place in found]
    missing = sum(
        any(seed not in found.get((method, test), {"seeds": ()})["seeds"] for test in tests)
        for method, seed in line_up
    )
    runs = {**before["runs"], budget: {**settings, "missing_trials": missing}}
    return {"rows": [row for rows in by_budget.values() for row in rows], "runs": runs, "tests": dict(tests)}
