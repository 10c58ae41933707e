"""Footprints of single buildings: how large, of what form, and where in the plot they fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.convex import Piece, Point
from diachron.simulators.worlds.plane import Plane
from diachron.simulators.worlds.plots import REAR

Values = NDArray[np.float64]
# s0, s1, d0 and d1 of a rectangle in the frame of a plot.
Box = tuple[float, float, float, float]

# Smallest rectangle that is a building.
LEAST_SIDE_M = 3.0
# Open ground behind a building, metres.
BEHIND_M = 1.0


@dataclass(frozen=True)
class Frames:
    """Plots on the ground, each seen from its front: s along the street, d into the plot. Arrays are (N,).

    Args:
        origin: (N, 2) start of the front.
        along, inwards: (N, 2) unit vectors.
        front_m: length of the front.
        edge_s, edge_d, edge_c: (N, K) half planes edge_s * s + edge_d * d >= edge_c that make up the plot.
        on_street, rear: (N, K) what lies beyond each edge.
    """

    origin: Values
    along: Values
    inwards: Values
    front_m: Values
    edge_s: Values
    edge_d: Values
    edge_c: Values
    on_street: NDArray[np.bool_]
    rear: NDArray[np.bool_]

    @cached_property
    def _axes(self) -> list[list[float]]:
        axes: list[list[float]] = np.concatenate([self.origin, self.along, self.inwards], axis=1).tolist()
        return axes

    @cached_property
    def _sides(self) -> list[list[list[float]]]:
        sides: list[list[list[float]]] = np.stack([self.edge_s, self.edge_d, self.edge_c], axis=-1).tolist()
        return sides

    def to_ground(self, index: int, places: Sequence[Point]) -> Values:
        """Return (n, 2) points of one plot, given by s and d, on the ground."""
        x, y, ax, ay, bx, by = self._axes[index]
        return np.array([(x + s * ax + d * bx, y + s * ay + d * by) for s, d in places])

    def along_deg(self, index: int) -> float:
        """Return the direction of the street before a plot, degrees."""
        _, _, x, y, _, _ = self._axes[index]
        return math.degrees(math.atan2(y, x))

    def inwards_deg(self, index: int) -> float:
        """Return the direction into a plot, degrees."""
        *_, x, y = self._axes[index]
        return math.degrees(math.atan2(y, x))

    def side_room(self, index: int, d: float) -> tuple[float, float]:
        """Return where a plot begins and ends along the street at a depth."""
        low, high = -math.inf, math.inf
        for es, ed, ec in self._sides[index]:
            if es > 0.1:
                low = max(low, (ec - ed * d) / es)
            elif es < -0.1:
                high = min(high, (ec - ed * d) / es)
        return low if low > -math.inf else 0.0, high if high < math.inf else 0.0


def frames_of(plots: list[Piece], plane: Plane) -> Frames:
    """Return the frames of plots whose first edge is the front."""
    most = max(len(plot.points) for plot in plots)
    corners = plane.to_ground(np.array([point for plot in plots for point in plot.points]))
    x = np.empty((len(plots), most, 2))
    tags = np.empty((len(plots), most), np.int64)
    start = 0
    for k, plot in enumerate(plots):
        n = len(plot.points)
        x[k, :n] = corners[start : start + n]
        # Repeated last corner: an edge of no length, a half plane that everything is in.
        x[k, n:] = corners[start + n - 1]
        tags[k, :n] = plot.tags
        tags[k, n:] = tags[k, n - 1]
        if n < most:
            # The closing edge goes to the last place.
            tags[k, most - 1], tags[k, n - 1 : most - 1] = plot.tags[-1], REAR
        start += n
    edge = np.roll(x, -1, axis=1) - x
    size = np.hypot(edge[..., 0], edge[..., 1])
    real = size > 1e-6
    unit = np.where(real[..., np.newaxis], edge / np.maximum(size, 1e-6)[..., np.newaxis], 0.0)
    normal = np.stack([-unit[..., 1], unit[..., 0]], axis=-1)
    along, inwards = unit[:, 0], normal[:, 0]
    relative = x - x[:, :1]
    offset = (normal * relative).sum(axis=-1)
    return Frames(
        origin=x[:, 0],
        along=along,
        inwards=inwards,
        front_m=size[:, 0],
        edge_s=(normal * along[:, np.newaxis]).sum(axis=-1),
        edge_d=(normal * inwards[:, np.newaxis]).sum(axis=-1),
        edge_c=np.where(real, offset, -1e9),
        on_street=(tags > REAR) & real,
        rear=(tags == REAR) & real,
    )


@dataclass(frozen=True)
class Boxes:
    """Rectangles in the frames of plots: from s0 to s1 along the street and d0 to d1 into the plot; (N,)."""

    s0: Values
    s1: Values
    d0: Values
    d1: Values

    @cached_property
    def sides(self) -> list[Box]:
        """s0, s1, d0 and d1 of each box."""
        return list(zip(*(each.tolist() for each in (self.s0, self.s1, self.d0, self.d1)), strict=True))

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Whether each is large enough to be a building."""
        return np.minimum(self.s1 - self.s0, self.d1 - self.d0) >= LEAST_SIDE_M


