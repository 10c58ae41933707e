"""How a probe learns: half of each batch made, half real, each crop in one of eight positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from diachron.training.probes.network import ProbeNet, as_input, new_network


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


def learn_probe(
    made: NDArray[np.float32], real: NDArray[np.float32], rng: np.random.Generator, options: ProbeOptions
) -> ProbeNet:
    """Return a network in `eval` mode that tells made crops (logit above 0) from real ones.

    Args:
        made, real: (N, C, S, S) from 0 to 1, one or more each; S is a multiple of 8.
        rng: of the first weights, the batches and how crops are turned.
        options: of the training.
    """
    network = new_network(made.shape[1], rng)
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
        loss = functional.binary_cross_entropy_with_logits(network(as_input(batch)), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


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
