"""A wanted share of change: one factor on all rates is found by playing some of the samples, unpainted.

Rates cannot be solved for: what finds no room, overlaps, or is hidden from the label map depends on the
tiles. So samples of the plan are simulated with a factor, what they hold is measured, and the factor is
corrected by the ratio until it fits (a fixed-point search in the logarithm). The pilot uses the plan's own
windows and streams: it has no randomness of its own, and every shard finds the same factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from diachron.core.change import CHANGE_IGNORE
from diachron.core.errors import LabelError, RecipeError, SourceError
from diachron.pipelines.plan import Plan
from diachron.pipelines.workshop import Played, Workshop

# Samples that are played, spread over the plan: enough events for a few hundredths, few enough to wait for.
PILOT_SAMPLES = 64
ROUNDS = 10
CLOSE_ENOUGH, STILL_GOOD = 0.02, 0.10
# Beyond this, rates say nothing about a place any more.
LARGEST_FACTOR, LARGEST_STEP = 100.0, 4.0
# Below this, d log(found) / d log(factor) says that there is no room left.
NO_ROOM = 0.3


def matched(plan: Plan, *, progress: Callable[[str], None] = lambda line: None) -> Plan:
    """Return the plan with the factor on its rates that gives what the recipe's `match` asks for.

    A plan without `match` comes back as it is, and one that wants sizes alone: those are met by the choice of
    donors, see `simulators.placement`.

    Args:
        plan: checked.
        progress: called with a line a round.

    Raises:
        RecipeError: what is wanted cannot be had on these tiles, or none of the pilot's windows can be used.
    """
    match = plan.recipe.match
    if match is None or match.target is None:
        return plan
    key, wanted = match.target
    measure = {"change_share": _share, "events": _events}[key]
    workshop = Workshop(plan)
    factor, best = 1.0, (math.inf, 1.0)
    before: tuple[float, float] | None = None
    for turn in range(1, ROUNDS + 1):
        found = _mean(workshop, plan, factor, measure)
        progress(f"match {turn}: rates x {factor:.3g} give {key} {found:.4g}, wanted {wanted:g}")
        error = abs(found / wanted - 1)
        best = min(best, (error, factor))
        if error <= CLOSE_ENOUGH or (before is not None and _is_full(before, (factor, found))):
            break
        before = (factor, found)
        # A full place takes long to play: it is come near to by steps.
        step = min(wanted / found, LARGEST_STEP) if found > 0 else LARGEST_STEP
        factor = min(max(factor * step, 1 / LARGEST_FACTOR), LARGEST_FACTOR)
    if best[0] > STILL_GOOD:
        raise RecipeError(
            f"match.{key} {wanted:g}: cannot be had on these tiles, nearest with rates x {best[1]:.3g} "
            f"({100 * best[0]:.0f} % off); ask for less, or give processes more room (surfaces, gaps)"
        )
    return replace(plan, rate_factor=round(best[1], 6))


def _is_full(before: tuple[float, float], now: tuple[float, float]) -> bool:
    """Whether larger rates, as (factor, found), hardly bring more; or no larger ones are left to try."""
    if now[0] == before[0]:
        return True
    if now[0] < before[0] or min(before[1], now[1]) <= 0:
        return False
    return math.log(now[1] / before[1]) / math.log(now[0] / before[0]) < NO_ROOM


def _share(played: Played) -> float:
    known = played.whole.change != CHANGE_IGNORE
    return float((played.whole.change == 1).sum() / max(int(known.sum()), 1))


def _events(played: Played) -> float:
    return float(sum(pixels > 0 for pixels in played.whole.visible.values()))


def _mean(workshop: Workshop, plan: Plan, factor: float, measure: Callable[[Played], float]) -> float:
    """Return the mean over the pilot's samples; windows that cannot be used are left out."""
    count = min(PILOT_SAMPLES, plan.samples)
    values = []
    for sample in np.unique(np.linspace(0, plan.samples - 1, count).round().astype(int)).tolist():
        try:
            unit = plan.unit_of(sample)
            stream_of = workshop.stream_of(sample, 0)
            values.append(measure(workshop.play(unit, factor=factor, stream_of=stream_of)))
        except (SourceError, LabelError):
            continue
    if not values:
        raise RecipeError("match: none of the windows that were tried can be used; see --dry-run")
    return float(np.mean(values))
