"""Chance that needs no stream: hashes of whole numbers, and smooth fields made of them.

A field is a function of world coordinates alone. Neighbouring windows agree, and at another gsd the same
field is sampled, not another one drawn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diachron.core.mixing import mixed
from diachron.generators.procedural.frame import Frame

# The step of splitmix64 (Steele, Lea and Flood 2014), between two numbers.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hashed(seed: int, *numbers: ArrayLike) -> NDArray[np.uint64]:
    """Return 64 well mixed bits of a seed and whole numbers, broadcast against each other."""
    with np.errstate(over="ignore"):
        state = np.asarray(seed & 0xFFFFFFFFFFFFFFFF, np.uint64)
        for number in numbers:
            part = np.asarray(number).astype(np.int64).view(np.uint64)
            state = mixed((state ^ part) + _GOLDEN)
    return np.asarray(state)


def uniform(seed: int, *numbers: ArrayLike) -> NDArray[np.float32]:
    """Return float32 numbers in [0, 1)."""
    return ((hashed(seed, *numbers) >> np.uint64(40)).astype(np.float32)) * np.float32(2.0**-24)


def bell(seed: int, *numbers: ArrayLike) -> NDArray[np.float32]:
    """Return float32 numbers about 0 with a spread of 1, none beyond 3.5: a sum of four uniform ones."""
    bits = hashed(seed, *numbers)
    total = np.zeros(bits.shape, np.float32)
    for part in range(4):
        total = total + ((bits >> np.uint64(16 * part)) & np.uint64(0xFFFF)).astype(np.float32)
    # Four uniform numbers on [0, 1) have mean 2 and variance 1/3.
    return (total / np.float32(65536.0) - np.float32(2.0)) * np.float32(3.0**0.5)


def field(frame: Frame, wavelength_m: float, seed: int) -> NDArray[np.float32]:
    """Return (h, w) float32 value noise about 0 with a spread of about 1.

    Chance numbers on a lattice of `wavelength_m`, joined smoothly. Not resolved wavelengths are left out, as
    the average over a pixel would: the result is then 0.
    """
    if wavelength_m < 2.0 * frame.step_m:
        return np.zeros(frame.shape, np.float32)
    # Lattices of several wavelengths would meet at the origin: each has its own offset.
    shift = uniform(seed, (0, 1)).astype(np.float64)
    down = frame.south_m / wavelength_m + shift[0]
    right = frame.east_m / wavelength_m + shift[1]
    first_row, first_col = int(np.floor(down[0])), int(np.floor(right[0]))
    rows = np.arange(first_row, int(np.floor(down[-1])) + 2)
    cols = np.arange(first_col, int(np.floor(right[-1])) + 2)
    lattice = bell(seed, rows[:, None], cols[None, :])
    r0, r = _split(down, first_row)
    c0, c = _split(right, first_col)
    tall = lattice[r0] + (lattice[r0 + 1] - lattice[r0]) * r[:, None]
    # Take columns first and rows last: rows are contiguous.
    left = np.take(tall, c0, axis=1)
    step = np.take(tall[:, 1:] - tall[:, :-1], c0, axis=1)
    step *= c[None, :]
    left += step
    # Smooth joining keeps about half of the lattice's variance.
    left *= np.float32(1.35)
    return left


def _split(places: NDArray[np.float64], first: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the node before each place, and how far it is to the next, smoothed at both ends."""
    node = np.floor(places)
    part = places - node
    smooth = part * part * (3.0 - 2.0 * part)
    return (node - first).astype(np.intp), smooth.astype(np.float32)


def smoothstep(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """Return 0 below `low`, 1 above `high`, and a smooth rise between."""
    part = np.clip((values - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return part * part * (np.float32(3.0) - np.float32(2.0) * part)
