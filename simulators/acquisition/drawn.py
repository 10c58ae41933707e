"""Reading the numbers of a record back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Drawn = Mapping[str, object]


def number(drawn: Drawn, key: str) -> float:
    """Return a number; 0 where an older record does not have it."""
    value: Any = drawn.get(key, 0.0)
    return float(value)


def numbers(drawn: Drawn, key: str) -> NDArray[np.float32]:
    """Return a list or a table of numbers as float32."""
    return np.asarray(drawn[key], np.float32)


def whole(drawn: Drawn, key: str) -> int:
    """Return a whole number, such as a seed of 63 bits."""
    value: Any = drawn[key]
    return int(value)


def names(drawn: Drawn, key: str) -> list[str]:
    """Return a list of words."""
    value: Any = drawn[key]
    return [str(word) for word in value]


def rounded(values: NDArray[np.floating] | list[float]) -> list[float]:
    """Return numbers as a record holds them: six decimals."""
    return [round(float(value), 6) for value in values]
