"""Smooth fields on a pixel grid: exact on a world-wide lattice, straight between its points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.simulators.worlds.raster import PixelGrid

# Lattice of exact values, metres. Nothing that is asked for here bends within it.
LATTICE_M = 8.0


@dataclass(frozen=True)
class Lattice:
    """The lattice around a window of the pixel grid.

    Args:
        points: (N, 2) metres east and south at which a field is asked for.
        rows, cols: (H,), (W,) the node before each row and column of pixels.
        down, right: (H,), (W,) float32 share of the way to the next node.
    """

    points: NDArray[np.float64]
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    down: NDArray[np.float32]
    right: NDArray[np.float32]

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return (H, W) float32 between (N,) values; a pixel has the same value in every window."""
        nodes = values.astype(np.float32).reshape(int(self.rows[-1]) + 2, int(self.cols[-1]) + 2)
        lines = nodes[:, self.cols] * (1.0 - self.right) + nodes[:, self.cols + 1] * self.right
        result = np.empty((self.rows.size, self.cols.size), np.float32)
        # From node to node: no more than a few rows at once, which stay in the processor's cache.
        starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
        behind = np.empty((int(np.diff(starts, append=self.rows.size).max()), self.cols.size), np.float32)
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), self.rows.size], strict=True):
            node, down = int(self.rows[start]), self.down[start:end, np.newaxis]
            np.multiply(lines[node], 1.0 - down, out=result[start:end])
            below = np.multiply(lines[node + 1], down, out=behind[: end - start])
            result[start:end] += below
        return result


def lattice_of(grid: PixelGrid) -> Lattice:
    """Return the lattice around a window."""
    columns, cols, right = _between(grid.x_m)
    lines, rows, down = _between(grid.y_m)
    x, y = np.meshgrid(columns, lines)
    return Lattice(np.stack([x.ravel(), y.ravel()], axis=1), rows, cols, down, right)


def _between(
    places: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the lattice around places, the node before each, and the share of the way to the next."""
    at = np.floor(places / LATTICE_M).astype(np.int64)
    nodes = np.arange(at[0], at[-1] + 2) * LATTICE_M
    share = (places / LATTICE_M - at).astype(np.float32)
    return nodes, at - at[0], share
