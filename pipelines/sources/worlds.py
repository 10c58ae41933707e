"""Procedural worlds as a source: places that need no input, each painted once as its real picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub, registry
from diachron.core.errors import RecipeError, UnknownNameError, nearest_names
from diachron.core.grid import GeoGrid
from diachron.core.place import PlaceModel
from diachron.core.sample import Snapshot
from diachron.core.scene import Scene, object_class_map
from diachron.core.schemes import schema_named
from diachron.core.streams import stream
from diachron.core.sun import sun_at_solar_time
from diachron.pipelines.sources.source import Source
from diachron.pipelines.sources.tiles import Tile, Unit
from diachron.simulators.acquisition import season
from diachron.simulators.sunlight import given_sun

if TYPE_CHECKING:
    from diachron.simulators.worlds import World

PAINTER = "procedural"
# Renderer that may go over what that has painted: a date that it paints later must not stand out.
LOOK = "semantic"
# Where and when pictures are taken: the latitudes where most people live, mid-morning to mid-afternoon as
# surveys and satellites fly, and no sun so low that shadows cover the street.
LATITUDES_DEG, SOLAR_HOURS, LOWEST_SUN_DEG = (5.0, 55.0), (9.5, 14.5), 22.0
# Origins are whole multiples of so many pixels, up to 50 of them off the middle to each side.
ORIGIN_STEP_PX = 50_000.0
# Leaves turn about a month before they fall, phenology networks report (recalled): in autumn the mean
# temperature falls by some 6 degrees a month in mid-latitudes, and crowns are half bare at 7 degrees.
TURNING_C, HALF_BARE = 13.0, 0.5
# `season.dryness` where neither heat nor the low sun of the tropics dries anything.
NEVER_DRY = 0.3
# Windows are looked for in which something can change; one in so many is taken as it falls, for empty places
# exist.
LOOKS, AS_IT_FALLS = 4, 8
LOOKED_AT_GSD_M = 4.0


@dataclass(frozen=True)
class WorldOptions:
    """Which places are made.

    Args:
        styles: of the worlds, in turn; empty for all.
        places: how many.
        size_px: side of a place.
        gsd_m: metres a pixel.
        bands: as `generators.procedural` knows them.
        dtype: uint8, uint16 or float32.
        seed: of the run; places of another seed are others.
        licence: of what is made.
        palette: colours learned from real tiles, see `style_from`; places are then in the season that the
            colours are of, whatever it is, and nobody draws one.
        look: parameters of the renderer `semantic`, which then goes over every picture; None leaves them as
            they are.
    """

    styles: tuple[str, ...]
    places: int
    size_px: int
    gsd_m: float
    bands: tuple[str, ...]
    dtype: str
    seed: int
    licence: str | None = None
    palette: Mapping[str, Any] | None = None
    look: Any = None


@dataclass(frozen=True)
class WorldSource(Source):
    """Places of procedural worlds; nothing is read from a disk.

    Args:
        options: which places.
    """

    options: WorldOptions | None = None

    def scene(self, unit: Unit) -> Scene:
        """Return a place with its picture."""
        # Geometry is loaded by those who make worlds: recipes are read by every verb.
        from diachron.simulators.worlds import World

        assert self.options is not None
        options, tile = self.options, self.tiles[unit.tile]
        rng = stream(options.seed, unit.tile, "world")
        world = World(_style(options, unit.tile), int(rng.integers(2**31)))
        found = world.window(
            origin_in(world, options, unit.tile, rng.integers(-50, 51, 2)), tile.grid.shape, options.gsd_m
        )
        numbers = {object_id: n for n, object_id in enumerate(sorted(found.objects), start=1)}
        instances = _renumbered(found.instances, numbers)
        objects = {
            numbers[object_id]: replace(entry, id=numbers[object_id])
            for object_id, entry in found.objects.items()
        }
        sky = sky_of(rng)
        model = replace(
            found.model,
            season=sky.season if options.palette is None else "summer",
            palette=options.palette,
            instances=_renumbered(found.model.instances, numbers),
            roofs={numbers[i]: roof for i, roof in found.model.roofs.items() if i in numbers},
        )
        schema = self.schema
        state = Snapshot(0.0, found.surface, instances, objects)
        picture = _picture(options, model, state, sky)
        if options.look is not None:
            renderer = registry.load("renderers", LOOK)
            look = renderer.draw_look(stream(options.seed, unit.tile, "world/look"), options.look)
            model = replace(model, look=look)
            picture = renderer.dressed(
                picture,
                state,
                look,
                full_scale=self.full_scale,
                bands=options.bands,
                gsd_m=options.gsd_m,
            )
        return Scene(
            image=picture,
            bands=options.bands,
            full_scale=self.full_scale,
            nodata=None,
            surface=found.surface,
            instances=instances,
            objects=objects,
            height_m=found.height_m,
            grid=tile.grid,
            labels=schema.draw(found.surface, object_class_map(instances, objects)),
            schema=schema,
            sun=given_sun(sky.azimuth_deg, sky.elevation_deg, None, len(options.bands)),
            source=tile.name,
            licence=options.licence,
            model=model,
        )

    def fingerprint(self) -> str:
        """Return a SHA-256 of what decides the places; code is told by the versions in `dataset.json`."""
        assert self.options is not None
        facts = asdict(self.options)
        if self.options.look is not None:
            # The same weights may lie elsewhere on the next machine.
            facts["look"]["weights"] = registry.load("renderers", LOOK).weights_hash(self.options.look)
        else:
            # Places without a look stay those that they were before there were any.
            del facts["look"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


# The value of white by data type: bytes, reflectance in ten-thousandths as Sentinel-2 has it, reflectance.
FULL_SCALES = {"uint8": 255.0, "uint16": 10_000.0, "float32": 1.0}


def world_source(options: WorldOptions) -> WorldSource:
    """Return the places of procedural worlds as a source.

    Raises:
        UnknownNameError: there is no such style.
        RecipeError: no place, or a data type that is not known.
    """
    from diachron.simulators.worlds import STYLES

    for style in options.styles:
        if style not in STYLES:
            raise UnknownNameError(f"no style of world is called '{style}'; {nearest_names(style, STYLES)}")
    if options.dtype not in FULL_SCALES:
        raise RecipeError(
            f"world: dtype '{options.dtype}'; {nearest_names(options.dtype, tuple(FULL_SCALES))}"
        )
    if options.places < 1:
        raise RecipeError(f"world: {options.places} places; expected 1 or more")
    side, gsd = options.size_px, options.gsd_m
    digits = max(4, len(str(options.places - 1)))
    tiles = []
    for number in range(options.places):
        name = f"{_style(options, number)}-{options.seed}-{number:0{digits}d}"
        grid = GeoGrid((side, side), (gsd, 0.0, 0.0, 0.0, -gsd, side * gsd), None, gsd)
        tiles.append(
            Tile(
                name=name,
                place=name,
                image=Path(name),
                label=None,
                footprints=None,
                grid=grid,
                count=len(options.bands),
                dtype=options.dtype,
                nodata=None,
                split=None,
                gsd_from="given",
            )
        )
    return WorldSource(
        root="worlds",
        tiles=tuple(tiles),
        refusals=(),
        schema=schema_named("hub"),
        licence=options.licence,
        bands=options.bands,
        full_scale=FULL_SCALES[options.dtype],
        options=options,
    )


def _style(options: WorldOptions, number: int) -> str:
    from diachron.simulators.worlds import STYLES

    styles = options.styles or STYLES
    return styles[number % len(styles)]


def _renumbered(instances: NDArray[np.int32], numbers: Mapping[int, int]) -> NDArray[np.int32]:
    """Return ids by number: those of a world are hashes, and tables by id have to stay small."""
    known = np.array([0, *sorted(numbers)], np.int64)
    found = np.searchsorted(known, instances)
    return np.where(known[np.minimum(found, known.size - 1)] == instances, found, 0).astype(np.int32)


def origin_in(
    world: World, options: WorldOptions, tile: int, first: NDArray[np.int64]
) -> tuple[float, float]:
    """Return the first of a few places whose window holds what may change, or the last of them.

    Args:
        world: with many windows.
        options: what is made.
        tile: its number.
        first: numbers (east, north) of the first place.
    """
    rng = stream(options.seed, tile, "world/origin")
    others = rng.integers(-50, 51, (LOOKS - 1, 2))
    step = options.gsd_m * ORIGIN_STEP_PX
    origin = (float(first[0]) * step, float(first[1]) * step)
    if int(rng.integers(AS_IT_FALLS)) == 0:
        return origin
    for east, north in others.tolist():
        if _holds_something(world, origin, options):
            break
        origin = (float(east) * step, float(north) * step)
    return origin


def _holds_something(world: World, origin_m: tuple[float, float], options: WorldOptions) -> bool:
    """Whether a building stands in a window, and on a coast there is water, on a coarse look."""
    coarse = LOOKED_AT_GSD_M
    side = max(1, int(options.size_px * options.gsd_m / coarse))
    near = (round(origin_m[0] / coarse) * coarse, round(origin_m[1] / coarse) * coarse)
    if not world.has_building(near, (side, side), coarse):
        return False
    if world.style != "coast":
        return True
    return bool((world.window(near, (side, side), coarse, oversampling=1).surface == hub.WATER).any())


@dataclass(frozen=True)
class Sky:
    """When a picture is taken.

    Args:
        azimuth_deg, elevation_deg: of the sun.
        season: of `core.place.SEASONS`.
    """

    azimuth_deg: float
    elevation_deg: float
    season: str


def sky_of(rng: np.random.Generator) -> Sky:
    """Return sun and season of a day and an hour at which pictures are taken."""
    latitude = float(rng.uniform(*LATITUDES_DEG))
    while True:
        day, hour = int(rng.integers(1, 366)), float(rng.uniform(*SOLAR_HOURS))
        azimuth, elevation = sun_at_solar_time(latitude, day, hour)
        if elevation >= LOWEST_SUN_DEG:
            return Sky(azimuth, elevation, season_of(latitude, day, float(rng.uniform())))


def season_of(latitude_deg: float, day: int, chance: float) -> str:
    """Return the season of a day as leaves and grass show it.

    Args:
        latitude_deg: north is positive.
        day: from 1 January.
        chance: in [0, 1): coasts, deserts and gardens that are watered differ from their parallel's mean, so
            that dryness is a likelihood; the lower, the drier.
    """
    if season.leaflessness(latitude_deg, day) >= HALF_BARE:
        return "winter"
    if season.temperature_c(latitude_deg, day) < TURNING_C:
        later, sooner = (season.temperature_c(latitude_deg, day + step) for step in (5, -5))
        return "spring" if later > sooner else "autumn"
    if chance < (season.dryness(latitude_deg, day) - NEVER_DRY) / (1.0 - NEVER_DRY):
        return "dry"
    return "summer"


def _picture(options: WorldOptions, model: PlaceModel, state: Snapshot, sky: Sky) -> NDArray[Any]:
    painter = registry.load("renderers", PAINTER)
    picture: NDArray[Any] = painter.picture_of(
        model,
        state,
        sun_azimuth_deg=sky.azimuth_deg,
        sun_elevation_deg=sky.elevation_deg,
        bands=options.bands,
        dtype=options.dtype,
        full_scale=FULL_SCALES[options.dtype],
    )
    return picture
