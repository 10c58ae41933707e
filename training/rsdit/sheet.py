"""What an RSDiT makes of new crops of the tiles that it learned from, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diachron.core.streams import noise_seed, stream
from diachron.generators.hub.autoencoder import cell_side, load_autoencoder
from diachron.generators.hub.folders import model_folder
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import machine_of
from diachron.generators.hub.prompts import control_map
from diachron.generators.hub.rsdit_folder import SavedRSDiT
from diachron.generators.hub.rsdit_painter import RSDiTBrush
from diachron.training.inpainting.places import PlaceSet
from diachron.training.rsdit.examples import LatentExamples
from diachron.training.rsdit.options import RSDiTOptions
from diachron.training.runs.shown import as_shown

# Steps of Euler's rule, and the middle of the strengths that the renderer draws.
STEPS = 25
STRENGTH = 0.7


@dataclass(frozen=True)
class Shown:
    """A crop; pictures are (S, S, 3) uint8.

    Args:
        real: as it is.
        labels: what stands there, in the colours of the hub.
        proposal: with swapped patches.
        painted: the proposal, repainted in its holes.
        whole: painted from noise and labels alone.
        hole: (S, S) bool what was swapped.
    """

    real: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    proposal: NDArray[np.uint8]
    painted: NDArray[np.uint8]
    whole: NDArray[np.uint8]
    hole: NDArray[np.bool_]


def latent_examples(
    trained: SavedRSDiT, vae: str, sets: Sequence[PlaceSet], options: RSDiTOptions, count: int
) -> list[Shown]:
    """Return crops before and after they were painted, in holes and whole.

    Args:
        trained: who paints.
        vae: folder or hub id of its autoencoder.
        sets, options: as for the training; the batch after the last one of the training is shown.
        count: of crops.

    Raises:
        SourceError, LabelError: a scene cannot be read.
    """
    machine = machine_of(options.device, "fp32", "sdpa")
    autoencoder = load_autoencoder(model_folder(vae, key="vae")).to(machine.device)
    trained.network.to(machine.device)
    shown = replace(options, batch=count, without_labels=0.0)
    examples = LatentExamples(
        sets, shown, channels=autoencoder.config.latent_channels, cell_px=cell_side(autoencoder)
    )
    batch = examples[options.steps]
    brush = RSDiTBrush(trained, autoencoder, machine, STRENGTH, STEPS, 1.0)
    rng = stream(options.seed, options.steps, "rsdit/sheet")
    found = []
    for k in range(count):
        layers = (batch.picture, batch.proposal)
        picture, proposal = (layer[k].numpy() * np.float32(0.5) + np.float32(0.5) for layer in layers)
        labels, inside = batch.labels[k].numpy(), batch.hole[k, 0].numpy() > 0
        hole = Hole(picture, proposal, inside, labels, float(batch.gsd_m[k]), noise_seed(rng))
        painted = np.where(inside, brush.paint(hole), picture)
        everywhere = replace(hole, hole=np.ones_like(inside))
        whole = replace(brush, strength=1.0).paint(everywhere)
        found.append(
            Shown(
                real=as_shown(picture),
                labels=as_shown(control_map("plain", labels)),
                proposal=as_shown(proposal),
                painted=as_shown(painted),
                whole=as_shown(whole),
                hole=inside,
            )
        )
    trained.network.to("cpu")
    return found
