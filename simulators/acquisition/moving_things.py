"""Cars on paved ground, machines on bare ground, boats on water: there on one date, gone on the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn

REGISTERED = True
STAGE = "ground"

# kind -> (ground it may be on, length and width in metres, height in metres).
KINDS: dict[str, tuple[tuple[int, ...], tuple[float, float], tuple[float, float], float]] = {
    "car": ((hub.ROAD, hub.DEVELOPED), (3.8, 5.2), (1.7, 2.0), 1.5),
    "lorry": ((hub.ROAD, hub.DEVELOPED), (7.0, 16.0), (2.3, 2.6), 3.2),
    "machine": ((hub.BARE,), (4.0, 8.0), (2.2, 3.0), 2.8),
    "boat": ((hub.WATER,), (4.0, 14.0), (1.6, 4.0), 1.0),
}
RATES = {
    "car": "cars_per_km2",
    "lorry": "lorries_per_km2",
    "machine": "machines_per_km2",
    "boat": "boats_per_km2",
}
# The house whose shadow a scene's sun is given by is taken to be so high.
HOUSE_M = 5.0
# Paint: share of cars and where their brightness lies (white and silver, grey, black; makers' statistics
# give about 60 % white to silver and 20 % black).
PAINTS = ((0.6, (0.62, 0.92)), (0.8, (0.3, 0.55)), (1.0, (0.14, 0.26)))
# Shorter than this in pixels nothing can be told from noise.
SHORTEST_PX = 1.5


@dataclass(frozen=True)
class Parameters:
    """How many stand on a square kilometre of the ground that is made for them.

    Args:
        cars_per_km2: of roads and developed ground.
        lorries_per_km2: of the same.
        machines_per_km2: of bare ground.
        boats_per_km2: of water.
    """

    cars_per_km2: Quantity = (100.0, 900.0)
    lorries_per_km2: Quantity = (0.0, 40.0)
    machines_per_km2: Quantity = (0.0, 20.0)
    boats_per_km2: Quantity = (0.0, 40.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        for key in RATES.values():
            check_quantity(getattr(self, key), key=key, low=0, high=1e5)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return `things`, each with its kind, place, look and `box` (top, left, bottom, right), and `shadow`.

    `shadow` is the way that shadows go for each metre of height, in pixels (rows down, columns right), or
    None where the sun is not known. Where no ground is known, nothing is drawn.
    """
    things: list[dict[str, object]] = []
    for kind, (grounds, lengths, widths, height_m) in KINDS.items():
        rate = draw_quantity(rng, getattr(parameters, RATES[kind]))
        room = context.standing_room
        if room is None or lengths[1] / context.gsd_m < SHORTEST_PX:
            continue
        allowed = np.take(_table(grounds), room)
        pixels = np.flatnonzero(allowed)
        count = int(rng.poisson(rate * pixels.size * context.gsd_m**2 / 1e6))
        for _ in range(count):
            row, col = divmod(int(pixels[rng.integers(pixels.size)]), room.shape[1])
            size = [float(rng.uniform(*side)) / context.gsd_m for side in (lengths, widths)]
            angle = _direction(allowed, row, col, 2.0 * size[0], rng)
            colour = _paint(rng, len(context.bands))
            # Where its corners do not fit there is a verge, a kerb or a wall.
            if not _fits(allowed, row, col, angle, size):
                continue
            things.append(
                {
                    "kind": kind,
                    "at": [row, col],
                    "size_px": [round(side, 3) for side in size],
                    "angle_deg": round(math.degrees(angle), 2),
                    "colour": colour,
                    "height_m": height_m,
                    "box": _box(row, col, angle, size),
                }
            )
    sun = context.sun
    shadow = None
    if sun is not None:
        scale = sun.shadow_length_m / HOUSE_M / context.gsd_m
        shadow = [round(sun.shadow_row * scale, 6), round(sun.shadow_col * scale, 6)]
    return {"things": things, "shadow": shadow}


