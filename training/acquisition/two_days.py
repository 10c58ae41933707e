"""One picture as two days of the acquisition layer, for what compares made dates with real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import registry
from diachron.simulators.acquisition.apply import Step, apply_date, draw_date
from diachron.simulators.acquisition.context import Context

Picture = NDArray[np.float32]


def preset_steps(preset: Mapping[str, Mapping[str, Any]]) -> list[Step]:
    """Return the steps of a preset as `draw_date` takes them.

    Raises:
        UnknownNameError: there is no such step.
        RecipeError: a parameter is out of range.
    """
    found = []
    for name, parameters in sorted(preset.items()):
        module = registry.load("acquisition", name)
        found.append((name, module, module.Parameters(**parameters)))
    return found


def two_days(
    picture: Picture,
    gsd_m: float,
    steps: Sequence[Step],
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> tuple[Picture, Picture]:
    """Return both dates, (3, H, W) float32 from 0 to 1, rounded to 8 bits as the layer meets most pictures.

    Args:
        picture: (3, H, W) red, green, blue from 0 to 1.
        gsd_m: metres a pixel.
        steps: of the layer; nothing is known of what stands there, so they go by colour.
        rngs: one a date.
    """
    ground = np.round(picture * np.float32(255.0)).astype(np.uint8)
    context = Context(("red", "green", "blue"), gsd_m)
    modules = {name: module for name, module, _ in steps}
    one, other = (
        apply_date(ground, draw_date(rng, steps, context), modules, full_scale=255.0).astype(np.float32)
        / np.float32(255.0)
        for rng in rngs
    )
    return one, other
