"""Smooth fields on a pixel grid: exact on a world-wide lattice, straight between its points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.raster import PixelGrid

# Lattice of exact values, metres. Nothing that is asked for here bends within it.
LATTICE_M = 8.0


def on_grid(
    grid: PixelGrid, field: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float32]:
    """Return (H, W) float32 of a field; a pixel has the same value in every window.

    Args:
        grid: the window.
        field: of (N, 2) points of the ground, metres east and south.
    """
    columns, ix, wx = _between(grid.x_m)
    rows, iy, wy = _between(grid.y_m)
    x, y = np.meshgrid(columns, rows)
    nodes = field(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(x.shape).astype(np.float32)
    lines = nodes[iy] * (1.0 - wy)[:, np.newaxis] + nodes[iy + 1] * wy[:, np.newaxis]
    result: NDArray[np.float32] = lines[:, ix] * (1.0 - wx) + lines[:, ix + 1] * wx
    return result


def _between(
    places: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the lattice around places, the node before each, and the share of the way to the next."""
    at = np.floor(places / LATTICE_M).astype(np.int64)
    lattice = np.arange(at[0], at[-1] + 2) * LATTICE_M
    share = (places / LATTICE_M - at).astype(np.float32)
    return lattice, at - at[0], share
