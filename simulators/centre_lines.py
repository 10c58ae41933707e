"""Centre lines of new roads: smooth curves over open ground between roads that are there and the border."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.growth import near
from diachron.core.scene import Footprint, object_class_map
from diachron.simulators.blocks import cropped, grown_window
from diachron.simulators.site import Site

Mask = NDArray[np.bool_]

# Curves tried before an incident is given up.
CURVES = 80
# A road bends by at most this share of its length to a side: tighter curves would be lanes of a park.
BEND = 0.18
# A new road is mostly off the roads that there are.
MOSTLY_NEW = 0.7
# Half a width and a gap together are less than this; a wider road has all distances measured anew.
WIDEST_M = 24.0
# Points a pixel along a line, so that a strip has no holes.
POINTS_PER_PX = 2.0


@dataclass(frozen=True)
class Way:
    """A new road.

    Args:
        line: (n, 2) rows and columns along its middle.
        footprint: its strip, off the roads that it meets.
    """

    line: NDArray[np.float64]
    footprint: Footprint


class OpenCountry:
    """Where roads may run in a site, looked at once for all incidents.

    Args:
        site: what stands and what is claimed now.
    """

    def __init__(self, site: Site) -> None:
        scene = site.scene
        classes = object_class_map(scene.instances, scene.objects)
        self._shape = scene.grid.shape
        self._gsd_m = scene.grid.gsd_m
        self._likelihood = site.likelihood
        self.roads: Mask = classes == hub.ROAD
        closed = ((scene.instances > 0) & ~self.roads) | ~site.unclaimed()
        closed |= np.isin(scene.surface, (hub.IGNORE, hub.WATER)) & ~self.roads
        self._closed = closed
        self._room_px = self._rooms()
        self._ends = self._end_points()

    def claim(self, footprint: Footprint) -> None:
        """Keep later roads off a new one."""
        self._closed[footprint.window] |= footprint.mask
        # Farther off it may leave less room than is kept here, which no road is wide enough to ask for.
        around = math.ceil(WIDEST_M / self._gsd_m)
        box = grown_window(footprint.window, around, self._shape)
        here = np.ones((box[0].stop - box[0].start, box[1].stop - box[1].start), bool)
        top, left = footprint.row - box[0].start, footprint.col - box[1].start
        here[top : top + footprint.mask.shape[0], left : left + footprint.mask.shape[1]] = ~footprint.mask
        room = self._room_px[box]
        np.minimum(room, ndimage.distance_transform_edt(here), out=room)

    def way(
        self, rng: np.random.Generator, *, width_px: float, gap_px: float, length_px: tuple[float, float]
    ) -> Way | None:
        """Return a road of a width between two ends; None where none of the curves that were tried is open.

        Args:
            rng: the process's stream.
            width_px: kerb to kerb.
            gap_px: to anything but roads.
            length_px: shortest and longest.
        """
        if len(self._ends) < 2:
            return None
        if width_px / 2 + gap_px > WIDEST_M / self._gsd_m:
            self._room_px = self._rooms()
        for line in self._curves(rng, length_px):
            at = tuple(np.rint(line).astype(int).T)
            if self._room_px[at].min() <= width_px / 2 + gap_px:
                continue
            if self.roads[at].mean() > 1.0 - MOSTLY_NEW:
                continue
            footprint = self._strip(line, width_px)
            if footprint is not None:
                return Way(line, footprint)
        return None

    def _rooms(self) -> NDArray[np.float64]:
        """Return (H, W) the distance to the nearest closed pixel."""
        if not self._closed.any():
            return np.full(self._shape, np.inf)
        return np.asarray(ndimage.distance_transform_edt(~self._closed))

    def _end_points(self) -> NDArray[np.int64]:
        """Return (n, 2) pixels of roads, and of the border where it is open."""
        border = np.zeros(self._shape, bool)
        border[[0, -1]] = border[:, [0, -1]] = True
        return np.argwhere((self.roads | border) & ~self._closed)

    def _curves(
        self, rng: np.random.Generator, length_px: tuple[float, float]
    ) -> Iterator[NDArray[np.float64]]:
        """Yield (n, 2) points of cubic curves (Bezier) between two ends, inside the grid."""
        most = np.array(self._shape) - 1
        for _ in range(CURVES):
            first, last = self._ends[rng.integers(len(self._ends), size=2)].astype(float)
            bends = rng.uniform(-BEND, BEND, size=2)
            length = float(np.hypot(*(last - first)))
            if not length_px[0] <= length <= length_px[1]:
                continue
            side = np.array([first[1] - last[1], last[0] - first[0]])
            handles = [
                first + share * (last - first) + bend * side
                for share, bend in zip((1 / 3, 2 / 3), bends, strict=True)
            ]
            t = np.linspace(0.0, 1.0, math.ceil(POINTS_PER_PX * 1.2 * length))[:, None]
            line = (
                (1 - t) ** 3 * first
                + 3 * (1 - t) ** 2 * t * handles[0]
                + 3 * (1 - t) * t**2 * handles[1]
                + t**3 * last
            )
            if not ((line >= 0).all() and (line <= most).all()):
                continue
            if self._likelihood is not None:
                # Thinned by the likelihood of its middle.
                row, col = np.rint(line[len(line) // 2]).astype(int).tolist()
                if rng.random() >= self._likelihood[row, col]:
                    continue
            yield line

    def _strip(self, line: NDArray[np.float64], width_px: float) -> Footprint | None:
        """Return the pixels within half a width of a line, off roads; None where they fall apart."""
        reach = math.ceil(width_px / 2) + 1
        low = np.maximum(np.floor(line.min(axis=0)).astype(int) - reach, 0)
        high = np.minimum(np.ceil(line.max(axis=0)).astype(int) + reach + 1, self._shape)
        box = slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))
        middle = np.zeros((high - low).tolist(), bool)
        middle[tuple(np.rint(line - low).astype(int).T)] = True
        strip = near(middle, width_px / 2) & ~self.roads[box]
        pieces, count = ndimage.label(strip)
        if count == 0:
            return None
        sizes = np.bincount(pieces.ravel())[1:]
        # Scraps beside a junction are no road of their own.
        if sizes.max() < MOSTLY_NEW * sizes.sum():
            return None
        piece: Mask = pieces == int(sizes.argmax()) + 1
        return cropped(piece, box)
