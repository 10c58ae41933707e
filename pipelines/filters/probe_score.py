"""Keeps samples whose painted things a probe cannot tell from real ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from diachron.core.distributions import check_quantity
from diachron.core.errors import RecipeError
from diachron.pipelines.filters.verdict import Candidate, Verdict, check_action

if TYPE_CHECKING:
    from diachron.training.probes.probe import Probe

REGISTERED = True

# A kept sample always counts a little: leaving one out is what `reject` is for.
LEAST_WEIGHT = 0.01
# Beyond this much finer or coarser than what the probe has learnt from, its crops show other things.
GSD_RATIO = 1.5


@dataclass(frozen=True)
class Parameters:
    """Whose eyes, and how sure they may be.

    Args:
        weights: file that `diachron evaluate quality --keep-probes` has written, relative to where the
            command runs. What decides the samples is its hash, not where it lies.
        highest: probability that the painted things are made, above which a sample is refused. 0.5 is a probe
            that cannot tell.
        action: `reject` refuses a sample above `highest`; `weight` keeps all and weighs a sample by the odds
            that it is real, 1 from 0.5 downwards.
    """

    weights: str = "probes/seam.safetensors"
    highest: float = 0.9
    action: str = "reject"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.highest, key="highest", low=0, high=1)
        check_action(self.action)


def judge(candidate: Candidate, parameters: Parameters) -> Verdict:
    """Return the probability that the painted things of a sample are made, the mean over them.

    The mean and not the highest: a sample with many edits would else be refused for their number. The painted
    one of the first and the last date is asked, as it is after acquisition. A sample without an edit has no
    score and is kept, and so is one of which both dates were painted: nobody knows which edit is whose.

    The weight (1 - p) / p is the density of real things over that of made ones, at most 1.

    Raises:
        RecipeError: the probe has learnt from pictures of another scale.

    Source: Bickel, Brückner and Scheffer, Discriminative learning for differing training and test
    distributions, 2007, for the weight.
    """
    found = _made(candidate, parameters)
    if not found:
        return Verdict(None)
    made = float(np.mean(found))
    if parameters.action == "weight":
        odds = (1.0 - made) / max(made, 0.5)
        return Verdict(made, weight=min(1.0, max(LEAST_WEIGHT, odds)))
    if made > parameters.highest:
        return Verdict(
            made,
            refused=f"what was painted looks made with {made:.0%}, asked {parameters.highest:.0%} at most",
        )
    return Verdict(made)


def weights_hash(parameters: Parameters) -> str:
    """Return the SHA-256 of the probe's file.

    Raises:
        PackageError: there is no probe, or it cannot be read.
        RecipeError: it missed its bad case.
    """
    return _probe(parameters.weights)[1]


@cache
def _probe(path: str) -> tuple[Probe, str]:
    """Return a probe and its hash; read once a process, since a worker judges thousands of samples."""
    from diachron.training.probes.probe import load_probe

    probe, digest = load_probe(path)
    facts = probe.facts
    if not facts.sound:
        raise RecipeError(
            f"{path}: this probe did not find its bad case ({facts.bad_case}, AUC {facts.bad_auc}), so its "
            "scores mean nothing; keep one of a larger data set: more samples, more places"
        )
    return probe, digest


def _made(candidate: Candidate, parameters: Parameters) -> list[float]:
    """Return for each painted thing the probability that it is made."""
    from diachron.generators.models.threads import one_thread
    from diachron.training.unit_colours import unit_colours

    sample = candidate.sample
    first, last = sample.dates[0], sample.dates[-1]
    if first.painted == last.painted:
        return []
    painted, real = (first, last) if first.painted else (last, first)
    probe, _ = _probe(parameters.weights)
    finest, coarsest = probe.facts.gsd_m
    if not finest / GSD_RATIO <= sample.grid.gsd_m <= coarsest * GSD_RATIO:
        raise RecipeError(
            f"{parameters.weights}: a probe of pictures of {finest:g} to {coarsest:g} m a pixel, "
            f"{sample.provenance['source']} has {sample.grid.gsd_m:g} m; keep one of a data set at that scale"
        )
    image = unit_colours(painted.image, sample.bands, candidate.full_scale)
    # As a worker does: a sample may not depend on the number of threads of the run that made it.
    with one_thread():
        return probe.made(image, (painted.instances, real.instances), sample.edit)
