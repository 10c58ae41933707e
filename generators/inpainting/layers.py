"""In what order a proposal is repainted: each new object by itself, then the ground around all of them.

An object is painted as if nothing else had changed. So it has the same look at every date of a series,
whatever comes beside it later, and the ground is painted last, up to the objects that stand on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.sample import Painted, RenderRequest
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.inpainting.painter import Holes, Manner, Painter
from diachron.generators.models.hub_map import hub_map
from diachron.generators.models.pixels import colour_bands, from_network, to_network
from diachron.generators.noise_field import noise_at
from diachron.generators.windows import Window, batches, windows_of

Mask = NDArray[np.bool_]

# Windows that are painted at once. On a processor several cost as much as one after the other, and sums could
# differ in their last bits with how many there are: an object would change with what else is painted.
AT_ONCE = 1


@dataclass(frozen=True)
class Work:
    """What stays the same while one date is repainted.

    Args:
        request: scene and target state.
        proposal: of the same request.
        painter: who paints.
        manner: how.
        seed: of the noise.
        shown: (H, W) hub ids that are to be seen.
    """

    request: RenderRequest
    proposal: Painted
    painter: Painter
    manner: Manner
    seed: int
    shown: NDArray[np.uint8]


def repaint(
    request: RenderRequest, proposal: Painted, painter: Painter, manner: Manner, *, seed: int
) -> NDArray[np.generic]:
    """Return the picture with all that a proposal touched painted anew, (C, H, W) in the source's dtype.

    Args:
        request: scene and target state.
        proposal: of the same request.
        painter: who paints.
        manner: how.
        seed: of the noise.
    """
    scene, target = request.scene, request.target
    shown = hub_map(target.surface, target.instances, target.objects)
    work = Work(request, proposal, painter, manner, seed, shown)
    canvas = Canvas(request, seed=seed)
    ground = proposal.edit.copy()
    windows = []
    for hole in _new_objects(request, proposal.edit):
        ground &= ~hole
        windows += windows_of(hole, multiple=painter.network.stride)
    before = hub_map(scene.surface, scene.instances, scene.objects)
    _paint(canvas, windows, work, scene.image, before)
    _paint(canvas, windows_of(ground, multiple=painter.network.stride), work, canvas.image.copy(), shown)
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
    windows: Sequence[Window],
    work: Work,
    picture: NDArray[np.generic],
    around: NDArray[np.uint8],
) -> None:
    """Paint windows into the canvas.

    Args:
        canvas: what they answer for is put there.
        windows: with their holes.
        work: all else.
        picture: (C, H, W) what is seen around the holes.
        around: (H, W) hub ids of that.
    """
    scene = work.request.scene
    bands = colour_bands(scene.bands)

    def pixels(image: NDArray[np.generic], window: Window) -> NDArray[np.float32]:
        return to_network(window.cut(image)[list(bands)], scene.full_scale)

    for batch in batches(windows, AT_ONCE):
        holes = Holes(
            picture=np.stack([pixels(picture, window) for window in batch]),
            proposal=np.stack([pixels(work.proposal.image, window) for window in batch]),
            hole=np.stack([window.hole for window in batch]),
            labels=np.stack(
                [np.where(window.hole, window.cut(work.shown), window.cut(around)) for window in batch]
            ),
            noise=np.stack([noise_at(work.seed, window.row, window.col, window.size) for window in batch]),
            gsd_m=scene.grid.gsd_m,
        )
        painted = work.painter.paint(holes, work.manner)
        for window, colours in zip(batch, from_network(painted, scene.full_scale), strict=True):
            box, inner = window.inside(scene.grid.shape)
            values = work.proposal.image[:, box[0], box[1]].astype(np.float64)
            for band in sorted(set(bands)):
                # A picture with less than three bands is seen with one of them repeated.
                same = [position for position, other in enumerate(bands) if other == band]
                values[band] = colours[same].mean(axis=0)[inner]
            touched = window.answer[inner]
            canvas.put(box, touched, values, "", touched)
