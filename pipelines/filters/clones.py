"""Keeps samples without twins: one roof that stands twice close together looks copied at a glance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.distributions import check_quantity
from diachron.core.errors import RecipeError
from diachron.core.sample import ChangeSample
from diachron.pipelines.filters.verdict import Candidate, Verdict, check_action

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """How close twins may stand.

    Args:
        near_m: metres between the middles of two objects with the same pixels, below which they are too near.
            60 m is 200 pixels at 0.3 m, about what a look takes in.
        action: `reject` refuses a sample with twins that are too near; `weight` keeps all and weighs a sample
            by the distance of its nearest twins as a share of `near_m`.
    """

    near_m: float = 60.0
    action: str = "reject"

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.near_m, key="near_m", low=0)
        if self.near_m == 0:
            raise RecipeError("near_m is 0; expected more than 0 metres")
        check_action(self.action)


def judge(candidate: Candidate, parameters: Parameters) -> Verdict:
    """Return the metres between the nearest two objects that show the same pixels at one date.

    Twins have the same donor, or one is the donor of the other. They count where both stand at the same date;
    turned twins count as well. A sample without twins has no score and is kept.
    """
    found = [distance for date in range(len(candidate.sample.dates)) for distance in _apart(candidate, date)]
    if not found:
        return Verdict(None)
    nearest = min(found)
    if parameters.action == "weight":
        return Verdict(nearest, weight=min(1.0, nearest / parameters.near_m))
    if nearest < parameters.near_m:
        return Verdict(
            nearest, refused=f"one roof stands twice within {nearest:.0f} m, asked {parameters.near_m:.0f} m"
        )
    return Verdict(nearest)


def _apart(candidate: Candidate, date: int) -> list[float]:
    """Return the metres between the middles of all twins of a date."""
    sample = candidate.sample
    middles = _middles(sample.dates[date].instances, _origins(sample))
    distances = []
    for twins in middles.values():
        for one, other in combinations(twins, 2):
            distances.append(float(np.hypot(*(one - other))) * sample.grid.gsd_m)
    return distances


def _origins(sample: ChangeSample) -> dict[int, tuple[str, int]]:
    """Return object -> (scene, object) whose pixels it shows; the scene's own donors show their own."""
    origins: dict[int, tuple[str, int]] = {}
    for event in sample.log:
        if event.new_object is not None and "donor_object" in event.parameters:
            donor = str(event.parameters["donor_scene"]), int(str(event.parameters["donor_object"]))
            origins[event.new_object.id] = donor
    here = str(sample.provenance["source"])
    own = {number: (here, number) for scene, number in origins.values() if scene == here}
    return own | origins


def _middles(
    instances: NDArray[np.int32], origins: Mapping[int, tuple[str, int]]
) -> dict[tuple[str, int], list[NDArray[np.float64]]]:
    """Return origin -> (row, column) of the middle of each object of it that can be seen."""
    asked = sorted(origins)
    pixels = ndimage.sum_labels(np.ones(instances.shape), instances, asked)
    standing = [number for number, count in zip(asked, pixels, strict=True) if count]
    places = ndimage.center_of_mass(np.ones(instances.shape), instances, standing) if standing else []
    middles: dict[tuple[str, int], list[NDArray[np.float64]]] = defaultdict(list)
    for number, place in zip(standing, places, strict=True):
        middles[origins[number]].append(np.array(place))
    return middles
