"""What a painter makes of the sketches of new crops of the tiles that it learned from, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diachron.generators.inpainting.painter import Manner
from diachron.generators.semantic import Parameters
from diachron.generators.semantic.painter import SemanticPainter
from diachron.training.inpainting.places import PlaceSet
from diachron.training.inpainting.sheet import Shown, painted_batch
from diachron.training.semantic.examples import Sketches
from diachron.training.semantic.options import SemanticOptions

# As the renderer paints where it is told nothing else.
USUAL = Parameters()


def painted_sketches(
    painter: SemanticPainter, sets: Sequence[PlaceSet], options: SemanticOptions, count: int
) -> list[Shown]:
    """Return sketches of whole crops, as proposals, before and after they were painted over.

    Args:
        painter: who paints.
        sets, options: as for the training; the batch after the last one of the training is shown.
        count: of crops.

    Raises:
        SourceError, LabelError: a scene cannot be read.
    """
    shown = replace(options, batch=count, without_labels=0.0, whole=1.0, tint=0.0)
    return painted_batch(painter, Sketches(sets, shown)[options.steps], Manner(USUAL.strength, USUAL.steps))
