"""Rows of several runs in one file: a part of the line-up erases nothing that others measured."""

from __future__ import annotations

from typing import Any

from diachron.evaluation.zero_shot.results_file import dated, updated

TESTS = {"town": "levir:town", "boxes": "naip:boxes"}
LINE_UP = [("ours", 0), ("rival", 0), ("ours", 1), ("rival", 1)]
SETTINGS = {"steps": 150}


def row(method: str, test: str, *seeds: int, f1: float = 0.1, budget: str = "small") -> dict[str, Any]:
    """Return a row with as much as matters here."""
    return {"method": method, "test": test, "budget": budget, "seeds": list(seeds), "f1_mean": f1}


def update(content: dict[str, Any], *rows: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return the content with rows of the small budget."""
    given = {"settings": SETTINGS, "line_up": LINE_UP, "tests": TESTS, **other}
    return updated(content, "small", list(rows), **given)


def test_a_part_erases_nothing_else() -> None:
    first = update({}, row("rival", "town", 0), row("rival", "boxes", 0))
    second = update(first, row("ours", "town", 0, 1))
    assert second["rows"] == [row("ours", "town", 0, 1), *first["rows"]]
    third = update(second, row("rival", "town", 0, f1=0.7))
    assert [entry["f1_mean"] for entry in third["rows"]] == [0.1, 0.7, 0.1]


def test_rows_of_other_budgets_stay() -> None:
    full = row("ours", "town", 0, budget="full")
    content = {"rows": [full], "runs": {"full": {"steps": 500}}, "tests": TESTS}
    after = update(content, row("ours", "town", 0))
    assert after["rows"] == [full, row("ours", "town", 0)]
    assert set(after["runs"]) == {"full", "small"}
    again = updated(after, "full", [full], settings=SETTINGS, line_up=LINE_UP, tests=TESTS)
    assert [entry["budget"] for entry in again["rows"]] == ["full", "small"]


def test_more_seeds_stay_and_as_many_are_replaced() -> None:
    content = update({}, row("ours", "town", 0, 1, f1=0.3))
    assert update(content, row("ours", "town", 0, f1=0.9))["rows"][0]["f1_mean"] == 0.3
    assert update(content, row("ours", "town", 0, 1, f1=0.9))["rows"][0]["f1_mean"] == 0.9


def test_rows_of_other_settings_or_another_test_go() -> None:
    content = update({}, row("rival", "town", 0), row("rival", "boxes", 0))
    assert update(content, row("ours", "town", 0), settings={"steps": 500})["rows"] == [
        row("ours", "town", 0)
    ]
    moved = update(content, tests={**TESTS, "town": "levir:town@test"})
    assert [entry["test"] for entry in moved["rows"]] == ["boxes"]
    assert update(content, line_up=[("ours", 0)])["rows"] == []


def test_what_the_file_does_not_say_of_its_settings_is_no_difference() -> None:
    content = update({}, row("rival", "town", 0))
    assert update(content, settings={**SETTINGS, "sources": ["a"]})["rows"] == content["rows"]


def test_missing_trials_are_those_that_lack_any_test() -> None:
    content = update({}, row("ours", "town", 0, 1), row("ours", "boxes", 0), row("rival", "town", 0, 1))
    assert content["runs"]["small"] == {"steps": 150, "missing_trials": 3}


def test_each_row_has_the_day_and_the_commits_of_its_own_trials() -> None:
    old, new = {"date": "2026-01-01", "commit": "aaa"}, {"date": "2026-02-02", "commit": "bbb"}
    trials = [
        {
            "method": "ours",
            "seed": 0,
            "facts": old,
            "tests": {"town": {"facts": old}, "boxes": {"facts": new}},
        },
        {"method": "ours", "seed": 1, "facts": new, "tests": {"town": {"facts": new}}},
        {"method": "rival", "seed": 0, "facts": {}, "tests": {"town": {}}},
    ]
    rows = [
        row("ours", "town", 0),
        row("ours", "boxes", 0),
        row("ours", "town", 0, 1),
        row("rival", "town", 0),
    ]
    assert [(entry["date"], entry["commit"]) for entry in dated(rows, trials)] == [
        ("2026-01-01", "aaa"),
        # Learnt at one commit, judged at another.
        ("2026-02-02", "aaa, bbb"),
        ("2026-02-02", "aaa, bbb"),
        ("", ""),
    ]
