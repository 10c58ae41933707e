"""Ground regrown in a copy of a scene, and what a passage through an image autoencoder does to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import RenderError
from diachron.core.scene import Scene
from diachron.evaluation.rivals.edits import Edits, Mask
from diachron.generators.copy_paste.ground import grow_ground

# Ground this far around a hole is looked at, so that the filling agrees with it.
MARGIN_PX = 24


def grown_by(mask: Mask, length_px: float) -> Mask:
    """Return the (H, W) pixels that lie not farther than a length from a mask."""
    if not mask.any():
        return mask.copy()
    near: Mask = ndimage.distance_transform_edt(~mask) <= length_px
    return near


def paint_ground(
    rng: np.random.Generator, edits: Edits, hole: Mask, surface: int, other: Scene, *, join: bool
) -> bool:
    """Fill a hole of the copy with ground of one kind; say whether there was any to fill it with.

    Args:
        rng: chance.
        edits: the copy; its label map stays as it is.
        hole: (H, W) pixels to fill.
        surface: hub id of the ground.
        other: lends ground that the scene does not have.
        join: carry the colours at the rim inwards, as for ground that goes on around the hole.
    """
    scene = edits.scene
    rows, cols = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return True
    window = (
        slice(max(0, int(rows[0]) - MARGIN_PX), min(hole.shape[0], int(rows[-1]) + 1 + MARGIN_PX)),
        slice(max(0, int(cols[0]) - MARGIN_PX), min(hole.shape[1], int(cols[-1]) + 1 + MARGIN_PX)),
    )
    inside = hole[window]
    known = (scene.surface[window] == surface) & (scene.instances[window] == 0) & ~inside
    picture = edits.image[:, window[0], window[1]]
    others = () if other is scene else (other,)
    try:
        filled = grow_ground(
            rng, scene, others, surface, window, picture.astype(np.float32), inside, known, join=join
        )
    except RenderError:
        return False
    picture[:, inside] = in_dtype(filled, picture.dtype, scene.full_scale)[:, inside]
    return True


@dataclass(frozen=True)
class Passage:
    """What a published generator's autoencoder does to a whole picture, as measured on its pairs.

    Args:
        contrast: deviation of red, green and blue of painted over real dates.
        offset: difference of their means, in shares of white.
        blur_px: deviation of the blur.
    """

    contrast: tuple[float, float, float]
    offset: tuple[float, float, float]
    blur_px: float

    def apply(self, edits: Edits) -> None:
        """Pass the copy's picture through, ground without data apart."""
        values = edits.image.astype(np.float32)
        good = ~edits.scene.ignored
        mean = values[:, good].mean(axis=1)[:, np.newaxis, np.newaxis]
        bands = values.shape[0]
        contrast = np.array(self.contrast[:bands], np.float32)[:, np.newaxis, np.newaxis]
        offset = np.array(self.offset[:bands], np.float32)[:, np.newaxis, np.newaxis]
        # Black or NaN of ground without data would bleed into its neighbours.
        soft = ndimage.gaussian_filter(np.where(good, values, mean), (0, self.blur_px, self.blur_px))
        passed = mean + (soft - mean) * contrast + offset * np.float32(edits.scene.full_scale)
        coded = in_dtype(passed, edits.image.dtype, edits.scene.full_scale)
        edits.image = np.where(good, coded, edits.image)


def in_dtype(
    values: NDArray[np.floating], dtype: np.dtype[np.generic], full_scale: float
) -> NDArray[np.generic]:
    """Return values in a source's dtype; integers are rounded and stay between 0 and white."""
    if np.issubdtype(dtype, np.integer):
        return np.clip(np.rint(values), 0, full_scale).astype(dtype)
    return values.astype(dtype)
