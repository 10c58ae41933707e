"""A small place with every pixel known: a street, houses, trees, a pond and a field, cut from vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diachron.core import hub
from diachron.core.events import ChangeEvent, Cover, EventLog
from diachron.core.grid import GeoGrid
from diachron.core.light import shadow_direction, shadow_length_m
from diachron.core.place import COVER_IDS, COVERS, Crown, PlaceModel, Roof
from diachron.core.sample import RenderRequest, Snapshot
from diachron.core.scene import Footprint, Scene, SceneObject, Sun
from diachron.core.schemes import schema_named
from diachron.generators.procedural import picture_of

STREET = 1000
# East and south of the middle, half of length and width, ridge, roof.
HOUSES = {
    1: (-28.0, -16.0, 6.0, 4.0, 0.0, Roof("gable", 0.0, 30.0, 5.0, "tile", 3)),
    2: (-8.0, -17.0, 7.0, 5.0, 10.0, Roof("hip", 10.0, 27.0, 5.0, "slate", 5)),
    3: (16.0, -18.0, 8.0, 6.0, 0.0, Roof("flat", 0.0, 0.0, 6.0, "bitumen", 8)),
    4: (-24.0, 17.0, 4.0, 3.0, 80.0, Roof("shed", 80.0, 12.0, 3.0, "metal", 13)),
}
TREES = (
    Crown(0.0, -40.0, 4.0, 9.0, "broadleaf", 21),
    Crown(-30.0, 5.0, 2.5, 11.0, "conifer", 34),
    Crown(26.0, -6.0, 3.0, 7.0, "palm", 55),
    Crown(24.0, 4.0, 1.2, 1.5, "bush", 89),
)
SUN = (150.0, 45.0)
RGBN = ("red", "green", "blue", "nir")


def place(
    side_m: float = 96.0,
    gsd_m: float = 0.5,
    k: int = 2,
    corner_m: tuple[float, float] = (-48.0, -48.0),
    trees: bool = True,
) -> tuple[PlaceModel, Snapshot]:
    """Return model and state of a square window whose corner lies (east, south) of the place's middle."""
    side = round(side_m / gsd_m)
    step = gsd_m / k
    east = corner_m[0] + (np.arange(side * k) + 0.5) * step
    south = corner_m[1] + (np.arange(side * k) + 0.5) * step
    x, y = np.meshgrid(east, south)
    nothing = np.full(x.shape, np.nan, np.float32)
    cover = np.full(x.shape, COVER_IDS["lawn"], np.uint8)
    patch = (np.floor(x / 24) + 10 * np.floor(y / 30) + 500).astype(np.int32)
    lane, width, direction = nothing.copy(), nothing.copy(), nothing.copy()
    instances = np.zeros(x.shape, np.int32)
    street = np.abs(y) < 3.5
    cover[street], instances[street] = COVER_IDS["asphalt"], STREET
    lane[street], width[street], direction[street], patch[street] = y[street], 7.0, 0.0, 900
    field = (y > 8) & (x > 12)
    cover[field], direction[field], patch[field] = COVER_IDS["crop"], 35.0, 901
    pond = np.hypot(x + 10, y - 30) < 7
    cover[pond], patch[pond] = COVER_IDS["lake"], 902
    roofs = {}
    for number, (right, down, long, wide, turn, roof) in HOUSES.items():
        cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        along, across = (x - right) * cos + (y - down) * sin, (y - down) * cos - (x - right) * sin
        house = (np.abs(along) < long) & (np.abs(across) < wide)
        if house.any():
            instances[house], roofs[number] = number, roof
    model = PlaceModel(
        oversampling=k,
        cover=cover,
        direction_deg=direction,
        patch=patch,
        lane_m=lane,
        road_width_m=width,
        instances=instances,
        ground_m=np.zeros(x.shape, np.float32),
        crowns=tuple(
            Crown(
                (tree.row - corner_m[1]) / gsd_m,
                (tree.col - corner_m[0]) / gsd_m,
                tree.radius_m,
                tree.height_m,
                tree.kind,
                tree.seed,
            )
            for tree in (TREES if trees else ())
        ),
        roofs=roofs,
        style="suburb",
        seed=7,
        origin_m=(1000.0 + corner_m[0], 2000.0 - corner_m[1]),
        gsd_m=gsd_m,
    )
    middle = slice(k // 2, None, k)
    ids = instances[middle, middle].copy()
    surface = np.array(list(COVERS.values()), np.uint8)[cover[middle, middle]]
    return model, Snapshot(0.0, surface, ids, objects_of(ids))


def objects_of(ids: np.ndarray) -> dict[int, SceneObject]:
    """Return the objects of an instance map: the street is a road, all others are buildings."""
    found = {}
    for number in np.unique(ids[ids > 0]).tolist():
        rows, cols = np.nonzero(ids == number)
        box = slice(rows.min(), rows.max() + 1), slice(cols.min(), cols.max() + 1)
        footprint = Footprint(int(rows.min()), int(cols.min()), ids[box] == number)
        kind = hub.ROAD if number == STREET else hub.BUILDING
        found[number] = SceneObject(number, kind, footprint, None if number == STREET else 6.0)
    return found


def pictured(
    model: PlaceModel,
    state: Snapshot,
    *,
    bands: Sequence[str] = RGBN,
    dtype: str = "uint8",
    full_scale: float = 255.0,
    sun: tuple[float, float] = SUN,
) -> np.ndarray:
    """Return the picture of a state."""
    return picture_of(
        model,
        state,
        sun_azimuth_deg=sun[0],
        sun_elevation_deg=sun[1],
        bands=bands,
        dtype=dtype,
        full_scale=full_scale,
    )


def scene_of(
    model: PlaceModel,
    state: Snapshot,
    *,
    bands: Sequence[str] = RGBN,
    dtype: str = "uint8",
    full_scale: float = 255.0,
    sun: tuple[float, float] = SUN,
) -> Scene:
    """Return the scene of a state, with its picture and the sun that a source would state."""
    schema = schema_named("hub")
    classes = np.zeros(state.surface.shape, np.uint8)
    for entry in state.objects.values():
        classes[entry.footprint.window][entry.footprint.mask] = entry.object_class
    row, col = shadow_direction(sun[0])
    return Scene(
        image=pictured(model, state, bands=bands, dtype=dtype, full_scale=full_scale, sun=sun),
        bands=tuple(bands),
        full_scale=full_scale,
        nodata=None,
        surface=state.surface,
        instances=state.instances,
        objects=state.objects,
        height_m=None,
        grid=GeoGrid.plain(state.surface.shape, model.gsd_m),
        labels=schema.draw(state.surface, classes),
        schema=schema,
        time_years=0.0,
        sun=Sun(row, col, shadow_length_m(5.0, sun[1]), (0.4,) * len(bands), given=True),
        source="place",
        model=model,
    )


def without(state: Snapshot, number: int, ground: int = hub.GRASS) -> tuple[Snapshot, EventLog]:
    """Return the state after a house has gone, and the log."""
    entry = state.objects[number]
    window, mask = entry.footprint.window, entry.footprint.mask
    ids, surface = state.instances.copy(), state.surface.copy()
    ids[window][mask], surface[window][mask] = 0, ground
    event = ChangeEvent(
        1, "demolition", "demolition", "demolished", 1.0, number, Cover(number), Cover(0, ground),
        entry.footprint, float(entry.footprint.pixels),
    )  # fmt: skip
    objects = {key: value for key, value in state.objects.items() if key != number}
    return Snapshot(2.0, surface, ids, objects), EventLog((event,))


def with_house(
    state: Snapshot, row: int, col: int, shape: tuple[int, int], height_m: float, number: int = 77
) -> tuple[Snapshot, EventLog]:
    """Return the state after a house has been built, and the log."""
    footprint = Footprint(row, col, np.ones(shape, bool))
    entry = SceneObject(number, hub.BUILDING, footprint, height_m)
    ids, surface = state.instances.copy(), state.surface.copy()
    ids[footprint.window], surface[footprint.window] = number, hub.BARE
    event = ChangeEvent(
        1, "construction", "construction", "built", 1.0, number, Cover(0, hub.BARE), Cover(number),
        footprint, float(footprint.pixels), new_object=entry, parameters={"donor_object": 3},
    )  # fmt: skip
    return Snapshot(2.0, surface, ids, {**state.objects, number: entry}), EventLog((event,))


def request(scene: Scene, target: Snapshot, log: EventLog) -> RenderRequest:
    """Return what a renderer is asked for."""
    return RenderRequest(scene, target, log, {scene.source: scene})
