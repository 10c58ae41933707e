"""Where a world's numbers come from: hashes of whole coordinates, and streams keyed by cell and stage.

Nothing is counted and nothing is kept, so any window of a world can be made first.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from diachron.core.mixing import mixed, mixed_word

Words = NDArray[np.uint64]

WORD = 0xFFFFFFFF
_ALL = (1 << 64) - 1
# Odd constants of xxHash64.
_STEP_I = np.uint64(0x9E3779B185EBCA87)
_STEP_J = np.uint64(0xC2B2AE3D27D4EB4F)


def key_of(seed: int, style: str, stage: str) -> int:
    """Return the 64-bit key of one field of one world."""
    return ((seed & WORD) << 32 | crc32(style.encode())) ^ crc32(stage.encode()) * 0x9E3779B97F4A7C15 & (
        (1 << 64) - 1
    )


def generator(
    seed: int, style: str, cell: tuple[int, int], stage: str, number: int = 0
) -> np.random.Generator:
    """Return the generator of one stage of one piece of a cell.

    Args:
        seed: of the world, >= 0.
        style: of the world.
        cell: of the road lattice; either number may be negative.
        stage: what is drawn.
        number: of the piece in the cell.
    """
    key = (crc32(style.encode()), cell[0] & WORD, cell[1] & WORD, crc32(stage.encode()), number)
    # The words that `SeedSequence(seed, spawn_key=key)` makes of its arguments, in half of the time.
    words = [seed >> shift & WORD for shift in range(0, max(seed.bit_length(), 128), 32)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(np.array([*words, *key], np.uint32))))


def hashed(key: int, i: NDArray[np.int64], j: NDArray[np.int64] | int) -> Words:
    """Return 64 random bits for each pair of whole numbers."""
    # At least one axis: scalars of numpy warn where arrays wrap around.
    second = np.atleast_1d(np.asarray(j, np.int64)).astype(np.uint64) * _STEP_J + np.uint64(key)
    word = (np.asarray(i, np.int64).astype(np.uint64) * _STEP_I) ^ second
    return mixed(word)


def unit(words: Words) -> NDArray[np.float64]:
    """Return numbers in [0, 1) from the upper 53 bits."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def word_of(key: int, i: int, j: int) -> int:
    """Return the 64 bits of `hashed` for one pair, many times faster than an array of one."""
    return mixed_word((i * int(_STEP_I) & _ALL) ^ (j * int(_STEP_J) + key & _ALL))


def number_of(key: int, i: int, j: int) -> float:
    """Return one number in [0, 1) for one pair."""
    return (word_of(key, i, j) >> 11) * 2.0**-53
