"""What a step may know when it draws: the sensor's side of a scene, never its events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """Args:
    bands: names of the bands.
    gsd_m: ground sampling distance.
    """

    bands: tuple[str, ...]
    gsd_m: float
