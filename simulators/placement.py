"""Where a new object stands: candidates by context, a donor or a drawn shape, turned to its neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.distributions import Quantity, draw_quantity
from diachron.core.motion import Motion
from diachron.core.scene import Donor, Footprint, Sun
from diachron.simulators import orientation
from diachron.simulators.site import Site

# Candidates drawn at once, and batches before an incident is given up.
BATCH = 192
BATCHES = 6
# Donors tried at one place.
DONORS_PER_PLACE = 4
# A donor seen with larger pixels than this many times the scene's would look soft among sharp roofs.
COARSEST = 1.3
# Fewer pixels than this are a dot, not a building.
FEWEST_PIXELS = 20
# A turn this small is left out: the pixels then stay as they are, without resampling.
NEGLIGIBLE_TURN_DEG = 4.0
# Rounding a point to its pixel moves it by up to half a diagonal, 0.71.
ROUNDING_PX = 0.75
# Shapes thinner than this, and donors shrunk below this, have no pixel that is sure to be theirs.
SMALLEST_PROBED_PX = 6.0
SMALLEST_PROBED_SCALE = 0.75
PROBE_STEPS = np.array([(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0)]).T


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
    gap_px = max(1.0, wish.gap_m / gsd)
    set_back_px = draw_quantity(rng, wish.set_back_m) / gsd
    area_m2 = draw_quantity(rng, wish.area_m2)
    for _ in range(BATCHES):
        for row, col in _candidates(rng, site, wish, gap_px, set_back_px):
            local = orientation.at(site.terrain.walls, row, col)
            if origin == "drawn":
                found = _drawn_at(rng, site, wish, row, col, area_m2, local, gap_px)
            else:
                found = _donor_at(rng, site, wish, origin, row, col, local, gap_px)
            if found is not None:
                site.take(found.footprint, gap_px)
                if found.donor is not None:
                    site.lend(found.donor)
                return found
    return "no_room"


def _choose_origin(rng: np.random.Generator, site: Site, wish: Wish) -> str | None:
    """Draw where the footprint comes from among the origins that this site has."""
    same, other = (bool(site.lenders(wish.object_class, same_scene=here)) for here in (True, False))
    weights = np.array(
        [
            wish.sources[0] if same else 0.0,
            wish.sources[1] if other else 0.0,
            wish.sources[2] if same or other or not site.needs_pixels else 0.0,
        ]
    )
    if weights.sum() <= 0:
        return None
    return ("scene", "others", "drawn")[int(rng.choice(3, p=weights / weights.sum()))]


def _candidates(
    rng: np.random.Generator, site: Site, wish: Wish, gap_px: float, set_back_px: float
) -> list[tuple[int, int]]:
    """Return a few pixels, the most suitable first drawn: open, off the road, near roads or neighbours."""
    rows, cols = site.scene.grid.shape
    r = rng.integers(0, rows, BATCH)
    c = rng.integers(0, cols, BATCH)
    gsd = site.scene.grid.gsd_m
    clearance = site.terrain.clearance_px[r, c]
    weight = wish.surface_weights[site.scene.surface[r, c]] * (clearance > gap_px + 2.0)
    if site.terrain.to_road_px is not None:
        to_road = site.terrain.to_road_px[r, c]
        weight = weight * (to_road > set_back_px) * (0.15 + np.exp(-to_road * gsd / 30.0))
    else:
        weight = weight * (0.15 + np.exp(-clearance * gsd / 40.0))
    open_ones = np.flatnonzero(weight > 0)
    if open_ones.size == 0:
        return []
    # Exponential races: the order of -log(u)/w is a draw without replacement in proportion to w.
    race = rng.exponential(size=open_ones.size) / weight[open_ones]
    best = open_ones[np.argsort(race, kind="stable")[:12]]
    return list(zip(r[best].tolist(), c[best].tolist(), strict=True))


def _donor_at(
    rng: np.random.Generator,
    site: Site,
    wish: Wish,
    origin: str,
    row: int,
    col: int,
    local: float | None,
    gap_px: float,
) -> Placement | None:
    """Return the first of up to `DONORS_PER_PLACE` donors that fits at (row, col), turned as its sun allows."""
    same = origin == "scene"
    gsd = site.scene.grid.gsd_m
    own = [
        donor
        for donor in site.lenders(wish.object_class, same_scene=same)
        if donor.gsd_m <= COARSEST * gsd and site.is_free(donor)
    ]
    options = []
    for index in rng.permutation(len(own)).tolist():
        donor = own[index]
        turn = feasible_turn(donor, site.scene.sun, local, wish.turn_limit_deg, same=same)
        if turn is None:
            continue
        scale = 1.0 if same else donor.gsd_m / gsd * draw_quantity(rng, wish.scale)
        options.append((donor, turn, scale))
        if len(options) == DONORS_PER_PLACE:
            break
    for donor, turn, scale in options:
        motion = centred_motion(donor, row, col, turn, scale)
        # Turning a mask costs ten times as much as asking a few of its pixels, and most places fail there.
        if not motion.is_exact and not site.is_open(*_moved_probes(site, donor, motion), gap_px):
            continue
        footprint = moved_footprint(donor, motion)
        if footprint is not None and site.fits(footprint, wish.surface_weights > 0, gap_px):
            own_deg = donor.object.orientation_deg
            facing = None if own_deg is None else (own_deg + turn) % 90.0
            return Placement(footprint, facing, {"origin": "donor", **_lent(donor, motion)}, donor)
    return None


def _lent(donor: Donor, motion: Motion) -> dict[str, object]:
    """Return what a renderer must know to take a donor's pixels."""
    return {"donor_scene": donor.scene, "donor_object": donor.object.id, "motion": motion.to_json()}


