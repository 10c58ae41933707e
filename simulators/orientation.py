"""Which way walls and roads run, per object and at any place, modulo a quarter turn."""

from __future__ import annotations

import cmath
import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# Walls and kerbs of the neighbourhood count as far as this.
REACH_M = 18.0


def wall_vectors(edges_of: NDArray[np.bool_]) -> NDArray[np.complex64]:
    """Return (H, W) complex: strength times exp(4i angle) of the outline's direction at each pixel.

    The fourfold angle makes opposite and perpendicular walls agree, so that they add up.
    """
    soft = ndimage.gaussian_filter(edges_of.astype(np.float32), 1.0)
    down = ndimage.sobel(soft, axis=0)
    right = ndimage.sobel(soft, axis=1)
    return _fourfold(down, right)


def _fourfold(down: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.complex64]:
    gradient = right + 1j * down
    strength = np.abs(gradient)
    unit = gradient / np.maximum(strength, 1e-6)
    twofold = unit * unit
    return (strength * twofold * twofold).astype(np.complex64)


def orientation_deg(vector: complex) -> float | None:
    """Return the angle in [0, 90) degrees, from the column axis to the row axis; None for no direction."""
    if abs(vector) < 1e-6:
        return None
    return math.degrees(cmath.phase(vector)) / 4.0 % 90.0


def orientation_field(vectors: NDArray[np.complex64], gsd_m: float) -> NDArray[np.complex64]:
    """Return the neighbourhood's sum of wall vectors, at a quarter of the resolution (rows // 4, cols // 4).

    A box blur twice is close to a Gaussian and costs the same for any reach.
    """
    rows, cols = (max(1, n // 4) for n in vectors.shape)
    trimmed = vectors[: rows * 4, : cols * 4]
    if trimmed.shape[0] < 4 or trimmed.shape[1] < 4:
        coarse = vectors.mean(keepdims=True)
    else:
        coarse = trimmed.reshape(rows, 4, cols, 4).sum(axis=(1, 3))
    size = max(3, round(REACH_M / gsd_m / 4.0))

    def blurred(part: NDArray[np.float32]) -> NDArray[np.float32]:
        return ndimage.uniform_filter(ndimage.uniform_filter(part, size), size)

    return (blurred(coarse.real) + 1j * blurred(coarse.imag)).astype(np.complex64)


def at(field: NDArray[np.complex64], row: float, col: float) -> float | None:
    """Return the direction of the neighbourhood at a pixel, or None where nothing stands."""
    r = min(max(int(row) // 4, 0), field.shape[0] - 1)
    c = min(max(int(col) // 4, 0), field.shape[1] - 1)
    return orientation_deg(field.item(r, c))


def quarter_turn_difference(a_deg: float, b_deg: float) -> float:
    """Return the smallest turn from a to b modulo 90 degrees, in [-45, 45)."""
    return (b_deg - a_deg + 45.0) % 90.0 - 45.0
