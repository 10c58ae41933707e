"""Ground that the model does not know: how a new surface looks, and roads along new lines."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import ChangeEvent, EventLog
from diachron.core.place import COVER_IDS
from diachron.core.sample import Snapshot
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.noise import field, hashed

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

# Hub surface -> cover where the model has another surface.
NEW_COVER = np.zeros(256, np.uint8)
for _surface, _cover in (
    (hub.BARE, "dirt"),
    (hub.GRASS, "lawn"),
    (hub.SHRUB, "scrub"),
    (hub.TREE, "forest_floor"),
    (hub.CROP, "crop"),
    (hub.DEVELOPED, "yard"),
    (hub.WATER, "lake"),
    (hub.WETLAND, "marsh"),
    (hub.SNOW, "snowfield"),
):
    NEW_COVER[_surface] = COVER_IDS[_cover]
# Under panels grass is sown where a field was; other open ground is left as it lies.
LEFT = tuple(COVER_IDS[name] for name in ("lawn", "meadow", "dry_grass", "soil", "dirt", "sand", "gravel"))
# Feet and wheels carry earth beyond the edge of ground that was laid bare, over growing ground only.
SPREAD_M, FARTHEST_M = 1.1, 5.0
GROWING = tuple(
    COVER_IDS[name]
    for name in ("lawn", "meadow", "dry_grass", "scrub", "hedge", "forest_floor", "crop", "stubble")
)
# Pieces of ground that events made are numbered from here; a model's own numbers are hashes or small.
FIRST_PATCH = 1 << 30


def ground_events(
    log: EventLog,
    state: Snapshot,
    box: Box,
    k: int,
    other: Mask,
    farmed: Mask,
    was: NDArray[np.uint8],
    cover: NDArray[np.uint8],
    patch: NDArray[np.int32],
    direction_deg: NDArray[np.float32],
) -> None:
    """Write what the log says of changed ground: each event's own tone, its rows and its cover.

    Args:
        log: an event may name `rows_deg` and `cover` (a kind of `core.place.COVERS`).
        state: its time decides which event was the last.
        box: window in pixels of the picture.
        k: fine pixels to one of them.
        other: (h, w) fine pixels whose ground differs from the model's.
        farmed: (h, w) fine pixels that are fields in the model.
        was: (h, w) kinds of ground in the model.
        cover, patch, direction_deg: (h, w), written.
    """
    # Seen from a state before the real picture, the earliest of the later events tells how the ground was.
    past = [event for event in log if event.time_years <= state.time_years]
    later = [event for event in log if event.time_years > state.time_years]
    for event in (*reversed(later), *past):
        if event.object_id and event.before.surface is None and event.after.surface is None:
            continue
        part = fine_footprint(event, box, k)
        if part is None:
            continue
        window, mask = part
        touched = mask & other[window]
        if not touched.any():
            continue
        if event.object_id == 0:
            patch[window][touched] = FIRST_PATCH + event.id
            # A field that is no longer one lies fallow: no lawn grows there.
            fallow = touched & farmed[window] & (cover[window] == COVER_IDS["lawn"])
            cover[window][fallow] = COVER_IDS["meadow"]
        if event.time_years <= state.time_years:
            paved = touched & (cover[window] == COVER_IDS["yard"])
            if "panels" in event.parameters:
                left = np.where(np.isin(was[window], LEFT), was[window], COVER_IDS["meadow"])
                cover[window][paved] = left[paved]
            elif event.process == "parking":
                cover[window][paved] = COVER_IDS["asphalt"]
                direction_deg[window][paved] = _long_deg(event.footprint.mask)
        if "rows_deg" in event.parameters:
            turned = touched & (cover[window] == COVER_IDS["dirt"])
            cover[window][turned] = COVER_IDS["ploughed"]
        if "rows_deg" in event.parameters:
            direction_deg[window][touched] = float(event.parameters["rows_deg"]) % 180.0  # type: ignore[arg-type]
        named = str(event.parameters.get("cover", ""))
        if named in COVER_IDS:
            cover[window][touched] = COVER_IDS[named]


def _long_deg(mask: Mask) -> float:
    """Return the direction in which a mask is longest, degrees from columns towards rows, in [0, 180)."""
    rows, cols = np.nonzero(mask)
    down, right = rows - rows.mean(), cols - cols.mean()
    twice = np.arctan2(2.0 * (down * right).sum(), (right * right).sum() - (down * down).sum())
    return float(np.degrees(0.5 * twice) % 180.0)


def fine_footprint(event: ChangeEvent, box: Box, k: int) -> tuple[Box, Mask] | None:
    """Return an event's pixels as a window and mask of the fine raster of a box; None where they miss it."""
    footprint = event.footprint
    top, left = max(footprint.row, box[0].start), max(footprint.col, box[1].start)
    bottom = min(footprint.row + footprint.mask.shape[0], box[0].stop)
    right = min(footprint.col + footprint.mask.shape[1], box[1].stop)
    if top >= bottom or left >= right:
        return None
    mask = footprint.mask[
        top - footprint.row : bottom - footprint.row, left - footprint.col : right - footprint.col
    ]
    rows = slice((top - box[0].start) * k, (bottom - box[0].start) * k)
    cols = slice((left - box[1].start) * k, (right - box[1].start) * k)
    return (rows, cols), np.repeat(np.repeat(mask, k, axis=0), k, axis=1)