def fitted(
    frames: Frames,
    *,
    set_back: Values,
    gap: Values,
    frontage: Values,
    depth: Values,
    shift: Values,
) -> Boxes:
    """Return the box of each plot, no larger than drawn and inside all of the plot's margins.

    Args:
        frames: of the plots.
        set_back: from every street.
        gap: from the sides; behind the building `BEHIND_M` at least.
        frontage, depth: drawn sides along and away from the street.
        shift: in [0, 1], where in the free width it stands.
    """
    margin = np.where(frames.on_street, set_back[:, np.newaxis], gap[:, np.newaxis])
    margin = np.where(frames.rear, np.maximum(gap, BEHIND_M)[:, np.newaxis], margin)
    bound = frames.edge_c + margin
    es, ed = frames.edge_s, frames.edge_d
    backward = ed < -0.35
    middle = 0.5 * frames.front_m[:, np.newaxis]
    reach = np.where(backward, (bound - es * middle) / np.where(backward, ed, -1.0), np.inf)
    d0 = set_back
    d1 = np.minimum(d0 + depth, reach.min(axis=1))
    low, high = _free(es, bound, ed, d0, d1)
    # A slanting rear edge may cut a corner off: less deep until it does not.
    for s in (low, high):
        reach = np.where(backward, (bound - es * s[:, np.newaxis]) / np.where(backward, ed, -1.0), np.inf)
        d1 = np.minimum(d1, reach.min(axis=1))
    wide = np.minimum(frontage, high - low)
    s0 = low + shift * np.maximum(high - low - wide, 0.0)
    return Boxes(s0, s0 + wide, d0, d1)


def _free(es: Values, bound: Values, ed: Values, d0: Values, d1: Values) -> tuple[Values, Values]:
    """Return the interval along the street that is free at both depths."""
    low = np.full(d0.shape, -np.inf)
    high = np.full(d0.shape, np.inf)
    for d in (d0, d1):
        place = (bound - ed * d[:, np.newaxis]) / np.where(np.abs(es) > 0.1, es, 1.0)
        low = np.maximum(low, np.where(es > 0.1, place, -np.inf).max(axis=1))
        high = np.minimum(high, np.where(es < -0.1, place, np.inf).min(axis=1))
    return low, high


def is_house(piece: Piece) -> bool:
    """Return whether a convex footprint is thick enough all along: no sliver and no thin wedge."""
    _, _, length, width = piece.axes()
    return width >= LEAST_SIDE_M and piece.area >= max(LEAST_SIDE_M, 0.3 * width) * length


def corners_in(box: Box, shape: str, cuts: Sequence[float], mirrored: tuple[bool, bool]) -> list[Point]:
    """Return s and d of the corners of a form in a box."""
    s0, s1, d0, d1 = box
    corners = form(shape, cuts[0], cuts[1])[0]
    if mirrored[0]:
        corners = [(1.0 - x, y) for x, y in corners]
    if mirrored[1]:
        corners = [(x, 1.0 - y) for x, y in corners]
    if mirrored[0] != mirrored[1]:
        corners.reverse()
    return [(s0 + x * (s1 - s0), d0 + y * (d1 - d0)) for x, y in corners]


# Corners as shares of length (0-1) and depth (0-1); a and b are the drawn shares of what is cut off.
def form(shape: str, a: float, b: float) -> tuple[list[tuple[float, float]], float]:
    """Return the corners of a form in the unit square, and the share of the square that it fills.

    Args:
        shape: `rectangle`, `l`, `t` or `u`.
        a, b: in [0, 1], how much is cut off.
    """
    if shape == "l":
        x, y = 0.4 + 0.25 * a, 0.35 + 0.25 * b
        return [(0, 0), (1, 0), (1, y), (x, y), (x, 1), (0, 1)], x + y - x * y
    if shape == "t":
        x, y = 0.15 + 0.15 * a, 0.4 + 0.2 * b
        return [(0, 0), (1, 0), (1, y), (1 - x, y), (1 - x, 1), (x, 1), (x, y), (0, y)], 1 - 2 * x * (1 - y)
    if shape == "u":
        x, y = 0.22 + 0.08 * a, 0.35 + 0.2 * b
        return [(0, 0), (1, 0), (1, 1), (1 - x, 1), (1 - x, y), (x, y), (x, 1), (0, 1)], 1 - (1 - 2 * x) * (
            1 - y
        )
    return [(0, 0), (1, 0), (1, 1), (0, 1)], 1.0
