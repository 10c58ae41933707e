"""Renderers as the contract asks for them: those that need weights get small ones."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diachron.core.registry import entries, load
from diachron.core.sample import RenderRequest

# Seconds a case, also with the smallest weights. Their own tests are quick, and `inpainting` stands for what
# all networks share.
SLOW = ("diffusers_inpainting", "rsdit", "semantic")

every_renderer = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
        for name in sorted(entries("renderers"))
    ],
)


def drawn(name: str, rng: np.random.Generator, request: RenderRequest) -> dict[str, Any]:
    """Return what a renderer draws for a request, with `parameters_of` it where it takes any."""
    renderer = load("renderers", name)
    parameters = parameters_of(name)
    if parameters is None:
        return dict(renderer.draw(rng, request))
    return dict(renderer.draw(rng, request, parameters))


@cache
def parameters_of(name: str) -> Any:
    """Return the parameters of a renderer, with small weights; None where it takes none."""
    renderer = load("renderers", name)
    if not hasattr(renderer, "Parameters"):
        return None
    given: dict[str, Any] = {"weights": _tiny_weights(name), "steps": 2}
    if hasattr(renderer.Parameters, "window_px"):
        given["window_px"] = 32
    if name == "diffusers_inpainting":
        given["guidance"] = 1.0
    return renderer.Parameters(**given)


def _tiny_weights(name: str) -> str:
    """Write small weights into a folder that goes with the process, and return it."""
    from diachron.generators.inpainting.painter import Painter
    from diachron.generators.semantic.painter import SemanticPainter
    from tests.generators.hub.tiny import pipeline_folder, rsdit_folder
    from tests.generators.models.nets import tiny_unet

    folder = tempfile.mkdtemp(prefix="weights-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if name == "diffusers_inpainting":
        pipeline_folder(Path(folder), levels=2)
    elif name == "rsdit":
        rsdit_folder(Path(folder), levels=2)
    elif name == "semantic":
        SemanticPainter(tiny_unet()).save(folder)
    else:
        Painter(tiny_unet()).save(folder)
    return folder
