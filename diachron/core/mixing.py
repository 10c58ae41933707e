"""Whole numbers stirred into random ones, for chance that is a function of where and needs no stream.

The finaliser of splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators",
mix64 variant 13).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_FIRST, _SECOND = np.uint64(FIRST), np.uint64(SECOND)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_ALL = (1 << 64) - 1


def mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64 well mixed bits for each word; arrays wrap around, numpy warns of it for scalars only."""
    words = (words ^ (words >> _S30)) * _FIRST
    words = (words ^ (words >> _S27)) * _SECOND
    stirred: NDArray[np.uint64] = words ^ (words >> _S31)
    return stirred


def mixed_word(word: int) -> int:
    """Return the 64 bits of `mixed` for one word, many times faster than an array of one.

    Args:
        word: from 0 to 2^64 - 1.
    """
    word = (word ^ word >> 30) * FIRST & _ALL
    word = (word ^ word >> 27) * SECOND & _ALL
    return word ^ word >> 31
