"""Solar farms: rows of panels on open land."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.events import ChangeEvent, Cover
from diachron.simulators.incidents import check_kinds, find_piece, outcome_of, refused
from diachron.simulators.intensity import check_where
from diachron.simulators.site import Outcome, Site
from diachron.simulators.surface_events import Form, Ground, change_event

REGISTERED = True

BORDER_M = (0.1, 0.4)


@dataclass(frozen=True)
class Parameters:
    """How often solar farms are built, how large, and how their rows lie.

    The hub has no class of its own for them: they are developed ground. Rows are told in the event
    (`panels`), so that a renderer can draw them.

    Args:
        rate_per_km2_year: farms per km² and year. Set by us: 0.2 is one in a km² over 5 years.
        area_m2: of a farm; lognormal. One hectare carries 0.5-1 MW; set by us.
        elongation: long over short side.
        pitch_m: from row to row. Fixed rows in middle latitudes stand 5-9 m apart.
        panel_m: of a row, seen from above: two modules of 2 m upright, tilted by 20-30 degrees.
        tracker_share: of the farms whose rows run from north to south and follow the sun; the others run from
            east to west. North is up the picture.
        on: weights of the ground that they are built on.
        where: see `simulators.intensity`.
    """

    rate_per_km2_year: float = 0.2
    area_m2: Quantity = field(default_factory=lambda: {"lognormal": [10000.0, 0.8]})
    elongation: Quantity = (1.0, 2.5)
    pitch_m: Quantity = (5.0, 9.0)
    panel_m: Quantity = (2.0, 4.0)
    tracker_share: float = 0.3
    on: Mapping[str, float] = field(default_factory=lambda: {"grass": 1.0, "crop": 1.0, "bare": 1.0})
    where: Mapping[str, object] = field(default_factory=dict)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.rate_per_km2_year, key="rate_per_km2_year", low=0)
        check_quantity(self.area_m2, key="area_m2", low=1)
        check_quantity(self.elongation, key="elongation", low=1, high=20)
        check_quantity(self.pitch_m, key="pitch_m", low=1)
        check_quantity(self.panel_m, key="panel_m", low=0.5)
        check_quantity(self.tracker_share, key="tracker_share", low=0, high=1)
        check_kinds("on", self.on)
        check_where(self.where)


def forward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return the farms that are built at `times`."""
    if not len(times):
        return Outcome((), 0, 0, {})
    ground = Ground(site)
    paved = {"developed": 1.0}

    def incident(time: float) -> list[ChangeEvent] | str:
        along_deg = 90.0 if rng.random() < parameters.tracker_share else 0.0
        pitch_m = draw_quantity(rng, parameters.pitch_m)
        # Rows that overlap would be one roof.
        panel_m = min(draw_quantity(rng, parameters.panel_m), 0.7 * pitch_m)
        elongation = max(1.0, draw_quantity(rng, parameters.elongation))
        border_m = float(rng.uniform(*BORDER_M))
        form = Form(elongation, straight=True, along_deg=along_deg, rounded_m=3.0)
        found = find_piece(rng, ground, parameters.on, paved, parameters.area_m2, lambda _: form)
        if isinstance(found, str):
            return found
        piece, other = found
        panels = {"pitch_m": round(pitch_m, 2), "width_m": round(panel_m, 2), "along_deg": along_deg}
        return [
            change_event(
                site, "solar_farm", "solar farm", "built", time, piece.footprint,
                Cover(0, piece.surface), Cover(0, other), later=True, border_m=border_m,
                parameters={"panels": panels},
            )
        ]  # fmt: skip

    return outcome_of(times, incident)


def backward(rng: np.random.Generator, site: Site, times: Sequence[float], parameters: Parameters) -> Outcome:
    """Return nothing: labels do not tell which ground of the real picture is a farm that was not there."""
    return refused(times, "not_in_labels")
