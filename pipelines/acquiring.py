"""From painted dates to dates as their sensors give them: what the acquisition layer may know of a sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform

from diachron.core.events import EventLog
from diachron.core.grid import GeoGrid
from diachron.core.sample import Snapshot
from diachron.core.scene import Scene
from diachron.simulators.acquisition.apply import Step, apply_date, displacement_of, draw_date
from diachron.simulators.acquisition.context import Context, Place, standing_room
from diachron.simulators.bearing import bearing_of

# State, azimuth and elevation of the sun in degrees -> (C, H, W) picture in the source's scale.
Relight = Callable[[Snapshot, float, float], NDArray[Any]]


@dataclass(frozen=True)
class Acquired:
    """The dates as their sensors give them.

    Args:
        images: (C, H, W) each.
        drawn: what was drawn for each; None where the stage is off.
        displacements: (2, H, W) pixels of each, where they are kept.
    """

    images: Sequence[NDArray[Any]]
    drawn: tuple[Mapping[str, object], ...] | None
    displacements: tuple[NDArray[np.float32], ...] = ()


def acquire(
    scene: Scene,
    states: Sequence[Snapshot],
    images: Sequence[NDArray[Any]],
    steps: Sequence[Step],
    stream_of: Callable[[str], np.random.Generator],
    *,
    keep_displacement: bool,
    as_taken: float = 0.0,
    relight: Relight | None = None,
) -> Acquired:
    """Return the dates after their acquisition.

    Numbers are drawn with the source's picture in view and never the events or the later states; only when
    they are applied does a date see its own ground.

    Args:
        scene: the source's picture and its state.
        states: of the dates.
        images: of the dates, painted.
        steps: (name, module, parameters).
        stream_of: stage -> its stream.
        keep_displacement: return where the pixels of each date come to lie.
        as_taken: chance, 0 to 1, that one date keeps the look of the source: that picture was taken on a real
            day by a real sensor, and a second sensor on top of it makes a date softer than any real one.
            Which date it is, is drawn by lot and has nothing to do with which one was painted.
        relight: paints a state under another sun, where the place is known so well.
    """
    rng = stream_of("acquisition/as-taken")
    untouched = int(rng.integers(len(states))) if rng.random() < as_taken else None
    context = Context(
        scene.bands,
        scene.grid.gsd_m,
        str(scene.image.dtype),
        latitude_deg=latitude_deg(scene.grid),
        sun=scene.sun,
        standing_room=_standing_room(scene),
        bearing=bearing_of(scene.grid),
    )
    modules = {name: module for name, module, _ in steps}
    acquired, records, displacements = [], [], []
    for number, (image, state) in enumerate(zip(images, states, strict=True), start=1):
        # A stream of its own: what the steps have in common moves no step's numbers.
        year_share = float(stream_of(f"season/t{number}").uniform())
        dated = replace(context, year_share=year_share)
        own = () if number - 1 == untouched else steps
        drawn = draw_date(stream_of(f"acquisition/t{number}"), own, dated)
        place = place_of(scene, state, relight)
        acquired.append(
            apply_date(
                image,
                drawn,
                modules,
                full_scale=scene.full_scale,
                void=scene.void,
                nodata=scene.nodata,
                place=place,
            )
        )
        records.append(drawn)
        if keep_displacement:
            displacements.append(displacement_of(scene.grid.shape, drawn, modules, place))
    return Acquired(acquired, tuple(records), tuple(displacements))


def relight_of(renderer: ModuleType, scene: Scene, log: EventLog, *, anchor_years: float) -> Relight | None:
    """Return what paints a state of a place under another sun; None where renderer or place do not tell.

    Args:
        renderer: that painted the dates.
        scene: the source's picture and its state.
        log: the sample's events.
        anchor_years: when the source's picture was taken: then the place shows what its model says.
    """
    if scene.model is None or not hasattr(renderer, "relit"):
        return None

    def relight(state: Snapshot, azimuth_deg: float, elevation_deg: float) -> NDArray[Any]:
        told = EventLog() if state.time_years == anchor_years else log
        picture: NDArray[Any] = renderer.relit(scene, state, told, azimuth_deg, elevation_deg)
        return picture

    return relight


# Kept with the scene: it is the same for all its samples.
_ROOM: WeakKeyDictionary[Scene, NDArray[np.uint8]] = WeakKeyDictionary()


def _standing_room(scene: Scene) -> NDArray[np.uint8]:
    """Return `standing_room` of the source's picture."""
    if scene not in _ROOM:
        _ROOM[scene] = standing_room(place_of(scene, scene))
    return _ROOM[scene]


def place_of(scene: Scene, state: Scene | Snapshot, relight: Relight | None = None) -> Place:
    """Return what a step may see of a state of the scene when it is applied.

    Args:
        scene: the source's picture and its state.
        state: of a date.
        relight: as for `acquire`.
    """
    labelled = not scene.surface_is_estimated

    def relit(azimuth_deg: float, elevation_deg: float) -> NDArray[np.float32]:
        assert relight is not None and isinstance(state, Snapshot)
        return relight(state, azimuth_deg, elevation_deg).astype(np.float32) / np.float32(scene.full_scale)

    return Place(
        state.surface,
        state.instances,
        state.objects,
        scene.grid.gsd_m,
        labelled,
        sun=scene.sun,
        height_m=state.height_m,
        relit=None if relight is None else relit,
    )


def latitude_deg(grid: GeoGrid) -> float | None:
    """Return the latitude of the middle of a grid in degrees, rounded to 0.01; None where no CRS tells."""
    if grid.crs is None:
        return None
    left, bottom, right, top = grid.bounds()
    return _latitude(grid.crs, (left + right) / 2, (bottom + top) / 2)


@lru_cache(maxsize=64)
def _latitude(crs: str, x: float, y: float) -> float | None:
    # A site grid of its own has no place on the globe.
    known = CRS.from_user_input(crs)
    if not (known.is_geographic or known.is_projected):
        return None
    _, (latitude,) = transform(known, "EPSG:4326", [x], [y])
    return round(float(latitude), 2) if math.isfinite(latitude) else None
