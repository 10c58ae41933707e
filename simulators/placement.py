"""Where a new object stands: candidates by context, a donor or a drawn shape, turned to its neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, cycle, islice

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.distributions import Quantity, draw_quantity
from diachron.core.motion import Motion
from diachron.core.optics import optics_of
from diachron.core.scene import Donor, Footprint
from diachron.simulators import orientation
from diachron.simulators.donor_motion import centred_motion, feasible_turn, moved_footprint, roof_motion
from diachron.simulators.lenders import Lender, Lenders
from diachron.simulators.looks import colours_of, difference, softness
from diachron.simulators.shapes import ROUNDING_PX, draw_shape
from diachron.simulators.site import HALF_A_HOUSE_PX, SMALLEST_GAP_PX, Site

# Places tried, and pixels of open ground looked at for them, before an incident is given up.
PLACES = 48
BATCH = 32
BATCHES = 24
# The middle of a house is at least this far from its walls.
HALF_A_HOUSE_M = 1.7
# Donors looked at for one place, and those tried. With many of them nearly every place gets the smallest.
LOOKED_AT = 8
DONORS_PER_PLACE = 2
# A house alone on ground of more than this many times its own width leaves room for a larger one, which is
# liked better: each factor of e counts as half a difference of looks.
ROOMY = 3.0
ROOMY_WEIGHT = 0.5
# Grounds that differ by more are not of one kind: a yard that came along would lie there like a rug.
YARD_LIMIT = 1.2
# A yard that is enlarged or shrunk by more shows cars and trees of the wrong size.
YARD_SCALE = (0.8, 1.25)
# A donor seen with larger pixels than this many times the scene's would look soft among sharp roofs.
COARSEST = 1.3
# Where a size is wanted: a donor that keeps its pixels may be larger or smaller in area by this factor, one
# from another scene may be stretched in length by that much.
SAME_SIZE, STRETCH = 1.1, 1.25
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
        look_temperature: how freely donors are chosen that look unlike the place: one that is farther by this
            many differences (`looks.difference`) is taken e times less often; 0 takes the nearest.
        parcel_share: of the donors whose yard comes along, where it suits the place; of all from the same
            picture where it shows no sun, unless this is 0.
        parcel_margin_m: how far around the house.
    """

    object_class: int
    area_m2: Quantity
    surface_weights: NDArray[np.float64]
    gap_m: float
    set_back_m: Quantity
    turn_limit_deg: float
    scale: Quantity
    sources: tuple[float, float, float]
    look_temperature: float = 0.5
    parcel_share: float = 0.0
    parcel_margin_m: Quantity = (3.0, 8.0)

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
        blur_px: of the edges of the scene.
        sized: donors from elsewhere are stretched to `area_m2`; else they take the wish's scale.
        margin_m: of the yard that a donor brings along, None where it comes alone.
    """

    site: Site
    wish: Wish
    origin: str
    gap_px: float
    set_back_px: float
    area_m2: float
    deck: Iterator[Lender]
    deck_size: int
    blur_px: float
    sized: bool
    margin_m: float | None

    def room_px(self, row: int, col: int) -> float:
        """Return the radius of the open ground around a pixel, less the gap that is to be kept."""
        return self.site.terrain.clearance_px.item(row, col) - self.gap_px

    def fits(self, footprint: Footprint) -> bool:
        """Return whether a footprint may stand where it is."""
        return self.site.fits(footprint, self.wish.allowed, self.gap_px, self.set_back_px)

    def turned(self, local_deg: float | None) -> tuple[Lender, float] | None:
        """Return the next donor that can be turned to suit the place, with the turn; None for none."""
        for lender in islice(self.deck, self.deck_size):
            turn = feasible_turn(lender, local_deg, self.wish.turn_limit_deg)
            if turn is not None:
                return lender, turn
        return None


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
    sizes_m2 = site.sizes_m2 if wish.object_class == hub.BUILDING else None
    area_m2 = draw_quantity(rng, wish.area_m2 if sizes_m2 is None else sizes_m2)
    suited = (
        (origin, _suited(site, wish, origin, area_m2))
        if sizes_m2 is None
        else _of_size(site, wish, origin, area_m2)
    )
    if suited is None:
        return "no_donor"
    origin, lenders = suited
    order = _shuffled(rng, lenders, wish.look_temperature)
    brings_yard = rng.random() < wish.parcel_share
    margin_m = draw_quantity(rng, wish.parcel_margin_m)
    if site.scene.sun is None:
        # No shadow can be cast: a house has the one that lies in its own yard, or none. In another picture
        # it may point elsewhere.
        brings_yard = origin == "scene" and wish.parcel_share > 0
    search = _Search(
        site,
        wish,
        origin,
        gap_px=max(SMALLEST_GAP_PX, wish.gap_m / gsd),
        set_back_px=draw_quantity(rng, wish.set_back_m) / gsd,
        area_m2=area_m2,
        deck=map(lenders.__getitem__, cycle(order)),
        deck_size=len(lenders),
        blur_px=optics_of(site.scene).blur_px,
        sized=sizes_m2 is not None,
        margin_m=margin_m if brings_yard else None,
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
    same = bool(site.lenders(wish.object_class, same_scene=True))
    other = bool(site.lenders(wish.object_class, same_scene=False))
    scene = wish.sources[0] if same else 0.0
    others = wish.sources[1] if other else 0.0
    drawn = wish.sources[2] if same or other or not site.needs_pixels else 0.0
    total = scene + others + drawn
    if total <= 0:
        return None
    # `Generator.choice` spends ten times as long on checking its weights.
    chance = rng.random()
    if chance < scene / total:
        return "scene"
    return "others" if chance < (scene + others) / total else "drawn"


def _suited(site: Site, wish: Wish, origin: str, area_m2: float) -> Lenders:
    """Return the donors that an incident may take: of its origin, or of about the size of a drawn shape."""
    if origin == "scene":
        return site.free_lenders(wish.object_class, same_scene=True)
    others = site.free_lenders(wish.object_class, same_scene=False)
    if origin == "others":
        return Lenders(each for each in others if each.donor.gsd_m <= COARSEST * site.scene.grid.gsd_m)
    both = chain(site.free_lenders(wish.object_class, same_scene=True), others)
    return Lenders([lender for lender in both if 0.6 <= lender.donor.area_m2 / area_m2 <= 3.0])


def _of_size(site: Site, wish: Wish, origin: str, area_m2: float) -> tuple[str, Lenders] | None:
    """Return the donors of about a size and where they are from, rather of the origin that was drawn.

    None where no origin that the wish allows has one: to put up what there is would spoil the sizes.
    """
    allowed = [name for name, weight in zip(ORIGINS, wish.sources, strict=True) if weight > 0]
    for name in (origin, *(other for other in allowed if other != origin)):
        found = _suited(site, wish, name, area_m2)
        if name != "drawn":
            limit = SAME_SIZE if name == "scene" else STRETCH * STRETCH
            found = Lenders(each for each in found if 1 / limit <= each.donor.area_m2 / area_m2 <= limit)
        if found or (name == "drawn" and not site.needs_pixels):
            return name, found
    return None


def _shuffled(rng: np.random.Generator, lenders: Lenders, temperature: float) -> list[int]:
    """Return the indices of donors in random order, the stranger ones rather later.

    Sorting by -strangeness / temperature plus Gumbel noise is drawing one after the other with the chances
    exp(-strangeness / temperature) (Plackett-Luce).
    """
    keys = lenders.strangeness - temperature * rng.gumbel(size=len(lenders))
    order: list[int] = keys.argsort(kind="stable").tolist()
    return order


def _places(rng: np.random.Generator, search: _Search) -> Iterator[tuple[int, int]]:
    """Yield pixels in proportion to how suitable they are: open, off the road, near roads or neighbours."""
    site, scene, terrain = search.site, search.site.scene, search.site.terrain
    gsd, cols = scene.grid.gsd_m, scene.grid.shape[1]
    clearance_at, surface_at = terrain.clearance_px.item, scene.surface.item
    to_road_at = None if terrain.to_road_px is None else terrain.to_road_px.item
    weight_of = search.wish.surface_weights.item
    open_at, count, likelihood = terrain.open_px.item, terrain.open_px.size, site.likelihood
    half_px = max(HALF_A_HOUSE_PX, HALF_A_HOUSE_M / gsd)
    narrow_px, near_px = search.gap_px + half_px, search.set_back_px + half_px
    fade_m = 40.0 if to_road_at is None else 30.0
    # Nothing weighs more, so that a pixel is taken with the chance of its weight over this.
    most = 1.15 * search.wish.most
    # One number after the other: an array of pixels costs as much as the few that are looked at.
    for _ in range(BATCHES if count else 0):
        for spot, chance in rng.random((BATCH, 2)).tolist():
            pixel = open_at(int(spot * count)) if likelihood is None else site.open_pixel(spot)
            if pixel is None:
                return
            distance = clearance_at(pixel)
            if distance <= narrow_px:
                continue
            if to_road_at is not None:
                distance = to_road_at(pixel)
                if distance <= near_px:
                    continue
            weight = weight_of(surface_at(pixel)) * (0.15 + math.exp(-distance * gsd / fade_m))
            if chance * most < weight:
                yield divmod(pixel, cols)


def _donor_at(
    rng: np.random.Generator, search: _Search, row: int, col: int, local: float | None
) -> Placement | None:
    """Return the first of a few donors that fits at (row, col), turned as its sun allows."""
    site = search.site
    for lender, turn, scale in _ranked(rng, search, row, col, local):
        if not site.is_open(lender.moved_probes(row, col, turn, scale), search.gap_px, search.set_back_px):
            continue
        donor = lender.donor
        motion = centred_motion(donor, row, col, turn, scale)
        footprint = moved_footprint(donor, motion)
        if footprint is not None and search.fits(footprint):
            own_deg = donor.object.orientation_deg
            facing = None if own_deg is None else (own_deg + turn) % 90.0
            record = {"origin": "donor", **_lent(donor, motion), **_yard(search, donor, row, col, scale)}
            return Placement(footprint, facing, record, donor)
    return None


def _ranked(
    rng: np.random.Generator, search: _Search, row: int, col: int, local: float | None
) -> list[tuple[Lender, float, float]]:
    """Return a few donors that are small enough for a place with turn and scale, rather those that suit it.

    Chances fall with the difference between the ground around the donor and that of the place, with its
    blur beside the scene's, and where the place has room for much more.
    """
    room_px, same = search.room_px(row, col), search.origin == "scene"
    here = colours_of(search.site.scene).at(row, col)
    options, distances = [], []
    blur_px, limit_deg = search.blur_px, search.wish.turn_limit_deg
    for lender in islice(search.deck, min(LOOKED_AT, search.deck_size)):
        # Most places are too narrow, and one number tells; turning a mask costs much more.
        core_px = lender.core_px - BLURRED_PX
        if same and room_px <= core_px - 2 * ROUNDING_PX:
            continue
        turn = feasible_turn(lender, local, limit_deg)
        if turn is None:
            continue
        scale = 1.0 if same else _scale(rng, search, lender.donor)
        core_px = lender.core_px if turn == 0.0 and scale == 1.0 else core_px * scale
        if room_px <= core_px - 2 * ROUNDING_PX:
            continue
        roomy_px = ROOMY * core_px if core_px > 1.0 else ROOMY
        distance = ROOMY_WEIGHT * math.log(room_px / roomy_px) if room_px > roomy_px else 0.0
        look = lender.donor.look
        if look is not None:
            unlike = difference(look.ground, here)
            # Donors of the same picture are as sharp as it is.
            distance += unlike + softness(look, scale, blur_px) if look.blur_px * scale > blur_px else unlike
        options.append((lender, turn, scale))
        distances.append(distance)
    temperature = search.wish.look_temperature
    # So few numbers are quicker one by one than as an array.
    keys = [
        distance - temperature * noise
        for distance, noise in zip(distances, rng.gumbel(size=len(options)).tolist(), strict=True)
    ]
    return [options[k] for k in sorted(range(len(keys)), key=keys.__getitem__)[:DONORS_PER_PLACE]]


def _yard(search: _Search, donor: Donor, row: int, col: int, scale: float) -> dict[str, object]:
    """Return how much of its yard a donor brings along, if that was drawn and suits the place."""
    if search.margin_m is None or donor.look is None or donor.look.ground is None:
        return {}
    here = colours_of(search.site.scene).at(row, col)
    size = scale * search.site.scene.grid.gsd_m / donor.gsd_m
    if difference(donor.look.ground, here) > YARD_LIMIT or not YARD_SCALE[0] <= size <= YARD_SCALE[1]:
        return {}
    return {"parcel_margin_m": search.margin_m}


def _scale(rng: np.random.Generator, search: _Search, donor: Donor) -> float:
    """Return pixels here per pixel there of a donor from another scene, which may be a little larger."""
    size = (
        math.sqrt(search.area_m2 / donor.area_m2) if search.sized else draw_quantity(rng, search.wish.scale)
    )
    return donor.gsd_m / search.site.scene.grid.gsd_m * size


def _lent(donor: Donor, motion: Motion) -> dict[str, object]:
    """Return what a renderer must know to take a donor's pixels."""
    return {"donor_scene": donor.scene, "donor_object": donor.object.id, "motion": motion.to_json()}


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
    found = search.turned(local)
    if found is not None:
        lender, turn = found
        donor = lender.donor
        motion = roof_motion(donor, footprint, turn, donor.gsd_m / site.scene.grid.gsd_m)
        if motion is not None:
            return Placement(footprint, local, {"origin": "drawn", **_lent(donor, motion)}, donor)
    return None if site.needs_pixels else Placement(footprint, local, {"origin": "drawn"})
