"""Plots of a block: each has a front on a street, most reach back to the middle of the block."""

from __future__ import annotations

import numpy as np

from diachron.simulators.worlds.convex import Piece, cut, edge_lengths, strips

# Tags of borders that are no street.
REAR = -100
SIDE = -101
# A front shorter than this is no front.
LEAST_FRONT_M = 3.5


def plots_of(
    block: Piece, width_m: tuple[float, float], depth_m: tuple[float, float], rng: np.random.Generator
) -> list[Piece]:
    """Return plots whose first edge is their front, and which fill the block.

    A block that is deep enough holds two rows back to back; in a long one the plots of the short sides face
    the cross street.

    Args:
        block: without the streets; edges on streets have tags above `REAR`.
        width_m, depth_m: least and greatest.
        rng: of the block.
    """
    along, across, length, width = block.axes()
    depth = float(rng.uniform(*depth_m))
    rows: list[tuple[Piece, tuple[float, float]]] = []
    heads, body = [], block
    if width > 1.4 * depth and length > 3.4 * depth and rng.random() < 0.6:
        low, high = block.extent(along)
        parts = strips(block, along, [low + depth, high - depth], REAR)
        if len(parts) == 3:
            heads, body = [parts[0], parts[2]], parts[1]
    if width > 1.4 * depth:
        low, high = body.extent(across)
        middle = low + (high - low) * float(rng.uniform(0.46, 0.54))
        rows += [(half, along) for half in strips(body, across, [middle], REAR)]
    else:
        rows.append((body, along))
    rows += [(head, across) for head in heads]
    found: list[Piece] = []
    for row, direction in rows:
        low, high = row.extent(direction)
        shares = rng.uniform(width_m[0], width_m[1], max(1, round((high - low) / (sum(width_m) / 2.0))))
        places = low + (high - low) * np.cumsum(shares)[:-1] / shares.sum()
        for plot in strips(row, direction, places.tolist(), SIDE):
            found.append(with_front_first(plot))
    return found


def with_front_first(plot: Piece) -> Piece:
    """Return the same piece starting at its longest edge on a street."""
    sizes = edge_lengths(plot)
    front = max(range(len(sizes)), key=lambda k: (plot.tags[k] > REAR) * 1e6 + sizes[k])
    return Piece(
        plot.points[front:] + plot.points[:front],
        plot.tags[front:] + plot.tags[:front],
    )


def has_front(plot: Piece) -> bool:
    """Return whether the first edge lies on a street and is long enough."""
    return plot.tags[0] > REAR and edge_lengths(plot)[0] >= LEAST_FRONT_M


def band(plot: Piece, near: float, far: float) -> Piece | None:
    """Return the part of a plot between two distances from its front."""
    (ax, ay), (bx, by) = plot.points[0], plot.points[1]
    size = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    inwards = (-(by - ay) / size, (bx - ax) / size)
    part: Piece | None = plot
    for distance, behind in ((near, False), (far, True)):
        if part is None or (distance <= 0.0 and not behind):
            continue
        done = cut(part, (ax + distance * inwards[0], ay + distance * inwards[1]), inwards, SIDE)
        if done is not None:
            part = done.behind if behind else done.ahead
        elif (part.extent(inwards)[1] <= distance + ax * inwards[0] + ay * inwards[1]) != behind:
            part = None
    return part
