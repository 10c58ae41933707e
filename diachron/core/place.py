"""What a procedural place is made of beyond the hub's classes: kinds of ground, roofs, crowns, relief.

A world hands it to a renderer with a scene. All of it is cut from vectors, so a place is the same at every
gsd; `oversampling` gives the renderer pixels finer than the scene's, for edges that are not stairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.errors import GridError, UnknownNameError, nearest_names

# Kind of ground -> hub surface. The position is the value in `PlaceModel.cover`.
COVERS: dict[str, int] = {
    "soil": hub.BARE,
    "sand": hub.BARE,
    "rock": hub.BARE,
    "gravel": hub.BARE,
    "dirt": hub.BARE,
    "rubbish": hub.BARE,
    "lawn": hub.GRASS,
    "meadow": hub.GRASS,
    "dry_grass": hub.GRASS,
    "scrub": hub.SHRUB,
    "hedge": hub.SHRUB,
    "forest_floor": hub.TREE,
    "crop": hub.CROP,
    "stubble": hub.CROP,
    "ploughed": hub.CROP,
    "orchard": hub.CROP,
    "asphalt": hub.DEVELOPED,
    "concrete": hub.DEVELOPED,
    "paving": hub.DEVELOPED,
    "yard": hub.DEVELOPED,
    "ballast": hub.DEVELOPED,
    "court": hub.DEVELOPED,
    "river": hub.WATER,
    "lake": hub.WATER,
    "sea": hub.WATER,
    "marsh": hub.WETLAND,
    "snowfield": hub.SNOW,
}
COVER_IDS: dict[str, int] = {name: number for number, name in enumerate(COVERS)}

ROOFS = ("flat", "gable", "hip", "shed")
# What leaves and grass look like. Snow is no season: it comes and goes between two dates, with acquisition.
SEASONS = ("spring", "summer", "autumn", "winter", "dry")


@dataclass(frozen=True)
class Roof:
    """The upper side of a building.

    Args:
        form: one of `ROOFS`.
        ridge_deg: direction of the ridge (of the fall, for a shed), degrees from the column axis towards the
            row axis, in [0, 180).
        pitch_deg: slope, 0 for a flat roof.
        eaves_m: height of the eaves above ground.
        material: e.g. `tile`, `slate`, `metal`, `bitumen`, `gravel`, `concrete`, `thatch`, `glass`.
        seed: of colour, dirt and things on the roof.
    """

    form: str
    ridge_deg: float
    pitch_deg: float
    eaves_m: float
    material: str
    seed: int


@dataclass(frozen=True)
class Crown:
    """One tree or bush.

    Args:
        row, col: of the stem, in pixels of the scene (not of the oversampled rasters); may lie outside.
        radius_m: of the crown.
        height_m: above ground.
        kind: `broadleaf`, `conifer`, `palm` or `bush`.
        seed: of its form and colour.
    """

    row: float
    col: float
    radius_m: float
    height_m: float
    kind: str
    seed: int


@dataclass(frozen=True, eq=False)  # compared by identity, as scenes are
class PlaceModel:
    """What a renderer paints a procedural place from; H and W are the scene's sides, k is `oversampling`.

    Args:
        oversampling: pixels of these rasters to one of the scene's, along a side.
        cover: (kH, kW) uint8 positions in `COVERS`, also under objects and crowns.
        direction_deg: (kH, kW) float32 of rows, lanes and tracks, from the column axis towards the row axis,
            in [0, 180); NaN where the ground has none.
        patch: (kH, kW) int32 number of the field, garden, road ... that the ground belongs to; the same piece
            has the same number in every window and at every gsd.
        lane_m: (kH, kW) float32 distance to the centre line of the road that the ground belongs to, metres,
            negative on its left; NaN off roads. Markings and wheel tracks follow it.
        road_width_m: (kH, kW) float32 of the carriageway there; NaN off roads.
        instances: (kH, kW) int32 object ids as in the scene, from the same vectors.
        ground_m: (kH, kW) float32 elevation of the ground.
        crowns: of trees and bushes whose crowns reach into the window.
        roofs: object id -> roof, for every building of the window.
        style: of the world.
        seed: of the world.
        origin_m: (east, north) of the upper left corner of the window in the world, so that textures that
            are functions of world coordinates agree between windows and gsd.
        gsd_m: of the scene, not of these rasters.
        season: one of `SEASONS`; every date that is painted from this model has it.
        palette: colours learned from real tiles, as the renderer writes them; None for its own.
        look: what renderer `semantic` drew to go over the first date; None where it has not.

    Raises:
        UnknownNameError: there is no such season.
        GridError: a raster has another shape than `cover`, or the sides are no multiples of `oversampling`.
    """

    oversampling: int
    cover: NDArray[np.uint8]
    direction_deg: NDArray[np.float32]
    patch: NDArray[np.int32]
    lane_m: NDArray[np.float32]
    road_width_m: NDArray[np.float32]
    instances: NDArray[np.int32]
    ground_m: NDArray[np.float32]
    crowns: tuple[Crown, ...]
    roofs: Mapping[int, Roof]
    style: str
    seed: int
    origin_m: tuple[float, float]
    gsd_m: float
    season: str = "summer"
    palette: Mapping[str, Any] | None = None
    look: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.season not in SEASONS:
            raise UnknownNameError(
                f"place of style '{self.style}': no season is called '{self.season}'; "
                f"{nearest_names(self.season, SEASONS)}"
            )
        for name in ("direction_deg", "patch", "lane_m", "road_width_m", "instances", "ground_m"):
            shape = getattr(self, name).shape
            if shape != self.cover.shape:
                raise GridError(f"place of style '{self.style}': {name} is {shape}, cover {self.cover.shape}")
        if self.oversampling < 1 or any(side % self.oversampling for side in self.cover.shape):
            raise GridError(
                f"place of style '{self.style}': sides {self.cover.shape}, oversampling {self.oversampling}"
            )
