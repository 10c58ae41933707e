"""What a network makes of holes in crops, without a LoRA and with it, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diachron.core.streams import noise_seed, stream
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import machine_of
from diachron.generators.hub.pipeline import Manner, Model, PipelineBrush, read_pipeline
from diachron.generators.models.pixels import from_network
from diachron.training.inpainting.examples import Holed, holed_crops
from diachron.training.inpainting.places import Places, PlaceSet
from diachron.training.lora.options import LoraOptions
from diachron.training.runs.shown import as_shown

# As the renderer paints where it is told nothing else; the middle of its strengths.
STEPS = 20
STRENGTH = 0.7
GUIDANCE = 7.5


@dataclass(frozen=True)
class Shown:
    """A crop; pictures are (S, S, 3) uint8.

    Args:
        real: as it is.
        proposal: with swapped patches.
        without: painted by the network as it is.
        painted: painted with the LoRA.
        hole: (S, S) bool what was swapped.
    """

    real: NDArray[np.uint8]
    proposal: NDArray[np.uint8]
    without: NDArray[np.uint8]
    painted: NDArray[np.uint8]
    hole: NDArray[np.bool_]


def prompted_examples(
    lora: Path, weights: str, sets: Sequence[PlaceSet], options: LoraOptions, count: int
) -> list[Shown]:
    """Return crops before and after their holes were painted, by the way of the renderer.

    Args:
        lora: folder of the LoRA.
        weights: folder or hub id of what it was trained on.
        sets, options: as for the training; crops after the last step of the training are shown.
        count: of crops.

    Raises:
        SourceError, LabelError: a scene cannot be read.
        PackageError: the LoRA cannot be read.
    """
    rng = stream(options.seed, options.steps, "lora/sheet")
    crops = holed_crops(rng, Places(sets, options), count, without_labels=0.0)
    seeds = [noise_seed(rng) for _ in crops]
    # One after the other: two networks need not fit into memory at once.
    without, painted = (
        _painted(crops, seeds, Model(weights, lora=given), options) for given in (None, str(lora))
    )
    return [
        Shown(
            as_shown(_unit(each.crop.pixels)),
            as_shown(_unit(each.swapped.proposal)),
            before,
            after,
            each.swapped.hole,
        )
        for each, before, after in zip(crops, without, painted, strict=True)
    ]


def _painted(
    crops: Sequence[Holed], seeds: Sequence[int], model: Model, options: LoraOptions
) -> list[NDArray[np.uint8]]:
    machine = machine_of(options.device, "fp32", options.attention)
    manner = Manner(STRENGTH, STEPS, GUIDANCE, 1.0, options.profile, 0, options.text, "")
    brush = PipelineBrush(read_pipeline(model, machine)[0], machine, manner)
    found = []
    for each, seed in zip(crops, seeds, strict=True):
        picture, proposal = _unit(each.crop.pixels), _unit(each.swapped.proposal)
        inside = each.swapped.hole
        hole = Hole(picture, proposal, inside, each.crop.labels, each.crop.gsd_m, seed)
        found.append(as_shown(np.where(inside, brush.paint(hole), picture)))
    return found


def _unit(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return from_network(pixels, 1.0).astype(np.float32)
