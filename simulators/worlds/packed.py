"""Blocks that filled up without a plan: small houses close together, as in informal settlements."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.simulators.worlds.convex import Piece, cut, inset
from diachron.simulators.worlds.drawing import Drawing, Layer, Thing
from diachron.simulators.worlds.plots import SIDE
from diachron.simulators.worlds.rigid import largest_share
from diachron.simulators.worlds.roofs import one_of, roof_on
from diachron.simulators.worlds.style import Building, Built
from diachron.simulators.worlds.trees import scatter_trees

# Objects of a block have seven bits; the rest of the ground stays open.
MOST_HOUSES = 120
# A room that fills this share of its box is square enough for walls.
SQUARE_SHARE = 0.74


def packed(drawing: Drawing, block: Piece, built: Built, rng: np.random.Generator) -> None:
    """Fill a block with small houses that stand as they came, in no order, some wall to wall."""
    garden, building = built.garden, built.building
    drawing.lay_piece(Layer.PLOT, block, one_of(garden.front, float(rng.random())))
    pieces: list[Piece] = []
    stack = [block]
    while stack:
        piece = stack.pop()
        draws = rng.random(4).tolist()
        target = building.area_m2[0] * 1.45 * math.exp(building.area_m2[1] * (2.0 * draws[0] - 1.0) * 1.5)
        if piece.area < 1.6 * target:
            pieces.append(piece)
            continue
        along, _, length, _ = piece.axes()
        if length < 7.0:
            pieces.append(piece)
            continue
        turn = math.radians(14.0 * (draws[1] - 0.5))
        c, s = math.cos(turn), math.sin(turn)
        normal = (c * along[0] - s * along[1], s * along[0] + c * along[1])
        low, high = piece.extent(normal)
        place = low + (high - low) * (0.36 + 0.28 * draws[2])
        done = cut(piece, (place * normal[0], place * normal[1]), normal, SIDE)
        if done is None:
            pieces.append(piece)
        else:
            stack += [done.behind, done.ahead]
    houses: list[tuple[Piece, list[float]]] = []
    low, high = built.gap_m
    for piece in pieces:
        draws = rng.random(10).tolist()
        if draws[6] < built.empty or len(houses) >= MOST_HOUSES:
            if draws[7] < 0.5:
                drawing.lay_piece(Layer.FEATURE, piece, one_of(garden.rear, draws[8]))
            continue
        house = inset(piece, [low + (high - low) * g**2 for g in rng.random(len(piece.points)).tolist()])
        if house is not None:
            house = _squared(house)
        if house is None or house.area < 9.0 or min(house.axes()[2:]) < 2.4:
            continue
        houses.append((house, draws))
    drawing.once_placed([house.points for house, _ in houses], partial(_raise, drawing, building, houses))
    scatter_trees(drawing, block, garden, rng, count=garden.trees * block.area / 400.0)


def _raise(
    drawing: Drawing,
    building: Building,
    houses: list[tuple[Piece, list[float]]],
    outlines: list[NDArray[np.float64]],
) -> None:
    """Put up houses on their outlines on the ground."""
    for (house, draws), walls in zip(houses, outlines, strict=True):
        along_deg = _longest_deg(walls)
        _, _, long_m, wide_m = house.axes()
        roof, height = roof_on(
            building,
            draws,
            storeys=one_of(building.storeys, draws[9]),
            length_m=long_m,
            width_m=wide_m,
            along_deg=along_deg,
            seed=int(draws[5] * 2**31),
        )
        drawing.things.append(
            Thing(
                (walls,),
                hub.BUILDING,
                height,
                along_deg % 90.0,
                min(1.0, house.area / (long_m * wide_m)),
                roof,
            )
        )


def _longest_deg(walls: NDArray[np.float64]) -> float:
    """Return the direction of the longest wall, degrees."""
    corners = walls.tolist()
    longest, along, down = -1.0, 0.0, 0.0
    ax, ay = corners[0]
    for bx, by in (*corners[1:], corners[0]):
        size = math.hypot(bx - ax, by - ay)
        if size > longest:
            longest, along, down = size, bx - ax, by - ay
        ax, ay = bx, by
    return math.degrees(math.atan2(down, along))


def _squared(room: Piece) -> Piece | None:
    """Return the largest tried rectangle in a room; a room with four good corners may stay as it is."""
    along, across, length, width = room.axes()
    low, high = room.extent(along)
    left, right = room.extent(across)
    u, v = (low + high) / 2.0, (left + right) / 2.0
    centre = (u * along[0] + v * across[0], u * along[1] + v * across[1])
    most = largest_share(room, centre, along, length, width)
    for share in (0.985, 0.9, 0.8, 0.68):
        if share < 0.9 and len(room.points) == 4 and room.area > SQUARE_SHARE * length * width:
            return room
        if share <= most:
            a, b = share * length / 2.0, share * width / 2.0
            corners = tuple(
                (
                    centre[0] + p * a * along[0] + q * b * across[0],
                    centre[1] + p * a * along[1] + q * b * across[1],
                )
                for p, q in ((-1, -1), (1, -1), (1, 1), (-1, 1))
            )
            return Piece(corners, (SIDE,) * 4)
    return None
