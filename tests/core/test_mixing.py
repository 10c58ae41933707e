"""The mixer: known values, and one word like an array of words."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.mixing import mixed, mixed_word

STEP = 0x9E3779B97F4A7C15


def test_the_first_numbers_of_splitmix64_come_out() -> None:
    # Seed 0 of the published generator.
    assert [mixed_word(n * STEP % 2**64) for n in (1, 2)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=8))
def test_one_word_is_mixed_like_many(words: list[int]) -> None:
    assert mixed(np.array(words, np.uint64)).tolist() == [mixed_word(word) for word in words]
