"""Pairs without exact edits: the painted date is flatter and softer everywhere, also where nothing changed.

Published: generators that draw a whole date by diffusion (Changen2, HySCDG) pass all of it through an encoder
and a decoder. Their painted dates keep 0.82 to 0.93 of the contrast of the real ones, pixels without change
included, so a detector can tell change from flatness alone.

Modelled: the loss of contrast as published, toward the mean of each band, and a slight blur, which no source
gives in numbers. Both are put on finished pictures, so the noise of the sensor is softened, too. A pair in
which nothing is painted keeps its bytes: here a picture that is not edited is not drawn again. Which date is
painted stays a coin flip; the recipe has an ablation of its own for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.core.streams import stream
from diachron.outputs.pairs import PackagePairs

# Standard deviation of date B over that of date A, band by band, of FSC-180k (0.92 to 0.93) and Changen2
# (0.82 to 0.86), whose date B is painted: from the constants in yb23/HySCDG, src/dataset.py.
CONTRAST = (0.82, 0.93)
# Assumed: half a pixel is about the least that takes the finest detail, as an autoencoder does.
BLUR_PX = (0.4, 0.8)


@dataclass(frozen=True)
class Loss:
    """What a date loses.

    Args:
        contrast: standard deviation of each band afterwards, over that before; the blur counts toward it.
        blur_px: sigma of a Gaussian.
    """

    contrast: float
    blur_px: float


def draw(rng: np.random.Generator) -> Loss:
    """Return a drawn loss."""
    return Loss(float(rng.uniform(*CONTRAST)), float(rng.uniform(*BLUR_PX)))


def apply(image: NDArray[np.generic], loss: Loss, known: NDArray[np.bool_]) -> NDArray[np.generic]:
    """Return a date with the loss, same shape and dtype; pixels that are not known keep their bytes.

    Args:
        image: (C, H, W) in the source's scale; it is not changed.
        loss: see there.
        known: (H, W) pixels that have data. Their band means stay, up to rounding.
    """
    result = image.copy()
    weight = _blurred(known.astype(np.float64), loss.blur_px)
    for band, lossy in zip(image, result, strict=True):
        values = np.where(known, band, 0).astype(np.float64)
        before = values[known]
        # Only known neighbours are mixed: nodata would bleed into its surroundings.
        soft = _blurred(values, loss.blur_px)[known] / weight[known]
        deviation = float(soft.std()) if soft.size else 0.0
        if deviation == 0.0:
            continue
        # Where the blur alone takes more than the whole loss, as on noise, nothing is sharpened again.
        scale = min(1.0, loss.contrast * float(before.std()) / deviation)
        flat = before.mean() + scale * (soft - soft.mean())
        lossy[known] = np.rint(flat) if np.issubdtype(image.dtype, np.integer) else flat
    return result


def _blurred(values: NDArray[np.float64], sigma_px: float) -> NDArray[np.float64]:
    blurred: NDArray[np.float64] = ndimage.gaussian_filter(values, sigma_px, mode="nearest")
    return blurred


class LossyPainting:
    """Pairs of ours whose painted date has the loss everywhere; the other date keeps its bytes.

    Args:
        pairs: to wrap.
        seed: of the draws, >= 0; a pair draws by its number in the data set, in whatever order it is asked
            for.
    """

    def __init__(self, pairs: PackagePairs, seed: int) -> None:
        self.pairs = pairs
        self.seed = seed
        self.name = f"{pairs.name}+lossy-painting"

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, position: int) -> LabelledPair:
        """Return a pair.

        Raises:
            IndexError: there is no such position.
            PackageError: a layer cannot be read.
        """
        pair = self.pairs[position]
        known = pair.change != UNKNOWN
        loss = draw(stream(self.seed, self.pairs.ids[position], "ablations/lossy-painting"))
        t1_painted, t2_painted = self.pairs.painted(position)
        return replace(
            pair,
            t1=apply(pair.t1, loss, known) if t1_painted else pair.t1,
            t2=apply(pair.t2, loss, known) if t2_painted else pair.t2,
        )

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(len(self)))
