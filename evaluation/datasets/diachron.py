"""A data set made by Diachron, its first date against its last.

Parts: `train`, `val`, `test`. Metres a pixel, scheme and bands are those of its records.
"""

from __future__ import annotations

from pathlib import Path

from diachron.core.errors import RecipeError
from diachron.core.pair import PairSet
from diachron.evaluation.datasets.files import set_name
from diachron.outputs.pairs import PackagePairs


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the pairs of a split.

    Raises:
        RecipeError: metres a pixel are given, but each sample's record has them.
        PackageError: there is no data set in that folder.
        UnknownNameError: there is no such split.
    """
    if gsd_m is not None:
        raise RecipeError(f"{folder}: every sample says its metres a pixel; leave {gsd_m} away")
    return PackagePairs(folder, part, name=set_name(folder, part))
