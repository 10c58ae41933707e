"""What a step learns from, drawn by the number of the step alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from diachron.core.streams import stream
from diachron.generators.semantic.sketch import sketch_of
from diachron.training.inpainting.examples import Batch, drawn_noise
from diachron.training.inpainting.places import Ground, Places, PlaceSet
from diachron.training.inpainting.swaps import draw_hole
from diachron.training.semantic.options import SemanticOptions
from diachron.training.semantic.regions import crop_regions

# Holes of a crop that is not painted over as a whole.
MOST_HOLES = 3
# Black, as networks see it: brightness counts from there.
BLACK = -2.0


class Sketches:
    """Batches by the number of the step: in any order, at any time, the same.

    Args:
        sets: of scenes.
        options: of the training.

    Raises:
        SourceError: no set holds a scene.
    """

    def __init__(self, sets: Sequence[PlaceSet], options: SemanticOptions) -> None:
        self.options = options
        self.places = Places(sets, options)

    def __getitem__(self, step: int) -> Batch:
        """Return the crops of a step, 0 or more, with their sketches as proposals.

        Raises:
            SourceError, LabelError: a scene cannot be read.
        """
        options = self.options
        rng = stream(options.seed, step, "semantic/crops")
        pictures, sketches, holes, labels, scales = [], [], [], [], []
        for _ in range(options.batch):
            crop = self.places.crop(rng)
            pixels = tinted(rng, crop.pixels, options.tint)
            hole = _hole(rng, crop, options.whole)
            hidden = rng.random() < options.without_labels
            sketch = sketch_of(pixels, crop_regions(rng, crop), options.detail_px)
            pictures.append(pixels)
            sketches.append(np.where(hole, sketch, pixels))
            holes.append(hole[np.newaxis].astype(np.float32))
            labels.append(np.zeros_like(crop.labels) if hidden else crop.labels)
            scales.append(crop.gsd_m)
        picture = torch.from_numpy(np.stack(pictures))
        return Batch(
            picture=picture,
            proposal=torch.from_numpy(np.stack(sketches)),
            hole=torch.from_numpy(np.stack(holes)),
            labels=torch.from_numpy(np.stack(labels)),
            noise=torch.from_numpy(drawn_noise(rng, options)),
            gsd_m=torch.tensor(scales, dtype=torch.float32),
            strength=torch.from_numpy(rng.uniform(*options.strength, options.batch).astype(np.float32)),
            time=torch.from_numpy(rng.random(options.batch).astype(np.float32)),
        )


def tinted(rng: np.random.Generator, pixels: NDArray[np.float32], spread: float) -> NDArray[np.float32]:
    """Return a picture of another brightness and tint, (3, H, W) float32.

    Args:
        rng: everything is drawn from it.
        pixels: (3, H, W) as of `generators.models.pixels.to_network`.
        spread: of the logarithm of the brightness, and half of it of each band's.
    """
    gain = np.exp(rng.normal(0.0, spread) + rng.normal(0.0, spread / 2.0, 3))[:, None, None]
    return ((pixels - BLACK) * gain + BLACK).astype(np.float32)


def _hole(rng: np.random.Generator, crop: Ground, whole: float) -> NDArray[np.bool_]:
    """Return (S, S) what is painted: all, or a few holes; never what has no data, if anything has."""
    hole = np.ones(crop.labels.shape, bool)
    if rng.random() >= whole:
        hole[:] = False
        for _ in range(int(rng.integers(1, MOST_HOLES + 1))):
            hole |= draw_hole(rng, crop)
    hole &= ~crop.void
    return hole if hole.any() else np.ones_like(hole)
