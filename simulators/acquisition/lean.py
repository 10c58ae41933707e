"""Tall things that lean away from the point below the camera: roofs move off, walls come into sight."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number
from diachron.simulators.acquisition.warp import Displacement

REGISTERED = True
STAGE = "geometry"

# Roofs move by whole pixels: less than this is none.
SMALLEST_PX = 0.5


@dataclass(frozen=True)
class Parameters:
    """How far off the vertical the place was seen.

    Args:
        off_nadir_deg: between the line of sight and the vertical, relative to the reference picture, in
            which labels fit the roofs; the direction is drawn from the whole circle.
    """

    off_nadir_deg: Quantity = (0.0, 6.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.off_nadir_deg, key="off_nadir_deg", low=0, high=60)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `px_per_m`, how far a roof moves for each metre of its height, and the `direction_deg`.

    The direction goes from the columns to the rows: 0 is right, 90 is down.
    """
    angle = math.radians(draw_quantity(rng, parameters.off_nadir_deg))
    return {
        "px_per_m": context.pixels(math.tan(angle)),
        "direction_deg": round(float(rng.uniform(0.0, 360.0)), 3),
    }


def displacement(shape: tuple[int, int], drawn: Drawn, place: Place | None) -> Displacement:
    """Return how far buildings lean, height x tan(off-nadir) in whole pixels; nothing without a place."""
    scale = number(drawn, "px_per_m")
    if place is None or scale == 0.0 or not place.objects:
        return Displacement()
    reach = place.heights_m * np.float32(scale)
    if float(reach.max(initial=0.0)) < SMALLEST_PX:
        return Displacement()
    angle = math.radians(number(drawn, "direction_deg"))
    down, right = math.sin(angle), math.cos(angle)
    far = seen_at(reach, down, right)
    return Displacement(relief=np.rint(np.stack([far * np.float32(down), far * np.float32(right)])))


def seen_at(reach: NDArray[np.float32], down: float, right: float) -> NDArray[np.float32]:
    """Return how far back along the lean the surface lies that each pixel shows, in pixels.

    A line of sight to pixel p passes over p - k u at the height that leans by k. The farthest k at which
    something stands that high is what is seen (it hides what lies behind): a roof where it ends there, the
    wall on the near side where the thing is higher still. A wall takes the colour of the edge of its roof.

    Args:
        reach: (H, W) pixels by which the top of what stands there leans, 0 on the ground.
        down, right: unit vector u of the lean.
    """
    rows, cols = reach.shape
    far = np.zeros_like(reach)
    for step in range(1, math.ceil(float(reach.max(initial=0.0))) + 1):
        shift_row, shift_col = round(step * down), round(step * right)
        if abs(shift_row) >= rows or abs(shift_col) >= cols:
            break
        to_box = (
            slice(max(shift_row, 0), rows + min(shift_row, 0)),
            slice(max(shift_col, 0), cols + min(shift_col, 0)),
        )
        from_box = (
            slice(max(-shift_row, 0), rows + min(-shift_row, 0)),
            slice(max(-shift_col, 0), cols + min(-shift_col, 0)),
        )
        there = reach[from_box]
        # A roof between two steps is seen at its own reach, not at the whole pixel.
        seen = there > step - 1
        far[to_box] = np.where(seen, np.minimum(there, np.float32(step)), far[to_box])
    return far
