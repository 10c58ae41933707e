"""What a finished run has left is found again, for the same plan only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from diachron.core.errors import RecipeError, RunRefusedError
from diachron.training.runs.finished import finished_run

PLAN = {"steps": 3, "gsd_m": (0.5, 1.0), "precision": "auto"}


@dataclass
class Thing:
    """Something that was trained."""

    training: dict[str, Any]


def load(folder: Path) -> Thing:
    return Thing({"plan": json.loads((folder / "thing.json").read_text())})


def found(out: Path | None, plan: dict[str, Any], *, resume: bool) -> Thing | None:
    return finished_run(out, plan, load, description="thing.json", what="a thing is", resume=resume)


def test_a_finished_run_is_loaded_whatever_precision_the_machine_chose(tmp_path: Path) -> None:
    assert found(tmp_path, PLAN, resume=True) is None
    (tmp_path / "thing.json").write_text(json.dumps({**PLAN, "precision": "bf16"}))
    again = found(tmp_path, PLAN, resume=True)
    assert again is not None
    assert again.training["plan"]["gsd_m"] == [0.5, 1.0]


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    assert found(tmp_path, PLAN, resume=False) is None
    (tmp_path / "thing.json").write_text(json.dumps(PLAN))
    with pytest.raises(RunRefusedError, match="a thing is there already; go on with --resume"):
        found(tmp_path, PLAN, resume=False)
    with pytest.raises(RunRefusedError, match="trained with steps 3, not 4"):
        found(tmp_path, {**PLAN, "steps": 4}, resume=True)


def test_a_run_in_memory_cannot_be_resumed() -> None:
    assert found(None, PLAN, resume=False) is None
    with pytest.raises(RecipeError, match="resumed from its folder: give `out`"):
        found(None, PLAN, resume=True)
