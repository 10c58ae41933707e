"""Rows of `generators.py` whose second date, or places, a network has painted: the weights that ship."""

from __future__ import annotations

from collections.abc import Callable

from world_rows import DENSE, WORLD, on_worlds

from diachron.evaluation.zero_shot.line_up import LineUp
from diachron.evaluation.zero_shot.methods import Trained
from diachron.pipelines.sources import SourceOptions


def neural_rows(
    line_up: LineUp, gsd_m: float, edit_sources: Callable[[SourceOptions], SourceOptions]
) -> list[Trained]:
    """Return the rows; each differs in its renderer alone from the one that has its name up to the last word.

    Places have events of their own with each renderer: their look is part of what decides them.

    Args:
        line_up: of the trial.
        gsd_m: of the places.
        edit_sources: as in the row of `pretraining`.
    """
    semantic = ("world.renderer=semantic", "renderer=semantic")
    return [
        line_up.recipe(
            DENSE, ("renderer=inpainting",), name=f"{DENSE}+inpainting", edit_sources=edit_sources
        ),
        line_up.recipe(
            DENSE,
            (*on_worlds(gsd_m), *semantic),
            name=f"{WORLD}+{DENSE}-rates+semantic",
            on_worlds=True,
            buildings_only=True,
        ),
    ]
