"""Roofs cut out of scenes, and where they can be put without covering what stands there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.scene import Footprint, Scene
from diachron.evaluation.rivals.edits import Mask

# Fewer pixels than this are a dot, not a roof.
FEWEST_PIXELS = 20


@dataclass(frozen=True)
class Cutout:
    """The pixels of one roof in its bounding box.

    Args:
        image: (C, h, w) in the scene's dtype; what lies off the mask is not used.
        mask: (h, w) bool.
    """

    image: NDArray[np.generic]
    mask: Mask

    def at(self, row: int, col: int) -> Footprint:
        """Return its footprint with the upper left pixel of the box at (row, col)."""
        return Footprint(row, col, self.mask)


def cutouts_of(scene: Scene) -> list[Cutout]:
    """Return every building of a scene that is neither cut by its edge nor a dot, in order of ids."""
    found = []
    for object_id in sorted(scene.objects):
        entry = scene.objects[object_id]
        if entry.object_class == hub.BUILDING and entry.whole and entry.footprint.pixels >= FEWEST_PIXELS:
            window = entry.footprint.window
            found.append(Cutout(scene.image[:, window[0], window[1]], entry.footprint.mask))
    return found


def turned(rng: np.random.Generator, cutout: Cutout) -> Cutout:
    """Return a cutout after a random number of quarter turns and, every other time, mirrored."""
    quarters, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    image, mask = np.rot90(cutout.image, quarters, (1, 2)), np.rot90(cutout.mask, quarters)
    if mirrored:
        image, mask = image[:, :, ::-1], mask[:, ::-1]
    return Cutout(image, mask)


def free_place(
    rng: np.random.Generator,
    shape: tuple[int, int],
    fits: Callable[[Footprint], bool],
    cutout: Cutout,
    tries: int,
) -> Footprint | None:
    """Return a uniform position of a cutout that `fits`; None where none of the tries does.

    Args:
        rng: chance.
        shape: rows and columns of the ground.
        fits: says whether a footprint may lie there.
        cutout: to place, whole inside the ground.
        tries: positions to draw.
    """
    rows, cols = (side - own for side, own in zip(shape, cutout.mask.shape, strict=True))
    if rows < 0 or cols < 0:
        return None
    for _ in range(tries):
        place = cutout.at(int(rng.integers(rows + 1)), int(rng.integers(cols + 1)))
        if fits(place):
            return place
    return None


def paste(image: NDArray[np.generic], cutout: Cutout, place: Footprint, *, feather_px: float = 0.0) -> None:
    """Write the roof's pixels into an image.

    Args:
        image: (C, H, W), is written to.
        cutout: the roof.
        place: its footprint in the image.
        feather_px: width of the edge, inside the roof, where the ground shows through; 0 for a hard edge.
    """
    rows, cols = place.window
    below = image[:, rows, cols]
    roof = cutout.image[:, cutout.mask]
    if feather_px > 0:
        # A frame of ground: the edge of the box is an edge of the roof too.
        depth = ndimage.distance_transform_edt(np.pad(cutout.mask, 1))[1:-1, 1:-1][cutout.mask]
        share = np.clip(depth / (feather_px + 1.0), 0.0, 1.0)
        mixed = share * roof + (1.0 - share) * below[:, cutout.mask]
        roof = np.rint(mixed) if np.issubdtype(image.dtype, np.integer) else mixed
    below[:, cutout.mask] = roof
