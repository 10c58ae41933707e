"""Random streams that are keyed, not counted: a new stage moves no other stage's numbers."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def stream(seed: int, sample: int, stage: str) -> np.random.Generator:
    """Return the generator of one stage of one sample.

    The key is `SeedSequence(seed, spawn_key=(sample, crc32(stage)))`: it depends neither on the order in
    which samples are made nor on the number of workers, and never on `hash()`, which changes per process.

    Args:
        seed: the run's seed, >= 0. Zero is a seed like any other.
        sample: index of the sample in the plan, >= 0.
        stage: name of the stage, e.g. `"events"` or `"acquisition/t1"`.

    Raises:
        ValueError: `seed` or `sample` is negative.
    """
    if seed < 0 or sample < 0:
        raise ValueError(f"seed and sample must be >= 0, got seed={seed}, sample={sample}")
    key = (sample, crc32(stage.encode("utf-8")))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def noise_seed(rng: np.random.Generator) -> int:
    """Draw a 63-bit seed to store in a record, from which a noise field is made when it is applied."""
    return int(rng.integers(0, 2**63 - 1))
