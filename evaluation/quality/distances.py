"""Distances between two lots of crops in a feature space: KID, precision and recall, density and coverage.

All take (N, D) and (M, D) features. Figures hold for one feature network alone; its name stands beside them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Features = NDArray[np.float64]

# Neighbours that make a manifold: 3 in Kynkäänniemi et al. 2019, 5 in Naeem et al. 2020.
PRECISION_NEIGHBOURS = 3
DENSITY_NEIGHBOURS = 5


def kid(
    one: Features, other: Features, rng: np.random.Generator, *, subsets: int = 50, size: int = 100
) -> tuple[float, float]:
    """Return mean and standard deviation of the kernel inception distance over random subsets.

    The squared maximum mean discrepancy with the kernel (x·y / D + 1)³, unbiased: lots of one source scatter
    around 0 and half of them lie below.

    Args:
        one, other: (N, D) and (M, D) features.
        rng: draws the subsets.
        subsets: how many.
        size: crops of each side in a subset, at most half of the smaller side.

    Raises:
        ValueError: a side has fewer than two crops.

    Source: Bińkowski, Sutherland, Arbel, Gretton 2018.
    """
    if min(len(one), len(other)) < 2:
        raise ValueError(f"KID of {len(one)} and {len(other)} crops: expected at least 2 of each")
    # Subsets of more than half a lot are nearly the same one, and their spread says nothing.
    size = min(size, max(2, min(len(one), len(other)) // 2))
    found = [
        _mmd(
            one[rng.choice(len(one), size, replace=False)], other[rng.choice(len(other), size, replace=False)]
        )
        for _ in range(subsets)
    ]
    return float(np.mean(found)), float(np.std(found))


def _mmd(x: Features, y: Features) -> float:
    count, width = x.shape
    within_x, within_y, between = ((a @ b.T / width + 1.0) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    pairs = count * (count - 1)
    own = (within_x.sum() - np.trace(within_x) + within_y.sum() - np.trace(within_y)) / pairs
    return float(own - 2.0 * between.mean())


def precision_recall(
    made: Features, real: Features, neighbours: int = PRECISION_NEIGHBOURS
) -> tuple[float, float]:
    """Return how many made crops lie among the real ones, and how many real ones among the made ones.

    A crop lies among others where it is no farther from one of them than that one's k-th neighbour.

    Args:
        made, real: (N, D) and (M, D) features, more than `neighbours` of each.
        neighbours: k.

    Source: Kynkäänniemi, Karras, Laine, Lehtinen, Aila 2019.
    """
    between = cdist(made, real)
    precision = (between <= _radii(real, neighbours)[None, :]).any(axis=1).mean()
    recall = (between <= _radii(made, neighbours)[:, None]).any(axis=0).mean()
    return float(precision), float(recall)


def density_coverage(
    made: Features, real: Features, neighbours: int = DENSITY_NEIGHBOURS
) -> tuple[float, float]:
    """Return how densely made crops lie around real ones, and how many real ones have a made one close by.

    Unlike precision and recall, one outlier among the real crops does not count for many.

    Args:
        made, real: (N, D) and (M, D) features, more than `neighbours` of the real ones.
        neighbours: k.

    Source: Naeem, Oh, Uh, Choi, Yoo 2020.
    """
    inside = cdist(made, real) <= _radii(real, neighbours)[None, :]
    return float(inside.sum(axis=1).mean() / neighbours), float(inside.any(axis=0).mean())


def _radii(points: Features, neighbours: int) -> NDArray[np.float64]:
    """Return the distance of each point to its k-th neighbour."""
    if len(points) <= neighbours:
        raise ValueError(f"{len(points)} crops, and {neighbours} neighbours of each are asked for")
    # The nearest of all is the point itself.
    radii: NDArray[np.float64] = np.partition(cdist(points, points), neighbours, axis=1)[:, neighbours]
    return radii


def distances(made: Features, real: Features, rng: np.random.Generator) -> dict[str, Any]:
    """Return all figures of made crops against real ones, JSON-ready.

    Both sides are cut to the same number, drawn: precision and recall depend on it.
    """
    number = min(len(made), len(real))
    made, real = (side[np.sort(rng.choice(len(side), number, replace=False))] for side in (made, real))
    mean, std = kid(made, real, rng)
    precision, recall = precision_recall(made, real)
    density, coverage = density_coverage(made, real)
    figures: dict[str, float] = {
        "kid": mean,
        "kid_std": std,
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
    }
    return {**{name: round(value, 4) for name, value in figures.items()}, "crops": number}
