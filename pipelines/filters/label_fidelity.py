"""Keeps samples whose changed ground looks like what its labels say, to the eyes of a segmenter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import check_quantity
from diachron.pipelines.filters.verdict import Candidate, Verdict, check_action
from diachron.pipelines.labelling.labeller import load_labeller

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """Whose eyes, and how often they must agree.

    Args:
        weights: folder of a labeller that `diachron train segmenter --places A` has written, relative to
            where the command runs. What decides the samples is the hash of its weights, not where they lie.
        lowest: share of the changed pixels of a date that must look like their label.
        sure: share of the changed pixels of a date that the segmenter must be sure of; else it says nothing
            about that date.
        action: `reject` refuses a sample under `lowest`; `weight` keeps all and weighs them by their share.
    """

    weights: str = "labeller"
    lowest: float = 0.3
    sure: float = 0.25
    action: str = "reject"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.lowest, key="lowest", low=0, high=1)
        check_quantity(self.sure, key="sure", low=0, high=1)
        check_action(self.action)


def judge(candidate: Candidate, parameters: Parameters) -> Verdict:
    """Return the share of changed pixels that look like their label, at the date where it is lowest.

    First and last date are asked, as they are after acquisition. Neither a pixel that the segmenter is not
    sure of nor one whose label may be anything counts. Without change, or where too few pixels are left at
    both dates, there is no score and the sample is kept.
    """
    changed = candidate.sample.change == 1
    if not changed.any():
        return Verdict(None)
    shares = [
        share for date in (0, -1) if (share := _agreeing(candidate, date, changed, parameters)) is not None
    ]
    if not shares:
        return Verdict(None)
    share = min(shares)
    if parameters.action == "weight":
        return Verdict(share, weight=share)
    if share < parameters.lowest:
        return Verdict(
            share,
            refused=f"{share:.0%} of the changed pixels look like their label, asked {parameters.lowest:.0%}",
        )
    return Verdict(share)


def weights_hash(parameters: Parameters) -> str:
    """Return the SHA-256 of the segmenter's weights.

    Raises:
        PackageError: there is no segmenter, or it cannot be read.
        RecipeError: it is a scorer.
    """
    return _labeller(parameters.weights)[1]


# Read once a process: a worker judges thousands of samples.
_labeller = cache(load_labeller)


def _agreeing(
    candidate: Candidate, date: int, changed: NDArray[np.bool_], parameters: Parameters
) -> float | None:
    """Return the share of a date's changed pixels that look like their label, None where too few are sure."""
    from diachron.generators.models.threads import one_thread
    from diachron.training.segmenters.classes import ANY, UNSURE, allowed_classes

    sample = candidate.sample
    layers = sample.dates[date]
    # As a worker does: a sample may not depend on the number of threads of the run that made it.
    with one_thread():
        found = _labeller(parameters.weights)[0].classify(
            layers.image, candidate.full_scale, bands=sample.bands
        )
    seen = found.labels[changed]
    allowed = allowed_classes(sample.schema)[layers.labels[changed]]
    asked = allowed != ANY
    sure = asked & (seen != UNSURE)
    if not sure.any() or sure.sum() < parameters.sure * asked.sum():
        return None
    return float(np.mean(allowed[sure] >> seen[sure] & 1))
