"""The picture of a place: ground, things on it, roofs and crowns, lit by sun and sky, averaged to pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from diachron.core import hub
from diachron.core.errors import RenderError
from diachron.core.events import EventLog
from diachron.core.place import PlaceModel
from diachron.core.sample import Snapshot
from diachron.generators.procedural.clutter import lying_about, repairs
from diachron.generators.procedural.crowns import (
    BETWEEN,
    FILTERED,
    THROUGH,
    CrownPixels,
    canopy,
    crown_pixels,
)
from diachron.generators.procedural.furrows import paint_rows
from diachron.generators.procedural.ground import paint_ground, waves_of
from diachron.generators.procedural.grounds import paint_grounds
from diachron.generators.procedural.light import (
    BOUNCED,
    Sunlight,
    facing_sun,
    shaded,
    sky_seen,
    sky_share,
    smoothed,
)
from diachron.generators.procedural.markings import paint_roads
from diachron.generators.procedural.panels import panels_of
from diachron.generators.procedural.parked import parked_cars
from diachron.generators.procedural.roofs import roof_colours, roof_heights, roof_pixels
from diachron.generators.procedural.rooftops import rooftop_things
from diachron.generators.procedural.spectra import spectra
from diachron.generators.procedural.stamps import stamp
from diachron.generators.procedural.state import PlaceState, state_in
from diachron.generators.procedural.tone import to_scale
from diachron.generators.procedural.toning import shift_ground, toning_of
from diachron.generators.procedural.water import paint_water

Picture = NDArray[np.float32]
# Relief is told on a coarse grid; its facets are rounded off before light falls on them.
RELIEF_M = 6.0


def picture_of(
    model: PlaceModel,
    state: Snapshot,
    *,
    sun_azimuth_deg: float,
    sun_elevation_deg: float,
    bands: Sequence[str],
    dtype: DTypeLike,
    full_scale: float,
    log: EventLog | None = None,
) -> NDArray[np.generic]:
    """Return the (C, H, W) picture of a state of a procedural place.

    Args:
        model: of the place as it was made, in its season.
        state: what stands at the time; H and W are the model's sides over its oversampling.
        sun_azimuth_deg: clockwise from north; rounded to a hundredth.
        sun_elevation_deg: in (0, 90]; rounded to a hundredth.
        bands: C names, see `spectra.BANDS_NM`; one of unknown name is panchromatic.
        dtype: uint8 through a curve as cameras have it; uint16 and float32 as reflectance.
        full_scale: value of white (8 bits) or of reflectance 1.
        log: events that led here; names rows of new fields and lines of new roads.

    Raises:
        RenderError: the sun is not above the horizon.
    """
    if not 0 < sun_elevation_deg <= 90:
        raise RenderError(f"sun elevation {sun_elevation_deg}: a picture needs 0-90 degrees")
    rows, cols = state.surface.shape
    sun = Sunlight(round(sun_azimuth_deg, 2), round(sun_elevation_deg, 2))
    part = state_in(model, state, log if log is not None else EventLog(), (slice(0, rows), slice(0, cols)))
    return to_scale(reflected(part, bands, sun), bands, np.dtype(dtype), full_scale)


def reflected(state: PlaceState, bands: Sequence[str], sun: Sunlight, *, shadows: bool = True) -> Picture:
    """Return (C, H, W) float32 apparent reflectance of a window: light that comes back, over all that falls.

    Args:
        state: fine rasters.
        bands: names.
        sun: where it stands.
        shadows: whether things cast any, and hide the sky from what lies beside them.
    """
    toning = toning_of(state.palette, bands)
    waves = waves_of(state.frame, state.seed)
    picture = paint_ground(state, bands, waves, toning)
    if state.earth is not None:
        picture += state.earth * (spectra(["soil"], bands)[:, :, None] - picture)
    paint_rows(state, bands, waves, picture)
    paint_water(state, bands, waves, picture)
    ground = smoothed(state.ground_m, RELIEF_M / state.frame.step_m, state.frame)
    height = np.array(ground, np.float32, order="C")
    stamp(state, repairs(state), bands, height, picture)
    paint_roads(state, bands, waves, picture)
    if toning is not None:
        shift_ground(picture.reshape(len(bands), -1), state.shown.ravel(), toning)
    panels = panels_of(state.farms, sun, state.frame.step_m)
    for layer in (lying_about(state), *parked_cars(state), *panels):
        stamp(state, layer, bands, height, picture)
    paint_grounds(state, bands, waves, height, picture)
    flat, level = picture.reshape(len(bands), -1), height.reshape(-1)
    roofs = roof_pixels(state)
    if roofs is not None:
        flat[:, roofs.at] = roof_colours(state, roofs, bands, waves, toning)
        level[roofs.at] += roof_heights(state, roofs)
        stamp(state, rooftop_things(state, roofs), bands, height, picture)
    if state.walls_m is not None:
        height += state.walls_m
    trees = canopy(state, waves)
    above = ground + trees.height_m
    crowns = crown_pixels(state, trees, bands, waves, toning)
    # A roof may stand above a crown beside it.
    crowns = crowns.part(above.ravel()[crowns.at] > level[crowns.at])
    solid = None
    if crowns.bare is not None:
        solid = height.copy()
        leafy, open_at = crowns.at[~crowns.bare], crowns.at[crowns.bare]
        solid.ravel()[leafy] = above.ravel()[leafy]
        crowns.colour[:, crowns.bare] *= np.float32(1.0 - BETWEEN)
        crowns.colour[:, crowns.bare] += np.float32(BETWEEN) * flat[:, open_at]
    flat[:, crowns.at] = crowns.colour
    np.maximum(height, above, out=height)
    lit = lit_by(height, solid, crowns, state, bands, sun, shadows=shadows)
    picture *= lit
    k = state.oversampling
    if k == 1:
        return picture
    # Sums of every k-th pixel are several times as quick as a mean over blocks.
    total = np.zeros((len(bands), picture.shape[1] // k, picture.shape[2] // k), np.float32)
    for row in range(k):
        for col in range(k):
            total += picture[:, row::k, col::k]
    total /= np.float32(k * k)
    return total


def lit_by(
    height_m: Picture,
    solid_m: Picture | None,
    crowns: CrownPixels,
    state: PlaceState,
    bands: Sequence[str],
    sun: Sunlight,
    *,
    shadows: bool,
) -> Picture:
    """Return (C, h, w) float32 light on each fine pixel over that on level open ground.

    Args:
        height_m: (h, w) of all that stands.
        solid_m: (h, w) the same without bare crowns, through which light comes; None where there are none.
        crowns: pixels that show one.
        state, bands, sun, shadows: as in `reflected`.
    """
    direct = facing_sun(height_m, state.frame, sun)
    leaves = np.zeros(direct.shape, bool)
    leaves.ravel()[crowns.at] = True
    direct[leaves] += np.float32(THROUGH) * (np.float32(1.0) - direct[leaves])
    sky = np.ones_like(direct)
    if shadows:
        hidden = shaded(height_m, state.frame, sun)
        if solid_m is not None:
            held = shaded(solid_m, state.frame, sun)
            hidden += np.float32(BETWEEN) * (held - hidden)
        hidden[leaves] *= np.float32(1.0 - FILTERED)
        direct *= np.float32(1.0) - hidden
        sky = sky_seen(height_m, state.frame)
        # A roof looks the same whoever builds beside it.
        sky[state.classes == hub.BUILDING] = 1.0
    light = np.empty((len(bands), *height_m.shape), np.float32)
    for band, share in enumerate(sky_share(bands).tolist()):
        np.multiply(direct, np.float32(1.0 - share - BOUNCED), out=light[band])
        light[band] += np.float32(share + BOUNCED) * sky
    return light