def feasible_turn(
    donor: Donor, sun: Sun | None, local_deg: float | None, limit_deg: float, *, same: bool
) -> float | None:
    """Return by how much to turn a donor so that walls fit the neighbourhood and shadows the sun.

    Args:
        donor: the object and the sun of its scene.
        sun: of the scene that it comes to.
        local_deg: direction of the neighbourhood modulo 90 degrees, None where nothing stands.
        limit_deg: how far the turned shadow may disagree with the sun.
        same: whether it comes from the same picture.

    Returns:
        The turn in degrees, or None where no turn satisfies both.
    """
    if sun is not None and donor.sun is not None:
        here = math.degrees(math.atan2(sun.shadow_row, sun.shadow_col))
        there = math.degrees(math.atan2(donor.sun.shadow_row, donor.sun.shadow_col))
        wanted = (here - there + 180.0) % 360.0 - 180.0
    elif same or (sun is None and donor.sun is None):
        wanted = 0.0
    else:
        return None
    own = donor.object.orientation_deg
    if local_deg is None or own is None:
        turn = wanted
    else:
        # Of the four turns that line up the walls, the one that agrees best with the sun.
        lined_up = orientation.quarter_turn_difference(own, local_deg)
        turn = lined_up + 90.0 * math.ceil((wanted - lined_up) / 90.0 - 0.5)
        if abs(turn - wanted) > limit_deg:
            return None
    return 0.0 if abs(turn) < NEGLIGIBLE_TURN_DEG else turn


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
        source.mask.astype(np.float32), motion.matrix(), offset, output_shape=shape, order=1
    )
    return _trim(Footprint(top, left, soft > 0.5))


def _moved_probes(site: Site, donor: Donor, motion: Motion) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (rows, cols) of pixels that the moved footprint is sure to have."""
    if motion.scale < SMALLEST_PROBED_SCALE:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    rows, cols = site.probes(donor)
    back = motion.matrix()
    # The inverse of a similarity is its transpose over the squared scale.
    there = motion.scale**2 * (back.T @ np.stack([rows - motion.from_row, cols - motion.from_col]))
    return np.rint(there[0] + motion.to_row).astype(np.intp), np.rint(there[1] + motion.to_col).astype(
        np.intp
    )


def _trim(footprint: Footprint) -> Footprint | None:
    """Return the footprint in its smallest window; None for a dot."""
    rows = np.flatnonzero(footprint.mask.any(axis=1))
    cols = np.flatnonzero(footprint.mask.any(axis=0))
    if rows.size == 0 or np.count_nonzero(footprint.mask) < FEWEST_PIXELS:
        return None
    box = footprint.mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return Footprint(footprint.row + int(rows[0]), footprint.col + int(cols[0]), box)


@dataclass(frozen=True)
class Shape:
    """A drawn footprint: a rectangle, or an L that lacks one corner.

    Args:
        length_px, width_px: of the whole rectangle.
        angle: of its length, radians from the column axis towards the row axis.
        cut: shares of length and width that the missing corner takes; zeros for a rectangle.
    """

    length_px: float
    width_px: float
    angle: float
    cut: tuple[float, float]

    def footprint_at(self, row: int, col: int) -> Footprint | None:
        """Return its pixels, centred on (row, col); None for a dot."""
        reach = math.ceil(math.hypot(self.length_px, self.width_px) / 2) + 1
        across_image = np.arange(-reach, reach + 1, dtype=np.float64)
        down_image = across_image[:, np.newaxis]
        along = across_image * math.cos(self.angle) + down_image * math.sin(self.angle)
        across = -across_image * math.sin(self.angle) + down_image * math.cos(self.angle)
        mask = (np.abs(along) <= self.length_px / 2) & (np.abs(across) <= self.width_px / 2)
        if self.cut != (0.0, 0.0):
            mask &= ~(
                (along > self.length_px * (0.5 - self.cut[0]))
                & (across > self.width_px * (0.5 - self.cut[1]))
            )
        return _trim(Footprint(row - reach, col - reach, mask))

    def probes_at(self, row: int, col: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return (rows, cols) of pixels that `footprint_at` is sure to have: corners, middles of sides, centre."""
        if self.width_px < SMALLEST_PROBED_PX:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        along = PROBE_STEPS[0] * (self.length_px / 2 - ROUNDING_PX)
        across = PROBE_STEPS[1] * (self.width_px / 2 - ROUNDING_PX)
        if self.cut != (0.0, 0.0):
            kept = (along <= self.length_px * (0.5 - self.cut[0]) - ROUNDING_PX) | (
                across <= self.width_px * (0.5 - self.cut[1]) - ROUNDING_PX
            )
            along, across = along[kept], across[kept]
        c, s = math.cos(self.angle), math.sin(self.angle)
        return (
            np.rint(along * s + across * c).astype(np.intp) + row,
            np.rint(along * c - across * s).astype(np.intp) + col,
        )


