"""Tiny fake places with every pixel known, and the chain of stages that makes dates of them.

A world has textured ground, houses whose shadows fall away from a chosen sun, and, as asked, a road, a pond,
pixels to ignore and pixels without data. `played` runs the stages as a run does, on functions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.grid import GeoGrid
from diachron.core.registry import entries, load
from diachron.core.sample import Snapshot
from diachron.core.scene import RawScene, Scene
from diachron.core.schemes import schema_named
from diachron.core.streams import stream
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.simulate import Simulation, simulate
from diachron.simulators.site import Site, survey
from diachron.simulators.snapshots import Difference, difference, draw_labels, snapshot

# A run is the same twice, and a machine with other work to do fails no test for being slow.
settings.register_profile("diachron", deadline=None, derandomize=True)
settings.load_profile("diachron")

SCHEMES = ("building", "mbrsc", "zurich-summer", "openearthmap")
BANDS = {
    1: ("band1",),
    2: ("red", "nir"),
    3: ("red", "green", "blue"),
    4: ("red", "green", "blue", "nir"),
    5: ("blue", "green", "red", "rededge", "nir"),
}
FULL_SCALE = {"uint8": 255.0, "uint16": 2047.0, "float32": 1.0}
NODATA = {"uint8": 0.0, "uint16": 0.0, "float32": -1.0}
BAND_ORDER = ("red", "green", "blue", "rededge", "nir", "band1")
# Reflectance by band, in the order above.
COLOURS = {
    hub.IGNORE: (0.40, 0.40, 0.40, 0.40, 0.40, 0.40),
    hub.BARE: (0.58, 0.48, 0.38, 0.60, 0.62, 0.48),
    hub.GRASS: (0.34, 0.46, 0.27, 0.60, 0.75, 0.36),
    hub.SHRUB: (0.36, 0.42, 0.26, 0.58, 0.68, 0.36),
    hub.TREE: (0.24, 0.36, 0.20, 0.55, 0.70, 0.28),
    hub.CROP: (0.48, 0.50, 0.24, 0.58, 0.70, 0.42),
    hub.DEVELOPED: (0.50, 0.50, 0.50, 0.52, 0.52, 0.50),
    hub.WATER: (0.12, 0.20, 0.30, 0.08, 0.05, 0.20),
    hub.ROAD: (0.44, 0.44, 0.45, 0.45, 0.45, 0.44),
}
ROOFS = ((0.80, 0.40, 0.32), (0.85, 0.84, 0.80), (0.30, 0.36, 0.62))
SHADE = 0.4
YEARS = 5.0


@dataclass(frozen=True)
class World:
    """What a fake place is made of; the same numbers give the same place.

    Args:
        rows, cols: 48-96 keep a test short.
        gsd_m: of the grid.
        bands: 1-5.
        dtype: uint8, uint16 or float32.
        scheme: of the label map.
        sun_azimuth_deg: where the sun stands, clockwise from north; None for no shadows.
        shadow_px: length of every shadow.
        seed: of positions, sizes and texture.
        road, water, ignored, void: whether the place has them.
        many: whether there are trees, scrub, crops, paving and a hall beside grass, bare ground and houses.
    """

    rows: int = 80
    cols: int = 80
    gsd_m: float = 1.0
    bands: int = 3
    dtype: str = "uint8"
    scheme: str = "openearthmap"
    sun_azimuth_deg: float | None = 150.0
    shadow_px: int = 4
    seed: int = 0
    road: bool = True
    water: bool = True
    ignored: bool = True
    void: bool = False
    many: bool = False


def raw_scene(world: World) -> RawScene:
    """Return the place as a source would read it."""
    rng = np.random.default_rng(world.seed)
    shape = (world.rows, world.cols)
    surface = np.where(ndimage.gaussian_filter(rng.standard_normal(shape), 12) > 0, hub.GRASS, hub.BARE)
    if world.many:
        # From a stream of its own, so that a place is the same but for its kinds of ground.
        noise = np.random.default_rng([world.seed, 1]).standard_normal((2, *shape))
        other = ndimage.gaussian_filter(noise, (0, 9, 9))
        surface = np.where(other[0] > 0.4 * other[0].std(), hub.TREE, surface)
        surface = np.where(other[0] < -0.7 * other[0].std(), hub.CROP, surface)
        surface = np.where(other[1] > 0.9 * other[1].std(), hub.DEVELOPED, surface)
        surface = np.where(other[1] < -1.1 * other[1].std(), hub.SHRUB, surface)
    classes = np.zeros(shape, np.uint8)
    if world.road:
        classes[world.rows // 2 - 2 : world.rows // 2 + 3] = hub.ROAD
    row, col = np.mgrid[: world.rows, : world.cols]
    if world.water:
        surface[np.hypot(row, col - world.cols) < world.rows / 5] = hub.WATER
    if world.ignored:
        surface[-9:, :7] = hub.IGNORE
        classes[-9:, :7] = 0
    roofs = np.zeros((3, *shape))
    closed = (classes > 0) | np.isin(surface, (hub.WATER, hub.IGNORE))
    houses = _houses(world, rng, closed)
    if world.many:
        houses = _with_hall(houses, closed)
    for number, house in enumerate(houses):
        classes[house] = hub.BUILDING
        roofs[:, house] = np.asarray(ROOFS[number % 3])[:, None]
    void = np.zeros(shape, bool)
    void[:, -3:] = world.void
    schema = schema_named(world.scheme)
    return RawScene(
        image=_image(world, rng, np.where(classes > 0, classes, surface), roofs, void),
        bands=BANDS[world.bands],
        full_scale=FULL_SCALE[world.dtype],
        nodata=NODATA[world.dtype] if world.void else None,
        grid=GeoGrid.plain(shape, world.gsd_m),
        labels=schema.draw(surface.astype(np.uint8), classes),
        schema=schema,
        footprints=None,
        void=void,
        source=f"world{world.seed}",
    )


def _houses(world: World, rng: np.random.Generator, closed: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the masks of houses in about half of the cells of 22 pixels, off all that is closed."""
    found: list[NDArray[np.bool_]] = []
    for top in range(1, world.rows - 20, 22):
        for left in range(1, world.cols - 20, 22):
            height, width = (int(n) for n in rng.integers(8, 13, 2))
            row, col = top + int(rng.integers(1, 5)), left + int(rng.integers(1, 5))
            house = np.zeros(closed.shape, bool)
            house[row : row + height, col : col + width] = True
            wanted = rng.uniform() < 0.55 or not found
            if wanted and not (ndimage.binary_dilation(house, iterations=2) & closed).any():
                found.append(house)
    return found