def _table(grounds: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return for every hub id whether it is one of these grounds."""
    table = np.zeros(256, bool)
    table[list(grounds)] = True
    return table


def _direction(
    allowed: NDArray[np.bool_], row: int, col: int, reach_px: float, rng: np.random.Generator
) -> float:
    """Return the direction in which the ground runs on here, in radians from the columns to the rows."""
    reach = max(2, math.ceil(reach_px))
    box = allowed[max(row - reach, 0) : row + reach + 1, max(col - reach, 0) : col + reach + 1]
    down, right = (part - part.mean() for part in np.nonzero(box))
    chance = float(rng.uniform(0.0, math.pi))
    straight = math.atan2(2.0 * float((down * right).sum()), float((right**2 - down**2).sum())) / 2.0
    stretch = math.hypot(2.0 * float((down * right).sum()), float((right**2 - down**2).sum()))
    # A yard runs nowhere: there things stand as they like.
    if stretch < 0.15 * float((right**2 + down**2).sum() + 1e-6):
        return chance
    return straight + float(rng.normal(0.0, 0.05))


def _corners(angle: float, size: list[float]) -> NDArray[np.float64]:
    """Return (4, 2) offsets of the corners, rows and columns."""
    along = np.array([math.sin(angle), math.cos(angle)]) * size[0] / 2
    across = np.array([math.cos(angle), -math.sin(angle)]) * size[1] / 2
    return np.array([along + across, along - across, -along + across, -along - across])


def _fits(allowed: NDArray[np.bool_], row: int, col: int, angle: float, size: list[float]) -> bool:
    at = np.rint(_corners(angle, size) + np.array([row, col])).astype(int)
    inside = ((at >= 0) & (at < allowed.shape)).all()
    return bool(inside and allowed[at[:, 0], at[:, 1]].all())


def _box(row: int, col: int, angle: float, size: list[float]) -> list[int]:
    offsets = _corners(angle, size)
    low, high = np.floor(offsets.min(axis=0)), np.ceil(offsets.max(axis=0))
    return [row + int(low[0]), col + int(low[1]), row + int(high[0]) + 1, col + int(high[1]) + 1]


def _paint(rng: np.random.Generator, bands: int) -> list[float]:
    share = float(rng.uniform())
    low, high = next(limits for upper, limits in PAINTS if share <= upper)
    grey = float(rng.uniform(low, high))
    # One in ten has a colour that is seen from above.
    tint = rng.normal(0.0, 0.15 if rng.uniform() < 0.1 else 0.02, bands)
    return [round(min(max(grey * (1.0 + float(part)), 0.02), 0.98), 4) for part in tint]


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values with the things and their shadows, without those whose ground is gone at this date.

    Where the ground is not known, nothing stands.
    """
    if place is None:
        return values
    things: Any = drawn["things"]
    way: Any = drawn["shadow"]
    for thing in things:
        row, col = thing["at"]
        if not (row < values.shape[1] and col < values.shape[2]) or not _may_stand(place, thing):
            continue
        angle, (length, width) = math.radians(thing["angle_deg"]), thing["size_px"]
        if way is not None:
            shift = [part * thing["height_m"] for part in way]
            box, mask = _covered(
                values.shape[1:], row + shift[0] / 2, col + shift[1] / 2, angle, length, width
            )
            values[:, box[0], box[1]] *= np.float32(1.0) - np.float32(0.5) * mask
        box, mask = _covered(values.shape[1:], row, col, angle, length, width)
        # The windscreen: dark, a fifth of the length, behind the bonnet.
        nose = 0.2 * length
        at = (row + nose * math.sin(angle), col + nose * math.cos(angle))
        _, glass = _covered(values.shape[1:], *at, angle, 0.2 * length, 0.9 * width, box)
        for band, paint in zip(values, thing["colour"], strict=False):
            look = np.float32(paint) * (np.float32(1.0) - np.float32(0.4) * glass)
            band[box] += mask * (look - band[box])
    return values


def _may_stand(place: Place, thing: Any) -> bool:
    row, col = thing["at"]
    ground = int(place.classes[row, col]) or int(place.surface[row, col])
    return ground in KINDS[thing["kind"]][0]


Box = tuple[slice, slice]


def _covered(
    shape: tuple[int, ...],
    row: float,
    col: float,
    angle: float,
    length: float,
    width: float,
    box: Box | None = None,
) -> tuple[Box, NDArray[np.float32]]:
    """Return a window and how much of each of its pixels a turned rectangle covers, 0-1."""
    reach = math.ceil(math.hypot(length, width) / 2) + 2
    if box is None:
        top, left = max(int(row) - reach, 0), max(int(col) - reach, 0)
        box = (
            slice(top, max(min(int(row) + reach + 1, shape[0]), top)),
            slice(left, max(min(int(col) + reach + 1, shape[1]), left)),
        )
    down, right = np.ogrid[box]
    down, right = (down - row).astype(np.float32), (right - col).astype(np.float32)
    along = np.abs(np.float32(math.cos(angle)) * right + np.float32(math.sin(angle)) * down)
    across = np.abs(np.float32(math.cos(angle)) * down - np.float32(math.sin(angle)) * right)
    share = np.clip(np.float32(length / 2 + 0.5) - along, 0.0, min(1.0, length))
    share *= np.clip(np.float32(width / 2 + 0.5) - across, 0.0, min(1.0, width))
    return box, share
