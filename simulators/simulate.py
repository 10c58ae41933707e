"""From rates to a log: every process draws its incidents on one site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from diachron.core.events import ChangeEvent, EventLog
from diachron.simulators.incidents import refused
from diachron.simulators.intensity import likelihood_of
from diachron.simulators.point_process import arrivals
from diachron.simulators.site import Outcome, Site


class Process(Protocol):
    """A registered process: see `simulators.processes`."""

    def forward(self, rng: np.random.Generator, site: Site, times: Any, parameters: Any) -> Outcome:
        """Return what happens after the real picture."""
        ...

    def backward(self, rng: np.random.Generator, site: Site, times: Any, parameters: Any) -> Outcome:
        """Return what had happened before the real picture."""
        ...


@dataclass(frozen=True)
class Simulation:
    """The log; per process, how many incidents were drawn, placed, and why not; the factor on all rates."""

    log: EventLog
    tally: Mapping[str, Mapping[str, object]]
    activity: float = 1.0


def simulate(
    site: Site,
    processes: Mapping[str, tuple[Process, Any]],
    *,
    first_years: float,
    last_years: float,
    anchor_years: float,
    stream_of: Callable[[str], np.random.Generator],
    activity: float = 1.0,
    rasters: Mapping[str, NDArray[np.float64]] | None = None,
) -> Simulation:
    """Return everything that happens between two times around one real picture.

    Incidents after the anchor change the real state forward; incidents before it are already part of the
    real picture, and undoing them gives the past. The order of the mapping has no meaning.

    Args:
        site: working state, used up by the call.
        processes: name -> (module, parameters).
        first_years, last_years: of the sample's dates.
        anchor_years: when the real picture was taken, between the two.
        stream_of: stage name -> generator.
        activity: how much busier than usual this place is: every rate is multiplied by it. Drawn anew for
            each sample, counts are those of a mixed Poisson process (Cox 1955): most samples hold less than
            the mean, some much more.
        rasters: that a `where` names, see `intensity.likelihood_of`.

    Raises:
        RecipeError: a raster is missing.
    """
    events: list[ChangeEvent] = []
    tally: dict[str, dict[str, object]] = {}
    for name in sorted(processes):
        process, parameters = processes[name]
        rng = stream_of(f"events/{name}")
        where = getattr(parameters, "where", {})
        site.likelihood, here = likelihood_of(stream_of(f"where/{name}"), site.scene, where, rasters)
        nowhere = site.likelihood is not None and not site.likelihood.any()
        drawn = placed = 0
        why: dict[str, int] = {}
        for step, start, end in (
            (process.forward, anchor_years, last_years),
            (process.backward, first_years, anchor_years),
        ):
            times = arrivals(
                rng,
                rate_per_km2_year=activity * here * parameters.rate_per_km2_year,
                area_km2=site.terrain.area_km2,
                from_years=start,
                until_years=end,
            )
            outcome = (
                refused(times.tolist(), "unlikely_here") if nowhere else step(rng, site, times, parameters)
            )
            events += outcome.events
            drawn += outcome.drawn
            placed += outcome.placed
            for reason, count in outcome.why.items():
                why[reason] = why.get(reason, 0) + count
        tally[name] = {"drawn": drawn, "placed": placed, "why": dict(sorted(why.items()))}
    # What ends after the last date is not part of this sample; what began before the first one is.
    kept = tuple(event for event in events if event.time_years <= last_years)
    return Simulation(EventLog(kept), tally, activity)
