"""Diversity: how many different objects were painted, against equally many real ones of the same source.

The Vendi score is the effective number of different crops: n where all differ, 1 where all are alike. The
bad case is a tenth of the painted objects, each ten times.
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
from diachron.evaluation.quality.object_patches import ObjectPatches
from diachron.training.features.encoder import FeatureEncoder

FEWEST = 20
REPEATS = 10
# The bad case must score below this share of what it was made of.
FOUND = 0.6


@dataclass
class Diversity:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        encoder: of the features.
    """

    encoder: FeatureEncoder
    patches: ObjectPatches = field(default_factory=ObjectPatches)

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take the objects of one pair."""
        self.patches.add(pair, rng)

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the Vendi scores of painted and of equally many real objects, over several draws.

        `ratio` is the first over the second, 1 where painted objects are as various as real ones.
        """
        made, real = self.patches.made.crops(), self.patches.real.crops()
        # Four fifths of the smaller side, so that draws differ and their spread says something.
        number = 4 * min(len(made), len(real)) // 5
        if number < FEWEST:
            why = f"{len(made)} painted and {len(real)} real objects: {5 * FEWEST // 4} of each are needed"
            return {"valid": False, "why": why}
        of_made, of_real = self.encoder.features(made.pixels), self.encoder.features(real.pixels)
        runs = []
        for seed in seeds:
            rng = stream(seed, 0, "quality/diversity")
            drawn = of_made[rng.choice(len(made), number, replace=False)]
            repeated = np.tile(drawn[: max(1, number // REPEATS)], (REPEATS, 1))
            others = of_real[rng.choice(len(real), number, replace=False)]
            runs.append([vendi(side) for side in (drawn, others, repeated)])
        painted, standing, bad = np.array(runs).T
        result = {
            "features": self.encoder.name,
            "vendi": round(float(painted.mean()), 2),
            "vendi_std": round(float(painted.std()), 2),
            "vendi_real": round(float(standing.mean()), 2),
            "ratio": round(float((painted / standing).mean()), 4),
            "ratio_std": round(float((painted / standing).std()), 4),
            "bad_case": "a tenth of the painted objects, ten times each",
            "bad_vendi": round(float(bad.mean()), 2),
            "objects": number,
            "valid": bool(bad.mean() < FOUND * painted.mean()),
        }
        if not result["valid"]:
            result["why"] = f"repeated objects score {result['bad_vendi']}, nearly as much as different ones"
        return result

    def crops(self) -> dict[str, Crops]:
        """Return the crops of each side."""
        return {"made": self.patches.made.crops(), "real": self.patches.real.crops()}


def vendi(features: NDArray[np.float64]) -> float:
    """Return the effective number of different rows, from 1 to N.

    The exponential of the entropy of the eigenvalues of K / N, where K holds the cosines of the rows.

    Source: Friedman and Dieng 2023.
    """
    rows = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    shares = np.clip(np.linalg.eigvalsh(rows @ rows.T / len(rows)), 0.0, None)
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))
