"""Learning features without labels: two views of a place attract each other, other places repel, and so
does the same place spoilt by blur or noise.

Source: InfoNCE, van den Oord, Li, Vinyals 2018, in the symmetric form of SimCLR (Chen et al. 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.errors import SourceError
from diachron.training.detectors.normalisation import normalise
from diachron.training.features.network import FEATURES, FeatureNet, new_network
from diachron.training.features.views import Place, draw_views
from diachron.training.runs.precision import choose_precision

TEMPERATURE = 0.15


@dataclass(frozen=True)
class ContrastOptions:
    """How the features are learnt.

    Args:
        steps: batches.
        places: different places a batch; each stands there twice, as it is and spoilt.
        learning_rate: highest of the one-cycle schedule.
        weight_decay: of AdamW.
        seed: of weights and views.
    """

    steps: int = 300
    places: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 0


def contrast_loss(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean InfoNCE loss of (N, D) vectors; row i of both belong together.

    Each view must find its partner among all N second views, and the other way round; log N is chance.
    """
    one, two = functional.normalize(first, dim=1), functional.normalize(second, dim=1)
    logits = one @ two.T / TEMPERATURE
    own = torch.arange(len(one))
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


def learn_features(
    places: Sequence[Place], options: ContrastOptions, progress: Callable[[int, float], None] | None = None
) -> FeatureNet:
    """Return a network trained on the CPU, ready to be measured with (`eval`).

    Args:
        places: at least `options.places`.
        options: of the training.
        progress: takes (step, loss).

    Raises:
        SourceError: there are fewer places than a batch holds.
    """
    if len(places) < options.places:
        raise SourceError(
            f"{len(places)} places, a batch holds {options.places}; give more or fewer a batch", "empty"
        )
    network = new_network(options.seed)
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(options.seed)
        # Dropped after training: features before it keep more than the loss asks for (SimCLR).
        projection = nn.Sequential(nn.Linear(FEATURES, FEATURES), nn.ReLU(), nn.Linear(FEATURES, 64))
    weights = [*network.parameters(), *projection.parameters()]
    optimiser = torch.optim.AdamW(weights, options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.learning_rate, options.steps)
    bf16 = choose_precision("auto", torch.device("cpu")) == "bf16"
    network.train()
    for step in range(options.steps):
        views = torch.cat(draw_views(places, options.places, options.seed, step))
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            features = network(normalise(views))
        first, second = projection(features.float()).chunk(2)
        loss = contrast_loss(first, second)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if progress is not None:
            progress(step, float(loss.detach()))
    return network.eval()
