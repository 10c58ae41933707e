"""How an object looks beside its ground: a few numbers by which a place for it is told from a wrong one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tint:
    """A mean colour, told so that pictures of other exposure can be compared.

    Args:
        brightness: logarithm of its level over that of its picture.
        warmth: logarithm of the first band over the third, less that of its picture.
        green: excess green, (2 g - r - b) / (r + g + b), of the first three bands taken for red, green and
            blue (Woebbecke et al. 1995). It is not compared with the picture, so that it tells the season.
            0 where there are fewer than three bands.
    """

    brightness: float
    warmth: float
    green: float


@dataclass(frozen=True)
class Look:
    """What is measured of a donor once.

    Args:
        roof: colour of its own pixels.
        ground: colour of the lit ground around it; None where something else stands all around.
        roof_spread: standard deviation of brightness on it, over the level of its picture.
        ground_spread: the same of the ground around.
        blur_px: width of the edges of its picture, see `core.optics`.
        noise: of its picture, mean of the bands, as a share of full scale.
    """

    roof: Tint
    ground: Tint | None
    roof_spread: float
    ground_spread: float
    blur_px: float
    noise: float
