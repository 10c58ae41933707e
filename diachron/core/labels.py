"""Label schemes, and how they meet the hub legend of surface and objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.errors import LabelError

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True)
class LabelClass:
    """One class of a scheme.

    Args:
        id: the value written to label maps, 0-255.
        name: lower case, without spaces.
        colour: `#rrggbb`, for reports.
        hub: hub id that a pixel of this class becomes; `hub.IGNORE` for a class that says nothing;
            None for ground of unknown kind (the `0` of building masks).
        also: other values that mean the same class in files (255 in a 0/255 mask).
    """

    id: int
    name: str
    colour: str
    hub: int | None
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class LabelSchema:
    """A named legend with its way into the hub and back.

    Args:
        name: registered or file name.
        classes: every class, ids unique.
        draws: hub id -> class id, for every hub surface and object.
        ignore: class id that means "not known"; None where the scheme has none.

    Raises:
        LabelError: two classes claim one value, or a hub id has no class to be drawn as.
    """

    name: str
    classes: tuple[LabelClass, ...]
    draws: Mapping[int, int]
    ignore: int | None

    def __post_init__(self) -> None:
        seen: dict[int, str] = {}
        for entry in self.classes:
            for value in (entry.id, *entry.also):
                if value in seen or not 0 <= value <= 255:
                    owner = seen.get(value)
                    raise LabelError(
                        f"scheme '{self.name}': value {value} of class '{entry.name}' "
                        + (f"belongs to '{owner}' already" if owner else "is not in 0-255")
                    )
                seen[value] = entry.name
        ids = {entry.id for entry in self.classes}
        missing = [hub.NAMES[h] for h in (*hub.SURFACES, *hub.OBJECTS) if self.draws.get(h) not in ids]
        if missing:
            raise LabelError(f"scheme '{self.name}': no class to draw {', '.join(missing)} as")
        if self.ignore is not None and self.ignore not in ids:
            raise LabelError(f"scheme '{self.name}': ignore value {self.ignore} is not one of its classes")
        object.__setattr__(self, "draws", MappingProxyType(dict(self.draws)))

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # A MappingProxyType cannot be pickled, and a scheme travels to spawned workers.
        return type(self), (self.name, self.classes, dict(self.draws), self.ignore)

    @cached_property
    def names(self) -> dict[int, str]:
        """Class id -> class name."""
        return {entry.id: entry.name for entry in self.classes}

    @cached_property
    def _tables(self) -> tuple[NDArray[np.int16], UInt8, UInt8, UInt8]:
        canonical = np.full(256, -1, np.int16)
        surface = np.zeros(256, np.uint8)
        objects = np.zeros(256, np.uint8)
        for entry in self.classes:
            for value in (entry.id, *entry.also):
                canonical[value] = entry.id
                if entry.hub in hub.SURFACES:
                    surface[value] = entry.hub
                elif entry.hub in hub.OBJECTS:
                    objects[value] = entry.hub
        drawn = np.zeros(256, np.uint8)
        for hub_id, class_id in self.draws.items():
            drawn[hub_id] = class_id
        drawn[hub.IGNORE] = 0 if self.ignore is None else self.ignore
        return canonical, surface, objects, drawn

    def canonical(self, values: NDArray[np.integer], *, where: str) -> UInt8:
        """Return the label map with every alternative value replaced by its class id.

        Args:
            values: (H, W) of any integer type, as read from a file.
            where: file or window, for the error text.

        Raises:
            LabelError: a value outside the scheme; the text names its first pixel.
        """
        if values.size and (int(values.min()) < 0 or int(values.max()) > 255):
            bad = (values < 0) | (values > 255)
        else:
            table = self._tables[0][values]
            bad = table < 0
            if not bad.any():
                canonical: UInt8 = table.astype(np.uint8)
                return canonical
        row, col = (int(i) for i in np.argwhere(bad)[0])
        known = ", ".join(f"{entry.id} {entry.name}" for entry in self.classes)
        raise LabelError(
            f"{where}: value {int(values[row, col])} at row {row}, column {col} is not in scheme "
            f"'{self.name}' ({known}); choose another with --schema NAME|FILE"
        )

    def to_hub(self, labels: UInt8) -> tuple[UInt8, UInt8]:
        """Return (surface, object class) of a canonical label map, (H, W) uint8 each.

        Surface is 0 under objects, on ignore and on ground of unknown kind; object class is 0 off objects.
        """
        _, surface, objects, _ = self._tables
        return surface[labels], objects[labels]

    def unknown_ground(self, labels: UInt8) -> NDArray[np.bool_]:
        """Return where the labels say "ground" without saying of which kind."""
        ids = [entry.id for entry in self.classes if entry.hub is None]
        unknown: NDArray[np.bool_] = np.isin(labels, ids)
        return unknown

    def draw(self, surface: UInt8, object_class: UInt8) -> UInt8:
        """Return the label map of a surface and the objects that hide it; hub 0 becomes ignore."""
        shown: UInt8 = self._tables[3][np.where(object_class > 0, object_class, surface)]
        return shown

    @cached_property
    def shows_objects(self) -> NDArray[np.bool_]:
        """(256,) by class id: whether the class is one of objects."""
        shows = np.zeros(256, bool)
        for entry in self.classes:
            shows[entry.id] = entry.hub in hub.OBJECTS
        return shows

    def colour_table(self) -> dict[int, tuple[int, int, int]]:
        """Return class id -> (red, green, blue), 0-255."""
        return {
            entry.id: (int(entry.colour[1:3], 16), int(entry.colour[3:5], 16), int(entry.colour[5:7], 16))
            for entry in self.classes
        }


def build_schema(
    name: str,
    classes: Iterable[LabelClass],
    draws: Mapping[str, str] | None = None,
    *,
    rest: str | None = None,
    ignore: int | None = None,
) -> LabelSchema:
    """Return a scheme from class names instead of ids.

    Args:
        name: name of the scheme.
        classes: its classes.
        draws: hub name -> class name, for hub ids that no class stands for, or to choose among several.
        rest: class name for every hub id that is still without one.
        ignore: as in `LabelSchema`.

    Raises:
        LabelError: as `LabelSchema`, or a name that is neither a hub name nor a class name.
    """
    listed = tuple(classes)
    by_name = {entry.name: entry.id for entry in listed}
    table: dict[int, int] = {}
    for entry in listed:
        if entry.hub:
            table.setdefault(entry.hub, entry.id)
    for hub_name, class_name in (draws or {}).items():
        if hub_name not in hub.IDS or class_name not in by_name:
            raise LabelError(
                f"scheme '{name}': cannot draw '{hub_name}' as '{class_name}'; hub names are "
                f"{', '.join(hub.IDS)}; classes are {', '.join(by_name)}"
            )
        table[hub.IDS[hub_name]] = by_name[class_name]
    if rest is not None:
        if rest not in by_name:
            raise LabelError(
                f"scheme '{name}': cannot draw the rest as '{rest}'; classes are {', '.join(by_name)}"
            )
        for hub_id in (*hub.SURFACES, *hub.OBJECTS):
            table.setdefault(hub_id, by_name[rest])
    return LabelSchema(name, listed, table, ignore)
