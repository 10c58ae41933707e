"""In what order a proposal is repainted: each new object by itself, then the ground around all of them.

An object is painted as if nothing else had changed. So it has the same look at every date of a series,
whatever comes beside it later, and the ground is painted last, up to the objects that stand on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diachron.core.sample import Painted, RenderRequest
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.models.hub_map import hub_map
from diachron.generators.models.pixels import by_band, colour_bands
from diachron.generators.windows import Window

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """What a window shows.

    Args:
        window: with its hole.
        picture: (3, S, S) red, green and blue around the hole, in the source's scale.
        proposal: (3, S, S) the same with something in the hole to begin from.
        labels: (S, S) uint8 hub ids of what is to be seen.
    """

    window: Window
    picture: NDArray[np.generic]
    proposal: NDArray[np.generic]
    labels: NDArray[np.uint8]


class Hand(Protocol):
    """A network with the manner in which it paints."""

    def windows(self, hole: Mask) -> list[Window]:
        """Return the windows that answer for the pixels of a hole, each once."""
        ...

    def paint(self, view: View) -> NDArray[np.float64]:
        """Return (3, S, S) colours in the source's scale; what is outside the hole is not looked at."""
        ...


def repaint(request: RenderRequest, proposal: Painted, hand: Hand) -> NDArray[np.generic]:
    """Return the picture with all that a proposal touched painted anew, (C, H, W) in the source's dtype.

    Pixels that the proposal has not touched keep their bytes; so do bands that are not seen as colours.
    Windows are painted one after the other: several at once could differ in their last bits, and an object
    would change with what else is painted.

    Args:
        request: scene and target state.
        proposal: of the same request.
        hand: who paints.
    """
    scene, target = request.scene, request.target
    shown = hub_map(target.surface, target.instances, target.objects)
    before = hub_map(scene.surface, scene.instances, scene.objects)
    canvas = Canvas(request, seed=0)
    ground = proposal.edit.copy()
    for hole in _new_objects(request, proposal.edit):
        ground &= ~hole
        _paint(canvas, hole, proposal, hand, scene.image, (shown, before))
    _paint(canvas, ground, proposal, hand, canvas.image.copy(), (shown, shown))
    return canvas.image


def _new_objects(request: RenderRequest, edit: Mask) -> Iterator[Mask]:
    """Yield (H, W) the edited pixels of each object that was not there before, in order of id."""
    target = request.target
    for number in sorted(target.objects.keys() - request.scene.objects.keys()):
        box = target.objects[number].footprint.window
        hole = np.zeros(edit.shape, bool)
        hole[box] = edit[box] & (target.instances[box] == number)
        yield hole


def _paint(
    canvas: Canvas,
    hole: Mask,
    proposal: Painted,
    hand: Hand,
    picture: NDArray[np.generic],
    labels: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    """Paint a hole into the canvas.

    Args:
        canvas: what the windows answer for is put there.
        hole: (H, W).
        proposal: what is begun from.
        hand: who paints.
        picture: (C, H, W) what is seen around the hole.
        labels: (H, W) hub ids of what is to be seen in the hole, and around it.
    """
    scene = canvas.scene
    bands = colour_bands(scene.bands)
    for window in hand.windows(hole):
        view = View(
            window,
            window.cut(picture)[list(bands)],
            window.cut(proposal.image)[list(bands)],
            np.where(window.hole, window.cut(labels[0]), window.cut(labels[1])),
        )
        colours = hand.paint(view)
        box, inner = window.inside(scene.grid.shape)
        values = proposal.image[:, box[0], box[1]].astype(np.float64)
        for band, seen in by_band(colours, bands).items():
            values[band] = seen[inner]
        touched = window.answer[inner]
        canvas.put(box, touched, values, "", touched)