def trodden(frame: Frame, seed: int, other: Mask, cover: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """Return (h, w) share of earth that lies around ground laid bare, ragged; None where there is none.

    Args:
        frame: of the window.
        seed: of the world.
        other: (h, w) ground that differs from the model's.
        cover: (h, w) as it is now.
    """
    bare = other & np.isin(cover, (COVER_IDS["dirt"], COVER_IDS["concrete"]))
    if not bare.any():
        return None
    away_m = ndimage.distance_transform_edt(~bare).astype(np.float32) * np.float32(frame.step_m)
    np.minimum(away_m, np.float32(FARTHEST_M), out=away_m)
    ragged = 0.6 * field(frame, 2.6, int(hashed(seed, 600))) + 0.5 * field(frame, 0.9, int(hashed(seed, 601)))
    share = np.exp(-away_m / np.float32(SPREAD_M)) * (np.float32(1.1) + ragged)
    share = np.clip(share - np.float32(0.12), 0.0, 0.9)
    return np.where(~bare & np.isin(cover, GROWING), share, np.float32(0.0)).astype(np.float32)


def lay_new_roads(
    log: EventLog,
    box: Box,
    k: int,
    gsd_m: float,
    born: Mask,
    instances: NDArray[np.int32],
    lane_m: NDArray[np.float32],
    road_width_m: NDArray[np.float32],
    direction_deg: NDArray[np.float32],
    patch: NDArray[np.int32],
) -> None:
    """Write distance to the middle, width and direction of roads that events have built.

    Args:
        log: names each road's middle `line` (row, col in pixels of the picture) and `width_m`.
        box, k, gsd_m: window of the picture and its scale.
        born: (h, w) fine pixels of roads that the model does not have.
        instances: (h, w) object ids.
        lane_m, road_width_m, direction_deg, patch: (h, w), written.
    """
    for event in log:
        if event.object_id == 0 or "line" not in event.parameters:
            continue
        mask = born & (instances == event.object_id)
        if not mask.any():
            continue
        rows, cols = np.nonzero(mask)
        line = np.asarray(event.parameters["line"], np.float64)
        # Corners of pixels are whole numbers, their middles lie half a pixel on; the line counts in middles.
        points = np.stack(
            [(rows + 0.5) / k + box[0].start - 0.5, (cols + 0.5) / k + box[1].start - 0.5], axis=1
        )
        off, angle = _signed_distance(points, line)
        lane_m[mask] = off * gsd_m
        road_width_m[mask] = float(event.parameters["width_m"])  # type: ignore[arg-type]
        direction_deg[mask] = angle
        patch[mask] = FIRST_PATCH + event.id


def _signed_distance(
    points: NDArray[np.float64], line: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return distance of points to a polyline, negative on its left, and the direction there in degrees."""
    best = np.full(len(points), np.inf)
    signed, angle = np.zeros(len(points)), np.zeros(len(points))
    for start, end in pairwise(line):
        along = end - start
        length = float(np.hypot(*along))
        if length == 0.0:
            continue
        unit = along / length
        offset = points - start
        forth = np.clip(offset @ unit, 0.0, length)
        distance = np.hypot(*(offset - forth[:, None] * unit).T)
        closer = distance < best
        # Positive on the right of (row, col) direction: rows grow downwards.
        side = offset[:, 0] * unit[1] - offset[:, 1] * unit[0]
        best[closer] = distance[closer]
        signed[closer] = (distance * np.where(side < 0, -1.0, 1.0))[closer]
        angle[closer] = np.degrees(np.arctan2(unit[0], unit[1])) % 180.0
    return signed, angle
