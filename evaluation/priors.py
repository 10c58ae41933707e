"""How much changes in a labelled set, in pieces of what size: a start for a recipe that is to be like it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from diachron.core.errors import SourceError
from diachron.core.pair import UNKNOWN, PairSet

# Pieces below this are slivers of masks that do not quite agree, not objects.
SMALLEST_M2 = 10.0
# The largest piece that a recipe is told of: beyond it lie blocks that were drawn as one.
LARGEST_QUANTILE = 0.98
# Where label maps tell nothing, most change in sets of buildings is new buildings (LEVIR-CD, S2Looking, and
# 39 built for one demolished in England, 2022-23: gov.uk, net additional dwellings).
CONSTRUCTION_SHARE = 0.8


@dataclass(frozen=True)
class ChangePriors:
    """What a set of labelled pairs holds.

    Args:
        pairs: that were read.
        area_km2: of all of them, without unknown ground.
        change_share: of that ground.
        quiet_share: of pairs without any change.
        pieces: connected pieces of change; those at the edge count half, as a window sees half of them.
        per_km2: pieces by area.
        median_m2, sigma: of the lognormal through the areas of whole pieces; 0 where there are fewer than 3.
        largest_m2: 98th hundredth of those areas.
    """

    pairs: int
    area_km2: float
    change_share: float
    quiet_share: float
    pieces: float
    per_km2: float
    median_m2: float
    sigma: float
    largest_m2: float

    def fragment(self, years: float) -> dict[str, Any]:
        """Return the part of a recipe that asks for as much, with `years` between the dates.

        Rates are those of pieces that were seen; `match` then scales them to the share of change.
        """
        rate = self.per_km2 / years
        built: dict[str, Any] = {"rate_per_km2_year": round(CONSTRUCTION_SHARE * rate, 3)}
        torn: dict[str, Any] = {"rate_per_km2_year": round((1 - CONSTRUCTION_SHARE) * rate, 3)}
        if self.median_m2 > 0:
            built["area_m2"] = {"lognormal": [round(self.median_m2, 1), round(self.sigma, 3)]}
            built["max_area_m2"] = torn["max_area_m2"] = round(self.largest_m2)
        found: dict[str, Any] = {"years": years, "processes": {"construction": built, "demolition": torn}}
        if self.change_share > 0:
            found["match"] = {"change_share": round(min(self.change_share, 0.5), 5)}
            if self.median_m2 > 0:
                found["match"]["sizes"] = {"lognormal": [round(self.median_m2, 1), round(self.sigma, 3)]}
        return found


def change_priors(pairs: PairSet) -> ChangePriors:
    """Return how much changes in a set, read pair by pair.

    Args:
        pairs: with change maps.

    Raises:
        SourceError: the set has no pair, or no known ground.
    """
    areas: list[float] = []
    known_m2 = changed_m2 = pieces = 0.0
    quiet = 0
    for pair in pairs:
        pixel_m2 = pair.gsd_m**2
        changed = (pair.change != 0) & (pair.change != UNKNOWN)
        known_m2 += float((pair.change != UNKNOWN).sum()) * pixel_m2
        changed_m2 += float(changed.sum()) * pixel_m2
        quiet += not changed.any()
        labelled, count = ndimage.label(changed)
        sizes = np.bincount(labelled.ravel(), minlength=count + 1)[1:] * pixel_m2
        edge = np.concatenate([labelled[0], labelled[-1], labelled[:, 0], labelled[:, -1]])
        cut = np.zeros(count, bool)
        cut[np.unique(edge[edge > 0]) - 1] = True
        real = sizes >= SMALLEST_M2
        pieces += float((real & ~cut).sum()) + 0.5 * float((real & cut).sum())
        areas += sizes[real & ~cut].tolist()
    if known_m2 == 0:
        raise SourceError(f"{pairs.name}: no pair with known ground", "empty")
    logs = np.log(areas) if len(areas) >= 3 else np.zeros(0)
    return ChangePriors(
        pairs=len(pairs),
        area_km2=known_m2 / 1e6,
        change_share=changed_m2 / known_m2,
        quiet_share=quiet / len(pairs),
        pieces=pieces,
        per_km2=1e6 * pieces / known_m2,
        median_m2=float(np.exp(np.median(logs))) if logs.size else 0.0,
        sigma=float(np.std(logs)) if logs.size else 0.0,
        largest_m2=float(np.quantile(areas, LARGEST_QUANTILE)) if logs.size else 0.0,
    )
