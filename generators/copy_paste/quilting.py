"""Quilting: pieces of real ground, laid over a hole and joined where they differ least from what is there.

A piece is as large as the ground at hand allows, so that what stands and lies on it stays whole. It is chosen
by colour, grain and direction of the ground around the hole; a smooth field brings it to the local light; a
cut through the overlap decides which pixels are the piece's. Sources: Efros and Freeman 2001 (pieces and
cuts), Kwatra et al. 2003 (cuts of any shape). The cut is a watershed of the negative difference, which is a
minimum spanning forest cut (Cousty et al. 2009) and takes milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from diachron.core.growth import grown, near
from diachron.generators.copy_paste.features import EXTRA_PLANES, Planes
from diachron.generators.copy_paste.membrane import doubled, membrane

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# Looked at for one piece: enough to find a like one, few enough to compare in milliseconds.
CANDIDATES = 128
RING_POINTS = 240
INNER_POINTS = 160
# With fewer points around a hole, its colours are not known.
FEWEST_RING = 12
# Colours of a kind of ground whose quantiles are taken; more would not move them.
MOST_USUAL = 4000
# A deviation of strange colour inside a piece weighs as much as this many around it.
STRANGE = 1.5
# A ring point that differs by more than this many deviations of the scene is a wall or a car: it counts no
# more than this, and does not tell of the light.
OUTLIER = 1.2
# Deviations that a piece of another kind of ground, or one that lies there already, may look better by.
OTHER_KIND = 0.8
REPEATED = 0.4
# Among pieces, those within this factor of the best are equally good.
TOLERANCE = 1.15
# Deviations by which a piece's brightness, and its colours against that, may be shifted.
MOST_LIGHT = 0.6
MOST_TINT = 0.2
# A cut runs no farther from the hole than this.
LONGEST_CUT_PX = 12.0
# Where the hole goes on beyond a piece, its end is ragged: up to this share of its side is left to the next.
# Where two pieces agree nowhere a cut runs along the end, and a straight one would show as a window's edge.
RAGGED = 0.1
RAGGED_SIGMA_PX = 3.0
# Width of the transition across a cut: what the optics of the picture give to any edge.
SOFT_PX = 0.7


@dataclass(frozen=True)
class Quarry:
    """Where pieces of one kind of ground are taken from.

    Args:
        image: (C, H, W) of the scene.
        features: of its ground, see `ground_features`.
        good: (ceil(H / 2), ceil(W / 2)) half-resolution pixels that may be copied.
        kind: (ceil(H / 2), ceil(W / 2)) those of the wanted kind.
        gain, offset: (C,) that bring its values to those of the painted scene.
        middle: where near pieces lie, None for another scene.
    """

    image: NDArray[np.generic]
    features: Planes
    good: Mask
    kind: Mask
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]
    middle: tuple[float, float] | None

    def at(
        self, places: NDArray[np.int64], rows: NDArray[np.intp], cols: NDArray[np.intp]
    ) -> NDArray[np.int64]:
        """Return (places, points): where points of windows lie in the planes, counted row by row."""
        width = self.good.shape[1]
        flat: NDArray[np.int64] = (places @ (width, 1))[:, None] + (rows * width + cols)
        return flat

    def usual(self) -> Planes:
        """Return (C, n) colours of ground of the kind, as they would be in the painted scene."""
        at = np.flatnonzero(self.kind)
        at = at[:: max(1, at.size // MOST_USUAL)]
        bands = self.gain.size
        colours = self.features[:bands].reshape(bands, -1)[:, at]
        found: Planes = colours * self.gain[:, None] + self.offset[:, None]
        return found

    def features_at(
        self, planes: int, places: NDArray[np.int64], rows: NDArray[np.intp], cols: NDArray[np.intp]
    ) -> Planes:
        """Return (planes, places, points) the first of the features there."""
        flat = self.features[:planes].reshape(planes, -1)
        found: Planes = flat.take(self.at(places, rows, cols), axis=1)
        return found


@dataclass
class Patchwork:
    """A window while it is being filled; all sides are even, and it begins at even pixels of its scene.

    Args:
        picture: (C, h, w) float32.
        features: (C + 3, h / 2, w / 2) of the ground in it.
        need: (h, w) pixels that are still to be filled.
        settled: (h, w) ground that a piece should agree with.
        reach: (h, w) ground beyond the hole that may be written: a cut runs through what of it is settled.
        touched: (h, w) pixels that were written.
        spread: (C,) deviation of the scene's ground, the unit of differences.
        rim_px: width over which a piece passes into what is around it.
    """

    picture: Picture
    features: Planes
    need: Mask
    settled: Mask
    reach: Mask
    touched: Mask
    spread: NDArray[np.float32]
    rim_px: float

    def lay(
        self,
        rng: np.random.Generator,
        quarry: Quarry,
        places: NDArray[np.int64],
        size: int,
        uses: dict[tuple[int, int], int],
    ) -> bool:
        """Lay one piece over the next part of the hole; say whether one was found that is ground all over.

        Args:
            rng: chooses among like pieces.
            quarry: lends them.
            places: (n, 2) upper left pixels, even, of windows that may hold some.
            size: of a window.
            uses: how often ground was taken, by cell of 16 pixels.
        """
        window = self._next_window(size)
        need, ring = self.need[window], self.settled[window]
        low = (_low(window[0]), _low(window[1]))
        low_need = need[::2, ::2] | need[1::2, ::2] | need[::2, 1::2] | need[1::2, 1::2]
        places = _drawn(rng, places, quarry.middle) // 2
        rows, cols = np.nonzero(low_need)
        at = quarry.at(places, rows, cols)
        fits = quarry.good.ravel().take(at).all(axis=1)
        if not fits.any():
            return False
        places = places[fits]
        kind_share = quarry.kind.ravel().take(at[fits]).mean(axis=1)
        low_ring = ring[::2, ::2] & ring[1::2, 1::2]
        cost = self._differences(rng, quarry, places, low, low_ring)
        cost += self._strange(rng, quarry, places, low, low_ring, (rows, cols))
        repeated = np.array([uses.get((int(r) // 8, int(c) // 8), 0) for r, c in places])
        cost += OTHER_KIND * (1.0 - kind_share) + REPEATED * repeated
        equal = np.flatnonzero(cost <= TOLERANCE * cost.min() + 1e-6)
        row, col = (int(n) for n in places[equal[int(rng.integers(equal.size))]])
        uses[row // 8, col // 8] = uses.get((row // 8, col // 8), 0) + 1
        self._join(rng, quarry, (row, col), window, low, low_ring)
        return True

    def _next_window(self, size: int) -> tuple[slice, slice]:
        """Return a window over the uppermost, then leftmost part of the hole, with room for an overlap."""
        height, width = self.need.shape
        tall, wide = min(size, height), min(size, width)
        filled_rows = np.flatnonzero(self.need.any(axis=1))
        top = _start(int(filled_rows[0]), int(filled_rows[-1]), tall, height)
        rows = self.need[top : top + tall]
        if self.need[top + tall : top + tall + 1].any():
            # What the ragged end of the piece before has left is for the row of pieces below.
            upper = rows[: tall - math.ceil(RAGGED * tall)]
            rows = upper if upper.any() else rows
        cols = np.flatnonzero(rows.any(axis=0))
        left = _start(int(cols[0]), int(cols[-1]), wide, width)
        return slice(top, top + tall), slice(left, left + wide)

    def _left_over(self, rng: np.random.Generator, window: tuple[slice, slice]) -> Mask:
        """Return (h, w) pixels of a window that are left to the next ones, for ragged ends in the hole."""
        need = self.need[window]
        height, width = need.shape
        left = np.zeros_like(need)
        if self.need[window[0], window[1].stop : window[1].stop + 1].any():
            depth = _ragged_end(rng, height, RAGGED * width)
            left |= np.arange(width, 0, -1) <= depth[:, None]
        if self.need[window[0].stop : window[0].stop + 1, window[1]].any():
            depth = _ragged_end(rng, width, RAGGED * height)
            left |= np.arange(height, 0, -1)[:, None] <= depth
        left &= need
        # A piece that would leave more than it fills keeps its straight end, or filling might not end.
        return left if 2 * np.count_nonzero(left) <= np.count_nonzero(need) else np.zeros_like(left)

    def _differences(
        self,
        rng: np.random.Generator,
        quarry: Quarry,
        places: NDArray[np.int64],
        low: tuple[slice, slice],
        low_ring: Mask,
    ) -> NDArray[np.float64]:
        """Return (n,) how much the ground around pieces differs from the ring, in deviations of the scene."""
        rows, cols = np.nonzero(low_ring)
        if rows.size == 0:
            return np.zeros(len(places))
        if rows.size > RING_POINTS:
            kept = rng.choice(rows.size, RING_POINTS, replace=False)
            rows, cols = rows[kept], cols[kept]
        here = self.features[:, low[0], low[1]][:, rows, cols]
        bands = quarry.gain.size
        there = quarry.features_at(bands + EXTRA_PLANES, places, rows, cols)
        unit = np.concatenate([self.spread, np.full(EXTRA_PLANES, self.spread.mean() / 2)])
        gain = np.concatenate([quarry.gain, np.full(EXTRA_PLANES, quarry.gain.mean())])
        offset = np.concatenate([quarry.offset, np.zeros(EXTRA_PLANES)])
        gap = (there * gain[:, None, None] + offset[:, None, None] - here[:, None]) / unit[:, None, None]
        colour = np.abs(gap[:bands]).mean(axis=0)
        structure = np.abs(gap[bands:]).mean(axis=0)
        result: NDArray[np.float64] = np.minimum(colour + structure, OUTLIER).mean(axis=1)
        return result

    def _strange(
        self,
        rng: np.random.Generator,
        quarry: Quarry,
        places: NDArray[np.int64],
        low: tuple[slice, slice],
        low_ring: Mask,
        needed: tuple[NDArray[np.intp], NDArray[np.intp]],
    ) -> NDArray[np.float64]:
        """Return (n,) how far pieces hold colours that the ring does not have: cars, lines, other ground.

        Without a ring, colours that are rare on ground of the kind are strange.
        """
        kept = rng.permutation(needed[0].size)[:INNER_POINTS]
        rows, cols = needed[0][kept], needed[1][kept]
        bands = quarry.gain.size
        if np.count_nonzero(low_ring) < FEWEST_RING:
            usual = quarry.usual()
        else:
            usual = self.features[:bands, low[0], low[1]][:, low_ring]
        floor, ceiling = np.quantile(usual, (0.05, 0.95), axis=1)[:, :, None, None]
        gain, offset = quarry.gain[:, None, None], quarry.offset[:, None, None]
        there = quarry.features_at(bands, places, rows, cols) * gain + offset
        beyond = np.maximum(np.maximum(floor - there, there - ceiling), 0.0) / self.spread[:, None, None]
        result: NDArray[np.float64] = np.minimum(beyond.mean(axis=0), OUTLIER).mean(axis=1)
        return STRANGE * result

    def _join(
        self,
        rng: np.random.Generator,
        quarry: Quarry,
        place: tuple[int, int],
        window: tuple[slice, slice],
        low: tuple[slice, slice],
        low_ring: Mask,
    ) -> None:
        """Write a piece: brought to the local light, cut to where it fits, soft across the cut."""
        need = self.need[window] & ~self._left_over(rng, window)
        height, width = need.shape
        there = (slice(2 * place[0], 2 * place[0] + height), slice(2 * place[1], 2 * place[1] + width))
        low_there = (
            slice(place[0], place[0] + height // 2),
            slice(place[1], place[1] + width // 2),
        )
        gain, offset = quarry.gain[:, None, None], quarry.offset[:, None, None]
        piece = quarry.image[:, there[0], there[1]].astype(np.float32) * gain + offset
        bands = len(piece)
        lent = quarry.features[:, low_there[0], low_there[1]].copy()
        lent[:bands] = lent[:bands] * gain + offset
        good = quarry.good[low_there]
        gap = self.features[:bands, low[0], low[1]] - lent[:bands]
        usual = (np.abs(gap) / self.spread[:, None, None]).mean(axis=0) < OUTLIER
        weight = (low_ring & good & usual).astype(np.float32)
        if weight.any():
            light = _bounded(membrane(gap, weight), self.spread)
            piece += doubled(light)
            lent[:bands] += light
        old = self.picture[:, window[0], window[1]]
        free = (self.reach[window] & self.settled[window]) & good.repeat(2, axis=0).repeat(2, axis=1)
        taken = _cut(need, free, np.abs(piece - old).mean(axis=0))
        blur = ndimage.gaussian_filter(taken.astype(np.float32), max(self.rim_px / 2.0, SOFT_PX))
        # A blur is a half on the cut. Where the cut runs along the hole, whose inner side has to be full, it
        # is doubled, so that there is no step.
        along_hole = grown(need, 2)
        alpha = np.where(along_hole & ~taken, np.minimum(2.0 * blur, 1.0), blur)
        alpha[alpha < 0.05] = 0.0
        alpha[~(self.reach[window] | need)] = 0.0
        alpha[need] = 1.0
        self.picture[:, window[0], window[1]] = old + alpha * (piece - old)
        self.touched[window] |= alpha > 0
        self.need[window] &= ~taken
        self.settled[window] |= taken
        # What was laid may be cut into by the next piece, so that no cut shows as a line.
        self.reach[window] |= taken
        low_taken = taken[::2, ::2]
        planes = self.features[:, low[0], low[1]]
        planes[:, low_taken] = lent[:, low_taken]


def _ragged_end(rng: np.random.Generator, length: int, most: float) -> NDArray[np.float32]:
    """Return (length,) how deep an end is cut into, 0 to `most` pixels, going up and down smoothly."""
    noise = ndimage.gaussian_filter1d(rng.standard_normal(length), RAGGED_SIGMA_PX, mode="nearest")
    # Of white noise blurred along a line the variance is 1 / (2 sqrt(pi) sigma).
    noise *= (2.0 * math.sqrt(math.pi) * RAGGED_SIGMA_PX) ** 0.5
    depth: NDArray[np.float32] = (most * np.clip(0.5 + 0.25 * noise, 0.0, 1.0)).astype(np.float32)
    return depth


def _low(side: slice) -> slice:
    """Return a side of a window at half the resolution."""
    return slice(side.start // 2, side.stop // 2)


def _bounded(light: Planes, spread: NDArray[np.float32]) -> Planes:
    """Return a field that changes brightness somewhat and colours little: more is other ground, not light."""
    unit = float(spread.mean())
    brightness = light.mean(axis=0, keepdims=True)
    tint = np.clip(light - brightness, -MOST_TINT * unit, MOST_TINT * unit)
    return (np.clip(brightness, -MOST_LIGHT * unit, MOST_LIGHT * unit) + tint).astype(np.float32)


def _start(first: int, last: int, size: int, length: int) -> int:
    """Return where a window begins, even: with an overlap before the hole, or around all of it."""
    extent = last + 1 - first
    before = (size - extent) // 2 if extent <= size else size // 5
    return max(0, min(first - before, length - size)) // 2 * 2


def _drawn(
    rng: np.random.Generator, places: NDArray[np.int64], middle: tuple[float, float] | None
) -> NDArray[np.int64]:
    """Return some of the places, near ones more often: near ground looks alike."""
    if middle is None:
        return places[rng.permutation(len(places))[:CANDIDATES]]
    distance = np.hypot(places[:, 0] - middle[0], places[:, 1] - middle[1])
    order = np.argsort(rng.exponential(size=len(places)) * (40.0 + distance), kind="stable")
    return places[order[:CANDIDATES]]


def _cut(need: Mask, free: Mask, difference: NDArray[np.float32]) -> Mask:
    """Return which pixels of a window become the piece's: all that are needed, and beyond them up to a cut.

    Never the mask that is given: the caller marks off what it needed while it still reads the result.

    Args:
        need: (h, w) pixels without ground so far.
        free: (h, w) ground that may be replaced.
        difference: (h, w) of piece and picture.
    """
    band = free & ~need
    if not band.any():
        return need.copy()
    smooth = ndimage.uniform_filter(difference, 3)
    edge = np.ones(need.shape, bool)
    edge[1:-1, 1:-1] = False
    # The old ground keeps the window's edge, or the next window would show as a square.
    far = ~grown(need, 1) & (edge | ~(near(need, LONGEST_CUT_PX) & (need | free)))
    markers = np.zeros(need.shape, np.int32)
    markers[need] = 1
    markers[far & band] = 2
    markers[~(need | band)] = 2
    height = -smooth / max(float(smooth.max()), 1e-6)
    # Where nothing is left to decide, nothing is flooded.
    rows, cols = (np.flatnonzero((markers != 2).any(axis=side)) for side in (1, 0))
    open_part = tuple(slice(max(int(at[0]) - 1, 0), int(at[-1]) + 2) for at in (rows, cols))
    taken = need.copy()
    taken[open_part] |= (watershed(height[open_part], markers[open_part]) == 1) & band[open_part]
    return taken
