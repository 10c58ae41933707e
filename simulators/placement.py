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
    allowed = wish.surface_weights > 0
    set_back_px = draw_quantity(rng, wish.set_back_m) / gsd
    area_m2 = draw_quantity(rng, wish.area_m2)
    for _ in range(BATCHES):
        for row, col in _candidates(rng, site, wish, gap_px, set_back_px):
            local = orientation.at(site.terrain.walls, row, col)
            if origin == "drawn":
                shape = draw_shape(rng, area_m2, gsd, local)
                options = [_with_donor_for_shape(rng, site, shape, row, col, area_m2, local, wish)]
            else:
                options = _donor_placements(rng, site, wish, origin, row, col, local)
            for option in options:
                if option is not None and site.fits(option.footprint, allowed, gap_px):
                    site.take(option.footprint, gap_px)
                    if option.donor is not None:
                        site.lend(option.donor)
                    return option
    return "no_room"


def _choose_origin(rng: np.random.Generator, site: Site, wish: Wish) -> str | None:
    """Draw where the footprint comes from among the origins that this site has."""
    same = any(d.scene == site.scene.source and d.object.object_class == wish.object_class for d in site.donors)
    other = any(d.scene != site.scene.source and d.object.object_class == wish.object_class for d in site.donors)
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


def _donor_placements(
    rng: np.random.Generator,
    site: Site,
    wish: Wish,
    origin: str,
    row: int,
    col: int,
    local: float | None,
) -> list[Placement | None]:
    """Return up to `DONORS_PER_PLACE` donors moved to (row, col), each turned as its sun allows."""
    own = [
        donor
        for donor in site.donors
        if donor.object.object_class == wish.object_class
        and (donor.scene == site.scene.source) == (origin == "scene")
        and site.is_free(donor)
        and donor.gsd_m <= COARSEST * site.scene.grid.gsd_m
    ]
    order = rng.permutation(len(own))
    found: list[Placement | None] = []
    for index in order:
        donor = own[int(index)]
        turn = feasible_turn(donor, site.scene.sun, local, wish.turn_limit_deg, same=origin == "scene")
        if turn is None:
            continue
        scale = 1.0 if origin == "scene" else donor.gsd_m / site.scene.grid.gsd_m * draw_quantity(rng, wish.scale)
        found.append(move_donor(donor, row, col, turn, scale))
        if len(found) == DONORS_PER_PLACE:
            break
    return found


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
        turn = min((lined_up + 90.0 * k for k in range(-2, 3)), key=lambda t: abs(t - wanted))
        if abs(turn - wanted) > limit_deg:
            return None
    return 0.0 if abs(turn) < NEGLIGIBLE_TURN_DEG else turn


