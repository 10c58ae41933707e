"""A procedural place at one time: the model's fine rasters with what a snapshot says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.place import COVER_IDS, COVERS, PlaceModel, Roof
from diachron.core.sample import Snapshot
from diachron.generators.procedural.borders import frayed
from diachron.generators.procedural.farms import Farm, farms_in
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.new_ground import NEW_COVER, ground_events, lay_new_roads, trodden
from diachron.generators.procedural.new_roofs import roof_of
from diachron.generators.procedural.sites import raise_sites
from diachron.generators.procedural.trees import CROWN_FIELDS, new_trees

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

SURFACE_OF = np.array(list(COVERS.values()), np.uint8)


@dataclass(frozen=True, eq=False)
class PlaceState:
    """What is painted: all (h, w) rasters are fine ones of one window.

    Args:
        frame: where they lie.
        oversampling: fine pixels to a pixel of the picture, along a side.
        cover, direction_deg, patch, lane_m, road_width_m, ground_m: as in `PlaceModel`.
        instances: object ids.
        classes: hub class of the object, 0 where none stands.
        crowns: (N, 6) float64 columns `CROWN_FIELDS`, places in fine pixels of the window.
        roofs: of the buildings of the window.
        walls_m: (h, w) height of walls that have no roof yet, None where there are none.
        farms: solar farms that events have built.
        earth: (h, w) share of earth that was carried onto the ground, None where there is none.
        style, seed: of the world.
        season, palette: as in `PlaceModel`.
    """

    frame: Frame
    oversampling: int
    cover: NDArray[np.uint8]
    direction_deg: NDArray[np.float32]
    patch: NDArray[np.int32]
    lane_m: NDArray[np.float32]
    road_width_m: NDArray[np.float32]
    ground_m: NDArray[np.float32]
    instances: NDArray[np.int32]
    classes: NDArray[np.uint8]
    crowns: NDArray[np.float64]
    roofs: Mapping[int, Roof]
    walls_m: NDArray[np.float32] | None
    farms: tuple[Farm, ...]
    earth: NDArray[np.float32] | None
    style: str
    seed: int
    season: str
    palette: Mapping[str, Any] | None

    @property
    def shown(self) -> NDArray[np.uint8]:
        """(h, w) hub class of the object, or of the ground where none stands."""
        return np.where(self.classes > 0, self.classes, SURFACE_OF[self.cover])


def state_in(model: PlaceModel, state: Snapshot, log: EventLog, box: Box) -> PlaceState:
    """Return the fine rasters of a state in a window of the picture.

    Where the snapshot's object or surface is one that the model has in that pixel, the model's finer detail
    stands; elsewhere the pixel takes what the snapshot says. Trees go with the ground that they stood on.

    Args:
        model: of the place as it was made.
        state: at the time asked for.
        log: names directions and lines of what is new.
        box: window in pixels of the picture.
    """
    k = model.oversampling
    fine = slice(box[0].start * k, box[0].stop * k), slice(box[1].start * k, box[1].stop * k)
    whole = Frame.of(model.origin_m, model.gsd_m / k, model.cover.shape)
    frame = whole.part(*fine)
    was = model.instances[fine]
    instances, other_object = _instances(was, state, box, k)
    cover = model.cover[fine].copy()
    shown = SURFACE_OF[cover]
    wanted = state.surface[box]
    agrees = _any_of_block(shown == _repeat(wanted, k), k) | (wanted == hub.IGNORE)
    other_ground = _repeat(~agrees, k)
    direction, patch = model.direction_deg[fine].copy(), model.patch[fine].copy()
    lane, width = model.lane_m[fine].copy(), model.road_width_m[fine].copy()
    farms: tuple[Farm, ...] = ()
    if other_ground.any():
        cover[other_ground] = NEW_COVER[_repeat(wanted, k)[other_ground]]
        direction[other_ground] = np.nan
        lane[other_ground] = np.nan
        width[other_ground] = np.nan
        was_cover = model.cover[fine]
        yard = other_ground & (_repeat(wanted, k) == hub.DEVELOPED)
        ground_events(log, state, box, k, other_ground, shown == hub.CROP, was_cover, cover, patch, direction)
        old = frayed(frame, model.seed, other_ground, instances > 0, was_cover, cover)
        cover[old], patch[old] = was_cover[old], model.patch[fine][old]
        direction[old] = model.direction_deg[fine][old]
        farms = farms_in(log, state, frame, box, k, yard & (instances == 0), model.seed)
    walls = raise_sites(log, state, box, k, frame.step_m, instances, cover, patch)
    classes = _classes(instances, state)
    if other_object.any():
        born = other_object & (classes == hub.ROAD)
        if born.any():
            cover[born] = COVER_IDS["asphalt"]
            lay_new_roads(log, box, k, model.gsd_m, born, instances, lane, width, direction, patch)
    changed = other_ground | other_object
    crowns = crowns_in(model, fine)
    if changed.any():
        crowns = _standing(crowns, changed)
        crowns = np.concatenate(
            [crowns, new_trees(frame, model.seed, other_ground & (instances == 0), cover)]
        )
    roofs = {
        number: model.roofs[number] if number in model.roofs else roof_of(model, state.objects[number], log)
        for number in np.unique(instances[classes == hub.BUILDING]).tolist()
    }
    return PlaceState(
        frame=frame,
        oversampling=k,
        cover=cover,
        direction_deg=direction,
        patch=patch,
        lane_m=lane,
        road_width_m=width,
        ground_m=model.ground_m[fine],
        instances=instances,
        classes=classes,
        crowns=crowns,
        roofs=roofs,
        walls_m=walls,
        farms=farms,
        earth=trodden(frame, model.seed, other_ground, cover) if other_ground.any() else None,
        style=model.style,
        seed=model.seed,
        season=model.season,
        palette=model.palette,
    )


def _instances(was: NDArray[np.int32], state: Snapshot, box: Box, k: int) -> tuple[NDArray[np.int32], Mask]:
    """Return the fine ids of a state, and where they are others than the model's."""
    wanted = state.instances[box]
    present = np.unique(was)
    gone = [number for number in present.tolist() if number and number not in state.objects]
    instances = was.copy()
    if gone:
        instances[np.isin(was, gone)] = 0
    coarse = _repeat(wanted, k)
    differs: Mask = _repeat(~_any_of_block(instances == coarse, k), k)
    instances[differs] = coarse[differs]
    if k > 1:
        known = set(present.tolist())
        for number in np.unique(wanted[wanted > 0]).tolist():
            if number not in known:
                _smooth(instances, coarse == number, number)
    return instances, instances != was


