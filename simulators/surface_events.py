"""Pieces of ground that change their kind: where they may lie, how they are cut, and the events they make."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.distributions import Quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.core.growth import grown, near
from diachron.core.scene import Footprint, SceneObject
from diachron.simulators import orientation
from diachron.simulators.blocks import cropped
from diachron.simulators.measure import Box, Measure
from diachron.simulators.shown_ground import is_shown
from diachron.simulators.site import Site

Mask = NDArray[np.bool_]
# Pixels row by row, and their running sum of weights.
Weighted = tuple[NDArray[np.intp], NDArray[np.float64]]

# Open pixels between a piece and what stands beside it: the outermost pixel of a wall sees both.
MARGIN_PX = 1
# A connected piece of up to this many times the drawn size changes as a whole.
WHOLE = 1.3
# Fewer pixels are a speck that no map would show.
FEWEST_PIXELS = 20
# No piece takes more of a picture: around it, something has to stay as it is, and to be made more of.
MOST_SHARE = 0.12
# A window looks so many times as far as the piece is long.
REACH = 2.5
# Ground within this distance tells what lay under a thing before it was built.
AROUND_M = 8.0


@dataclass(frozen=True)
class Form:
    """How pieces are cut from ground that is larger than they are.

    Args:
        elongation: long over short side.
        straight: sides follow the walls of the neighbourhood; else the outline is free.
        along_deg: direction of the long side where it is given, from the column axis towards the row axis.
        grain_m: size of the bays of a free outline.
        rough: how deep they are, as a share of the radius (deviation of a logarithm).
        rounded_m: no tongue is narrower than twice this.
        least_share: of the drawn size; with less ground, there is no piece.
    """

    elongation: float = 1.5
    straight: bool = False
    along_deg: float | None = None
    grain_m: float = 8.0
    rough: float = 0.25
    rounded_m: float = 0.0
    least_share: float = 0.5


@dataclass(frozen=True)
class Piece:
    """Connected ground of one kind.

    Args:
        footprint: its pixels.
        surface: hub id that the real picture has there.
        along_deg: direction of its long side, degrees from the column axis towards the row axis, in [0, 180).
        measure: of the distance from its seed by which it was cut.
    """

    footprint: Footprint
    surface: int
    along_deg: float
    measure: Measure

    @property
    def distance(self) -> NDArray[np.float64]:
        """(N,) how far its pixels, row by row, are from its seed."""
        rows, cols = self.footprint.mask.nonzero()
        return self.measure.at(rows + self.footprint.row, cols + self.footprint.col)


class Ground:
    """Where the surface of a site may change, looked at once for all incidents of a process.

    Args:
        site: what stands and what is claimed now.
    """

    def __init__(self, site: Site) -> None:
        scene = site.scene
        self.site = site
        self.open: Mask = (
            ~grown(scene.instances > 0, MARGIN_PX) & (scene.surface != hub.IGNORE) & site.unclaimed()
        )
        self._candidates: dict[bytes, Weighted] = {}
        self._pieces: dict[int, tuple[NDArray[np.int32], NDArray[np.intp]]] = {}

    def can_be_painted(self, kind: int, area_m2: float) -> bool:
        """Return whether so much of a kind can be shown: paving always, others where the picture has some."""
        if not self.site.needs_pixels or kind == hub.DEVELOPED:
            return True
        return is_shown(self.site.scene, kind, area_m2)

    def drawn_m2(self, rng: np.random.Generator, area_m2: Quantity) -> float:
        """Return the size of the next piece: as drawn, and in a small picture no more than a share of it."""
        return min(max(1.0, draw_quantity(rng, area_m2)), MOST_SHARE * 1e6 * self.site.terrain.area_km2)

    def seed(self, rng: np.random.Generator, weights: NDArray[np.float64]) -> tuple[int, int] | None:
        """Return an open pixel, drawn by weight of its kind and by where the process is likely.

        Args:
            rng: the process's stream.
            weights: (256,) by hub id of the surface; 0 forbids.
        """
        return self.open_place(rng, self._weighted(weights))

    def open_place(self, rng: np.random.Generator, table: Weighted) -> tuple[int, int] | None:
        """Return a pixel of `cumulated`'s table; None where it has been taken since, or from an empty one."""
        pixel = drawn_pixel(rng, table)
        if pixel is None or not self.open.flat[pixel]:
            return None
        row, col = divmod(pixel, self.site.scene.grid.shape[1])
        return row, col

    def _weighted(self, weights: NDArray[np.float64]) -> Weighted:
        key = weights.tobytes()
        if key not in self._candidates:
            surface = self.site.scene.surface
            wanted = self.open & (weights > 0)[surface]
            self._candidates[key] = cumulated(self.site, wanted, weights[surface])
        return self._candidates[key]

    def piece(self, rng: np.random.Generator, row: int, col: int, area_m2: float, form: Form) -> Piece | None:
        """Return the connected ground around a pixel, cut to a size where it is larger; None for a scrap.

        Args:
            rng: the process's stream.
            row, col: an open pixel; its kind is the piece's.
            area_m2: wanted.
            form: of the cut.
        """
        site = self.site
        gsd = site.scene.grid.gsd_m
        wanted_px = max(area_m2 / gsd**2, FEWEST_PIXELS)
        least_px = max(FEWEST_PIXELS, form.least_share * wanted_px)
        kind = int(site.scene.surface[row, col])
        if self._connected_px(kind, row, col) < least_px:
            return None
        radius_px = math.sqrt(wanted_px * form.elongation / math.pi)
        along = _direction(rng, site, row, col, form)
        noise = np.random.default_rng(int(rng.integers(2**32)))
        reach = math.ceil(REACH * math.exp(2 * form.rough) * radius_px) + 2
        box = window_around(row, col, reach, site.scene.grid.shape)
        same = self.open[box] & (site.scene.surface[box] == kind)
        own = _connected(same, row - box[0].start, col - box[1].start)
        own_px = np.count_nonzero(own)
        if own_px < least_px:
            return None
        grain_px = form.grain_m / gsd / 2
        rough = 0.0 if form.straight else form.rough
        measure = Measure(noise, box, (row, col), along, form.elongation, form.straight, rough, grain_px)
        if own_px > WHOLE * wanted_px:
            own, box = measure.nearest(own, round(wanted_px))
        own, box = _tight(own, box)
        own = _largest(_rounded(own, max(form.rounded_m / gsd, 1.0)))
        if np.count_nonzero(own) < least_px:
            return None
        return Piece(cropped(own, box), kind, along, measure)

    def _connected_px(self, kind: int, row: int, col: int) -> int:
        """Return the most pixels that a piece around one can have: a quick no for most places in a town."""
        if kind not in self._pieces:
            labels, _ = ndimage.label(self.open & (self.site.scene.surface == kind))
            self._pieces[kind] = labels, np.bincount(labels.ravel())
        labels, sizes = self._pieces[kind]
        return int(sizes[labels[row, col]])

    def take(self, footprint: Footprint) -> None:
        """Keep later events off some ground."""
        self.site.take(footprint, 0.0)
        window = self.open[footprint.window]
        window &= ~footprint.mask


