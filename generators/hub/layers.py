"""A proposal repainted by any network that fills holes.

Other than in renderer `inpainting`, a network answers with a whole window, because its autoencoder moves
every pixel of it. Only the hole is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diachron.core.sample import Painted, RenderRequest
from diachron.core.scene import Scene
from diachron.generators import repainting
from diachron.generators.hub.frames import frames_of
from diachron.generators.repainting import View
from diachron.generators.windows import Window

Mask = NDArray[np.bool_]
Pixels = NDArray[np.float32]

# Keys of streams are not negative, and a window may begin left of the tile.
_OFFSET = 2**20


@dataclass(frozen=True)
class Hole:
    """A window with a hole in it.

    Args:
        picture: (3, S, S) float32 red, green and blue from 0 to 1: what is real around the hole.
        proposal: (3, S, S) the same with something in the hole to begin from.
        hole: (S, S) bool.
        labels: (S, S) uint8 hub ids of what is to be seen.
        gsd_m: metres a pixel.
        seed: of all noise in this window; it hangs on the sample and on the place of the window.
    """

    picture: Pixels
    proposal: Pixels
    hole: Mask
    labels: NDArray[np.uint8]
    gsd_m: float
    seed: int


class Brush(Protocol):
    """A network that fills holes."""

    @property
    def multiple(self) -> int:
        """Of how many pixels a side of a window is a multiple."""
        ...

    def paint(self, hole: Hole) -> Pixels:
        """Return (3, S, S) from 0 to 1, painted inside the hole and about the picture around it."""
        ...


@dataclass(frozen=True)
class _Hand:
    """A brush at a scene; a `repainting.Hand`."""

    brush: Brush
    seed: int
    window_px: int
    scene: Scene
    known: Mask

    def windows(self, hole: Mask) -> list[Window]:
        return frames_of(hole, multiple=self.brush.multiple, least_px=self.window_px)

    def paint(self, view: View) -> NDArray[np.float64]:
        scale = self.scene.full_scale
        hole = Hole(
            picture=_unit(view.picture, scale),
            proposal=_unit(view.proposal, scale),
            hole=view.window.hole,
            labels=view.labels,
            gsd_m=self.scene.grid.gsd_m,
            seed=_seed(self.seed, view.window),
        )
        return level(self.brush.paint(hole), hole, view.window.cut(self.known)) * scale


def repaint(
    request: RenderRequest, proposal: Painted, brush: Brush, *, seed: int, window_px: int
) -> NDArray[np.generic]:
    """Return what `repainting.repaint` does with a brush.

    Args:
        request: scene and target state.
        proposal: of the same request.
        brush: who paints.
        seed: of the noise.
        window_px: side of a window, at least.
    """
    scene = request.scene
    return repainting.repaint(request, proposal, _Hand(brush, seed, window_px, scene, _known(scene)))


def level(painted: Pixels, hole: Hole, known: Mask) -> NDArray[np.float64]:
    """Return a painted window whose colours around the hole are those of the picture on the mean, 0 to 1.

    An autoencoder gives a picture back a little lighter or darker. Outside the hole that is seen and taken
    away; inside it would stay as a patch of another light.

    Args:
        painted: (3, S, S) of a brush.
        hole: what it was asked for.
        known: (S, S) where the picture has data.
    """
    beside = known & ~hole.hole
    shift = np.zeros((3, 1, 1))
    if beside.any():
        shift[:, 0, 0] = (hole.picture[:, beside].astype(np.float64) - painted[:, beside]).mean(axis=1)
    return np.clip(painted + shift, 0.0, 1.0)


def _known(scene: Scene) -> Mask:
    """Return (H, W) where the picture shows something."""
    image = scene.image
    known = np.isfinite(image).all(axis=0) & ~scene.ignored
    if scene.nodata is not None:
        known &= (image != scene.nodata).any(axis=0)
    return known


def _unit(image: NDArray[np.generic], full_scale: float) -> Pixels:
    unit = np.nan_to_num(image.astype(np.float64) / full_scale, nan=0.0, posinf=1.0, neginf=0.0)
    return np.clip(unit, 0.0, 1.0).astype(np.float32)


def _seed(seed: int, window: Window) -> int:
    key = [seed, window.row + _OFFSET, window.col + _OFFSET, window.size]
    # 63 bits: torch takes no more from a signed number.
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> np.uint64(1))