def move_donor(donor: Donor, row: int, col: int, turn_deg: float, scale: float) -> Placement | None:
    """Return the donor's footprint at its new place; None where scaling leaves a dot."""
    source = donor.object.footprint
    height, width = source.mask.shape
    centre_row, centre_col = source.row + height // 2, source.col + width // 2
    motion = Motion(float(centre_row), float(centre_col), float(row), float(col), turn_deg, scale)
    if motion.is_exact:
        footprint = Footprint(row - height // 2, col - width // 2, source.mask)
    else:
        reach = math.ceil(math.hypot(height, width) * scale / 2) + 1
        top, left = row - reach, col - reach
        shape = (2 * reach + 1, 2 * reach + 1)
        offset = motion.offset(top, left) - np.array([source.row, source.col])
        soft = ndimage.affine_transform(
            source.mask.astype(np.float32), motion.matrix(), offset, output_shape=shape, order=1
        )
        moved = _trim(Footprint(top, left, soft > 0.5))
        if moved is None:
            return None
        footprint = moved
    own = donor.object.orientation_deg
    return Placement(
        footprint,
        None if own is None else (own + turn_deg) % 90.0,
        {
            "origin": "donor",
            "donor_scene": donor.scene,
            "donor_object": donor.object.id,
            "motion": motion.to_json(),
        },
        donor,
    )


def _trim(footprint: Footprint) -> Footprint | None:
    """Return the footprint in its smallest window; None for a dot."""
    rows = np.flatnonzero(footprint.mask.any(axis=1))
    cols = np.flatnonzero(footprint.mask.any(axis=0))
    if rows.size == 0 or np.count_nonzero(footprint.mask) < FEWEST_PIXELS:
        return None
    box = footprint.mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return Footprint(footprint.row + int(rows[0]), footprint.col + int(cols[0]), box)


def draw_shape(
    rng: np.random.Generator, area_m2: float, gsd_m: float, local_deg: float | None
) -> tuple[NDArray[np.bool_], float, float]:
    """Return (mask, length_px, width_px) of a rectangle or, one time in four, an L, turned to its neighbours.

    Aspect ratios of 1 to 2.2 hold most detached houses; the L loses a corner of a quarter to a half by side.
    """
    aspect = float(rng.uniform(1.0, 2.2))
    angled = bool(rng.uniform() < 0.25)
    cut = rng.uniform(0.25, 0.5, 2) if angled else np.zeros(2)
    full_px = area_m2 / (gsd_m * gsd_m) / (1.0 - float(cut.prod()))
    length, width = math.sqrt(full_px * aspect), math.sqrt(full_px / aspect)
    angle = math.radians(float(rng.uniform(0, 90)) if local_deg is None else local_deg)
    if rng.uniform() < 0.5:
        angle += math.pi / 2
    reach = math.ceil(math.hypot(length, width) / 2) + 1
    row, col = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    along = col * math.cos(angle) + row * math.sin(angle)
    across = -col * math.sin(angle) + row * math.cos(angle)
    mask = (np.abs(along) <= length / 2) & (np.abs(across) <= width / 2)
    if angled:
        mask &= ~((along > length * (0.5 - cut[0])) & (across > width * (0.5 - cut[1])))
    return mask, length, width


def _with_donor_for_shape(
    rng: np.random.Generator,
    site: Site,
    shape: tuple[NDArray[np.bool_], float, float],
    row: int,
    col: int,
    area_m2: float,
    local: float | None,
    wish: Wish,
) -> Placement | None:
    """Return the drawn shape at (row, col), with the roof of a donor of about its size if there is one."""
    mask, _, _ = shape
    reach = mask.shape[0] // 2
    footprint = _trim(Footprint(row - reach, col - reach, mask))
    if footprint is None:
        return None
    parameters: dict[str, object] = {"origin": "drawn"}
    near = [
        (donor, turn)
        for donor in site.donors
        if donor.object.object_class == wish.object_class and site.is_free(donor) and 0.6 <= donor.area_m2 / area_m2 <= 3.0
        for turn in [
            feasible_turn(
                donor, site.scene.sun, local, wish.turn_limit_deg, same=donor.scene == site.scene.source
            )
        ]
        if turn is not None
    ]
    lender: Donor | None = None
    if near:
        donor, turn = near[int(rng.integers(len(near)))]
        source = donor.object.footprint
        # The roof must cover the whole shape: scale by the side that needs it most, and no more than that.
        gsd_scale = donor.gsd_m / site.scene.grid.gsd_m
        need = max(
            footprint.mask.shape[0] / source.mask.shape[0], footprint.mask.shape[1] / source.mask.shape[1]
        )
        scale = max(gsd_scale, need)
        if scale <= 1.35 * gsd_scale:
            motion = Motion(
                source.row + (source.mask.shape[0] - 1) / 2,
                source.col + (source.mask.shape[1] - 1) / 2,
                footprint.row + (footprint.mask.shape[0] - 1) / 2,
                footprint.col + (footprint.mask.shape[1] - 1) / 2,
                turn,
                scale,
            )
            lender = donor
            parameters |= {
                "donor_scene": donor.scene,
                "donor_object": donor.object.id,
                "motion": motion.to_json(),
            }
    if site.needs_pixels and lender is None:
        return None
    return Placement(footprint, local, parameters, lender)
