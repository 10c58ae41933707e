"""A proposal repainted by any network that fills holes: objects one by one, then the ground.

The order is that of renderer `inpainting`, and for the same reason: an object painted as if nothing else had
changed has the same look at every date of a series. Other than there, a network answers with a whole window,
because its autoencoder moves every pixel of it. Only the hole is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diachron.core.sample import Painted, RenderRequest
from diachron.core.scene import Scene
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.hub.frames import frames_of
from diachron.generators.models.hub_map import hub_map
from diachron.generators.models.pixels import colour_bands
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
class _Work:
    """What stays the same while one date is repainted: see `repaint`."""

    scene: Scene
    proposal: Painted
    brush: Brush
    seed: int
    window_px: int
    shown: NDArray[np.uint8]
    known: Mask


def repaint(
    request: RenderRequest, proposal: Painted, brush: Brush, *, seed: int, window_px: int
) -> NDArray[np.generic]:
    """Return the picture with all that a proposal touched painted anew, (C, H, W) in the source's dtype.

    Pixels that the proposal has not touched keep their bytes; so do bands that are not seen as colours.

    Args:
        request: scene and target state.
        proposal: of the same request.
        brush: who paints.
        seed: of the noise.
        window_px: side of a window, at least.
    """
    scene, target = request.scene, request.target
    shown = hub_map(target.surface, target.instances, target.objects)
    work = _Work(scene, proposal, brush, seed, window_px, shown, _known(scene))
    canvas = Canvas(request, seed=seed)
    before = hub_map(scene.surface, scene.instances, scene.objects)
    ground = proposal.edit.copy()
    for number in sorted(target.objects.keys() - scene.objects.keys()):
        box = target.objects[number].footprint.window
        hole = np.zeros(ground.shape, bool)
        hole[box] = proposal.edit[box] & (target.instances[box] == number)
        ground &= ~hole
        _paint(canvas, _frames(hole, work), work, scene.image, before)
    _paint(canvas, _frames(ground, work), work, canvas.image.copy(), shown)
    return canvas.image


def _frames(hole: Mask, work: _Work) -> list[Window]:
    return frames_of(hole, multiple=work.brush.multiple, least_px=work.window_px)


def _paint(
    canvas: Canvas,
    windows: Sequence[Window],
    work: _Work,
    picture: NDArray[np.generic],
    around: NDArray[np.uint8],
) -> None:
    """Paint windows into the canvas, one after the other: several at once could differ in their last bits.

    Args:
        canvas: what they answer for is put there.
        windows: with their holes.
        work: all else.
        picture: (C, H, W) what is seen around the holes.
        around: (H, W) hub ids of that.
    """
    scene = work.scene
    bands = colour_bands(scene.bands)
    for window in windows:
        hole = Hole(
            picture=_unit(window.cut(picture)[list(bands)], scene.full_scale),
            proposal=_unit(window.cut(work.proposal.image)[list(bands)], scene.full_scale),
            hole=window.hole,
            labels=np.where(window.hole, window.cut(work.shown), window.cut(around)),
            gsd_m=scene.grid.gsd_m,
            seed=_seed(work.seed, window),
        )
        colours = level(work.brush.paint(hole), hole, window.cut(work.known)) * scene.full_scale
        box, inner = window.inside(scene.grid.shape)
        values = work.proposal.image[:, box[0], box[1]].astype(np.float64)
        for band in sorted(set(bands)):
            # A picture with less than three bands is seen with one of them repeated.
            same = [position for position, other in enumerate(bands) if other == band]
            values[band] = colours[same].mean(axis=0)[inner]
        touched = window.answer[inner]
        canvas.put(box, touched, values, "", touched)


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
