"""Smooth fields without an edge: functions of world coordinates, the same in every window."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.keys import hashed, number_of, unit

Values = NDArray[np.float64]

# Standard deviation of the field below: 1 / sqrt(3) of the lattice, times the mean square weight of a cubic
# B-spline in two directions, 151 / 315. Divided by, so that one unit is one standard deviation.
SPREAD = 3.0**-0.5 * 151.0 / 315.0
# No value is larger: the lattice is in [-1, 1] and the weights add to 1.
BOUND = 1.0 / SPREAD
# Up to so many points are reckoned one by one: calls on arrays cost more than they save.
FEW = 24
# Points that are reckoned at once: what belongs to them stays in the processor's cache.
CHUNK = 4096
# The lattice is kept in squares of so many nodes, and where it is sparser than points not beyond so many.
TILE = 8
MOST_NODES = 1024


def smooth(key: int, x: Values, y: Values, length: float) -> Values:
    """Return a field of mean 0 and standard deviation 1 at points.

    Hashed lattice values under a cubic B-spline (two continuous derivatives; Unser 1999, equation 3).

    Args:
        key: of the field.
        x, y: coordinates, any shape.
        length: of a node.
    """
    return several((key,), x, y, length)[0]


def several(keys: tuple[int, ...], x: Values, y: Values, length: float) -> list[Values]:
    """Return several fields of one length at the same points, for less than one by one."""
    flat_x, flat_y = np.ravel(x), np.ravel(y)
    if flat_x.size <= FEW:
        places = [
            _around(a / length, b / length) for a, b in zip(flat_x.tolist(), flat_y.tolist(), strict=True)
        ]
        return [
            np.array([_weighed(_patch(key, i, j), weights) for i, j, weights in places]).reshape(np.shape(x))
            for key in keys
        ]
    scaled = np.stack([flat_x, flat_y])
    scaled /= length
    fields = np.empty((len(keys), flat_x.size))
    for start in range(0, flat_x.size, CHUNK):
        part = slice(start, start + CHUNK)
        first, weights = _weights(scaled[:, part])
        nodes = _nodes(first)
        for key, field in zip(keys, fields, strict=True):
            total = _line(nodes(key, 0), weights, 0)
            for row in (1, 2, 3):
                total += _line(nodes(key, row), weights, row)
            total *= 2.0 / SPREAD
            np.subtract(total, 1.0 / SPREAD, out=field[part])
    return [field.reshape(np.shape(x)) for field in fields]


def _line(nodes: Values, weights: Values, row: int) -> Values:
    """Return (N,) what a row of (4, N) nodes adds; the nodes are used up."""
    nodes *= weights[:, 1]
    # Added one by one: a sum over an axis rounds otherwise for one point than for many.
    line: Values = nodes[0]
    line += nodes[1]
    line += nodes[2]
    line += nodes[3]
    line *= weights[row, 0]
    return line


def at_point(key: int, u: float, v: float) -> float:
    """Return a field at one place, in lengths of a node: to the last bit what `several` returns for many."""
    i, j, weights = _around(u, v)
    return _weighed(_patch(key, i, j), weights)


def _around(u: float, v: float) -> tuple[int, int, tuple[float, ...]]:
    """Return the first node around a place along both axes, and the four weights along v, then along u."""
    i, j = math.floor(u), math.floor(v)
    return i, j, (*_weights_at(v - j), *_weights_at(u - i))


def _weighed(n: tuple[float, ...], weights: tuple[float, ...]) -> float:
    """Return the field from the 16 nodes around a place."""
    a, b, c, d, e, f, g, h = weights
    total = (
        (n[0] * a + n[1] * b + n[2] * c + n[3] * d) * e
        + (n[4] * a + n[5] * b + n[6] * c + n[7] * d) * f
        + (n[8] * a + n[9] * b + n[10] * c + n[11] * d) * g
        + (n[12] * a + n[13] * b + n[14] * c + n[15] * d) * h
    )
    return (2.0 / SPREAD) * total - 1.0 / SPREAD


@lru_cache(maxsize=8192)
def _patch(key: int, i: int, j: int) -> tuple[float, ...]:
    """Return the lattice values of the four by four nodes from (i, j) on."""
    return tuple(number_of(key, i + a, j + b) for a in range(4) for b in range(4))


def _nodes(first: NDArray[np.int64]) -> Callable[[int, int], Values]:
    """Return a function of a key and a row 0-3: the (4, N) lattice values of that row around each place.

    Args:
        first: (2, N) first of four nodes along both axes.
    """
    i, j = first
    (low_i, low_j), (high_i, high_j) = first.min(axis=1).tolist(), first.max(axis=1).tolist()
    low_i, low_j = low_i // TILE, low_j // TILE
    rows, columns = (high_i + 3) // TILE + 1 - low_i, (high_j + 3) // TILE + 1 - low_j
    if rows * columns * TILE * TILE > max(16 * i.size, MOST_NODES):
        return lambda key, row: unit(hashed(key, i + row, j + _FOUR))
    # Places near each other share their nodes: each node is hashed once.
    width = columns * TILE
    at = (i * width + j) + (_FOUR - (low_i * width + low_j) * TILE)
    return lambda key, row: _lattice(key, low_i, low_j, rows, columns)[row * width :].take(at)


@lru_cache(maxsize=128)
def _lattice(key: int, i: int, j: int, rows: int, columns: int) -> Values:
    """Return the values of a rectangle of tiles of the lattice, flattened."""
    all_i = np.arange(i * TILE, (i + rows) * TILE)[:, np.newaxis]
    return unit(hashed(key, all_i, np.arange(j * TILE, (j + columns) * TILE))).reshape(-1)


def layered(key: int, x: Values, y: Values, length: float, octaves: int, fall: float = 0.5) -> Values:
    """Return a sum of fields, each of half the length and `fall` times the height, of deviation about 1."""
    total = np.zeros(np.shape(x))
    square = 0.0
    height = 1.0
    for octave in range(octaves):
        total += height * smooth(key + 7919 * octave, x, y, length / 2.0**octave)
        square += height * height
        height *= fall
    return total / square**0.5


_FOUR = np.arange(4).reshape(4, 1)


def _weights_at(t: float) -> tuple[float, float, float, float]:
    """Return the four weights at a share of the way from one node to the next, as `_weights` does."""
    r = 1.0 - t
    square, rest = t * t, r * r
    before, behind = rest * r / 6.0, square * t / 6.0
    return before, 2.0 / 3.0 - square + 3.0 * behind, 2.0 / 3.0 - rest + 3.0 * before, behind


def _weights(place: Values) -> tuple[NDArray[np.int64], Values]:
    """Return (2, N) first of four nodes around each place along both axes, and (4, 2, N) their weights."""
    first = np.floor(place)
    weights = np.empty((4, *place.shape))
    t = place - first
    r = 1.0 - t
    square, rest = t * t, r * r
    weights[0] = rest * r / 6.0
    weights[3] = square * t / 6.0
    weights[1] = 2.0 / 3.0 - square + 3.0 * weights[3]
    weights[2] = 2.0 / 3.0 - rest + 3.0 * weights[0]
    return first.astype(np.int64), weights