def _with_hall(houses: list[NDArray[np.bool_]], closed: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the houses that keep off a hall of 21 x 21 pixels, which stands where it first finds room."""
    for top in range(2, closed.shape[0] - 24, 4):
        for left in range(2, closed.shape[1] - 24, 4):
            if closed[top - 2 : top + 23, left - 2 : left + 23].any():
                continue
            hall = np.zeros(closed.shape, bool)
            hall[top : top + 21, left : left + 21] = True
            around = ndimage.binary_dilation(hall, iterations=3)
            return [*(house for house in houses if not (house & around).any()), hall]
    return houses


def shadow_of(buildings: NDArray[np.bool_], sun_azimuth_deg: float, length_px: int) -> NDArray[np.bool_]:
    """Return the ground that lies behind a building, seen from the sun, on a north-up grid."""
    azimuth = np.radians(sun_azimuth_deg)
    framed = np.pad(buildings, length_px + 1)
    shadow = np.zeros_like(framed)
    for step in np.arange(0.0, length_px + 0.25, 0.25):
        # The sun in the north casts shadows south, which is down the rows; in the east, west.
        shift = round(step * np.cos(azimuth)), round(-step * np.sin(azimuth))
        shadow |= np.roll(framed, shift, (0, 1))
    edge = length_px + 1
    return shadow[edge:-edge, edge:-edge] & ~buildings


def _image(
    world: World, rng: np.random.Generator, shown: NDArray[Any], roofs: NDArray[Any], void: NDArray[np.bool_]
) -> NDArray[np.generic]:
    """Return (C, H, W) in the world's dtype: colour by class, grain, shadows."""
    palette = np.zeros((6, 256))
    for kind, colour in COLOURS.items():
        palette[:, kind] = colour
    buildings = shown == hub.BUILDING
    light = np.ones(shown.shape)
    if world.sun_azimuth_deg is not None:
        light[shadow_of(buildings, world.sun_azimuth_deg, world.shadow_px)] = SHADE
    bands = []
    for name in BANDS[world.bands]:
        number = BAND_ORDER.index(name)
        roof = roofs[number] if number < 3 else roofs.mean(axis=0)
        grain = 0.03 * rng.standard_normal(shown.shape) + 0.02 * ndimage.gaussian_filter(
            rng.standard_normal(shown.shape), 1
        )
        bands.append((np.where(buildings, roof, palette[number][shown]) + grain) * light)
    values = np.clip(np.stack(bands), 0.01, 0.98) * FULL_SCALE[world.dtype]
    if world.dtype != "float32":
        values = np.maximum(np.rint(values), 1)
    values[:, void] = NODATA[world.dtype]
    return values.astype(world.dtype)


@dataclass(frozen=True)
class Played:
    """A place, its log, and its states and label maps at some dates."""

    scene: Scene
    site: Site
    simulation: Simulation
    times: tuple[float, ...]
    anchor: float
    states: tuple[Snapshot, ...]
    labels: tuple[NDArray[np.uint8], ...]

    @property
    def log(self) -> EventLog:
        return self.simulation.log

    def between(self, first: int, last: int) -> Difference:
        """Return the difference between two dates, by number."""
        before, after = ((self.states[k], self.labels[k]) for k in (first, last))
        return difference(self.scene.schema, self.scene.ignored, self.log, before, after)


@cache
def _processes() -> dict[str, ModuleType]:
    """Return the modules of all processes; asking for each of them anew is a third of a short test."""
    return {name: load("processes", name) for name in entries("processes")}


# Every place sees these; `some_processes` adds others.
ALWAYS = ("construction", "demolition")
OTHERS_PER_CASE = 5


def some_processes(seed: int) -> tuple[str, ...]:
    """Return the two processes that every case has and some others by lot: all of them leave no room."""
    others = [name for name in sorted(entries("processes")) if name not in ALWAYS]
    drawn = np.random.default_rng([seed, 2]).permutation(len(others))[:OTHERS_PER_CASE]
    return (*ALWAYS, *(others[k] for k in sorted(drawn.tolist())))


def processes_at(
    scene: Scene,
    incidents: float,
    years: float = YEARS,
    names: Sequence[str] | None = None,
    **construction: Any,
) -> dict[str, Any]:
    """Return registered processes, all by default, at a rate that gives so many incidents of each."""
    area_km2 = float(np.count_nonzero(~scene.ignored)) * scene.grid.pixel_area_m2 / 1e6
    rate = incidents / (area_km2 * years)
    found = {}
    for name in entries("processes") if names is None else names:
        module = _processes()[name]
        more = construction if name == "construction" else {}
        found[name] = (module, module.Parameters(rate_per_km2_year=rate, **more))
    return found


def played(
    scene: Scene,
    *,
    seed: int,
    times: Sequence[float] = (0.0, YEARS),
    anchor: float = 0.0,
    incidents: float = 2.0,
    lenders: Sequence[Scene] = (),
    needs_pixels: bool = True,
    names: Sequence[str] | None = None,
    **construction: Any,
) -> Played:
    """Return what a run makes of a scene up to its pictures, with the named or `some_processes`."""
    donors = tuple(donor for lender in (scene, *lenders) for donor in donors_of(lender))
    site = Site(scene, survey(scene), donors, needs_pixels=needs_pixels)
    span = times[-1] - times[0]
    simulation = simulate(
        site,
        processes_at(scene, incidents, span, names or some_processes(seed), **construction),
        first_years=times[0],
        last_years=times[-1],
        anchor_years=anchor,
        stream_of=lambda stage: stream(seed, 0, stage),
    )
    states = tuple(snapshot(scene, simulation.log, time_years=t, anchor_years=anchor) for t in times)
    labels = tuple(draw_labels(scene, state, simulation.log, scene.schema) for state in states)
    return Played(scene, site, simulation, tuple(times), anchor, states, labels)


@dataclass(frozen=True)
class Case:
    """A world, a seed of its events, the number of dates and which of them is real (`paint` of a recipe)."""

    world: World
    seed: int
    dates: int = 2
    paint: str = "t2"
    more: dict[str, Any] = field(default_factory=dict)

    def play(self, incidents: float = 2.0) -> Played:
        """Return the case played."""
        times = tuple(np.linspace(0.0, YEARS, self.dates).tolist())
        anchor = {"t2": times[0], "t1": times[-1], "both": 0.37 * YEARS}[self.paint]
        scene = prepare(raw_scene(self.world))
        return played(scene, seed=self.seed, times=times, anchor=anchor, incidents=incidents, **self.more)


def seeds() -> st.SearchStrategy[int]:
    """Seeds of places and of events."""
    return st.integers(0, 2**20)


def worlds() -> st.SearchStrategy[World]:
    """Places of every size, sensor and scheme."""
    return st.builds(
        World,
        rows=st.integers(48, 96),
        cols=st.integers(48, 96),
        gsd_m=st.sampled_from((0.5, 0.8, 1.0)),
        bands=st.integers(1, 5),
        dtype=st.sampled_from(sorted(FULL_SCALE)),
        scheme=st.sampled_from(SCHEMES),
        sun_azimuth_deg=st.sampled_from((None, 30.0, 150.0, 225.0)),
        seed=seeds(),
        road=st.booleans(),
        water=st.booleans(),
        ignored=st.booleans(),
        void=st.booleans(),
        many=st.booleans(),
    )


def cases(*, dates: Sequence[int] = (2, 4), paint: Sequence[str] = ("t1", "t2", "both")) -> Any:
    """Worlds with events."""
    return st.builds(Case, worlds(), seeds(), st.sampled_from(tuple(dates)), st.sampled_from(tuple(paint)))