def draw_shape(rng: np.random.Generator, area_m2: float, gsd_m: float, local_deg: float | None) -> Shape:
    """Return a rectangle or, one time in four, an L, turned to its neighbours.

    Aspect ratios of 1 to 2.2 hold most detached houses; the L loses a corner of a quarter to a half by side.
    """
    aspect = float(rng.uniform(1.0, 2.2))
    angled = bool(rng.uniform() < 0.25)
    cut = rng.uniform(0.25, 0.5, 2).tolist() if angled else [0.0, 0.0]
    full_px = area_m2 / (gsd_m * gsd_m) / (1.0 - cut[0] * cut[1])
    angle = math.radians(float(rng.uniform(0, 90)) if local_deg is None else local_deg)
    if rng.uniform() < 0.5:
        angle += math.pi / 2
    return Shape(math.sqrt(full_px * aspect), math.sqrt(full_px / aspect), angle, (cut[0], cut[1]))


def _drawn_at(
    rng: np.random.Generator,
    site: Site,
    wish: Wish,
    row: int,
    col: int,
    area_m2: float,
    local: float | None,
    gap_px: float,
) -> Placement | None:
    """Return a drawn shape that fits at (row, col), with the roof of a donor of about its size if there is one."""
    shape = draw_shape(rng, area_m2, site.scene.grid.gsd_m, local)
    hopeful = site.is_open(*shape.probes_at(row, col), gap_px)
    footprint = shape.footprint_at(row, col) if hopeful else None
    if hopeful and footprint is None:
        return None
    near = _donors_of_size(site, wish, area_m2, local)
    chosen = near[int(rng.integers(len(near)))] if near else None
    if footprint is None or not site.fits(footprint, wish.surface_weights > 0, gap_px):
        return None
    motion = None if chosen is None else _roof_motion(site, chosen, footprint, local, wish)
    if chosen is None or motion is None:
        return None if site.needs_pixels else Placement(footprint, local, {"origin": "drawn"})
    return Placement(footprint, local, {"origin": "drawn", **_lent(chosen, motion)}, chosen)


def _donors_of_size(site: Site, wish: Wish, area_m2: float, local: float | None) -> list[Donor]:
    """Return the donors of about an area that can be turned to fit here."""
    return [
        donor
        for same in (True, False)
        for donor in site.lenders(wish.object_class, same_scene=same)
        if 0.6 <= donor.area_m2 / area_m2 <= 3.0
        and site.is_free(donor)
        and feasible_turn(donor, site.scene.sun, local, wish.turn_limit_deg, same=same) is not None
    ]


def _roof_motion(
    site: Site, donor: Donor, footprint: Footprint, local: float | None, wish: Wish
) -> Motion | None:
    """Return the motion that covers a whole footprint with a donor's roof; None where it would be blown up."""
    turn = feasible_turn(
        donor, site.scene.sun, local, wish.turn_limit_deg, same=donor.scene == site.scene.source
    )
    source = donor.object.footprint
    # The roof must cover the whole shape: scale by the side that needs it most, and no more than that.
    gsd_scale = donor.gsd_m / site.scene.grid.gsd_m
    need = max(footprint.mask.shape[0] / source.mask.shape[0], footprint.mask.shape[1] / source.mask.shape[1])
    scale = max(gsd_scale, need)
    if turn is None or scale > 1.35 * gsd_scale:
        return None
    return Motion(
        source.row + (source.mask.shape[0] - 1) / 2,
        source.col + (source.mask.shape[1] - 1) / 2,
        footprint.row + (footprint.mask.shape[0] - 1) / 2,
        footprint.col + (footprint.mask.shape[1] - 1) / 2,
        turn,
        scale,
    )
