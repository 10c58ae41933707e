"""What may become what by default: a matrix for the whole hub, and what a label scheme leaves of it.

A scheme with few classes cannot tell grass from scrub, or draws a house as built-up land. Its matrix is that
of the hub, restricted to changes between classes that it tells apart: a class without a name of its own
becomes the one it is drawn as, what is then no change is left out, and what is left of a row keeps its sum.
Where that says something odd, rows of the scheme's own stand instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from diachron.core import hub
from diachron.core.labels import LabelClass, LabelSchema
from diachron.core.schemes import SCHEMES

Matrix = Mapping[str, Mapping[str, float]]

# Set by us: land is opened, built on, or grown over. The sum of a row is how readily that class changes, per
# area: bare land ten times as readily as water. Snow melts and comes back, which is no change of land cover.
HUB: Matrix = {
    "bare": {"grass": 0.3, "developed": 0.3, "building": 0.3, "crop": 0.1},
    "grass": {"bare": 0.4, "developed": 0.3, "building": 0.2, "tree": 0.1},
    "shrub": {"bare": 0.5, "grass": 0.3, "tree": 0.2},
    "tree": {"bare": 0.4, "grass": 0.4, "developed": 0.2},
    "crop": {"bare": 0.4, "grass": 0.2, "developed": 0.2, "building": 0.2},
    "developed": {"bare": 0.2, "grass": 0.1},
    "water": {"bare": 0.1},
    "wetland": {"grass": 0.2, "water": 0.1},
    "building": {"bare": 0.3, "developed": 0.1},
    "road": {"bare": 0.05},
    "sports": {"bare": 0.1, "grass": 0.05, "developed": 0.05},
    "pool": {"grass": 0.05, "developed": 0.05},
    "greenhouse": {"crop": 0.1, "bare": 0.1},
    "rail": {"grass": 0.03, "bare": 0.02},
}

# What ground of any kind is guessed to be (`ground.estimate_ground`).
GUESSED = frozenset({hub.BARE, hub.GRASS, hub.TREE, hub.DEVELOPED, hub.WATER})

# Rows that replace those of the restriction, also set by us.
OWN: Mapping[str, Matrix] = {
    # Its only object comes on any ground; else roads would only ever go.
    "road": {
        "bare": {"road": 0.3},
        "grass": {"road": 0.3},
        "tree": {"road": 0.1},
    },
    "levir-mci": {
        "bare": {"building": 0.8, "road": 0.2},
        "grass": {"building": 0.8, "road": 0.2},
    },
    # Its `ground` is bare land as well as paving, and is built on.
    "second": {"developed": {"building": 0.3, "grass": 0.2, "tree": 0.1}},
    # Its `forest` is all land that is neither farmed nor built nor wet: opened ground would be drawn as wood.
    "hrscd": {
        "crop": {"developed": 0.7, "tree": 0.3},
        "tree": {"crop": 0.4, "developed": 0.4},
        "developed": {"crop": 0.1, "tree": 0.1},
        "wetland": {"crop": 0.2, "water": 0.1},
        "water": {"wetland": 0.1},
    },
}


def matrix_for(schema: LabelSchema) -> dict[str, dict[str, float]]:
    """Return the default matrix of a scheme: hub class -> hub classes that it becomes, with weights.

    Every target is drawn as a class of the scheme that says something, and as another one than its source.

    Args:
        schema: built-in, or the user's own.
    """
    matrix: dict[str, dict[str, float]] = {}
    for source, row in HUB.items():
        if not _occurs(schema, hub.IDS[source]):
            continue
        kept: dict[str, float] = {}
        for target, weight in row.items():
            told = _told(schema, hub.IDS[source], hub.IDS[target])
            if told is not None:
                kept[hub.NAMES[told]] = kept.get(hub.NAMES[told], 0.0) + weight
        if kept:
            factor = sum(row.values()) / sum(kept.values())
            matrix[source] = {target: round(weight * factor, 4) for target, weight in kept.items()}
    # By content: a file of the user's may be called like a built-in scheme.
    if SCHEMES.get(schema.name) == schema:
        matrix |= {source: dict(row) for source, row in OWN.get(schema.name, {}).items()}
    return matrix


def _drawn(schema: LabelSchema, hub_id: int) -> LabelClass:
    return next(entry for entry in schema.classes if entry.id == schema.draws[hub_id])


def _occurs(schema: LabelSchema, hub_id: int) -> bool:
    """Whether a scene with such labels can hold a hub class: by name, or guessed on ground of any kind."""
    if any(entry.hub == hub_id for entry in schema.classes):
        return True
    return hub_id in GUESSED and any(entry.hub is None for entry in schema.classes)


def _told(schema: LabelSchema, source: int, target: int) -> int | None:
    """Return the hub class that a target is in a scheme; None where the scheme does not tell the change."""
    drawn = _drawn(schema, target)
    if drawn.id in (schema.ignore, schema.draws[source]) or drawn.hub == hub.IGNORE:
        return None
    if drawn.hub is None:
        # Ground of any kind: what it is shows in the picture alone.
        return target if target in hub.SURFACES else None
    named = any(entry.hub == target for entry in schema.classes)
    told = target if named else drawn.hub
    # A parcel drawn as road is no road, and an object has to become ground first.
    if told == source or (told in hub.OBJECTS and (target in hub.SURFACES or source in hub.OBJECTS)):
        return None
    return told