def _smooth(instances: NDArray[np.int32], mask: Mask, number: int) -> None:
    """Take the stairs of coarse pixels out of a new outline, over open ground only."""
    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    box = (
        slice(max(rows[0] - 3, 0), rows[-1] + 4),
        slice(max(cols[0] - 3, 0), cols[-1] + 4),
    )
    part, window = mask[box], instances[box]
    soft = ndimage.gaussian_filter(part.astype(np.float32), 1.2, mode="nearest") > 0.5
    window[soft & (window == 0)] = number
    window[part & ~soft & (window == number)] = 0


def _classes(instances: NDArray[np.int32], state: Snapshot) -> NDArray[np.uint8]:
    """Return the hub class of the object at each fine pixel; ids may be too large for a table."""
    classes = np.zeros(instances.shape, np.uint8)
    taken = instances > 0
    ids = instances[taken]
    known = np.unique(ids)
    table = np.array([state.objects[number].object_class for number in known.tolist()], np.uint8)
    if known.size:
        classes[taken] = table[np.searchsorted(known, ids)]
    return classes


def _repeat(values: NDArray[Any], k: int) -> NDArray[Any]:
    return values if k == 1 else np.repeat(np.repeat(values, k, axis=0), k, axis=1)


def _any_of_block(mask: Mask, k: int) -> Mask:
    height, width = mask.shape
    found: Mask = np.any(mask.reshape(height // k, k, width // k, k), axis=(1, 3))
    return found


_CROWNS: WeakKeyDictionary[PlaceModel, NDArray[np.float64]] = WeakKeyDictionary()
KINDS = ("broadleaf", "conifer", "palm", "bush")


def crowns_in(model: PlaceModel, fine: Box) -> NDArray[np.float64]:
    """Return (N, 6) the crowns that reach into a window, in fine pixels of it; the table is kept by model."""
    if model not in _CROWNS:
        _CROWNS[model] = np.array(
            [
                (c.row * model.oversampling, c.col * model.oversampling, c.radius_m, c.height_m,
                 KINDS.index(c.kind), c.seed & 0xFFFFFFFF)
                for c in model.crowns
            ],
            np.float64,
        ).reshape(-1, len(CROWN_FIELDS))  # fmt: skip
    table = _CROWNS[model]
    reach = table[:, 2] * model.oversampling / model.gsd_m * 1.3 + 2.0
    keep = (
        (table[:, 0] + reach > fine[0].start)
        & (table[:, 0] - reach < fine[0].stop)
        & (table[:, 1] + reach > fine[1].start)
        & (table[:, 1] - reach < fine[1].stop)
    )
    here = table[keep].copy()
    here[:, 0] -= fine[0].start
    here[:, 1] -= fine[1].start
    return here


def _standing(crowns: NDArray[np.float64], changed: Mask) -> NDArray[np.float64]:
    """Return the crowns whose stem stands on ground that is as it was; beyond the window nothing changes."""
    rows, cols = np.floor(crowns[:, :2]).astype(np.int64).T
    inside = (rows >= 0) & (rows < changed.shape[0]) & (cols >= 0) & (cols < changed.shape[1])
    keep = np.ones(len(crowns), bool)
    keep[inside] = ~changed[rows[inside], cols[inside]]
    return crowns[keep]
