"""What JPEG 2000 leaves of a picture: fine detail washed out, rings along edges, no blocks."""

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

HOLDS = ("uint8", "uint16")


@dataclass(frozen=True)
class Parameters:
    """How strongly the picture was pressed.

    Args:
        ratio: size of the raw numbers over size of the file; ortho photographs are delivered at 10:1 to 20:1,
            where the loss is said to be hardly seen (OGC CDB volume 1, annex on JPEG 2000). Up to 1 leaves
            the picture as it is. Of 16 bits all count, whether the sensor fills them or not.
        chance: that the picture came this way at all, 0-1.
    """

    ratio: Quantity = (8.0, 25.0)
    chance: float = 1.0

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.ratio, key="ratio", low=0, high=1000)
        check_quantity(self.chance, key="chance", low=0, high=1)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `ratio` (0 where the picture is not coded so), and `skipped`: why it is left out, or None."""
    is_there = rng.uniform() < parameters.chance
    return {
        "ratio": round(draw_quantity(rng, parameters.ratio) * is_there, 3),
        "skipped": None if context.dtype in HOLDS else f"JPEG 2000 holds whole numbers, not {context.dtype}",
    }


def code(image: NDArray[Any], drawn: Drawn, full_scale: float) -> NDArray[Any]:
    """Return a picture of 8 or 16 bits after coding and decoding; others as they are.

    Three bands of 8 bits are coded together as colour; other bands each by itself. By the wavelet that is not
    reversible (9/7, ISO/IEC 15444-1 annex F) and the encoder's own choice of what to drop.
    """
    ratio = number(drawn, "ratio")
    if ratio <= 1.0 or image.dtype.name not in HOLDS:
        return image
    if len(image) == 3 and image.dtype == np.uint8:
        return np.moveaxis(_coded(np.moveaxis(image, 0, -1), ratio), -1, 0)
    coded = np.stack([_coded(band, ratio) for band in image])
    # Rings go beyond the white of sensors with fewer bits than the file.
    return np.minimum(coded, np.asarray(full_scale).astype(image.dtype))


def _coded(picture: NDArray[Any], ratio: float) -> NDArray[Any]:
    held = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(
        held, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True
    )
    return np.asarray(Image.open(held)).astype(picture.dtype)
