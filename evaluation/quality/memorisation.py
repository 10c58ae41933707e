"""Memorisation: are painted objects new, or nearer to a real one than real ones are to each other?

The distance is that of two upright objects in their best position, without their mean colours: a copy is
found however it was turned and lit. A renderer that copies real pixels repeats them by design; one that has
learnt a few pictures by heart should not. The bad case are real objects upside down and a tenth brighter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.streams import stream
from diachron.evaluation.quality.crop_shelf import Crops
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.object_patches import ObjectPatches, copied
from diachron.training.detectors.averaging import average_down

FEWEST = 20
# Side at which objects are compared: what a resampled copy keeps.
COMPARED_PX = 16
# A painted object is called repeated where its nearest real one is nearer than this share of real ones have
# any.
NEAR_SHARE = 0.05
FOUND = 0.5


@dataclass
class Memorisation:
    """A measure; see `diachron.evaluation.quality`."""

    patches: ObjectPatches = field(default_factory=ObjectPatches)

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take the objects of one pair."""
        self.patches.add(pair, rng)

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the figures over several halves of the real objects.

        Half of the real objects is known at a time, so that of a renderer that copies all of them about half
        is found. `repeated_share` is near 0.05 for objects that are as new as real ones are to each other;
        `distance_ratio` is the median distance of painted objects to their nearest real one over that of
        real ones, near 1.
        """
        made, real = self.patches.made.crops(), self.patches.real.crops()
        if min(len(made), len(real)) < FEWEST:
            why = f"{len(made)} painted and {len(real)} real objects: {FEWEST} of each are needed"
            return {"valid": False, "why": why}
        to_real = distance(made.pixels, real.pixels)
        among_real = distance(real.pixels, real.pixels)
        of_copies = distance(copied(real).pixels, real.pixels)
        runs = [
            _halves(to_real, among_real, of_copies, stream(seed, 0, "quality/memorisation")) for seed in seeds
        ]
        shares, ratios, bads = np.array(runs).T
        result = {
            "repeated_share": round(float(shares.mean()), 4),
            "repeated_share_std": round(float(shares.std()), 4),
            "distance_ratio": round(float(ratios.mean()), 4),
            "distance_ratio_std": round(float(ratios.std()), 4),
            "bad_case": "real objects upside down and a tenth brighter",
            "bad_repeated_share": round(float(bads.mean()), 4),
            "made_objects": len(made),
            "real_objects": len(real),
            "valid": bool(bads.mean() >= FOUND),
        }
        if not result["valid"]:
            result["why"] = f"of copies only {result['bad_repeated_share']} are found, {FOUND} is asked for"
        return result

    def crops(self) -> dict[str, Crops]:
        """Return the crops of each side."""
        return {"made": self.patches.made.crops(), "real": self.patches.real.crops()}


def distance(some: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (N, M) distances of upright patches, 0 for copies, 1.4 for those that share nothing.

    The root of 2 - 2 r, where r is the largest correlation over the four positions of a rectangle; each band
    is taken without its mean.

    Args:
        some, others: (N, 3, S, S) and (M, 3, S, S).
    """
    fixed = _directions(others)
    nearest = np.full((len(some), len(others)), -1.0)
    for rows in (1, -1):
        for cols in (1, -1):
            nearest = np.maximum(nearest, _directions(some[:, :, ::rows, ::cols]) @ fixed.T)
    return np.sqrt(np.maximum(2.0 - 2.0 * nearest, 0.0))


def _directions(patches: NDArray[np.float32]) -> NDArray[np.float64]:
    small = average_down(np.ascontiguousarray(patches), COMPARED_PX).astype(np.float64)
    flat = (small - small.mean(axis=(2, 3), keepdims=True)).reshape(len(patches), -1)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(lengths, 1e-9))


def _halves(
    to_real: NDArray[np.float64],
    among_real: NDArray[np.float64],
    of_copies: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """Return the repeated share, the ratio of distances, and the repeated share of the bad case.

    Real objects are asked whether they lie near those of the other half, just as painted ones are: with all
    of them a painted object would have more to be near to.
    """
    order = rng.permutation(len(among_real))
    known, fresh = order[: len(order) // 2], order[len(order) // 2 :]
    of_fresh = among_real[np.ix_(fresh, known)].min(axis=1)
    of_made = to_real[:, known].min(axis=1)
    of_bad = of_copies[np.ix_(known, known)].min(axis=1)
    near = float(np.quantile(of_fresh, NEAR_SHARE))
    return (
        float((of_made < near).mean()),
        float(np.median(of_made) / np.median(of_fresh)),
        float((of_bad < near).mean()),
    )
