"""Where a process is likely: near a class, by land use, in clusters, by a map. The parameter `where`.

`{near: road, scale_m: 60}` falls off with the distance from a class, `{on: {grass: 2, crop: 1}}` goes by the
ground (what is not named gets nothing), `{cluster: {parents_per_km2: 3, spread_m: 80}}` is a Thomas process,
`{raster: FILE}` is a map of the user's, on the scene's grid by the time it comes here. Several together
multiply. Counts stay Poisson with the mean that the rate gives, and only places differ; in clusters the mean
holds over many places, and a single one has more or less of its neighbours' parents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.distributions import check_quantity
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.scene import Scene, object_class_map

Field = NDArray[np.float64]

KEYS = ("near", "scale_m", "on", "cluster", "raster")
CLUSTER_KEYS = ("parents_per_km2", "spread_m")
# The depth of a plot and its neighbour: by the distance alone, half of it happens within 0.7 of this.
SCALE_M = 60.0
# Parents farther off than this many spreads send nobody.
FARTHEST = 4.0


def check_where(where: Mapping[str, object]) -> None:
    """Raise unless a `where` can be used.

    Raises:
        RecipeError: an unknown key or class, with the nearest name, or a value out of range.
    """
    for key in where:
        if key not in KEYS:
            raise RecipeError(f"where: unknown key '{key}'; {nearest_names(str(key), KEYS)}")
    if "near" in where:
        _check_class("where.near", where["near"], set(hub.NAMES.values()) - {"ignore"})
    if "scale_m" in where:
        if "near" not in where:
            raise RecipeError("where: scale_m says how near, so 'near' has to name a class, e.g. near: road")
        _check_number("where.scale_m", where["scale_m"])
    if "on" in where:
        table = _mapping("where.on", where["on"])
        for name, weight in table.items():
            _check_class("where.on", name, set(hub.SURFACES.values()))
            check_quantity(weight, key=f"where.on.{name}", low=0)
    if "cluster" in where:
        table = _mapping("where.cluster", where["cluster"])
        if set(table) != set(CLUSTER_KEYS):
            raise RecipeError(f"where.cluster: takes {' and '.join(CLUSTER_KEYS)}, got {sorted(table)}")
        for key in CLUSTER_KEYS:
            _check_number(f"where.cluster.{key}", table[key])
    if "raster" in where and not (isinstance(where["raster"], str) and where["raster"]):
        raise RecipeError(f"where.raster: expected the name of a GeoTIFF, got {where['raster']!r}")


def likelihood_of(
    rng: np.random.Generator,
    scene: Scene,
    where: Mapping[str, object],
    rasters: Mapping[str, Field] | None = None,
) -> tuple[NDArray[np.float32] | None, float]:
    """Return where a process is likely, and how much more of it there is here than on average.

    Args:
        rng: of the parents of clusters; untouched without them.
        scene: the place.
        where: checked.
        rasters: file as `where` names it -> (H, W) weights on the scene's grid, finite and not negative.

    Returns:
        (H, W) float32 from 0 to 1, None where all ground is alike; and a factor on the rate, 1 without
        clusters.

    Raises:
        RecipeError: `where` names a raster that is not among `rasters`.
    """
    if not where:
        return None, 1.0
    valid = ~scene.ignored
    weight = valid.astype(np.float64)
    if "near" in where:
        weight *= _nearness(scene, str(where["near"]), float(where.get("scale_m", SCALE_M)))  # type: ignore[arg-type]
    if "on" in where:
        by_kind = np.zeros(256)
        for name, share in _mapping("where.on", where["on"]).items():
            by_kind[hub.IDS[name]] = float(share)  # type: ignore[arg-type]
        weight *= by_kind[scene.surface]
    if "raster" in where:
        name = str(where["raster"])
        if name not in (rasters or {}):
            raise RecipeError(f"where.raster: {name} was not read for {scene.source}; a plan reads it")
        weight *= (rasters or {})[name]
    factor = 1.0
    if "cluster" in where:
        table = _mapping("where.cluster", where["cluster"])
        density, spread_m = (float(table[key]) for key in CLUSTER_KEYS)  # type: ignore[arg-type]
        clusters = thomas(rng, scene.grid.shape, scene.grid.gsd_m, parents_per_km2=density, spread_m=spread_m)
        clustered = clusters * weight
        factor = float(clustered.sum() / max(weight.sum(), 1e-12))
        weight = clustered
    return (weight / max(float(weight.max()), 1e-12)).astype(np.float32), factor


def thomas(
    rng: np.random.Generator,
    shape: tuple[int, int],
    gsd_m: float,
    *,
    parents_per_km2: float,
    spread_m: float,
) -> Field:
    """Return the (H, W) intensity of a Thomas process over its mean.

    Parents are a Poisson process, also outside the window; each sends offspring around it with a normal
    spread (Thomas 1949; Illian et al. 2008, section 6.3). The mean over many windows is 1 at every pixel.

    Args:
        rng: draws the parents.
        shape: of the window.
        gsd_m: metres a pixel.
        parents_per_km2: density of the parents.
        spread_m: standard deviation of the offspring around them, along each axis.
    """
    reach_m = FARTHEST * spread_m
    height_m, width_m = shape[0] * gsd_m, shape[1] * gsd_m
    wide_km2 = (height_m + 2 * reach_m) * (width_m + 2 * reach_m) / 1e6
    count = int(rng.poisson(parents_per_km2 * wide_km2))
    places = rng.random((count, 2)) * (height_m + 2 * reach_m, width_m + 2 * reach_m) - reach_m
    rows, cols = ((np.arange(n) + 0.5) * gsd_m for n in shape)
    total = np.zeros(shape)
    for down, right in places.tolist():
        # A normal in two dimensions is the product of two in one.
        total += np.outer(_normal(rows - down, spread_m), _normal(cols - right, spread_m))
    return np.asarray(total * 1e6 / parents_per_km2)


def _normal(offset_m: Field, spread_m: float) -> Field:
    """Return the density per metre of a normal distribution."""
    return np.asarray(np.exp(-0.5 * (offset_m / spread_m) ** 2) / (spread_m * math.sqrt(2.0 * math.pi)))


def _nearness(scene: Scene, name: str, scale_m: float) -> Field:
    """Return (H, W) from 0 to 1, falling off by e every so many metres from a class; 1 without one."""
    classes = object_class_map(scene.instances, scene.objects)
    there = np.where(classes > 0, classes, scene.surface) == hub.IDS[name]
    if not there.any():
        return np.ones(scene.grid.shape)
    distance_m = ndimage.distance_transform_edt(~there) * scene.grid.gsd_m
    return np.asarray(np.exp(-distance_m / scale_m))


def _mapping(key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise RecipeError(f"{key}: expected names with numbers, got {value!r}")
    return cast(Mapping[str, object], value)


def _check_class(key: str, name: object, known: set[str]) -> None:
    if name not in known:
        raise RecipeError(f"{key}: '{name}' is no class; {nearest_names(str(name), known)}")


def _check_number(key: str, value: object) -> None:
    check_quantity(value, key=key, low=0)
    if not isinstance(value, (int, float)) or value <= 0:
        raise RecipeError(f"{key}: expected one number above 0, got {value!r}")
