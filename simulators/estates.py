"""Estates: like buildings in rows on one open piece of ground, laid out where nothing stands."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from diachron.core import hub
from diachron.core.distributions import draw_quantity
from diachron.core.scene import Footprint
from diachron.simulators import orientation
from diachron.simulators.blocks import MARGIN_M, Outline, between, cropped, union
from diachron.simulators.donor_motion import centred_motion, feasible_turn, moved_footprint
from diachron.simulators.lenders import Lender
from diachron.simulators.placement import COARSEST, Placement, Wish
from diachron.simulators.site import SMALLEST_GAP_PX, Site

# Middles tried before an incident is given up.
PLACES = 24
# Donors tried for one plot.
DONORS_PER_PLOT = 3
# Houses of one kind: areas within this factor of each other.
ALIKE = 1.7


@dataclass(frozen=True)
class Estate:
    """Buildings that stand in rows, and the ground between and around them."""

    houses: tuple[Placement, ...]
    ground: Footprint


def lay_out(
    rng: np.random.Generator,
    site: Site,
    wish: Wish,
    outline: Outline,
    *,
    lanes_m: tuple[float, float],
    least_buildings: int,
) -> Estate | str:
    """Return an estate on open ground, or why there is none: `no_donor` or `no_room`.

    A drawn donor gives the kind; plots lie on a grid along its walls, and each takes a donor of about its
    size that fits. What is laid out is taken.

    Args:
        rng: the process's stream.
        site: open ground and donors.
        wish: kind of object, ground that may be built on, gaps; its sources and areas are not looked at.
        outline: in which the middles lie.
        lanes_m: ground between two houses of a row, and between two rows.
        least_buildings: fewer are no estate.
    """
    lenders = _usable(site, wish)
    if not lenders:
        return "no_donor"
    free = site.unclaimed()
    for middle in _middles(rng, site, wish):
        kind = lenders[int(rng.integers(len(lenders)))]
        alike = [
            lender for lender in lenders if 1 / ALIKE <= lender.donor.area_m2 / kind.donor.area_m2 <= ALIKE
        ]
        deck = [alike[k] for k in rng.permutation(len(alike)).tolist()]
        houses = _rows(rng, site, wish, outline, middle, kind, deck, lanes_m)
        if len(houses) >= least_buildings:
            ground = _ground_of(site, free, houses, max(*lanes_m, outline.max_gap_m))
            if ground is not None:
                for house in houses:
                    if house.donor is not None:
                        site.lend(house.donor)
                site.take(union((ground, *(house.footprint for house in houses))), 0.0)
                return Estate(tuple(houses), ground)
    return "no_room"


def _usable(site: Site, wish: Wish) -> list[Lender]:
    """Return the donors whose shadows can be brought under this sun and whose pixels are fine enough."""
    both = (
        *site.free_lenders(wish.object_class, same_scene=True),
        *site.free_lenders(wish.object_class, same_scene=False),
    )
    return [
        lender
        for lender in both
        if lender.shadow_turn_deg is not None and lender.donor.gsd_m <= COARSEST * site.scene.grid.gsd_m
    ]


def _middles(rng: np.random.Generator, site: Site, wish: Wish) -> Iterator[tuple[int, int]]:
    """Yield pixels of open ground that may be built on, the widest of four draws each."""
    open_px, cols = site.terrain.open_px, site.scene.grid.shape[1]
    for _ in range(PLACES if open_px.size else 0):
        if site.likelihood is None:
            drawn = open_px[rng.integers(open_px.size, size=4)]
        else:
            likely = [site.open_pixel(spot) for spot in rng.random(4).tolist()]
            if None in likely:
                return
            drawn = np.array(likely, dtype=np.int32)
        pixel = int(drawn[int(np.argmax(site.terrain.clearance_px.flat[drawn]))])
        if wish.allowed[site.scene.surface.item(pixel)]:
            yield divmod(pixel, cols)


def _rows(
    rng: np.random.Generator,
    site: Site,
    wish: Wish,
    outline: Outline,
    middle: tuple[int, int],
    kind: Lender,
    deck: list[Lender],
    lanes_m: tuple[float, float],
) -> list[Placement]:
    """Return the houses of the plots on which one fits."""
    gsd = site.scene.grid.gsd_m
    local = orientation.at(site.terrain.walls, *middle)
    if feasible_turn(kind, local, wish.turn_limit_deg) is None:
        local = None
    turn = feasible_turn(kind, local, wish.turn_limit_deg)
    own_deg = kind.donor.object.orientation_deg
    if turn is None:
        return []
    along_deg = (0.0 if own_deg is None else own_deg) + turn
    length_m, width_m = _sides_m(kind)
    gap_px = max(SMALLEST_GAP_PX, wish.gap_m / gsd)
    set_back_px = draw_quantity(rng, wish.set_back_m) / gsd
    step = np.array([length_m + lanes_m[0], width_m + lanes_m[1]]) / gsd
    angle = math.radians(along_deg)
    houses: list[Placement] = []
    taken = np.zeros(site.scene.grid.shape, bool)
    dealt = 0
    for u, v in _plots(outline, step * gsd):
        along, across = u * step[0], v * step[1]
        down = along * math.sin(angle) + across * math.cos(angle)
        right = along * math.cos(angle) - across * math.sin(angle)
        if not outline.holds(down * gsd, right * gsd):
            continue
        row, col = round(middle[0] + down), round(middle[1] + right)
        for lender in deck[dealt : dealt + DONORS_PER_PLOT]:
            house = _house(lender, row, col, along_deg, gsd, wish)
            if house is None or not site.fits(house.footprint, wish.allowed, gap_px, set_back_px):
                continue
            if _near(taken, house.footprint, gap_px):
                continue
            taken[house.footprint.window][house.footprint.mask] = True
            houses.append(house)
            # A donor that stands here once is dealt no more: clones side by side give it away.
            deck.remove(lender)
            break
        else:
            dealt = 0 if dealt + 2 * DONORS_PER_PLOT > len(deck) else dealt + DONORS_PER_PLOT
    return houses


def _plots(outline: Outline, step_m: np.ndarray) -> list[tuple[int, int]]:
    """Return the cells of a grid that an outline may reach, from the middle outwards."""
    reach = outline.axes_m[0]
    n, m = (math.ceil(reach / float(pitch)) for pitch in step_m)
    cells = [(u, v) for u in range(-n, n + 1) for v in range(-m, m + 1)]
    return sorted(cells, key=lambda cell: (cell[0] * step_m[0]) ** 2 + (cell[1] * step_m[1]) ** 2)


def _sides_m(lender: Lender) -> tuple[float, float]:
    """Return the length of a donor along its wall direction, and across it."""
    rows, cols = np.nonzero(lender.donor.object.footprint.mask)
    angle = math.radians(lender.donor.object.orientation_deg or 0.0)
    along = cols * math.cos(angle) + rows * math.sin(angle)
    across = rows * math.cos(angle) - cols * math.sin(angle)
    gsd = lender.donor.gsd_m
    return (float(np.ptp(along)) + 1.0) * gsd, (float(np.ptp(across)) + 1.0) * gsd


def _house(
    lender: Lender, row: int, col: int, along_deg: float, gsd_m: float, wish: Wish
) -> Placement | None:
    """Return a donor put at a plot with its walls along the rows; None where its shadow forbids it."""
    donor = lender.donor
    turn = feasible_turn(lender, along_deg % 90.0, wish.turn_limit_deg)
    if turn is None:
        return None
    motion = centred_motion(donor, row, col, turn, donor.gsd_m / gsd_m)
    footprint = moved_footprint(donor, motion)
    if footprint is None:
        return None
    own_deg = donor.object.orientation_deg
    facing = None if own_deg is None else (own_deg + turn) % 90.0
    lent = {"donor_scene": donor.scene, "donor_object": donor.object.id, "motion": motion.to_json()}
    return Placement(footprint, facing, {"origin": "donor", **lent}, donor)


def _near(taken: np.ndarray, footprint: Footprint, gap_px: float) -> bool:
    """Return whether something taken lies within a gap of a footprint that is inside the grid."""
    reach = math.ceil(gap_px)
    rows, cols = footprint.window
    around = taken[
        max(rows.start - reach, 0) : rows.stop + reach, max(cols.start - reach, 0) : cols.stop + reach
    ]
    if not around.any():
        return False
    distance = ndimage.distance_transform_edt(~around)
    top, left = min(rows.start, reach), min(cols.start, reach)
    height, width = footprint.mask.shape
    here = distance[top : top + height, left : left + width]
    return bool((here[footprint.mask] <= gap_px).any())


def _ground_of(site: Site, free: np.ndarray, houses: list[Placement], gap_m: float) -> Footprint | None:
    """Return the open ground between and around houses, off all that stands; None where there is none."""
    scene = site.scene
    gsd = scene.grid.gsd_m
    whole = union(house.footprint for house in houses)
    reach = math.ceil((gap_m + MARGIN_M) / gsd) + 2
    box = tuple(
        slice(max(part.start - reach, 0), min(part.stop + reach, size))
        for part, size in zip(whole.window, scene.grid.shape, strict=True)
    )
    rows, cols = box
    built = np.zeros(scene.grid.shape, bool)
    built[whole.window] |= whole.mask
    near = built[rows, cols]
    open_ground = free[rows, cols] & ~np.isin(scene.surface[rows, cols], (hub.IGNORE, hub.WATER))
    standing = ndimage.binary_dilation(scene.instances[rows, cols] > 0, np.ones((3, 3), bool))
    ground = between(near, gap_m / gsd, MARGIN_M / gsd) & open_ground & ~standing & ~near
    return cropped(ground, (rows, cols)) if ground.any() else None
