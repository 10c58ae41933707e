"""Streams are keyed, not counted."""

from __future__ import annotations

import os
import subprocess
import sys
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diachron.core.streams import noise_seed, stream

seeds = st.integers(0, 2**64)
samples = st.integers(0, 2**31)
stages = st.text(max_size=20)


def first(seed: int, sample: int, stage: str) -> list[int]:
    return stream(seed, sample, stage).integers(0, 2**62, 3).tolist()


@given(seeds, samples, stages)
def test_the_key_is_seed_sample_and_the_checksum_of_the_stage(seed, sample, stage):
    sequence = np.random.SeedSequence(seed, spawn_key=(sample, crc32(stage.encode())))
    assert first(seed, sample, stage) == np.random.default_rng(sequence).integers(0, 2**62, 3).tolist()


@given(seeds, samples, stages, st.lists(stages, max_size=4))
def test_other_streams_drawn_before_move_nothing(seed, sample, stage, others):
    expected = first(seed, sample, stage)
    for other in others:
        stream(seed, sample, other).random(7)
    assert first(seed, sample, stage) == expected


def test_seeds_samples_and_stages_have_streams_of_their_own():
    keys = [
        (seed, sample, stage) for seed in (0, 1, 2) for sample in (0, 1, 2) for stage in ("events", "paint")
    ]
    assert len({tuple(first(*key)) for key in keys}) == len(keys)


def test_zero_is_a_seed_like_any_other():
    assert first(0, 0, "events") == first(0, 0, "events")
    assert first(0, 0, "events") != first(1, 0, "events")


@pytest.mark.parametrize(("seed", "sample"), [(-1, 0), (0, -1)])
def test_negative_keys_are_refused(seed, sample):
    with pytest.raises(ValueError, match=f"got seed={seed}, sample={sample}"):
        stream(seed, sample, "events")


def test_another_process_draws_the_same():
    # String hashes differ by PYTHONHASHSEED, a checksum does not.
    code = (
        "from diachron.core.streams import stream\n"
        "print(stream(5, 7, 'events').integers(0, 2**62, 3).tolist())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(first(5, 7, "events"))


@given(seeds)
def test_a_noise_seed_is_a_plain_number_that_json_keeps(seed):
    number = noise_seed(np.random.default_rng(seed))
    assert type(number) is int
    assert 0 <= number < 2**63
