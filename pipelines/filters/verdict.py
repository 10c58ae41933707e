"""The words of filters: what they look at and what they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import DiachronError, RecipeError
from diachron.core.sample import ChangeSample

# What a filter does about a sample that it does not like.
ACTIONS = ("reject", "weight")


def check_action(action: str) -> None:
    """Raise RecipeError unless the action is one of `ACTIONS`."""
    if action not in ACTIONS:
        raise RecipeError(f"action is '{action}'; known: {', '.join(ACTIONS)}")


class FilteredError(DiachronError, ValueError):
    """A filter of the recipe refused a sample."""

    reason = "filtered"


@dataclass(frozen=True)
class Candidate:
    """What filters look at.

    Args:
        sample: finished, after acquisition.
        pictures: (C, H, W) of each date before acquisition, equal outside the sample's edit mask.
        full_scale: value of white.
    """

    sample: ChangeSample
    pictures: tuple[NDArray[np.generic], ...]
    full_scale: float


@dataclass(frozen=True)
class Verdict:
    """What a filter says.

    Args:
        score: its figure; None where the sample holds nothing to judge.
        refused: why the sample must go, None to keep it.
        weight: how much a kept sample counts in training, from 0 to 1.
    """

    score: float | None
    refused: str | None = None
    weight: float = 1.0


def judge_all(
    candidate: Candidate, filters: Sequence[tuple[str, ModuleType, Any]]
) -> Mapping[str, Mapping[str, float | None]]:
    """Return the score and weight of every filter that judges samples, in order of name.

    One without `judge` compares finished samples, when the tables of the whole set are joined.

    Raises:
        FilteredError: the first filter that refuses, with its reason.
    """
    found: dict[str, dict[str, float | None]] = {}
    for name, module, parameters in filters:
        if not hasattr(module, "judge"):
            continue
        verdict: Verdict = module.judge(candidate, parameters)
        if verdict.refused is not None:
            raise FilteredError(f"{candidate.sample.provenance['source']}: {name}: {verdict.refused}")
        score = None if verdict.score is None else round(verdict.score, 6)
        found[name] = {"score": score, "weight": round(verdict.weight, 6)}
    return found
