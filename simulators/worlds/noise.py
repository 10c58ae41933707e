"""Smooth fields without an edge: functions of world coordinates, the same in every window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.keys import hashed, unit

Values = NDArray[np.float64]

# Standard deviation of the field below: 1 / sqrt(3) of the lattice, times the mean square weight of a cubic
# B-spline in two directions, 151 / 315. Divided by, so that one unit is one standard deviation.
SPREAD = 3.0**-0.5 * 151.0 / 315.0
# No value is larger: the lattice is in [-1, 1] and the weights add to 1.
BOUND = 1.0 / SPREAD


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
    i, wx = _weights(flat_x / length)
    j, wy = _weights(flat_y / length)
    i_four, j_four = (i + _FOUR)[:, np.newaxis], (j + _FOUR)[np.newaxis]
    fields = []
    for key in keys:
        nodes = unit(hashed(key, i_four, j_four))
        nodes *= wy
        # Added one by one: a sum over axes rounds otherwise for one point than for many.
        lines = nodes[:, 0] + nodes[:, 1] + nodes[:, 2] + nodes[:, 3]
        lines *= wx
        total = lines[0] + lines[1] + lines[2] + lines[3]
        fields.append(((2.0 / SPREAD) * total - 1.0 / SPREAD).reshape(np.shape(x)))
    return fields


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


def _weights(place: Values) -> tuple[NDArray[np.int64], Values]:
    """Return the first of four nodes around each place, and the (4, N) weights of them."""
    first = np.floor(place)
    weights = np.empty((4, place.size))
    t = place - first
    r = 1.0 - t
    square, rest = t * t, r * r
    weights[0] = rest * r / 6.0
    weights[3] = square * t / 6.0
    weights[1] = 2.0 / 3.0 - square + 3.0 * weights[3]
    weights[2] = 2.0 / 3.0 - rest + 3.0 * weights[0]
    return first.astype(np.int64), weights