def cumulated(site: Site, wanted: Mask, weights: NDArray[np.float64]) -> Weighted:
    """Return the pixels of a mask, row by row, and their running sum of weight times likelihood."""
    pixels = np.flatnonzero(wanted)
    shares = weights.ravel()[pixels]
    if site.likelihood is not None:
        shares = shares * site.likelihood.ravel()[pixels]
    return pixels, np.cumsum(shares)


def drawn_pixel(rng: np.random.Generator, table: Weighted) -> int | None:
    """Return one pixel of `cumulated`'s table by its weight; None from an empty one."""
    pixels, sums = table
    if pixels.size == 0 or sums[-1] <= 0:
        return None
    at = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
    return int(pixels[min(at, pixels.size - 1)])


def window_around(row: int, col: int, reach: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the window of so many pixels around one, cut at the border."""
    return (
        slice(max(row - reach, 0), min(row + reach + 1, shape[0])),
        slice(max(col - reach, 0), min(col + reach + 1, shape[1])),
    )


def weights_of(table: Mapping[str, float]) -> NDArray[np.float64]:
    """Return (256,) weights by hub id from a mapping of names."""
    weights = np.zeros(256)
    for name, weight in table.items():
        weights[hub.IDS[name]] = weight
    return weights


def _direction(rng: np.random.Generator, site: Site, row: int, col: int, form: Form) -> float:
    """Return the direction of a long side: as given, of the walls around, either way, or any."""
    chance = float(rng.random())
    if form.along_deg is not None:
        return form.along_deg % 180.0
    local = orientation.at(site.terrain.walls, row, col) if form.straight else None
    return 180.0 * chance if local is None else (local + (90.0 if chance < 0.5 else 0.0)) % 180.0


def _connected(mask: Mask, row: int, col: int) -> Mask:
    """Return the piece of a mask that holds a pixel."""
    pieces, _ = ndimage.label(mask)
    own: Mask = (pieces == pieces[row, col]) & mask
    return own


def _tight(mask: Mask, box: Box) -> tuple[Mask, Box]:
    """Return the part of a window that holds a mask, with a pixel around it where the window has one."""
    sides = []
    for axis in (1, 0):
        at = np.flatnonzero(mask.any(axis=axis))
        sides.append(slice(max(int(at[0]) - 1, 0), min(int(at[-1]) + 2, mask.shape[1 - axis])))
    rows, cols = sides
    top, left = box[0].start, box[1].start
    return mask[rows, cols], (
        slice(top + rows.start, top + rows.stop),
        slice(left + cols.start, left + cols.stop),
    )


def _rounded(mask: Mask, radius_px: float) -> Mask:
    """Return a mask without what is narrower than a disc; a border of the window is no outline."""
    padded = np.pad(mask, math.ceil(radius_px) + 1, mode="edge")
    opened = near(~near(~padded, radius_px), radius_px)
    edge = math.ceil(radius_px) + 1
    return opened[edge:-edge, edge:-edge] & mask


def _largest(mask: Mask) -> Mask:
    """Return the largest connected piece of a mask."""
    pieces, count = ndimage.label(mask)
    if count == 0:
        return mask
    own: Mask = pieces == int(np.bincount(pieces.ravel())[1:].argmax()) + 1
    return own


def in_steps(piece: Piece, count: int) -> list[Footprint]:
    """Return a piece in parts of like area, one around the other from its seed outwards.

    Args:
        piece: with the distances that it was cut by.
        count: wanted parts; a small piece has fewer.
    """
    pixels = piece.footprint.pixels
    count = max(1, min(count, pixels // FEWEST_PIXELS))
    mask = piece.footprint.mask
    distance = piece.distance
    order = np.argsort(distance)
    # Pixels of one distance keep their order, so that every part has its share.
    if (np.diff(distance[order]) == 0).any():
        order = np.argsort(distance, kind="stable")
    number = np.empty(pixels, np.intp)
    number[order] = np.arange(pixels) * count // pixels
    steps = np.full(mask.shape, -1)
    steps[mask] = number
    return [cropped(steps == step, piece.footprint.window) for step in range(count)]


def kind_around(ground: Ground, footprint: Footprint) -> int | None:
    """Return the kind of dry ground that most open pixels around have, of those that can be painted."""
    scene = ground.site.scene
    row, col = (side.start for side in footprint.window)
    reach = max(3, math.ceil(AROUND_M / scene.grid.gsd_m))
    rows, cols = footprint.mask.shape
    box = window_around(row + rows // 2, col + cols // 2, reach + max(rows, cols) // 2, scene.grid.shape)
    area_m2 = footprint.pixels * scene.grid.pixel_area_m2
    counts = np.bincount(scene.surface[box][scene.instances[box] == 0], minlength=256)
    counts[[hub.IGNORE, hub.WATER, hub.WETLAND, hub.SNOW]] = 0
    for kind in np.argsort(-counts, kind="stable").tolist():
        if counts[kind] == 0:
            return None
        if ground.can_be_painted(kind, area_m2):
            return int(kind)
    return None


def change_event(
    site: Site,
    process: str,
    kind: str,
    phase: str,
    time_years: float,
    footprint: Footprint,
    here: Cover,
    there: Cover,
    *,
    later: bool,
    border_m: float | None = None,
    causes: tuple[int, ...] = (),
    object_id: int = 0,
    new_object: SceneObject | None = None,
    parameters: Mapping[str, object] | None = None,
) -> ChangeEvent:
    """Return an event between what the real picture shows and what another date does.

    Args:
        site: gives the id and the size of a pixel.
        process, kind, phase, time_years, footprint, causes, object_id, new_object: of the event.
        here, there: what the footprint carries in the real picture, and at the other date.
        later: whether the other date comes after the real one.
        border_m: width over which new ground passes into old, for a renderer; None where no ground is new.
        parameters: more for a renderer.
    """
    told: dict[str, object] = {} if border_m is None else {"border_m": round(border_m, 2)}
    return ChangeEvent(
        id=site.new_event_id(),
        process=process,
        kind=kind,
        phase=phase,
        time_years=time_years,
        object_id=object_id,
        before=here if later else there,
        after=there if later else here,
        footprint=footprint,
        area_m2=footprint.pixels * site.scene.grid.pixel_area_m2,
        new_object=new_object,
        parameters=told | dict(parameters or {}),
        causes=causes,
    )
