"""Where a new object stands: candidates by context, a donor or a drawn shape, turned to its neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.distributions import Quantity, draw_quantity
from diachron.core.motion import Motion
from diachron.core.scene import Donor, Footprint
from diachron.simulators import orientation
from diachron.simulators.lenders import Lender, Pixels
from diachron.simulators.shapes import ROUNDING_PX, draw_shape, trimmed
from diachron.simulators.site import SMALLEST_GAP_PX, Site

# Candidates drawn at once, and batches before an incident is given up.
BATCH = 192
BATCHES = 4
# The middle of a house is at least this far from its walls.
HALF_A_HOUSE_M = 1.7
# Donors tried at one place.
DONORS_PER_PLACE = 4
# A donor seen with larger pixels than this many times the scene's would look soft among sharp roofs.
COARSEST = 1.3
# A turn this small is left out: the pixels then stay as they are, without resampling.
NEGLIGIBLE_TURN_DEG = 4.0
# An interpolated mask is sure of a pixel whose four neighbours are its own: a diagonal more.
BLURRED_PX = 1.42
# Donors shrunk below this have no pixel that is sure to be theirs.
SMALLEST_PROBED_SCALE = 0.75


ORIGINS = ("scene", "others", "drawn")


@dataclass(frozen=True)
class Wish:
    """What is to be placed.

    Args:
        object_class: hub id.
        area_m2: of drawn shapes, and the middle of the donors that are taken for one.
        surface_weights: 256 floats, relative density by hub id of the surface; 0 forbids.
        gap_m: to anything else.
        set_back_m: from the nearest road, at least.
        turn_limit_deg: how far a donor's shadow may disagree with the scene's sun.
        scale: of a donor, beyond the difference in gsd.
        sources: weights of donors of this scene, donors of other scenes, drawn shapes.
    """

    object_class: int
    area_m2: Quantity
    surface_weights: NDArray[np.float64]
    gap_m: float
    set_back_m: Quantity
    turn_limit_deg: float
    scale: Quantity
    sources: tuple[float, float, float]


@dataclass(frozen=True)
class Placement:
    """A footprint, the donor that lends its pixels, and the same in JSON-ready `parameters`."""

    footprint: Footprint
    orientation_deg: float | None
    parameters: dict[str, object]
    donor: Donor | None = None


@dataclass(frozen=True)
class _Search:
    """The search for one incident's place: what is wanted, in pixels."""

    site: Site
    wish: Wish
    origin: str
    gap_px: float
    set_back_px: float
    area_m2: float
    allowed: NDArray[np.bool_]

    def room_px(self, row: int, col: int) -> float:
        """Return the radius of the open ground around a pixel, less the gap that is to be kept."""
        return float(self.site.terrain.clearance_px[row, col]) - self.gap_px

    @cached_property
    def roofs(self) -> _Roofs:
        """Donors of about the wanted area."""
        return _Roofs(
            [
                lender
                for same in (True, False)
                for lender in self.site.free_lenders(self.wish.object_class, same_scene=same)
                if 0.6 <= lender.donor.area_m2 / self.area_m2 <= 3.0
            ]
        )


