"""Counts of what can be wrong with a simulator of change, from label maps alone; zero is right everywhere.

The list is that of faults met in published simulators. A count says nothing about how real a change looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.evaluation.contestants import Contestant, Houses
from diachron.evaluation.testmaps import BUILDING, IGNORED, RANGE, ROAD, TREE, WATER, Place

Mask = NDArray[np.bool_]
SIDES = np.ones((3, 3), bool)
# Houses nearer than this to the next one are too near to be detached.
NEAR_PX = 3
# Houses asked for where one call makes several.
SEVERAL = 5


@dataclass(frozen=True)
class Trials:
    """How often each defect is looked for.

    Args:
        houses: added one at a time.
        steps: of removal over a map with ignored ground, and of usual evolution.
        additions: in mixed steps.
    """

    houses: int = 1000
    steps: int = 40
    additions: int = 1000


@dataclass(frozen=True)
class Count:
    """How many of how many had a defect."""

    found: int
    of: int


def count_defects(
    contestant: Contestant, towns: list[Place], terraces: Place, parcels: Place, trials: Trials
) -> dict[str, Count]:
    """Return defect -> count.

    Args:
        contestant: the simulator.
        towns: with roads, water, woods and free-standing houses.
        terraces: houses wall to wall.
        parcels: of ground classes, without houses.
        trials: how often.
    """
    counts = _seeds(contestant, towns[0])
    counts |= _added_houses(contestant, towns, trials.houses)
    counts["terrace_houses_gone_unasked"] = _terraces(contestant, terraces)
    counts["ids_lost"] = _ids(contestant.add(towns[0], SEVERAL, 0))
    counts["steps_capped_by_houses_there"] = _few_houses(contestant, towns[0], max(1, trials.steps // 4))
    still = contestant.evolve(parcels, 0, still=True)
    counts["pixels_changed_at_rate_zero"] = Count(int((still != parcels.labels).sum()), still.size)
    counts["no_event_refused"] = _raises(lambda: contestant.mix(towns[0], 0, 0))
    counts |= _ignored(contestant, towns[0], trials.steps)
    counts |= _evolution(contestant, towns[0], trials.steps)
    counts["additions_on_ground_just_cleared"] = _reused(contestant, towns, trials.additions)
    return counts


def _seeds(contestant: Contestant, place: Place) -> dict[str, Count]:
    """Ten calls with one seed: results beyond the first; and whether the caller's stream has moved."""
    extra, moved = 0, 0
    calls = (contestant.add, contestant.remove, lambda *given: contestant.mix(*given)[1])
    for call in calls:
        stream = contestant.callers_stream()
        extra += len({call(place, SEVERAL, 1).after.tobytes() for _ in range(10)}) - 1
        moved += stream != contestant.callers_stream()
    return {
        "other_results_of_one_seed": Count(extra, 9 * len(calls)),
        "callers_stream_moved": Count(moved, len(calls)),
    }


def _added_houses(contestant: Contestant, towns: list[Place], houses: int) -> dict[str, Count]:
    """Houses added one at a time: what they stand on, and how near to the next one."""
    wrong = {"houses_on_road": 0, "houses_on_water": 0, "houses_in_woods": 0}
    touching = near = placed = 0
    for number in range(houses):
        place = towns[number % len(towns)]
        made = contestant.add(place, 1, number)
        new = (made.after > 0) & (made.before == 0)
        if not new.any():
            continue
        placed += 1
        box = _around(new, NEAR_PX + 1)
        ground = place.labels[box][new[box]]
        for name, code in zip(wrong, (ROAD, WATER, TREE), strict=True):
            wrong[name] += bool((ground == code).any())
        # Pixels side by side or corner to corner are up to the square root of 2 apart.
        distance = ndimage.distance_transform_edt(place.houses[box] == 0)[new[box]].min()
        touching += bool(distance < 2)
        near += bool(distance <= NEAR_PX)
    counts = {**wrong, "houses_touching": touching, "houses_within_3_px": near}
    return {name: Count(found, placed) for name, found in counts.items()}


