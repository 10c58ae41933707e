"""Objects of pictures without labels as a published network sees them (`--objects`)."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.mask_things import things_of
from diachron.training.detectors.bands import choose_bands

if TYPE_CHECKING:
    from diachron.training.segmenters.hub_masks import MaskProposer

# Brighter pixels than this share of a picture are shown white, where its white is not that of a screen.
_WHITE_QUANTILE = 0.98


# Windows whose things are kept: one that lends to others is read again and again, and a look takes minutes on
# a CPU.
_KEPT = 64
_seen: OrderedDict[str, NDArray[np.int32]] = OrderedDict()


@dataclass(frozen=True)
class ObjectModel:
    """A network that finds objects.

    Args:
        model: id on the hub, or a folder in its layout.
        sha256: of its weights; what is found depends on them, not on where they lie.
        device: `cpu` or `cuda`: the two round differently, so that a mask may differ by a pixel.
    """

    model: str
    sha256: str
    device: str


def object_model(model: str) -> ObjectModel:
    """Return a model with the hash of its weights; they are read for it.

    Raises:
        RecipeError: it cannot be had.
    """
    proposer = _loaded(model)
    return ObjectModel(model, proposer.fingerprint(), proposer.device)


# Read once a process: a worker looks at thousands of windows.
@lru_cache(maxsize=1)
def _loaded(model: str) -> MaskProposer:
    from diachron.training.segmenters.hub_masks import MaskProposer

    return MaskProposer.load(model)


def find_objects(
    model: ObjectModel,
    image: NDArray[np.generic],
    void: NDArray[np.bool_],
    bands: tuple[str, ...],
    full_scale: float,
    gsd_m: float,
) -> NDArray[np.int32]:
    """Return (H, W) int32 ids of the things in a picture, 0 where none is.

    Args:
        model: from `object_model`.
        image: (C, H, W) in the file's data type and scale.
        void: (H, W) pixels without data.
        bands: C names; red, green and blue are shown to the network, or the first bands where these lack.
        full_scale: the value of white.
        gsd_m: ground sampling distance.

    Raises:
        RecipeError: the network cannot be had any more.
    """
    if void.all():
        return np.zeros(void.shape, np.int32)
    facts = f"{model.sha256} {bands} {full_scale} {gsd_m} {image.shape} {image.dtype}".encode()
    key = hashlib.sha256(facts + image.tobytes() + void.tobytes()).hexdigest()
    if key not in _seen:
        _seen[key] = _found(model, image, void, bands, full_scale, gsd_m)
        while len(_seen) > _KEPT:
            _seen.popitem(last=False)
    _seen.move_to_end(key)
    return _seen[key].copy()


def _found(
    model: ObjectModel,
    image: NDArray[np.generic],
    void: NDArray[np.bool_],
    bands: tuple[str, ...],
    full_scale: float,
    gsd_m: float,
) -> NDArray[np.int32]:
    unit = np.where(void, np.float32(0), image.astype(np.float32) / np.float32(full_scale))
    shown = np.clip(choose_bands(unit, bands, 3), 0, 1).astype(np.float32)
    if image.dtype != np.uint8:
        # Sensors of 11 and 16 bits leave room above: on a screen their pictures are almost black.
        shown = np.minimum(shown / max(float(np.quantile(shown[:, ~void], _WHITE_QUANTILE)), 1e-6), 1.0)
    proposals = _loaded(model.model).propose(shown.astype(np.float32), gsd_m)
    return things_of(proposals, unit, bands, gsd_m, void)
