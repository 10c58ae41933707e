"""A donor's pixels at their new place: what is taken of them, as sharp and as noisy as the picture there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.motion import Motion
from diachron.core.optics import optics_of
from diachron.core.scene import Scene, SceneObject
from diachron.generators.copy_paste.shadows import padded

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
Box = tuple[slice, slice]

# Pixels along an outline that see ground as well, or the dark seam that a sharpened picture has there: so
# many blurs wide, one at least and two at the most.
MIXED_BLURS = 2.0
MIXED_PX = (1.0, 2.0)
# A blur below this changes nothing that can be seen.
LEAST_BLUR_PX = 0.25
# Noise that is added at the most, as a share of full scale: more is texture that was taken for noise.
MOST_NOISE = 0.015


@dataclass(frozen=True, eq=False)
class Patch:
    """A donor on its way to a window of another picture.

    Args:
        scene: where the donor stands.
        donor: the object.
        motion: that takes it here.
        box: window here.
        shape: of that window.
    """

    scene: Scene
    donor: SceneObject
    motion: Motion
    box: Box
    shape: tuple[int, int]

    def window(self, margin_px: float) -> tuple[Box, Mask]:
        """Return a window there with room for a margin (in pixels here) and the shadow, and the footprint."""
        sun = self.scene.sun
        shadow_px = 0.0 if sun is None else 1.2 * sun.shadow_length_m / self.scene.grid.gsd_m
        return padded(self.scene, self.donor, math.ceil(max(margin_px / self.motion.scale, shadow_px)) + 4)

    def roof(self) -> tuple[Box, Mask]:
        """Return a window there and the pixels of the object that see nothing else."""
        box, mask = padded(self.scene, self.donor, 3)
        mixed_px = min(max(MIXED_BLURS * optics_of(self.scene).blur_px, MIXED_PX[0]), MIXED_PX[1])
        depth = ndimage.distance_transform_edt(mask)
        # A shed of a few pixels keeps what it has.
        inner = depth > min(mixed_px, 0.3 * float(depth.max()))
        return box, inner

    def pixels(self, scene: Scene, taken: tuple[Box, Mask]) -> Picture:
        """Return (C, h, w) float32 at the window here, in the donor scene's scale, blurred as `scene` is.

        Args:
            scene: the picture that they come to.
            taken: window there and the pixels of it that are taken; others get the nearest of those, before
                anything is blurred or resampled.
        """
        source, mask = taken
        pixels = self.scene.image[:, source[0], source[1]].astype(np.float32)
        rows, cols = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
        pixels = pixels[:, rows, cols]
        blur_px = self.missing_blur_px(scene) / self.motion.scale
        if blur_px >= LEAST_BLUR_PX:
            pixels = np.stack([ndimage.gaussian_filter(band, blur_px, mode="nearest") for band in pixels])
        motion = self.motion
        if motion.is_exact:
            down = int(motion.to_row - motion.from_row) - (self.box[0].start - source[0].start)
            right = int(motion.to_col - motion.from_col) - (self.box[1].start - source[1].start)
            r = np.clip(np.arange(self.shape[0]) - down, 0, pixels.shape[1] - 1)
            c = np.clip(np.arange(self.shape[1]) - right, 0, pixels.shape[2] - 1)
            return pixels[:, r[:, None], c]
        return np.stack(
            [
                ndimage.affine_transform(
                    band,
                    motion.matrix(),
                    self._offset(source),
                    output_shape=self.shape,
                    order=3,
                    mode="nearest",
                )
                for band in pixels
            ]
        )

    def moved_mask(self, mask: Mask, source: Box) -> Mask:
        """Return (h, w) the pixels here that see only pixels of a mask there."""
        soft = ndimage.affine_transform(
            mask.astype(np.float32),
            self.motion.matrix(),
            self._offset(source),
            output_shape=self.shape,
            order=1,
            mode="constant",
        )
        whole: Mask = soft > 0.99
        return whole

    def moved_classes(self, surface: NDArray[np.uint8], source: Box) -> NDArray[np.uint8]:
        """Return (h, w) uint8 the nearest hub ids there; 0 beyond the window."""
        moved: NDArray[np.uint8] = ndimage.affine_transform(
            surface,
            self.motion.matrix(),
            self._offset(source),
            output_shape=self.shape,
            order=0,
            mode="constant",
        )
        return moved

    def missing_blur_px(self, scene: Scene) -> float:
        """Return the blur that brings the donor to the sharpness of a picture, in pixels of that picture.

        Variances of blurs in a row add. Shrinking averages several pixels into one, as the sensor would have.
        """
        there_px = optics_of(self.scene).blur_px * self.motion.scale
        return math.sqrt(max(0.0, optics_of(scene).blur_px ** 2 - there_px**2))

    def missing_noise(self, scene: Scene, rng: np.random.Generator) -> Picture:
        """Return (C, h, w) float32 noise that the donor lacks beside a picture, in that picture's scale."""
        # White noise of variance v blurred with sigma s keeps v / (4 pi s^2).
        kept = min(1.0, 1.0 / (2.0 * math.sqrt(math.pi) * max(self.missing_blur_px(scene), 1e-6)))
        scale = kept * scene.full_scale / self.scene.full_scale
        lacking = np.array(
            [
                math.sqrt(max(0.0, here**2 - (scale * there) ** 2))
                for here, there in zip(optics_of(scene).noise, optics_of(self.scene).noise, strict=True)
            ]
        )
        lacking = np.minimum(lacking, MOST_NOISE * scene.full_scale)
        if not lacking.any():
            return np.zeros((len(lacking), *self.shape), np.float32)
        grain = rng.standard_normal((len(lacking), *self.shape))
        return (lacking[:, None, None] * grain).astype(np.float32)

    def _offset(self, source: Box) -> NDArray[np.float64]:
        corner = np.array([source[0].start, source[1].start])
        return self.motion.offset(self.box[0].start, self.box[1].start) - corner
