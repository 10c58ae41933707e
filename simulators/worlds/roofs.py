"""Heights and roofs of buildings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from diachron.core.place import Roof
from diachron.simulators.worlds.style import Building

Key = TypeVar("Key", str, int)

# A shed or a mono-pitch roof is less steep than a gable.
SHED_PITCH = 0.35
# No pitched roof rises further than this above its eaves.
HIGHEST_RISE_M = 7.0
# Pitched roofs do not span more than this; wider buildings have flat or very low roofs.
WIDEST_PITCHED_M = 22.0


def chosen(shares: Mapping[Key, float], draws: NDArray[np.float64]) -> list[Key]:
    """Return a key for each draw in [0, 1), as often as its share of the sum."""
    keys = list(shares)
    return [keys[k] for k in chosen_places(shares, draws).tolist()]


def chosen_places(shares: Mapping[Key, float], draws: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places of the same keys among the shares."""
    edges = np.cumsum(list(shares.values()))
    return np.minimum(np.searchsorted(edges, draws * edges[-1], side="right"), len(shares) - 1)


def one_of(shares: Mapping[Key, float], draw: float) -> Key:
    """Return a key for one draw in [0, 1)."""
    left = draw * sum(shares.values())
    for key, share in shares.items():
        if left < share:
            return key
        left -= share
    return key


def roof_on(
    building: Building,
    draws: Sequence[float] | NDArray[np.float64],
    *,
    storeys: int,
    length_m: float,
    width_m: float,
    along_deg: float,
    seed: int,
    form: str | None = None,
    turned: bool = False,
) -> tuple[Roof, float]:
    """Return a roof, and the height that stands for building and roof: eaves and half of the rise.

    Args:
        building: how such buildings are drawn.
        draws: (5,) in [0, 1): form, material, pitch, eaves, ridge.
        storeys: of this one.
        length_m, width_m: of the footprint's box.
        along_deg: direction of its length.
        seed: of colour and dirt.
        form: if it is given already, as in a row.
        turned: the ridge runs across the length.
    """
    kind = form or one_of(building.roofs, float(draws[0]))
    if kind != "flat" and width_m > WIDEST_PITCHED_M:
        kind = "flat"
    materials = building.flat_materials if kind == "flat" else building.materials
    material = one_of(materials, float(draws[1]))
    eaves = storeys * building.storey_m * (0.94 + 0.12 * float(draws[3]))
    if kind == "flat":
        return Roof("flat", along_deg % 180.0, 0.0, eaves + 0.4, material, seed), eaves + 0.4
    low, high = building.pitch_deg
    pitch = low + (high - low) * float(draws[2])
    ridge = along_deg + 90.0 * turned
    half = (length_m if turned else width_m) / 2.0
    if kind == "shed":
        pitch *= SHED_PITCH
        half *= 2.0
    rise = min(half * math.tan(math.radians(pitch)), HIGHEST_RISE_M)
    pitch = math.degrees(math.atan2(rise, half))
    return Roof(kind, ridge % 180.0, pitch, eaves, material, seed), eaves + rise / 2.0
