"""What a training on places is written down as: its plan before, how it went after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diachron.training.inpainting.crop_options import CropOptions
from diachron.training.inpainting.places import PlaceSet
from diachron.training.runs.steps import Ended

# Steps that the weights which paint are the running mean of, at most; in a short run a tenth of it.
AVERAGED = 1000


def plan_of(sets: Sequence[PlaceSet], options: CropOptions, **further: Any) -> dict[str, Any]:
    """Return what decides the result of a training, JSON-ready.

    Args:
        sets: of scenes.
        options: of the training.
        further: what else decides it, such as the hash of a network that is built upon.
    """
    return {
        "options": options.to_json(),
        "sets": [[places.name, len(places), places.licence, places.weight] for places in sets],
        **further,
    }


def record_of(ended: Ended, sets: Sequence[PlaceSet]) -> dict[str, Any]:
    """Return how a training went and under which terms its tiles are, JSON-ready."""
    return {
        "plan": ended.plan,
        "licences": sorted({places.licence or "not stated" for places in sets}),
        "loss": ended.loss,
        "seconds": ended.seconds,
        "steps_timed": ended.steps_timed,
    }


def running_mean(options: CropOptions) -> float:
    """Return of how many steps the weights are the running mean in the end."""
    return min(AVERAGED, max(1.0, options.steps / 10))