@dataclass(frozen=True)
class _Roofs:
    """Donors as columns: a drawn shape asks all of them at each of the many places that it tries."""

    lenders: list[Lender]

    @cached_property
    def _columns(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        own = [lender.donor.object.orientation_deg for lender in self.lenders]
        wanted = [lender.shadow_turn_deg for lender in self.lenders]
        return np.array(own, np.float64), np.array(wanted, np.float64)

    def that_turn(self, local_deg: float | None, limit_deg: float) -> NDArray[np.intp]:
        """Return the places in the list of those to which `feasible_turn` gives a turn."""
        own, wanted = self._columns
        known = ~np.isnan(wanted)
        if local_deg is None:
            return np.flatnonzero(known)
        # Where a donor has no direction of its own the comparison is with NaN, and any place will do.
        return np.flatnonzero(
            known & ~(np.abs(_lined_up(own, local_deg, wanted, np.ceil) - wanted) > limit_deg)
        )


def place(rng: np.random.Generator, site: Site, wish: Wish) -> Placement | str:
    """Return a placement, or the reason why there is none: `no_donor` or `no_room`.

    Args:
        rng: the process's stream.
        site: open ground and donors.
        wish: what is wanted.
    """
    origin = _choose_origin(rng, site, wish)
    if origin is None:
        return "no_donor"
    gsd = site.scene.grid.gsd_m
    search = _Search(
        site,
        wish,
        origin,
        gap_px=max(SMALLEST_GAP_PX, wish.gap_m / gsd),
        set_back_px=draw_quantity(rng, wish.set_back_m) / gsd,
        area_m2=draw_quantity(rng, wish.area_m2),
        allowed=wish.surface_weights > 0,
    )
    try_at = _drawn_at if origin == "drawn" else _donor_at
    for _ in range(BATCHES):
        for row, col in _candidates(rng, search):
            found = try_at(rng, search, row, col, orientation.at(site.terrain.walls, row, col))
            if found is not None:
                site.take(found.footprint, search.gap_px)
                if found.donor is not None:
                    site.lend(found.donor)
                return found
    return "no_room"


def _choose_origin(rng: np.random.Generator, site: Site, wish: Wish) -> str | None:
    """Draw where the footprint comes from among the origins that this site has."""
    same, other = (bool(site.lenders(wish.object_class, same_scene=here)) for here in (True, False))
    weights = (
        wish.sources[0] if same else 0.0,
        wish.sources[1] if other else 0.0,
        wish.sources[2] if same or other or not site.needs_pixels else 0.0,
    )
    if sum(weights) <= 0:
        return None
    # `Generator.choice` spends ten times as long on checking its weights.
    bounds = list(accumulate(weights))
    share = rng.random()
    return next(name for name, bound in zip(ORIGINS, bounds, strict=True) if share < bound / bounds[-1])


def _candidates(rng: np.random.Generator, search: _Search) -> list[tuple[int, int]]:
    """Return a few pixels, the most suitable first drawn: open, off the road, near roads or neighbours."""
    scene, terrain = search.site.scene, search.site.terrain
    rows, cols = scene.grid.shape
    pixels = rng.integers(0, rows, BATCH) * cols + rng.integers(0, cols, BATCH)
    # Pixels that are out are dropped before the next layer is read: most of the cost is fetching memory.
    clearance = terrain.clearance_px.ravel()[pixels]
    half_px = max(2.0, HALF_A_HOUSE_M / scene.grid.gsd_m)
    kept = (clearance > search.gap_px + half_px).nonzero()[0]
    pixels = pixels[kept]
    if terrain.to_road_px is not None:
        to_road = terrain.to_road_px.ravel()[pixels]
        kept = (to_road > search.set_back_px + half_px).nonzero()[0]
        pixels = pixels[kept]
        weight = 0.15 + np.exp(to_road[kept] * (-scene.grid.gsd_m / 30.0))
    else:
        weight = 0.15 + np.exp(clearance[kept] * (-scene.grid.gsd_m / 40.0))
    weight = search.wish.surface_weights[scene.surface.ravel()[pixels]] * weight
    weight *= terrain.plain.ravel()[pixels]
    open_ones = weight.nonzero()[0]
    # Exponential races: the order of -log(u)/w is a draw without replacement in proportion to w.
    race = rng.exponential(size=open_ones.size) / weight[open_ones]
    best = pixels[open_ones[race.argsort(kind="stable")[:12]]]
    return list(zip((best // cols).tolist(), (best % cols).tolist(), strict=True))


def _donor_at(
    rng: np.random.Generator, search: _Search, row: int, col: int, local: float | None
) -> Placement | None:
    """Return the first of a few donors that fits at (row, col), turned as its sun allows."""
    site, wish = search.site, search.wish
    same = search.origin == "scene"
    gsd = site.scene.grid.gsd_m
    own = site.free_lenders(wish.object_class, same_scene=same)
    if not same:
        own = [lender for lender in own if lender.donor.gsd_m <= COARSEST * gsd]
    options = _options(rng, search, own, local)
    if not same:
        # Their sizes are drawn before the first is tried, so that a stream does not depend on what fits.
        options = iter(list(options))
    room_px = search.room_px(row, col)
    for lender, turn, scale in options:
        # Most places are too narrow, and one number or a few pixels tell; turning a mask costs much more.
        exact = turn == 0.0 and scale == 1.0
        if room_px <= (lender.core_px if exact else (lender.core_px - BLURRED_PX) * scale) - 2 * ROUNDING_PX:
            continue
        donor = lender.donor
        motion = centred_motion(donor, row, col, turn, scale)
        if not site.is_open(_moved_probes(lender, motion), search.gap_px, search.set_back_px):
            continue
        footprint = moved_footprint(donor, motion)
        if footprint is not None and site.fits(footprint, search.allowed, search.gap_px, search.set_back_px):
            own_deg = donor.object.orientation_deg
            facing = None if own_deg is None else (own_deg + turn) % 90.0
            return Placement(footprint, facing, {"origin": "donor", **_lent(donor, motion)}, donor)
    return None


def _options(
    rng: np.random.Generator, search: _Search, lenders: list[Lender], local: float | None
) -> Iterator[tuple[Lender, float, float]]:
    """Yield a few donors in random order, each with a turn that suits the place and a scale."""
    same = search.origin == "scene"
    gsd = search.site.scene.grid.gsd_m
    found = 0
    for index in rng.permutation(len(lenders)).tolist():
        lender = lenders[index]
        turn = feasible_turn(lender, local, search.wish.turn_limit_deg)
        if turn is not None:
            scale = 1.0 if same else lender.donor.gsd_m / gsd * draw_quantity(rng, search.wish.scale)
            yield lender, turn, scale
            found += 1
            if found == DONORS_PER_PLACE:
                return


def _lent(donor: Donor, motion: Motion) -> dict[str, object]:
    """Return what a renderer must know to take a donor's pixels."""
    return {"donor_scene": donor.scene, "donor_object": donor.object.id, "motion": motion.to_json()}


def feasible_turn(lender: Lender, local_deg: float | None, limit_deg: float) -> float | None:
    """Return by how much to turn a donor so that walls fit the neighbourhood and shadows the sun.

    Args:
        lender: the donor, with the turn that its shadow asks for.
        local_deg: direction of the neighbourhood modulo 90 degrees, None where nothing stands.
        limit_deg: how far the turned shadow may disagree with the sun.

    Returns:
        The turn in degrees, or None where no turn satisfies both.
    """
    wanted = lender.shadow_turn_deg
    if wanted is None:
        return None
    turn = wanted
    own = lender.donor.object.orientation_deg
    if local_deg is not None and own is not None:
        turn = _lined_up(own, local_deg, wanted, math.ceil)
        if abs(turn - wanted) > limit_deg:
            return None
    return 0.0 if abs(turn) < NEGLIGIBLE_TURN_DEG else turn


def _lined_up(own_deg: Any, local_deg: float, wanted_deg: Any, ceil: Callable[[Any], Any]) -> Any:
    """Return, of the turns that line up the walls, the one nearest to what is wanted; numbers or arrays."""
    first = orientation.quarter_turn_difference(own_deg, local_deg)
    return first + 90.0 * ceil((wanted_deg - first) / 90.0 - 0.5)


def centred_motion(donor: Donor, row: int, col: int, turn_deg: float, scale: float) -> Motion:
    """Return the motion that takes the middle pixel of a donor's window to (row, col)."""
    source = donor.object.footprint
    height, width = source.mask.shape
    return Motion(
        float(source.row + height // 2),
        float(source.col + width // 2),
        float(row),
        float(col),
        turn_deg,
        scale,
    )


def moved_footprint(donor: Donor, motion: Motion) -> Footprint | None:
    """Return a donor's footprint at its new place; None where scaling leaves a dot."""
    source = donor.object.footprint
    height, width = source.mask.shape
    row, col = int(motion.to_row), int(motion.to_col)
    if motion.is_exact:
        return Footprint(row - height // 2, col - width // 2, source.mask)
    reach = math.ceil(math.hypot(height, width) * motion.scale / 2) + 1
    top, left = row - reach, col - reach
    shape = (2 * reach + 1, 2 * reach + 1)
    offset = motion.offset(top, left) - np.array([source.row, source.col])
    soft = ndimage.affine_transform(
        source.mask.astype(np.float32),
        motion.matrix(),
        offset,
        output_shape=shape,
        order=1,
        mode="grid-constant",
    )
    return trimmed(Footprint(top, left, soft > 0.5))


def _moved_probes(lender: Lender, motion: Motion) -> Pixels:
    """Return (rows, cols) of pixels that the moved footprint is sure to have."""
    if motion.scale < SMALLEST_PROBED_SCALE:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    rows, cols = lender.probes
    if motion.is_exact:
        return rows + int(motion.to_row - motion.from_row), cols + int(motion.to_col - motion.from_col)
    back = motion.matrix()
    # The inverse of a similarity is its transpose over the squared scale.
    there = motion.scale**2 * (back.T @ np.stack([rows - motion.from_row, cols - motion.from_col]))
    return np.rint(there[0] + motion.to_row).astype(np.intp), np.rint(there[1] + motion.to_col).astype(
        np.intp
    )


def _drawn_at(
    rng: np.random.Generator, search: _Search, row: int, col: int, local: float | None
) -> Placement | None:
    """Return a drawn shape that fits at (row, col), with the roof of a donor of its size if there is one."""
    site, wish = search.site, search.wish
    shape = draw_shape(rng, search.area_m2, site.scene.grid.gsd_m, local)
    if search.room_px(row, col) <= shape.core_px - 2 * ROUNDING_PX:
        return None
    if not site.is_open(shape.probes_at(row, col), search.gap_px, search.set_back_px):
        return None
    footprint = shape.footprint_at(row, col)
    if footprint is None or not site.fits(footprint, search.allowed, search.gap_px, search.set_back_px):
        return None
    near = search.roofs.that_turn(local, wish.turn_limit_deg)
    chosen = search.roofs.lenders[near[rng.integers(near.size)]] if near.size else None
    if chosen is not None:
        donor = chosen.donor
        turn = feasible_turn(chosen, local, wish.turn_limit_deg)
        motion = _roof_motion(donor, footprint, turn or 0.0, donor.gsd_m / site.scene.grid.gsd_m)
        if motion is not None:
            return Placement(footprint, local, {"origin": "drawn", **_lent(donor, motion)}, donor)
    return None if site.needs_pixels else Placement(footprint, local, {"origin": "drawn"})


def _roof_motion(donor: Donor, footprint: Footprint, turn_deg: float, gsd_scale: float) -> Motion | None:
    """Return the motion that covers a footprint with a donor's roof; None where it would be blown up."""
    source = donor.object.footprint
    # The roof must cover the whole shape: scale by the side that needs it most, and no more than that.
    need = max(footprint.mask.shape[0] / source.mask.shape[0], footprint.mask.shape[1] / source.mask.shape[1])
    scale = max(gsd_scale, need)
    if scale > 1.35 * gsd_scale:
        return None
    return Motion(
        source.row + (source.mask.shape[0] - 1) / 2,
        source.col + (source.mask.shape[1] - 1) / 2,
        footprint.row + (footprint.mask.shape[0] - 1) / 2,
        footprint.col + (footprint.mask.shape[1] - 1) / 2,
        turn_deg,
        scale,
    )
