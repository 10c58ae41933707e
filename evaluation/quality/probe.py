"""A probe: a small network learns to tell made crops from real ones on some places, is asked on others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.streams import noise_seed, stream
from diachron.evaluation.quality.crop_shelf import Crops
from diachron.training.detectors.normalisation import normalise
from diachron.training.threads import one_thread

# The bad case must be told apart at least this well, or the probe is too weak for its own figure to count.
FOUND = 0.7
# Networks draw their first weights from the one global generator: one at a time.
_DRAWING = Lock()
# Fewer test crops of a side than this, and chance alone moves the AUC by more than 0.1.
FEWEST = 12


@dataclass(frozen=True)
class ProbeOptions:
    """How a probe's network is trained.

    Args:
        steps: batches.
        batch: crops a step, half of them made.
        learning_rate: highest of the one-cycle schedule.
        most: crops of a side that are used.
        recolour: change the colours of each crop, so that the network looks at edges.
    """

    steps: int = 100
    batch: int = 48
    learning_rate: float = 5e-3
    most: int = 800
    recolour: bool = False


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


class ProbeNet(nn.Module):
    """Four convolutions and two ways of pooling; 50 thousand parameters."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.first = _convolution(4 * bands, 24)
        self.second = nn.Sequential(_convolution(24, 48), _convolution(48, 48))
        self.third = _convolution(48, 48)
        self.head = nn.Linear(2 * 48, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (N,) logits of (N, C, S, S) crops; S is a multiple of 8."""
        x = self.first(functional.pixel_unshuffle(crops, 2))
        x = self.second(functional.max_pool2d(x, 2))
        x = self.third(functional.max_pool2d(x, 2))
        # The mean sees what the whole crop shares, such as contrast; the maximum one tell-tale edge.
        return self.head(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], 1)).squeeze(1)


def _convolution(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
    )


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


def ask(made: Crops, real: Crops, seed: int, options: ProbeOptions, stage: str) -> dict[str, Any] | None:
    """Return `auc` (the larger of a and 1 - a) and `spread` of chance on places that were not learnt from.

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
    network = _train(sides[0][0].pixels, sides[1][0].pixels, rng, options)
    scores = np.concatenate([_scores(network, side[1].pixels) for side in sides])
    counts = [len(side[1]) for side in sides]
    found = auc_of(scores, np.arange(scores.size) < counts[0])
    return {"auc": max(found, 1.0 - found), "spread": chance_spread(*counts)}


def _train(
    made: NDArray[np.float32], real: NDArray[np.float32], rng: np.random.Generator, options: ProbeOptions
) -> ProbeNet:
    with _DRAWING, torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(noise_seed(rng))
        network = ProbeNet(made.shape[1]).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), options.learning_rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.learning_rate, options.steps)
    half = options.batch // 2
    target = torch.cat([torch.ones(half), torch.zeros(half)])
    network.train()
    for _ in range(options.steps):
        batch = np.concatenate([side[rng.integers(len(side), size=half)] for side in (made, real)])
        batch = _turned(batch, rng)
        if options.recolour:
            batch = _recoloured(batch, rng)
        logits = network(_tensor(batch))
        loss = functional.binary_cross_entropy_with_logits(logits, target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def _scores(network: ProbeNet, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        parts = [network(_tensor(part)) for part in np.array_split(crops, max(1, len(crops) // 128))]
    return torch.cat(parts).numpy()


def _tensor(crops: NDArray[np.float32]) -> Tensor:
    unit = torch.from_numpy(np.ascontiguousarray(crops))
    return normalise(unit).contiguous(memory_format=torch.channels_last)


def _turned(batch: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the crops in one of the eight positions of a square, each in its own."""
    turns, mirrored = rng.integers(4, size=len(batch)), rng.random(len(batch)) < 0.5
    for turn in range(1, 4):
        batch[turns == turn] = np.rot90(batch[turns == turn], turn, axes=(2, 3))
    batch[mirrored] = batch[mirrored, :, :, ::-1]
    return batch


def _recoloured(batch: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    gain = np.exp(rng.normal(0.0, 0.15, (len(batch), 1, 1, 1)) + rng.normal(0.0, 0.05, (len(batch), 3, 1, 1)))
    gamma = np.exp(rng.normal(0.0, 0.15, (len(batch), 1, 1, 1)))
    recoloured: NDArray[np.float32] = batch ** gamma.astype(np.float32) * gain.astype(np.float32)
    return recoloured


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
