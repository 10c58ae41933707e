"""The hub legend: a surface, and objects that stand on it. Every scheme is drawn from the two.

An object hides a surface; removing it exposes the surface. The ids are part of the format on disk.
"""

from __future__ import annotations

IGNORE = 0

BARE, GRASS, SHRUB, TREE, CROP, DEVELOPED, WATER, WETLAND, SNOW = range(1, 10)
BUILDING, ROAD, SPORTS, POOL, GREENHOUSE, RAIL = range(11, 17)

SURFACES: dict[int, str] = {
    BARE: "bare",
    GRASS: "grass",
    SHRUB: "shrub",
    TREE: "tree",
    CROP: "crop",
    DEVELOPED: "developed",
    WATER: "water",
    WETLAND: "wetland",
    SNOW: "snow",
}
OBJECTS: dict[int, str] = {
    BUILDING: "building",
    ROAD: "road",
    SPORTS: "sports",
    POOL: "pool",
    GREENHOUSE: "greenhouse",
    RAIL: "rail",
}
NAMES: dict[int, str] = {IGNORE: "ignore", **SURFACES, **OBJECTS}
IDS: dict[str, int] = {name: hub_id for hub_id, name in NAMES.items()}

# Objects that form networks: one connected piece is one object, and no process removes it whole.
NETWORKS = frozenset({ROAD, RAIL})
# Objects whose label maps are split into single pieces where they touch.
SPLIT_WHEN_TOUCHING = frozenset({BUILDING, GREENHOUSE})
