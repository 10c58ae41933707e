"""What JPEG leaves of a picture: blocks, rims and coarse colour."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context
from diachron.simulators.acquisition.drawn import Drawn, number

REGISTERED = True
STAGE = "coding"

# Pillow's number of a chroma subsampling: both axes by 2, or none.
COARSE, FULL = 2, 0


@dataclass(frozen=True)
class Parameters:
    """How strongly the picture was pressed.

    Args:
        quality: of libjpeg, 1-95; web maps use 75-85, surveys 90 and more. 0 leaves the picture as it is.
        coarse_chroma: chance that colour is stored at half the resolution (4:2:0), 0-1.
    """

    quality: Quantity = (70.0, 95.0)
    coarse_chroma: float = 0.8

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.quality, key="quality", low=0, high=95)
        check_quantity(self.coarse_chroma, key="coarse_chroma", low=0, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `quality`, `coarse_chroma`, and `skipped`: why it is left out, or None."""
    return {
        "quality": round(draw_quantity(rng, parameters.quality)),
        "coarse_chroma": bool(rng.uniform() < parameters.coarse_chroma),
        "skipped": None if context.dtype == "uint8" else f"JPEG holds 8 bits, not {context.dtype}",
    }


def code(image: NDArray[Any], drawn: Drawn, full_scale: float) -> NDArray[Any]:
    """Return an 8-bit picture after coding and decoding; others as they are.

    Three bands are coded together as colour, any other number of bands each by itself as grey.
    """
    quality = int(number(drawn, "quality"))
    if quality == 0 or image.dtype != np.uint8:
        return image
    subsampling = COARSE if drawn["coarse_chroma"] else FULL
    if len(image) == 3:
        return np.moveaxis(_coded(np.moveaxis(image, 0, -1), quality, subsampling), -1, 0)
    return np.stack([_coded(band, quality, FULL) for band in image])


def _coded(picture: NDArray[np.uint8], quality: int, subsampling: int) -> NDArray[np.uint8]:
    held = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(
        held, "JPEG", quality=quality, subsampling=subsampling
    )
    return np.asarray(Image.open(held))
