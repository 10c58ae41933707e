"""What a person looks at: the stages of one sample as panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from diachron.core.change import CHANGE_IGNORE
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.registry import entries
from diachron.core.schemes import SCHEMES
from diachron.outputs.layout import date_names
from diachron.outputs.panels import Panel, Pixels, map_pixels, object_pixels, outlined, tinted
from diachron.outputs.report.pictures import Display
from diachron.pipelines.recipes import Recipe
from diachron.pipelines.stages import Stages

# Colours that aerial pictures do not hold, those of the report.
_CHANGE, _EDIT, _IGNORED = (255, 40, 140), (255, 221, 51), (160, 160, 160)


class Drawing:
    """Draws the stages of a sample, all with the same bands and the same scaling.

    Args:
        stages: of the sample.
    """

    def __init__(self, stages: Stages) -> None:
        self.stages = stages
        scene = stages.scene
        self._display = Display.of(scene.image, scene.bands, scene.nodata)
        self._names = date_names(len(stages.states))

    def panels(self, stage: str) -> list[Panel]:
        """Return the panels of a stage, or of an acquisition step by itself.

        Args:
            stage: one of `STAGES`, or a step of the recipe; see `check_stage`.
        """
        draw = STAGES.get(stage)
        return self._step(stage) if draw is None else draw(self)

    def pixels(self, image: Any) -> Pixels:
        """Return (H, W, 3) of a (C, H, W) picture of the sample."""
        shown = self._display.pixels(image)
        return shown if shown.ndim == 3 else np.repeat(shown[..., np.newaxis], 3, axis=2)

    def source(self) -> list[Panel]:
        """Return the real picture that is painted into."""
        return [Panel("source", self.pixels(self.stages.scene.image))]

    def labels(self) -> list[Panel]:
        """Return the label maps in the colours of their scheme; what a renderer touched is outlined."""
        colours = self.stages.sample.schema.colour_table()
        return self._dates(
            "labels",
            lambda k: outlined(
                map_pixels(self.stages.sample.dates[k].labels, colours), self.stages.sample.edit, _EDIT
            ),
        )

    def surface(self) -> list[Panel]:
        """Return the ground, also under objects, in the colours of the hub legend."""
        colours = SCHEMES["hub"].colour_table()
        return self._dates("surface", lambda k: map_pixels(self.stages.states[k].surface, colours))

    def objects(self) -> list[Panel]:
        """Return the objects over the dimmed picture, each in a colour that it keeps."""
        ground = self.pixels(self.stages.scene.image)
        return self._dates("objects", lambda k: object_pixels(ground, self.stages.states[k].instances))

    def events(self) -> list[Panel]:
        """Return the source with the outline of every event, and what changed between first and last date."""
        marked = self.pixels(self.stages.scene.image)
        for event in self.stages.sample.log:
            inside = np.zeros(marked.shape[:2], bool)
            inside[event.footprint.window] = event.footprint.mask
            marked = outlined(marked, inside, _CHANGE)
        legend = {0: (0, 0, 0), 1: _CHANGE, CHANGE_IGNORE: _IGNORED}
        return [Panel("events", marked), Panel("change", map_pixels(self.stages.sample.change, legend))]

    def painted(self) -> list[Panel]:
        """Return the dates before acquisition."""
        return self._dates("painted", lambda k: self.pixels(self.stages.painted[k]))

    def edit(self) -> list[Panel]:
        """Return the painted dates; touched pixels yellow, changed ones among them magenta."""
        changed = self.stages.sample.change == 1
        return self._dates(
            "edit",
            lambda k: tinted(
                tinted(self.pixels(self.stages.painted[k]), self.stages.edits[k] & ~changed, _EDIT),
                self.stages.edits[k] & changed,
                _CHANGE,
            ),
        )

    def acquisition(self) -> list[Panel]:
        """Return the dates as `generate` writes them."""
        return self._dates("acquisition", lambda k: self.pixels(self.stages.sample.dates[k].image))

    def _step(self, step: str) -> list[Panel]:
        found = []
        for number, name in enumerate(self._names):
            found += [
                Panel(f"{step} {name} before", self.pixels(self.stages.painted[number])),
                Panel(f"{step} {name} after", self.pixels(self.stages.step_alone(step, number))),
            ]
        return found

    def _dates(self, title: str, draw: Callable[[int], Pixels]) -> list[Panel]:
        return [Panel(f"{title} {name}", draw(number)) for number, name in enumerate(self._names)]


# In the order in which they happen.
STAGES: dict[str, Callable[[Drawing], list[Panel]]] = {
    "source": Drawing.source,
    "surface": Drawing.surface,
    "objects": Drawing.objects,
    "events": Drawing.events,
    "labels": Drawing.labels,
    "painted": Drawing.painted,
    "edit": Drawing.edit,
    "acquisition": Drawing.acquisition,
}


def check_stage(recipe: Recipe, name: str) -> None:
    """Refuse the name of a stage that samples of a recipe do not go through.

    Raises:
        RecipeError: it is neither a stage nor an acquisition step of the recipe.
    """
    if name in STAGES or name in (recipe.acquisition or {}):
        return
    steps = entries("acquisition")
    if name in steps:
        raise RecipeError(
            f"--stage {name}: recipe '{recipe.name}' does without this step; "
            f"add it with --set acquisition.{name}={{}}"
        )
    raise RecipeError(f"--stage {name}: no such stage; {nearest_names(name, [*STAGES, *steps])}")
