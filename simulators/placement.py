"""Where a new object stands: candidates by context, a donor or a drawn shape, turned to its neighbours."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, cycle, islice

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.distributions import Quantity, draw_quantity
from diachron.core.motion import Motion
from diachron.core.scene import Donor, Footprint
from diachron.simulators import orientation
from diachron.simulators.lenders import Lender
from diachron.simulators.shapes import ROUNDING_PX, draw_shape, trimmed
from diachron.simulators.site import HALF_A_HOUSE_PX, SMALLEST_GAP_PX, Site

# Places tried, and pixels of open ground looked at for them, before an incident is given up.
PLACES = 48
BATCH = 32
BATCHES = 24
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

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """256 booleans, by hub id of the surface."""
        return self.surface_weights > 0

    @cached_property
    def most(self) -> float:
        """The weight of the ground that is wanted most."""
        return float(self.surface_weights.max())


@dataclass(frozen=True)
class Placement:
    """A footprint, the donor that lends its pixels, and the same in JSON-ready `parameters`."""

    footprint: Footprint
    orientation_deg: float | None
    parameters: dict[str, object]
    donor: Donor | None = None


@dataclass
class _Search:
    """The search for one incident's place: what is wanted, in pixels.

    Args:
        site, wish, origin: as drawn.
        gap_px, set_back_px, area_m2: drawn from the wish.
        deck: donors in random order, over and over; each place that is tried is dealt the next ones.
        deck_size: how many they are.
    """

    site: Site
    wish: Wish
    origin: str
    gap_px: float
    set_back_px: float
    area_m2: float
    deck: Iterator[Lender]
    deck_size: int

    def room_px(self, row: int, col: int) -> float:
        """Return the radius of the open ground around a pixel, less the gap that is to be kept."""
        return self.site.terrain.clearance_px.item(row, col) - self.gap_px

    def fits(self, footprint: Footprint) -> bool:
        """Return whether a footprint may stand where it is."""
        return self.site.fits(footprint, self.wish.allowed, self.gap_px, self.set_back_px)

    def dealt(self, local_deg: float | None) -> Iterator[tuple[Lender, float]]:
        """Yield the next donors that can be turned to suit the place, each once, with the turn."""
        for lender in islice(self.deck, self.deck_size):
            turn = feasible_turn(lender, local_deg, self.wish.turn_limit_deg)
            if turn is not None:
                yield lender, turn


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
    area_m2 = draw_quantity(rng, wish.area_m2)
    lenders = _suited(site, wish, origin, area_m2)
    search = _Search(
        site,
        wish,
        origin,
        gap_px=max(SMALLEST_GAP_PX, wish.gap_m / gsd),
        set_back_px=draw_quantity(rng, wish.set_back_m) / gsd,
        area_m2=area_m2,
        deck=cycle(map(lenders.__getitem__, rng.permutation(len(lenders)).tolist())),
        deck_size=len(lenders),
    )
    try_at = _drawn_at if origin == "drawn" else _donor_at
    for row, col in islice(_places(rng, search), PLACES):
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
    total = sum(weights)
    if total <= 0:
        return None
    # `Generator.choice` spends ten times as long on checking its weights.
    return ORIGINS[bisect_right([bound / total for bound in accumulate(weights)], rng.random())]


def _suited(site: Site, wish: Wish, origin: str, area_m2: float) -> list[Lender]:
    """Return the donors that an incident may take: of its origin, or of about the size of a drawn shape."""
    if origin == "scene":
        return site.free_lenders(wish.object_class, same_scene=True)
    others = site.free_lenders(wish.object_class, same_scene=False)
    if origin == "others":
        return [lender for lender in others if lender.donor.gsd_m <= COARSEST * site.scene.grid.gsd_m]
    both = chain(site.free_lenders(wish.object_class, same_scene=True), others)
    return [lender for lender in both if 0.6 <= lender.donor.area_m2 / area_m2 <= 3.0]


def _places(rng: np.random.Generator, search: _Search) -> Iterator[tuple[int, int]]:
    """Yield pixels in proportion to how suitable they are: open, off the road, near roads or neighbours."""
    scene, terrain = search.site.scene, search.site.terrain
    gsd, cols, open_px = scene.grid.gsd_m, scene.grid.shape[1], terrain.open_px
    clearance_px, to_road_px, surface = terrain.clearance_px, terrain.to_road_px, scene.surface
    weights = search.wish.surface_weights
    half_px = max(HALF_A_HOUSE_PX, HALF_A_HOUSE_M / gsd)
    fade_m = 40.0 if to_road_px is None else 30.0
    # Nothing weighs more, so that a pixel is taken with the chance of its weight over this.
    most = 1.15 * search.wish.most
    # One number after the other: an array of pixels costs as much as the few that are looked at.
    for _ in range(BATCHES if open_px.size else 0):
        for spot, chance in rng.random((BATCH, 2)).tolist():
            pixel = open_px.item(int(spot * open_px.size))
            distance = clearance_px.item(pixel)
            if distance <= search.gap_px + half_px:
                continue
            if to_road_px is not None:
                distance = to_road_px.item(pixel)
                if distance <= search.set_back_px + half_px:
                    continue
            weight = weights.item(surface.item(pixel)) * (0.15 + math.exp(-distance * gsd / fade_m))
            if chance * most < weight:
                yield divmod(pixel, cols)


def _donor_at(
    rng: np.random.Generator, search: _Search, row: int, col: int, local: float | None
) -> Placement | None:
    """Return the first of a few donors that fits at (row, col), turned as its sun allows."""
    site, same = search.site, search.origin == "scene"
    room_px = search.room_px(row, col)
    # All sizes are drawn before the first is tried, so that a stream does not depend on what fits.
    options = [
        (lender, turn, 1.0 if same else _scale(rng, search, lender.donor))
        for lender, turn in islice(search.dealt(local), DONORS_PER_PLACE)
    ]
    for lender, turn, scale in options:
        # Most places are too narrow, and one number or a few pixels tell; turning a mask costs much more.
        exact = turn == 0.0 and scale == 1.0
        if room_px <= (lender.core_px if exact else (lender.core_px - BLURRED_PX) * scale) - 2 * ROUNDING_PX:
            continue
        if not site.is_open(lender.moved_probes(row, col, turn, scale), search.gap_px, search.set_back_px):
            continue
        donor = lender.donor
        motion = centred_motion(donor, row, col, turn, scale)
        footprint = moved_footprint(donor, motion)
        if footprint is not None and search.fits(footprint):
            own_deg = donor.object.orientation_deg
            facing = None if own_deg is None else (own_deg + turn) % 90.0
            return Placement(footprint, facing, {"origin": "donor", **_lent(donor, motion)}, donor)
    return None


def _scale(rng: np.random.Generator, search: _Search, donor: Donor) -> float:
    """Return pixels here per pixel there of a donor from another scene, which may be a little larger."""
    return donor.gsd_m / search.site.scene.grid.gsd_m * draw_quantity(rng, search.wish.scale)


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
        first = orientation.quarter_turn_difference(own, local_deg)
        # Of the turns that line up the walls, the one nearest to what is wanted.
        turn = first + 90.0 * math.ceil((wanted - first) / 90.0 - 0.5)
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
    c, s = (abs(f(math.radians(motion.turn_deg))) * motion.scale / 2 for f in (math.cos, math.sin))
    # The turned window, and a pixel more for the rounding of its middle and for the blur.
    down, right = math.ceil(height * c + width * s) + 2, math.ceil(height * s + width * c) + 2
    top, left = row - down, col - right
    shape = (2 * down + 1, 2 * right + 1)
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


def _drawn_at(
    rng: np.random.Generator, search: _Search, row: int, col: int, local: float | None
) -> Placement | None:
    """Return a drawn shape that fits at (row, col), with the roof of a donor of its size if there is one."""
    site = search.site
    shape = draw_shape(rng, search.area_m2, site.scene.grid.gsd_m, local)
    if search.room_px(row, col) <= shape.core_px - 2 * ROUNDING_PX:
        return None
    if not site.is_open(shape.probes_at(row, col), search.gap_px, search.set_back_px):
        return None
    footprint = shape.footprint_at(row, col)
    if footprint is None or not search.fits(footprint):
        return None
    for lender, turn in islice(search.dealt(local), 1):
        donor = lender.donor
        motion = _roof_motion(donor, footprint, turn, donor.gsd_m / site.scene.grid.gsd_m)
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
