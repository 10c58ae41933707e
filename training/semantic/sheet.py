"""What a painter makes of the sketches of crops that it has not learned from, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diachron.generators.inpainting.painter import Holes, Manner
from diachron.generators.models.pixels import from_network
from diachron.generators.semantic.painter import SemanticPainter
from diachron.training.inpainting.places import PlaceSet
from diachron.training.semantic.examples import Sketches
from diachron.training.semantic.options import SemanticOptions

# As the renderer paints where it is told nothing else.
STEPS = 6
STRENGTH = 0.5


@dataclass(frozen=True)
class Shown:
    """A crop; pictures are (S, S, 3) uint8: its sketch, the sketch painted over, and as it really is."""

    sketch: NDArray[np.uint8]
    painted: NDArray[np.uint8]
    real: NDArray[np.uint8]


def painted_sketches(
    painter: SemanticPainter, sets: Sequence[PlaceSet], options: SemanticOptions, count: int
) -> list[Shown]:
    """Return sketches of whole crops before and after they were painted over.

    Args:
        painter: who paints.
        sets, options: as for the training; the batch after the last one of the training is shown.
        count: of crops.

    Raises:
        SourceError, LabelError: a scene cannot be read.
    """
    shown = replace(options, batch=count, without_labels=0.0, whole=1.0, tint=0.0)
    batch = Sketches(sets, shown)[options.steps]
    found = []
    for k in range(count):
        layers = (batch.picture, batch.proposal, batch.hole, batch.labels, batch.noise)
        picture, sketch, hole, labels, noise = (layer[k : k + 1].numpy() for layer in layers)
        holes = Holes(picture, sketch, hole[:, 0] > 0, labels, noise, float(batch.gsd_m[k]))
        painted = painter.paint(holes, Manner(STRENGTH, STEPS))
        found.append(Shown(_pixels(sketch[0]), _pixels(painted[0]), _pixels(picture[0])))
    return found


def _pixels(layer: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(from_network(layer, 255.0)).astype(np.uint8).transpose(1, 2, 0)
