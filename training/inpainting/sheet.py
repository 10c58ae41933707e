"""What a painter makes of new crops of the tiles that it learned from, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diachron.generators.inpainting import Parameters
from diachron.generators.inpainting.painter import Holes, Manner, Painter
from diachron.generators.models.pixels import from_network
from diachron.training.inpainting.examples import Batch, Examples
from diachron.training.inpainting.options import InpaintingOptions
from diachron.training.inpainting.places import PlaceSet
from diachron.training.runs.shown import as_shown

# Steps of the renderer, and the middle of the strengths that it draws.
STEPS = Parameters().steps
STRENGTH = 0.2


@dataclass(frozen=True)
class Shown:
    """A crop; pictures are (S, S, 3) uint8.

    Args:
        real: as it is.
        proposal: with swapped patches, or a sketch.
        painted: the proposal, repainted.
        hole: (S, S) bool what was proposed.
    """

    real: NDArray[np.uint8]
    proposal: NDArray[np.uint8]
    painted: NDArray[np.uint8]
    hole: NDArray[np.bool_]


def painted_examples(
    painter: Painter, sets: Sequence[PlaceSet], options: InpaintingOptions, count: int
) -> list[Shown]:
    """Return crops with swapped patches before and after they were repainted.

    Args:
        painter: who paints.
        sets, options: as for the training; the batch after the last one of the training is shown.
        count: of crops.

    Raises:
        SourceError, LabelError: a scene cannot be read.
    """
    shown = replace(options, batch=count, without_labels=0.0)
    return painted_batch(painter, Examples(sets, shown)[options.steps], Manner(STRENGTH, STEPS))


def painted_batch(painter: Painter, batch: Batch, manner: Manner) -> list[Shown]:
    """Return the crops of a batch before and after they were painted, one after the other."""
    found = []
    for k in range(len(batch.picture)):
        layers = (batch.picture, batch.proposal, batch.hole, batch.labels, batch.noise)
        picture, proposal, hole, labels, noise = (layer[k : k + 1].numpy() for layer in layers)
        holes = Holes(picture, proposal, hole[:, 0] > 0, labels, noise, float(batch.gsd_m[k]))
        painted = painter.paint(holes, manner)
        real, begun, ended = (as_shown(from_network(one[0], 1.0)) for one in (picture, proposal, painted))
        found.append(Shown(real, begun, ended, holes.hole[0]))
    return found
