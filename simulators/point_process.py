"""When things happen: a Poisson process in time, with an intensity per area."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import RecipeError


def arrivals(
    rng: np.random.Generator,
    *,
    rate_per_km2_year: float,
    area_km2: float,
    from_years: float,
    until_years: float,
) -> NDArray[np.float64]:
    """Return the sorted times of the incidents of one process.

    The count is Poisson with mean rate x area x time; given the count, times are independent and uniform
    (Daley and Vere-Jones 2003, section 2.1).

    Raises:
        RecipeError: a negative rate, area or time gap.
    """
    mean = rate_per_km2_year * area_km2 * (until_years - from_years)
    if mean < 0:
        raise RecipeError(
            f"rate {rate_per_km2_year} per km2 and year over {area_km2} km2 from {from_years} to "
            f"{until_years} years gives a negative count; rates and time gaps must be >= 0"
        )
    count = int(rng.poisson(mean))
    return np.sort(rng.uniform(from_years, until_years, count))
