"""Two real dates of a window: the one that is painted, as a scene, and the other, whose bytes stay.

Nobody knows what else has changed between them. Where too much has, the two are refused; where the labels of
either date are not sure, or one shows a building and the other none, nothing is built and change is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.errors import SourceError
from diachron.core.labels import LabelSchema
from diachron.core.sample import crc32_of
from diachron.core.scene import RawScene, Scene
from diachron.pipelines.labelling.change_events import building_change
from diachron.pipelines.plan import Plan
from diachron.pipelines.sources import Tile, Unit
from diachron.pipelines.sources.reading import DateWindow
from diachron.simulators.preparation import prepare
from diachron.simulators.real_change import RealChange, real_change
from diachron.simulators.unknown import with_unknown

NOTE = "real pictures of two dates: change that nobody labelled may remain"
_BUILDING, _GROUND, _UNSURE = 0, 1, 255


@dataclass(frozen=True)
class RealPair:
    """A window at two real dates.

    Args:
        scene: picture and state of the date that is painted; what is not sure at either date is ignore.
        other: (C, H, W) picture of the other date, as it came.
        own_tile, other_tile: where the two come from.
        other_key: name of the other window.
        measured: how much has really changed.
    """

    scene: Scene
    other: NDArray[np.generic]
    own_tile: Tile
    other_tile: Tile
    other_key: str
    measured: RealChange

    @property
    def times_years(self) -> tuple[float, float]:
        """Times of the two dates, the earlier one at 0."""
        return 0.0, abs(self.own_tile.time_years - self.other_tile.time_years)

    @property
    def paints_later(self) -> bool:
        """Whether the later date is the one that is painted."""
        return self.own_tile.time_years > self.other_tile.time_years

    def record(self, edit: NDArray[np.bool_]) -> dict[str, Any]:
        """Return what `sample.json` says of the two, in order of time.

        `crc32` is that of the input's pixels that must have stayed: all of the other date, and those outside
        the edit mask of the one that is painted; band by band, row by row, as they lie in memory.

        Args:
            edit: (H, W) every pixel that a renderer may have touched.
        """
        own: dict[str, Any] = {
            "picture": self.scene.source,
            "date": self.own_tile.date,
            "labelled": True,
            "painted_into": True,
            "crc32": crc32_of(self.scene.image, ~edit),
        }
        other: dict[str, Any] = {
            "picture": self.other_key,
            "date": self.other_tile.date,
            "labelled": self.other_tile.labelled,
            "painted_into": False,
            "crc32": crc32_of(self.other, np.ones_like(edit)),
        }
        return {
            "dates": [other, own] if self.paints_later else [own, other],
            "years_between": round(self.times_years[1], 4),
            "changed_share": round(self.measured.share, 4),
            "shift_px": list(self.measured.shift_px),
            "note": NOTE,
        }


def read_pair(plan: Plan, unit: Unit, tile: Tile) -> RealPair:
    """Return a window at its own date and at another one.

    Args:
        plan: whose source has real dates.
        unit: the window, of the date that is painted.
        tile: the other date.

    Raises:
        SourceError: a picture cannot be read, or nothing is known at both dates (`empty`); more has changed
            between them than the recipe allows (`really_changed`).
        LabelError: a label map does not fit the scheme.
    """
    rules = plan.recipe.real_dates
    assert rules is not None
    raw = plan.source.read(unit)
    there = plan.source.read_date(unit, tile)
    own = plan.source.tiles[unit.tile]
    key = plan.source.key(unit, tile)
    void = raw.void | there.void
    in_time = (there.image, raw.image) if own.time_years > tile.time_years else (raw.image, there.image)
    measured = real_change(*in_time, ~void)
    if measured.share > rules.max_change:
        raise SourceError(
            f"{raw.source} and {key}: {measured.share:.0%} of the blocks differ beyond light and season, "
            f"real_dates.max_change allows {rules.max_change:.0%}",
            "really_changed",
        )
    scene = with_unknown(prepare(raw), not_sure(raw, there), void)
    if scene.ignored.all():
        raise SourceError(f"{raw.source} and {key}: nothing is known of any pixel at both dates", "empty")
    return RealPair(scene, there.image, own, tile, key, measured)


def not_sure(raw: RawScene, there: DateWindow) -> NDArray[np.bool_]:
    """Return the (H, W) pixels of which the labels of two dates say nothing, or firmly different things.

    A building counts as different under the rules of `labelling.change_events`: outlines that were drawn a
    little apart do not.
    """
    unsure: NDArray[np.bool_] = _buildings(raw.schema, raw.labels, raw.void) == _UNSURE
    if there.labels is None:
        return unsure
    maps: Sequence[NDArray[np.uint8]] = (
        _buildings(raw.schema, raw.labels, raw.void),
        _buildings(raw.schema, there.labels, there.void),
    )
    differs: NDArray[np.bool_] = (
        building_change(maps[0], maps[1], raw.grid.gsd_m, building=_BUILDING, unsure=_UNSURE) != 0
    )
    return unsure | differs


def _buildings(schema: LabelSchema, labels: NDArray[np.uint8], void: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return 0 on buildings, 255 where the labels or the picture say nothing, 1 elsewhere."""
    _, objects = schema.to_hub(labels)
    found = np.where(objects == hub.BUILDING, np.uint8(_BUILDING), np.uint8(_GROUND))
    says_nothing = void if schema.ignore is None else void | (labels == schema.ignore)
    return np.where(says_nothing, np.uint8(_UNSURE), found)
