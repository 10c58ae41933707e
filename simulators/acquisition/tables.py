"""Point operations as tables: on integers they are looked up, on this many levels after the optics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Finer than 12 bits is below the noise of every sensor here.
LEVELS = 4096

Table = NDArray[np.float32]


def curve_table(
    bands: int,
    drawn: Mapping[str, Mapping[str, object]],
    modules: Mapping[str, ModuleType],
    names: Sequence[str],
) -> Table | None:
    """Return (C, LEVELS) values of all point operations of a stage, one after the other; None for none."""
    if not names:
        return None
    straight = np.broadcast_to(np.linspace(0, 1, LEVELS, dtype=np.float32), (bands, LEVELS))
    values = straight
    for name in names:
        values = modules[name].curve(values, drawn[name])
    return None if np.array_equal(values, straight) else np.asarray(values, np.float32)


def whole_number_table(
    image: NDArray[Any],
    drawn: Mapping[str, Mapping[str, object]],
    modules: Mapping[str, ModuleType],
    names: Sequence[str],
    full_scale: float,
) -> Table:
    """Return (C, n) values in 0-1 of every whole number of the picture's dtype after the operations."""
    count = int(np.iinfo(image.dtype).max) + 1
    values: Any = np.broadcast_to(
        np.arange(count, dtype=np.float32) / np.float32(full_scale), (image.shape[0], count)
    )
    for name in names:
        values = modules[name].curve(values, drawn[name])
    return np.asarray(values, np.float32)


def looked_up(values: Table, table: Table) -> Table:
    """Return the table's values, linear between its levels and straight on beyond 0 and 1.

    A plain look-up would leave gaps in 16-bit histograms and cut reflectance off.
    """
    place = values * np.float32(LEVELS - 1)
    low = np.clip(place, 0, LEVELS - 2).astype(np.int32)
    return table[low] + (place - low) * (table[low + 1] - table[low])


def finished(
    values: Table, tone: Table | None, dtype: np.dtype[Any], full_scale: float
) -> NDArray[np.generic]:
    """Return the values of a band after the tone table, in the source's scale and dtype."""
    if tone is None:
        return to_dtype(values, dtype, full_scale)
    if dtype == np.uint8:
        # 4096 levels for 256 values: one look-up, already rounded.
        place = values * np.float32(LEVELS - 1)
        place += np.float32(0.5)
        np.clip(place, 0.0, LEVELS - 1, out=place)
        return np.take(to_dtype(tone, dtype, full_scale), place.astype(np.uint16))
    return to_dtype(looked_up(values, tone), dtype, full_scale)


def to_dtype(values: Table, dtype: np.dtype[Any], full_scale: float) -> NDArray[np.generic]:
    """Return values in 0-1 in the source's scale; whole numbers are rounded and clipped."""
    scaled = values * np.float32(full_scale)
    if np.issubdtype(dtype, np.integer):
        scaled += np.float32(0.5)
        np.clip(scaled, 0.0, np.float32(full_scale), out=scaled)
    return scaled.astype(dtype, copy=False)