def _around(mask: Mask, margin: int) -> tuple[slice, slice]:
    """Return the window of a mask with a margin."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(cols[0]) - margin), int(cols[-1]) + margin + 1),
    )


def _terraces(contestant: Contestant, place: Place) -> Count:
    """Houses that go from a terrace beyond those that were asked for."""
    after = contestant.remove(place, SEVERAL, 0).after
    gone = np.setdiff1d(place.houses, place.houses[after > 0])
    return Count(max(0, int((gone > 0).sum()) - SEVERAL), int(place.houses.max()))


def _ids(made: Houses) -> Count:
    """Houses that stand at both dates under another number."""
    stays = (made.before > 0) & (made.after > 0)
    lost = np.unique(made.before[stays & (made.before != made.after)])
    return Count(int(lost.size), int(np.unique(made.before[stays]).size))


def _few_houses(contestant: Contestant, town: Place, steps: int) -> Count:
    """Steps that bring no more houses than stand there already, where none stands and where two do."""
    capped = 0
    for standing in (0, 2):
        kept = (town.houses > 0) & (town.houses <= standing)
        labels = np.where((town.houses > 0) & ~kept, RANGE, town.labels).astype(np.uint8)
        place = Place(f"{town.name}_{standing}", labels, np.where(kept, town.houses, 0).astype(np.int32))
        for step in range(steps):
            made = contestant.add(place, SEVERAL, step)
            _, came = ndimage.label((made.after > 0) & (made.before == 0), SIDES)
            capped += came <= standing
    return Count(capped, 2 * steps)


def _raises(call: Callable[[], object]) -> Count:
    """Whether a call that should work ends in an error."""
    try:
        call()
    except Exception:  # whatever it is, it is counted
        return Count(1, 1)
    return Count(0, 1)


def _ignored(contestant: Contestant, town: Place, steps: int) -> dict[str, Count]:
    """Steps that touch ground which the labels do not know: removals, and one usual step in four of them."""
    place = Place(f"{town.name}_ignored", town.labels.copy(), town.houses.copy())
    side = place.labels.shape[0] // 8
    place.labels[:side, :side] = IGNORED
    place.houses[:side, :side] = 0
    unknown = place.labels == IGNORED
    touched = 0
    for step in range(steps):
        made = contestant.remove(place, SEVERAL, step)
        touched += bool((made.before != made.after)[unknown].any())
    usual = max(1, steps // 4)
    for step in range(usual):
        touched += bool((contestant.evolve(place, step) != place.labels)[unknown].any())
    return {"steps_that_touch_ignored_ground": Count(touched, steps + usual)}


def _evolution(contestant: Contestant, town: Place, steps: int) -> dict[str, Count]:
    """Usual steps: whether all roads go, water comes from nowhere, or nothing is ever built."""
    gone = flooded = unbuilt = 0
    for step in range(steps):
        after = contestant.evolve(town, step)
        gone += not (after == ROAD).any()
        flooded += bool(((after == WATER) & (town.labels != WATER)).any())
        unbuilt += not ((after == BUILDING) & (town.labels != BUILDING)).any()
    return {
        "steps_that_take_all_roads": Count(gone, steps),
        "steps_with_new_water": Count(flooded, steps),
        "steps_without_new_building": Count(unbuilt, steps),
    }


def _reused(contestant: Contestant, towns: list[Place], additions: int) -> Count:
    """Additions on ground that the same step has cleared, so that the difference hides both."""
    found = made = 0
    for seed, place in enumerate(cycle(towns)):
        if made >= additions:
            break
        went, came = contestant.mix(place, 20, seed)
        vacated = (went.before > 0) & (went.after == 0)
        parts, count = ndimage.label((came.after > 0) & (came.before == 0), SIDES)
        if count == 0:
            break
        made += count
        found += np.count_nonzero(np.unique(parts[vacated]))
    return Count(int(found), int(made))
