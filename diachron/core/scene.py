"""A scene: one picture of a place with what stands on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.errors import GridError
from diachron.core.grid import GeoGrid
from diachron.core.labels import LabelSchema
from diachron.core.look import Look
from diachron.core.place import PlaceModel

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Footprint:
    """The pixels of one object or event, as a mask in its own window of the grid.

    Args:
        row, col: upper left pixel of the window; may lie outside the grid for a donor that is being moved.
        mask: (h, w) bool, at least one pixel set.
    """

    row: int
    col: int
    mask: Mask

    @property
    def window(self) -> tuple[slice, slice]:
        """Return the slices of the window in the grid."""
        height, width = self.mask.shape
        return slice(self.row, self.row + height), slice(self.col, self.col + width)

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.mask))

    def to_json(self) -> dict[str, object]:
        """Return window and run lengths in row-major order, first run of zeros (COCO's convention)."""
        flat = self.mask.ravel()
        edges = np.flatnonzero(np.diff(flat)) + 1
        bounds = np.concatenate(([0], edges, [flat.size]))
        runs = np.diff(bounds).tolist()
        if flat[0]:
            runs = [0, *runs]
        return {"row": self.row, "col": self.col, "shape": list(self.mask.shape), "runs": runs}

    @classmethod
    def from_json(cls, record: Mapping[str, object]) -> Footprint:
        """Return the footprint of `to_json`'s record.

        Raises:
            ValueError: the runs do not fill the window.
        """
        shape = tuple(int(n) for n in record["shape"])  # type: ignore[attr-defined]
        runs = np.asarray(record["runs"], dtype=np.int64)
        values = np.arange(runs.size) % 2 == 1
        flat = np.repeat(values, runs)
        if flat.size != shape[0] * shape[1]:
            raise ValueError(f"footprint: {flat.size} pixels in runs, {shape} in shape")
        return cls(int(record["row"]), int(record["col"]), flat.reshape(shape))  # type: ignore[call-overload]


@dataclass(frozen=True)
class SceneObject:
    """One object that stands on the surface.

    Args:
        id: positive, unique in the scene, never used again.
        object_class: hub id (11-16).
        footprint: its pixels.
        height_m: above ground; None where unknown.
        whole: False where the edge of the picture or pixels without data cut it.
        orientation_deg: direction of its longest walls, degrees from the column axis towards the row axis,
            in [0, 90); None where it has none.
        fill: share of its box, turned to its main axis, that it fills.
        certain: False for a piece that a labelled block was cut into: its outline is a guess.
    """

    id: int
    object_class: int
    footprint: Footprint
    height_m: float | None = None
    whole: bool = True
    orientation_deg: float | None = None
    fill: float = 1.0
    certain: bool = True


@dataclass(frozen=True)
class Sun:
    """Where shadows fall, in pixels of the picture.

    Args:
        shadow_row, shadow_col: unit vector from an object to its shadow, rows down and columns right.
        shadow_length_m: length of the shadow of an ordinary house of the scene.
        contrast: (C,) brightness of shadowed over lit ground per band, in (0, 1].
        given: True where the source states it, False where it was estimated from the shadows.
    """

    shadow_row: float
    shadow_col: float
    shadow_length_m: float
    contrast: tuple[float, ...]
    given: bool = False


@dataclass(frozen=True, eq=False)  # compared by identity: what is derived from a scene is kept by scene
class Scene:
    """One picture of a place, split into the two layers of the hub.

    Args:
        image: (C, H, W) uint8, uint16 or float32, the source's values.
        bands: C names, e.g. red, green, blue, nir; `band1` ... where unknown.
        full_scale: the value of white in the source's scale (255 for 8 bits).
        nodata: value that marks pixels without data in the image; None where there is none.
        surface: (H, W) uint8 hub ids of the ground, also under objects; 0 is ignore.
        instances: (H, W) int32 object ids, 0 where no object stands.
        objects: id -> object.
        height_m: (H, W) float32 above ground, or None.
        grid: shared by all layers.
        labels: (H, W) uint8 label map as it came, canonical ids of `schema`.
        schema: the scheme of `labels`.
        void: (H, W) bool pixels without image data, or None where every pixel has some.
        surface_is_estimated: True where the labels do not say what kind of ground it is.
        time_years: of the picture on the run's time axis, None where it does not matter.
        sun: None where no shadows were found.
        source: name of the tile (and window) in the source.
        licence: SPDX id or the user's words; None where not stated.
        model: what a procedural place is made of; None for a real one.

    Raises:
        GridError: a layer's shape differs from the grid's.
    """

    image: NDArray[np.generic]
    bands: tuple[str, ...]
    full_scale: float
    nodata: float | None
    surface: NDArray[np.uint8]
    instances: NDArray[np.int32]
    objects: Mapping[int, SceneObject]
    height_m: NDArray[np.float32] | None
    grid: GeoGrid
    labels: NDArray[np.uint8]
    schema: LabelSchema
    void: Mask | None = None
    surface_is_estimated: bool = False
    time_years: float | None = None
    sun: Sun | None = None
    source: str = ""
    licence: str | None = None
    model: PlaceModel | None = None

    def __post_init__(self) -> None:
        for name in ("image", "surface", "instances", "labels", "height_m"):
            layer = getattr(self, name)
            if layer is not None and layer.shape[-2:] != self.grid.shape:
                raise GridError(
                    f"{self.source or 'scene'}: {name} is {layer.shape[-2:]}, grid {self.grid.shape}"
                )
        if self.image.ndim != 3 or self.image.shape[0] != len(self.bands):
            raise GridError(
                f"{self.source or 'scene'}: image {self.image.shape}, but {len(self.bands)} band names"
            )

    @cached_property
    def ignored(self) -> Mask:
        """(H, W) pixels that say nothing: no surface and no object."""
        nothing: Mask = (self.surface == hub.IGNORE) & (self.instances == 0)
        return nothing


def object_class_map(instances: NDArray[np.int32], objects: Mapping[int, SceneObject]) -> NDArray[np.uint8]:
    """Return the (H, W) uint8 hub class of the object at each pixel, 0 where none stands."""
    table = np.zeros(int(max(objects, default=0)) + 1, np.uint8)
    for object_id, entry in objects.items():
        table[object_id] = entry.object_class
    return table[instances]


@dataclass(frozen=True)
class Donor:
    """An object that may be put up elsewhere.

    Args:
        scene: key of the scene that it stands in (`Scene.source`).
        object: the object in that scene.
        area_m2: its footprint on the ground there.
        gsd_m: of that scene.
        sun: of that scene.
        look: of the object and the ground around it; None where it was not measured.
    """

    scene: str
    object: SceneObject
    area_m2: float
    gsd_m: float
    sun: Sun | None = field(default=None)
    look: Look | None = None


@dataclass(frozen=True)
class RawScene:
    """A window of a source as it was read, before it is split into surface and objects.

    Args:
        image, bands, full_scale, nodata, grid, schema, source, licence: as in `Scene`.
        labels: (H, W) uint8 canonical ids of `schema`; where polygons are given, drawn from them.
        footprints: (H, W) int32, one id a polygon of the source (0 none), or None where no polygons exist.
        void: (H, W) bool pixels without image data.
        sun_azimuth_deg, sun_elevation_deg: as the source states them, clockwise from north; None if not.
    """

    image: NDArray[np.generic]
    bands: tuple[str, ...]
    full_scale: float
    nodata: float | None
    grid: GeoGrid
    labels: NDArray[np.uint8]
    schema: LabelSchema
    footprints: NDArray[np.int32] | None
    void: Mask
    source: str
    licence: str | None = None
    sun_azimuth_deg: float | None = None
    sun_elevation_deg: float | None = None
