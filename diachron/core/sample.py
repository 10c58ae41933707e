"""What a stage hands to the next: snapshots, render requests, painted dates and whole samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from diachron.core.events import EventLog
from diachron.core.grid import GeoGrid
from diachron.core.labels import LabelSchema
from diachron.core.scene import Scene, SceneObject

Mask = NDArray[np.bool_]


def crc32_of(image: NDArray[np.generic], kept: Mask) -> int:
    """Return the CRC-32 of the pixels of a picture that a mask keeps, whatever the machine's byte order.

    Args:
        image: (C, H, W); taken band by band, row by row, low byte first.
        kept: (H, W).
    """
    values = image[:, kept]
    return crc32(values.astype(values.dtype.newbyteorder("<")).tobytes())


@dataclass(frozen=True)
class Snapshot:
    """The state of a place at one time.

    Args:
        time_years: on the run's axis.
        surface: (H, W) uint8 hub ids, also under objects.
        instances: (H, W) int32 object ids.
        objects: id -> object, for every object that stands.
        height_m: (H, W) float32 or None.
    """

    time_years: float
    surface: NDArray[np.uint8]
    instances: NDArray[np.int32]
    objects: Mapping[int, SceneObject]
    height_m: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class RenderRequest:
    """All that a renderer may look at to paint one date.

    Args:
        scene: the picture that is painted on, and its state: the real one, or in a series the date that was
            painted last, with its `time_years`.
        target: the state to be painted.
        log: every event of the sample; the renderer reads donors and turns from it.
        donors: scenes by `Scene.source`, from which pixels may be taken; holds the place itself.
    """

    scene: Scene
    target: Snapshot
    log: EventLog
    donors: Mapping[str, Scene]

    @property
    def origin(self) -> Scene:
        """The place as it came: its pixels are real ones, `scene` itself unless that has been painted."""
        return self.donors.get(self.scene.source, self.scene)


@dataclass(frozen=True)
class Painted:
    """One painted date.

    Args:
        image: (C, H, W) in the source's dtype, equal to the request's scene outside `edit`.
        edit: (H, W) every pixel that may have been touched.
        effects: what was touched beyond the changed footprints, in pixels by name (shadow, margin ...).
    """

    image: NDArray[np.generic]
    edit: Mask
    effects: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DateLayers:
    """The layers of one date of a sample, ready to be written.

    Args:
        time_years: on the run's axis.
        image: (C, H, W), after acquisition.
        labels: (H, W) uint8 in the package's scheme.
        surface: (H, W) uint8 hub ids.
        instances: (H, W) int32.
        painted: whether a renderer has touched this date.
        height_m: (H, W) float32 or None.
    """

    time_years: float
    image: NDArray[np.generic]
    labels: NDArray[np.uint8]
    surface: NDArray[np.uint8]
    instances: NDArray[np.int32]
    painted: bool
    height_m: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class ChangeSample:
    """A finished sample: two or more dates of one place with everything known about what changed.

    Args:
        index: its number in the plan.
        dates: in order of time, at least two.
        log: the events, from before the first to the last date.
        change: (H, W) uint8: 0 same, 1 changed from the first date to the last, scheme's ignore.
        edit: (H, W) every pixel that a renderer may have touched at any date.
        visible: event id -> pixels of `change` that it owns.
        acquisition: per date the drawn parameters, or None where the stage is off.
        provenance: JSON-ready facts: source, licence, recipe, seed, attempt, donors, effects.
        grid, schema, bands, nodata: shared by all dates.
        displacements: per date (2, H, W) float32 pixels, down and right, by which its picture lies off the
            maps: pixel p shows what stands at p - d(p); empty where they are not kept.
        filters: filter -> its score (None where there was nothing to judge) and weight.
    """

    index: int
    dates: tuple[DateLayers, ...]
    log: EventLog
    change: NDArray[np.uint8]
    edit: Mask
    visible: Mapping[int, int]
    acquisition: tuple[Mapping[str, object], ...] | None
    provenance: Mapping[str, object]
    grid: GeoGrid
    schema: LabelSchema
    bands: tuple[str, ...]
    nodata: float | None
    change_steps: tuple[NDArray[np.uint8], ...] = ()
    edit_steps: tuple[Mask, ...] = ()
    filters: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    displacements: tuple[NDArray[np.float32], ...] = ()
