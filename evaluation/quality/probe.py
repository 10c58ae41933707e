"""A probe: a small network learns to tell made crops from real ones on some places, is asked on others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata

from diachron.core.streams import stream
from diachron.evaluation.quality.crop_shelf import Crops
from diachron.generators.models.threads import one_thread
from diachron.training.probes.learning import ProbeOptions, learn_probe
from diachron.training.probes.network import ProbeNet, logits_of

# The bad case must be told apart at least this well, or the probe is too weak for its own figure to count.
FOUND = 0.7
# Fewer test crops of a side than this, and chance alone moves the AUC by more than 0.1.
FEWEST = 12


def auc_of(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: how often a positive scores above a negative, ties half.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982.
    """
    ranks = rankdata(scores)
    count = int(positive.sum())
    others = positive.size - count
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))


def chance_spread(made: int, real: int) -> float:
    """Return the standard deviation of an AUC that knows nothing, for independent crops.

    Source: variance of the Mann-Whitney statistic, (m + n + 1) / (12 m n).
    """
    return float(np.sqrt((made + real + 1) / (12.0 * made * real)))


def split_places(places: Sequence[str], rng: np.random.Generator) -> tuple[set[str], set[str]]:
    """Return the places to train on and those to ask on, each with about half of the crops.

    Args:
        places: one name a crop.
        rng: chooses.
    """
    names, counts = np.unique(np.asarray(places), return_counts=True)
    order = rng.permutation(len(names))
    half, seen, first = counts.sum() / 2, 0, []
    for position in order[:-1]:
        if seen >= half:
            break
        first.append(str(names[position]))
        seen += int(counts[position])
    return set(first), {str(name) for name in names} - set(first)


@dataclass(frozen=True)
class Learnt:
    """A network that has learnt on half of the places, and what it says of the others.

    Args:
        network: in `eval` mode.
        made, real: (N,) logits of the crops of the other places.
    """

    network: ProbeNet
    made: NDArray[np.float32]
    real: NDArray[np.float32]

    @property
    def auc(self) -> float:
        """The larger of a and 1 - a."""
        scores = np.concatenate([self.made, self.real])
        found = auc_of(scores, np.arange(scores.size) < self.made.size)
        return max(found, 1.0 - found)

    @property
    def spread(self) -> float:
        """Standard deviation of an AUC that knows nothing."""
        return chance_spread(self.made.size, self.real.size)


def learn_half(made: Crops, real: Crops, seed: int, options: ProbeOptions, stage: str) -> Learnt | None:
    """Return what a probe learns on half of the places, asked on the others.

    Args:
        made, real: crops of one size.
        seed: of the split, the weights and the batches.
        options: of the training.
        stage: names the random stream.

    Returns:
        None where either side of the split lacks crops.
    """
    rng = stream(seed, 0, f"quality/{stage}")
    made, real = made.some(options.most, rng), real.some(options.most, rng)
    learn, test = split_places([*made.places, *real.places], rng)
    sides = [(crops.within(learn), crops.within(test)) for crops in (made, real)]
    if min(len(part) for side in sides for part in side) < FEWEST:
        return None
    network = learn_probe(sides[0][0].pixels, sides[1][0].pixels, rng, options)
    return Learnt(network, *(logits_of(network, test.pixels) for _, test in sides))


def ask(made: Crops, real: Crops, seed: int, options: ProbeOptions, stage: str) -> dict[str, Any] | None:
    """Return `auc` and `spread` of what `learn_half` has learnt, None where it cannot."""
    learnt = learn_half(made, real, seed, options, stage)
    return None if learnt is None else {"auc": learnt.auc, "spread": learnt.spread}


def ask_all(
    asked: Sequence[tuple[Crops, Crops, int]], options: ProbeOptions, stage: str
) -> list[dict[str, Any] | None]:
    """Return what `ask` says of each (made, real, seed), several at a time.

    Networks this small lose more by sharing a step between cores than they gain, and sums over one thread do
    not depend on how many cores there are: each learns on a thread of its own.
    """
    with (
        one_thread(),
        ThreadPoolExecutor(os.cpu_count() or 1, initializer=torch.set_num_threads, initargs=(1,)) as pool,
    ):
        return list(pool.map(lambda case: ask(case[0], case[1], case[2], options, stage), asked))


def judge(
    made: Crops,
    real: Crops,
    bad: tuple[Crops, Crops],
    seeds: Sequence[int],
    *,
    stage: str,
    bad_case: str,
    options: ProbeOptions,
) -> dict[str, Any]:
    """Return the figures of a probe over several seeds, and those of its bad case.

    Args:
        made: what is asked about.
        real: what it should look like.
        bad: both sides again, with a known fault on the made one.
        seeds: each splits places and trains anew.
        stage: names the random streams.
        bad_case: the fault in words.
        options: of the training.

    Returns:
        `auc`, `auc_std` and `per_seed`; `chance_std`, by which an AUC that knows nothing strays from 0.5;
        `bad_auc`; `valid` and, where it is not, `why`; numbers of crops and places.
    """
    # The bad case learns on the same streams: same split, same first weights.
    asked = [(*sides, seed) for sides in ((made, real), bad) for seed in seeds]
    found = ask_all(asked, options, stage)
    runs, bad_runs = found[: len(seeds)], found[len(seeds) :]
    aucs = [round(run["auc"], 4) for run in runs if run is not None]
    bad_aucs = [run["auc"] for run in bad_runs if run is not None]
    result: dict[str, Any] = {
        "auc": round(float(np.mean(aucs)), 4) if aucs else None,
        "auc_std": round(float(np.std(aucs)), 4) if aucs else None,
        "per_seed": aucs,
        "chance_std": round(max(run["spread"] for run in runs if run is not None), 4) if aucs else None,
        "bad_case": bad_case,
        "bad_auc": round(float(np.mean(bad_aucs)), 4) if bad_aucs else None,
        "valid": True,
        "made_crops": len(made),
        "real_crops": len(real),
        "places": len(set(made.places) | set(real.places)),
    }
    if not aucs or not bad_aucs:
        result["valid"] = False
        result["why"] = (
            f"{len(made)} made, {len(real)} real and {len(bad[0])} bad crops of {result['places']} places: "
            f"both halves of the places need at least {FEWEST} crops of each side"
        )
    elif result["bad_auc"] < FOUND:
        result["valid"] = False
        result["why"] = f"the bad case is found with AUC {result['bad_auc']} only, {FOUND} is asked for"
    return result
