"""The six classes, and which of them a pixel may be by the words of another scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.errors import UnknownNameError, nearest_names
from diachron.core.labels import LabelClass, LabelSchema

# Position = id in the scheme `segmenter` = channel of the network = bit of a set of classes.
CLASSES = ("building", "road", "tree", "low_vegetation", "water", "bare")
# Written where the network is not sure.
UNSURE = 255


def class_set(names: Sequence[str]) -> int:
    """Return classes as one number: bit k is set where `CLASSES[k]` is among them.

    Raises:
        UnknownNameError: a name is not one of `CLASSES`.

    Example:
        >>> class_set(["building", "tree"])
        5
    """
    for name in names:
        if name not in CLASSES:
            raise UnknownNameError(
                f"no class of a segmenter is called '{name}'; {nearest_names(name, CLASSES)}"
            )
    return sum(1 << CLASSES.index(name) for name in set(names))


# A pixel that may be anything teaches nothing.
ANY = class_set(CLASSES)

# What a pixel may be where a map names its hub class: fields lie bare for half of the year, paved ground is a
# street or a yard, a wetland is reeds or water.
_NAMED: dict[int, int] = {
    hub.IGNORE: ANY,
    hub.BARE: class_set(["bare"]),
    hub.GRASS: class_set(["low_vegetation"]),
    hub.SHRUB: class_set(["low_vegetation", "tree"]),
    hub.TREE: class_set(["tree"]),
    hub.CROP: class_set(["low_vegetation", "bare"]),
    hub.DEVELOPED: class_set(["road", "bare"]),
    hub.WATER: class_set(["water"]),
    hub.WETLAND: class_set(["low_vegetation", "water"]),
    hub.SNOW: ANY,
    hub.BUILDING: class_set(["building"]),
    hub.ROAD: class_set(["road"]),
    hub.SPORTS: class_set(["low_vegetation", "bare"]),
    hub.POOL: class_set(["water"]),
    hub.GREENHOUSE: class_set(["building"]),
    hub.RAIL: class_set(["road", "bare"]),
}
# What a hub class mostly is, where it only shares a class of the map with others. Snow says nothing.
_MOSTLY: dict[int, int] = {
    **_NAMED,
    hub.SHRUB: class_set(["low_vegetation"]),
    hub.CROP: class_set(["low_vegetation"]),
    hub.DEVELOPED: class_set(["bare"]),
    hub.WETLAND: class_set(["low_vegetation"]),
    hub.SNOW: 0,
    hub.SPORTS: class_set(["low_vegetation"]),
    hub.RAIL: class_set(["bare"]),
}
# Maps draw these with an outline of their own; the rest of the ground they leave to "background" as it comes.
_OUTLINED = class_set(["building", "road", "water"])


def allowed_classes(
    schema: LabelSchema, stated: Mapping[str, Sequence[str]] | None = None
) -> NDArray[np.uint8]:
    """Return value of a label map -> set of classes that such a pixel may be, (256,) uint8.

    A class stands for its own hub class and for all that the scheme draws as it, less what the scheme has a
    class of its own for: "land" of a scheme without grass may be grass, and the ground of a building map may
    be anything but a building. Ignore and values outside the scheme may be anything.

    Args:
        schema: of the label map.
        stated: class name -> names of `CLASSES`; goes before the rule, for maps whose habits are known.

    Raises:
        UnknownNameError: `stated` names a class that the scheme or the segmenter does not have.
    """
    names = {entry.name for entry in schema.classes}
    for name in stated or {}:
        if name not in names:
            raise UnknownNameError(
                f"scheme '{schema.name}' has no class '{name}'; {nearest_names(name, names)}"
            )
    may_be = {entry.id: _stands_for(entry, schema) for entry in schema.classes}
    single = sum(1 << k for k in range(len(CLASSES)) if (1 << k) in may_be.values())
    table = np.full(256, ANY, np.uint8)
    for entry in schema.classes:
        if stated is not None and entry.name in stated:
            allowed = class_set(stated[entry.name])
        elif entry.hub == hub.IGNORE or entry.id == schema.ignore:
            allowed = ANY
        elif entry.hub is None:
            allowed = ANY & ~(single & _OUTLINED)
        else:
            allowed = _NAMED[entry.hub] | may_be[entry.id] & ~single
        table[[entry.id, *entry.also]] = allowed or ANY
    return table


def _stands_for(entry: LabelClass, schema: LabelSchema) -> int:
    """Return the classes of an entry's own hub class and of all hub classes that are drawn as it."""
    drawn = (_MOSTLY[h] for h in (*hub.SURFACES, *hub.OBJECTS) if schema.draws[h] == entry.id)
    found = _NAMED[entry.hub] if entry.hub else 0
    for classes in drawn:
        found |= classes
    return found
