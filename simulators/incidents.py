"""One incident after the other: the loop that processes share, and the search for ground that changes."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

import numpy as np

from diachron.core import hub
from diachron.core.distributions import Quantity, check_quantity
from diachron.core.errors import RecipeError, nearest_names
from diachron.core.events import ChangeEvent
from diachron.simulators.site import Outcome
from diachron.simulators.surface_events import Form, Ground, Piece, Weighted, weights_of

# Places looked at before an incident is given up.
PLACES = 24


def outcome_of(times: Sequence[float], incident: Callable[[float], list[ChangeEvent] | str]) -> Outcome:
    """Return what happens at some times.

    Args:
        times: of the incidents.
        incident: time -> its events, or the reason why it does not happen.
    """
    events: list[ChangeEvent] = []
    why: Counter[str] = Counter()
    for time in times:
        found = incident(float(time))
        if isinstance(found, str):
            why[found] += 1
        else:
            events += found
    return Outcome(tuple(events), len(times), len(times) - why.total(), dict(why))


def refused(times: Sequence[float], reason: str) -> Outcome:
    """Return that nothing happens, for one reason: a direction in which a process tells nothing true."""
    return outcome_of(times, lambda _: reason)


def check_kinds(key: str, table: Mapping[str, float]) -> None:
    """Raise unless a table holds kinds of ground with weights.

    Raises:
        RecipeError: an unknown kind, with the nearest name, or a negative weight.
    """
    known = set(hub.SURFACES.values())
    for name, weight in table.items():
        if name not in known:
            raise RecipeError(f"{key}: '{name}' is no kind of ground; {nearest_names(name, known)}")
        check_quantity(weight, key=f"{key}.{name}", low=0)


def drawn_kind(
    rng: np.random.Generator, ground: Ground, table: Mapping[str, float], area_m2: float, *, but: int
) -> int | None:
    """Return a kind of ground by weight among those that can be painted; None where there is no other.

    Args:
        rng: the process's stream.
        ground: of the site.
        table: kind -> weight.
        area_m2: of what is to be painted.
        but: hub id that is left out.
    """
    chance = float(rng.random())
    kinds = [hub.IDS[name] for name, weight in table.items() if weight > 0]
    kinds = sorted(kind for kind in kinds if kind != but and ground.can_be_painted(kind, area_m2))
    if not kinds:
        return None
    sums = list(accumulate(table[hub.NAMES[kind]] for kind in kinds))
    return kinds[min(bisect_right(sums, chance * sums[-1]), len(kinds) - 1)]


def find_piece(
    rng: np.random.Generator,
    ground: Ground,
    here: Mapping[str, float],
    there: Mapping[str, float],
    area_m2: Quantity,
    form: Callable[[np.random.Generator], Form],
    starts: Weighted | None = None,
) -> tuple[Piece, int] | str:
    """Return ground that changes and the kind that it has at the other date; or why there is none.

    What is found is taken. Reasons are `no_ground` (the place has none of the kinds), `no_donor_ground` (none
    of the other kinds could be painted) and `no_room`.

    Args:
        rng: the process's stream.
        ground: of the site.
        here: kind of ground that the real picture shows -> weight.
        there: kind of ground at the other date -> weight.
        area_m2: of the piece, drawn once.
        form: of the piece, drawn at each place.
        starts: `cumulated` pixels of those kinds from which a piece may grow; None for all.
    """
    wanted_m2 = ground.drawn_m2(rng, area_m2)
    weights = weights_of(here)
    reason = "no_ground"
    for _ in range(PLACES):
        seed = ground.seed(rng, weights) if starts is None else ground.open_place(rng, starts)
        if seed is None:
            # Ground that was open when it was listed may have been taken since.
            continue
        other = drawn_kind(rng, ground, there, wanted_m2, but=int(ground.site.scene.surface[seed]))
        if other is None:
            reason = "no_donor_ground"
            continue
        reason = "no_room"
        piece = ground.piece(rng, *seed, wanted_m2, form(rng))
        if piece is not None:
            ground.take(piece.footprint)
            return piece, other
    return reason
