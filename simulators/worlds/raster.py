"""Many polygons drawn at once, by rows: a pixel is inside where its centre is.

Corners, rows and columns are absolute numbers of the world's pixel grid, so that every window rounds alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# About so many pixels are written at once.
PART_PX = 1 << 16
Values = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class PixelGrid:
    """A window of the pixel grid that covers the whole world.

    Args:
        row, col: of the upper left pixel; pixel (0, 0) has its upper left corner at the world's origin.
        shape: rows, columns.
        pixel_m: side of a pixel.
    """

    row: int
    col: int
    shape: tuple[int, int]
    pixel_m: float

    @property
    def x_m(self) -> Values:
        """(W,) metres east of the centres of columns."""
        centres = np.arange(self.col, self.col + self.shape[1], dtype=np.float64)
        centres += 0.5
        centres *= self.pixel_m
        return centres

    @property
    def y_m(self) -> Values:
        """(H,) metres south of the centres of rows."""
        centres = np.arange(self.row, self.row + self.shape[0], dtype=np.float64)
        centres += 0.5
        centres *= self.pixel_m
        return centres

    def box_m(self, margin_m: float = 0.0) -> tuple[float, float, float, float]:
        """Return west, north, east and south edge in metres east and south."""
        p = self.pixel_m
        return (
            self.col * p - margin_m,
            self.row * p - margin_m,
            (self.col + self.shape[1]) * p + margin_m,
            (self.row + self.shape[0]) * p + margin_m,
        )


@dataclass(frozen=True)
class Spans:
    """Runs of pixels of one row each, in the order of their owners.

    Args:
        start: position of the first pixel in the flattened window.
        length: pixels.
        owner: index of the polygon or disc.
    """

    start: Whole
    length: Whole
    owner: Whole

    def pixels(self) -> tuple[Whole, Whole]:
        """Return positions of all pixels, some repeatedly, and the span that each belongs to."""
        ends = np.cumsum(self.length)
        total = int(ends[-1]) if ends.size else 0
        span = np.repeat(np.arange(self.length.size), self.length)
        return np.arange(total) + np.repeat(self.start - (ends - self.length), self.length), span

    def paint(self, raster: NDArray[np.generic], values: NDArray[np.generic]) -> None:
        """Write the value of each owner into its pixels; later owners cover earlier ones."""
        flat = raster.reshape(-1)
        of_span = values[self.owner]
        ends = np.cumsum(self.length)
        total = int(ends[-1]) if ends.size else 0
        # A part at a time: positions of all pixels would take more memory than the raster.
        cuts = np.searchsorted(ends, np.arange(0, total, PART_PX)).tolist()
        for first, last in itertools.pairwise([*cuts, ends.size]):
            length = self.length[first:last]
            before = np.cumsum(length) - length
            at = np.repeat(self.start[first:last] - before, length)
            at += np.arange(at.size)
            flat[at] = np.repeat(of_span[first:last], length)


def polygon_spans(polygons: Sequence[Values], grid: PixelGrid) -> Spans:
    """Return the spans of simple polygons without holes that are convex or nearly so.

    Between the outermost crossings of a row everything is taken: dents of a bent edge are filled.

    Args:
        polygons: (n, 2) corners each, metres east and south.
        grid: the window.
    """
    slot, x, owner, row = _crossings(polygons, np.arange(len(polygons)), grid)
    if slot.size == 0:
        return Spans(slot, slot, slot)
    count = int(slot.max()) + 1
    low = np.full(count, np.inf)
    high = np.full(count, -np.inf)
    np.minimum.at(low, slot, x)
    np.maximum.at(high, slot, x)
    owner_of = np.zeros(count, np.int64)
    row_of = np.zeros(count, np.int64)
    owner_of[slot] = owner
    row_of[slot] = row
    kept = np.isfinite(low)
    return _spans(low[kept], high[kept], row_of[kept], owner_of[kept], grid)


def ring_spans(rings: Sequence[Values], owners: Whole, grid: PixelGrid) -> Spans:
    """Return the spans of polygons of any form, with holes: inside is where an odd number of rings lies.

    Args:
        rings: (n, 2) corners each, metres east and south.
        owners: (len(rings),) index of the polygon of each ring, rising.
        grid: the window.
    """
    slot, x, owner, row = _crossings(rings, owners, grid)
    order = np.lexsort((x, slot))
    slot, x, owner, row = slot[order], x[order], owner[order], row[order]
    return _spans(x[0::2], x[1::2], row[0::2], owner[0::2], grid)


def disc_spans(x: Values, y: Values, radius: Values, grid: PixelGrid) -> Spans:
    """Return the spans of discs, in their order.

    Args:
        x, y, radius: (N,) metres.
        grid: the window.
    """
    p = grid.pixel_m
    first = np.maximum(np.ceil((y - radius) / p - 0.5).astype(np.int64), grid.row)
    last = np.minimum(np.ceil((y + radius) / p - 0.5).astype(np.int64), grid.row + grid.shape[0])
    count = np.maximum(last - first, 0)
    disc = np.repeat(np.arange(x.size), count)
    row = _counted(first, count)
    down = (row + 0.5) * p - y[disc]
    half = np.sqrt(np.maximum(radius[disc] ** 2 - down * down, 0.0))
    return _spans(x[disc] - half, x[disc] + half, row, disc, grid)


def _crossings(rings: Sequence[Values], owners: Whole, grid: PixelGrid) -> tuple[Whole, Values, Whole, Whole]:
    """Return where edges cross the centre lines of rows: slot of (owner, row), x, owner and row."""
    empty = np.zeros(0, np.int64)
    if not len(rings):
        return empty, np.zeros(0), empty, empty
    p = grid.pixel_m
    sizes = np.array([len(ring) for ring in rings])
    points = np.concatenate(rings)
    ends = np.cumsum(sizes)
    following = np.arange(1, points.shape[0] + 1)
    following[ends - 1] = ends - sizes
    ring = np.repeat(np.arange(sizes.size), sizes)
    x0, y0 = points[:, 0], points[:, 1]
    x1, y1 = x0[following], y0[following]
    top, bottom = np.minimum(y0, y1), np.maximum(y0, y1)
    first = np.maximum(np.ceil(top / p - 0.5).astype(np.int64), grid.row)
    last = np.minimum(np.ceil(bottom / p - 0.5).astype(np.int64), grid.row + grid.shape[0])
    count = np.maximum(last - first, 0)
    edge = np.repeat(np.arange(points.shape[0]), count)
    row = _counted(first, count)
    # From the upper end, so that the two polygons of a shared edge round alike.
    down = y1 >= y0
    xt, yt = np.where(down, x0, x1), np.where(down, y0, y1)
    xb, yb = np.where(down, x1, x0), np.where(down, y1, y0)
    slope = (xb - xt) / np.maximum(yb - yt, 1e-300)
    x = xt[edge] + slope[edge] * ((row + 0.5) * p - yt[edge])
    edge_owner = owners[ring]
    owner = edge_owner[edge]
    # One slot for each row of each owner, not for each row of the window.
    shape = int(owners.max()) + 1
    upper = np.full(shape, np.iinfo(np.int64).max)
    lower = np.full(shape, np.iinfo(np.int64).min)
    np.minimum.at(upper, edge_owner, first)
    np.maximum.at(lower, edge_owner, last)
    rows = np.maximum(np.where(upper < lower, lower - upper, 0), 0)
    offset = np.cumsum(rows) - rows
    return offset[owner] + (row - upper[owner]), x, owner, row


def _counted(first: Whole, count: Whole) -> Whole:
    """Return first, first + 1, ... for each, one after the other."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if ends.size else 0
    return np.arange(total) + np.repeat(first - (ends - count), count)


def _spans(left: Values, right: Values, row: Whole, owner: Whole, grid: PixelGrid) -> Spans:
    p = grid.pixel_m
    begin = np.clip(np.ceil(left / p - 0.5).astype(np.int64) - grid.col, 0, grid.shape[1])
    end = np.clip(np.ceil(right / p - 0.5).astype(np.int64) - grid.col, 0, grid.shape[1])
    kept = end > begin
    start = (row - grid.row) * grid.shape[1] + begin
    return Spans(start[kept], (end - begin)[kept], owner[kept])
