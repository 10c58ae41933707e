"""A proposal repainted by the painter of `inpainting`, with noise that hangs on the place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.sample import Painted, RenderRequest
from diachron.generators import repainting
from diachron.generators.inpainting.painter import Holes, Manner, Painter
from diachron.generators.models.pixels import from_network, to_network
from diachron.generators.repainting import View
from diachron.generators.windows import Window, windows_of


@dataclass(frozen=True)
class _Hand:
    """A painter with its manner; a `repainting.Hand`."""

    painter: Painter
    manner: Manner
    seed: int
    full_scale: float
    gsd_m: float

    def windows(self, hole: NDArray[np.bool_]) -> list[Window]:
        return windows_of(hole, multiple=self.painter.network.stride)

    def paint(self, view: View) -> NDArray[np.float64]:
        window = view.window
        holes = Holes(
            picture=to_network(view.picture, self.full_scale)[np.newaxis],
            proposal=to_network(view.proposal, self.full_scale)[np.newaxis],
            hole=window.hole[np.newaxis],
            labels=view.labels[np.newaxis],
            noise=self.painter.noise(self.seed, window.row, window.col, window.size)[np.newaxis],
            gsd_m=self.gsd_m,
        )
        return from_network(self.painter.paint(holes, self.manner)[0], self.full_scale)


def repaint(
    request: RenderRequest, proposal: Painted, painter: Painter, manner: Manner, *, seed: int
) -> NDArray[np.generic]:
    """Return what `repainting.repaint` does with a painter.

    Args:
        request: scene and target state.
        proposal: of the same request.
        painter: who paints.
        manner: how.
        seed: of the noise.
    """
    scene = request.scene
    hand = _Hand(painter, manner, seed, scene.full_scale, scene.grid.gsd_m)
    return repainting.repaint(request, proposal, hand)
