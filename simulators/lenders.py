"""The donors of a site, sorted and measured once for all samples that share them."""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.look import Tint
from diachron.core.scene import Donor, Sun
from diachron.simulators.looks import difference, usual_roof

# Donors shrunk below this have no pixel that is sure to be theirs.
SMALLEST_PROBED_SCALE = 0.75
# Roofs of one scene differ among themselves by so much; only what a roof differs more is strange.
OWN_ROOFS = 1.0


@dataclass(frozen=True, eq=False)
class Lender:
    """A donor as seen from one scene, measured once.

    Args:
        donor: the object.
        shadow_turn_deg: the turn that brings its shadow under the scene's sun; None where none is known to.
        strangeness: how far its roof is from the roofs of the scene, beyond what they differ themselves.
    """

    donor: Donor
    shadow_turn_deg: float | None
    strangeness: float = 0.0
    own_deg: float | None = field(init=False)
    """Direction of its walls."""
    key: tuple[str, int] = field(init=False)
    """Scene and object, by which its uses are counted."""
    core_px: float = field(init=False)
    """Distance from the middle pixel of its window to the nearest one that is not its own."""
    probes: tuple[complex, ...] = field(init=False)
    """Offsets, rows + 1j * columns, from that pixel to its outermost pixels with only its own around."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "own_deg", self.donor.object.orientation_deg)
        object.__setattr__(self, "key", (self.donor.scene, self.donor.object.id))
        object.__setattr__(self, "core_px", _core_px(self.donor.object.footprint.mask))
        object.__setattr__(self, "probes", _probes(self.donor.object.footprint.mask))

    def moved_probes(self, row: int, col: int, turn_deg: float, scale: float) -> Iterator[complex]:
        """Return points that its footprint is sure to have when its middle is moved to (row, col)."""
        if scale < SMALLEST_PROBED_SCALE:
            return iter(())
        middle = complex(row, col)
        if turn_deg == 0.0 and scale == 1.0:
            return map(middle.__add__, self.probes)
        turn = cmath.rect(scale, -math.radians(turn_deg))
        return (middle + turn * probe for probe in self.probes)


def _core_px(mask: NDArray[np.bool_]) -> float:
    rows, cols = np.nonzero(~np.pad(mask, 1))
    height, width = mask.shape
    return float(np.hypot(rows - 1 - height // 2, cols - 1 - width // 2).min())


def _probes(mask: NDArray[np.bool_]) -> tuple[complex, ...]:
    rows, cols = np.nonzero(ndimage.binary_erosion(mask, np.ones((3, 3), bool)))
    if rows.size:
        ends = [f(axis) for axis in (rows, cols, rows + cols, rows - cols) for f in (np.argmin, np.argmax)]
        rows, cols = rows[ends], cols[ends]
    height, width = mask.shape
    offsets = (rows - height // 2) + 1j * (cols - width // 2)
    # The farthest are the first to meet something.
    return tuple(sorted(offsets.tolist(), key=abs, reverse=True))


class Lenders(list[Lender]):
    """Donors in order, with what all of them are asked for at once."""

    @cached_property
    def strangeness(self) -> NDArray[np.float64]:
        """(N,) how far each roof is from those of the scene."""
        return np.fromiter((lender.strangeness for lender in self), float, len(self))


@dataclass(frozen=True, eq=False)
class LenderTable:
    """All donors of a site by class and by where they come from.

    Args:
        donors: in order.
        scene: name of the scene that they are lent to.
        sun: of that scene.
    """

    donors: tuple[Donor, ...]
    scene: str
    sun: Sun | None
    _groups: dict[tuple[int, bool], Lenders] = field(init=False, repr=False, default_factory=dict)

    def of(self, object_class: int, *, same_scene: bool) -> Lenders:
        """Return the donors of a hub class from this scene, or those from other scenes, in order."""
        key = (object_class, same_scene)
        if key not in self._groups:
            usual = None if same_scene else self._usual_roof(object_class)
            self._groups[key] = Lenders(
                Lender(
                    donor,
                    _shadow_turn(donor.sun, self.sun, same_scene=same_scene),
                    _strangeness(donor, usual),
                )
                for donor in self.donors
                if donor.object.object_class == object_class and (donor.scene == self.scene) == same_scene
            )
        return self._groups[key]

    def _usual_roof(self, object_class: int) -> Tint | None:
        """Return the middle colour of the scene's own roofs, as far as they lend."""
        own = (lender.donor.look for lender in self.of(object_class, same_scene=True))
        return usual_roof([look for look in own if look is not None])

    def serves(self, donors: tuple[Donor, ...]) -> bool:
        """Return whether these are its donors, one by one the same."""
        return donors is self.donors or (
            len(donors) == len(self.donors) and all(map(operator.is_, donors, self.donors))
        )


def _strangeness(donor: Donor, usual: Tint | None) -> float:
    """Return how much more a donor's roof differs from the usual one than those of one scene do."""
    return 0.0 if donor.look is None else max(0.0, difference(donor.look.roof, usual) - OWN_ROOFS)


def _shadow_turn(there: Sun | None, here: Sun | None, *, same_scene: bool) -> float | None:
    """Return the turn from one sun's shadows to another's, in [-180, 180) degrees."""
    if here is not None and there is not None:
        wanted = math.degrees(math.atan2(here.shadow_row, here.shadow_col))
        given = math.degrees(math.atan2(there.shadow_row, there.shadow_col))
        return (wanted - given + 180.0) % 360.0 - 180.0
    return 0.0 if same_scene or (here is None and there is None) else None
