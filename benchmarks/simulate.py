"""Change events on label maps: against torchange's event functions on the same maps, and what each costs.

python benchmarks/simulate.py --json
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import bench
from process_costs import by_process, transitions
from series_costs import per_date
from worlds import speed

from diachron.core.streams import stream
from diachron.evaluation.contestants import Diachron, Prepared, run_events
from diachron.evaluation.defects import Trials, count_defects
from diachron.evaluation.rivals import torchange_events
from diachron.evaluation.testmaps import BUILDING, Place, parcels, raw_scene, terraces, town
from diachron.simulators.preparation import prepare
from diachron.simulators.site import survey

MAPS = 4
# torchange draws 1 to 5 events a step by default, 3 on average; both sides get the same number.
EVENTS = 3
OTHER_COUNTS = (1, 5, 20)
# Steps of one side on one map, then as many of the other: a run draws its samples window by window.
BLOCK = 8
ROUNDS = 96
OTHER_ROUNDS = 32
TRANSITIONS = 16
PREPARATIONS = 2
PARCEL_PX = 8


def timed(call: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """Return the milliseconds of a call, and its result."""
    start = time.perf_counter()
    result = call(*given)
    return 1000 * (time.perf_counter() - start), result


def race(
    places: list[Place], prepared: list[Prepared], rival: torchange_events.ModuleType, count: int, rounds: int
) -> dict[str, dict[str, float]]:
    """Return, for each kind of step, the medians of both sides, timed in turn on the same maps."""
    kinds: dict[str, tuple[int, int, Callable[[object], object]]] = {
        "add": (count, 0, lambda mask: rival.add_object(mask, count, count)),
        "remove": (0, count, lambda mask: rival.remove_object(mask, count, count)),
        # What `remove_add_object` does, with the same number of each.
        "add_and_remove": (
            count,
            count,
            lambda mask: rival.add_object(rival.remove_object(mask, count, count), count, count),
        ),
    }
    masks = [(place.labels == BUILDING).astype("uint8") for place in places]
    times: dict[str, tuple[list[float], list[float], list[int]]] = {kind: ([], [], []) for kind in kinds}
    for start in range(-BLOCK, rounds, BLOCK):
        which = (start // BLOCK) % len(places)
        for kind, (added, removed, theirs) in kinds.items():
            rival_ms, own_ms, windows = [], [], []
            for _ in range(BLOCK):
                rival_ms.append(timed(theirs, masks[which])[0])
            for number in range(start, start + BLOCK):
                # A step has its own stream, so that its events are the same however many steps there are.
                rng = stream(0, abs(number), kind)
                took, made = timed(run_events, prepared[which], rng, added, removed)
                own_ms.append(took)
                windows.append(len(made[1]))
            if start >= 0:  # the first block warms both sides up
                for kept, new in zip(times[kind], (rival_ms, own_ms, windows), strict=True):
                    kept += new
    return {
        kind: {
            "ratio": round(median(theirs) / median(own), 2),
            "torchange_ms": round(median(theirs), 3),
            "diachron_ms": round(median(own), 3),
            "placed_share": round(sum(windows) / (len(windows) * (kinds[kind][0] + kinds[kind][1])), 4),
        }
        for kind, (theirs, own, windows) in times.items()
    }


def main() -> None:
    """Time both sides, count the defects of both, print the figures."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--trials", type=int, default=1000, help="houses added one at a time")
    given = options.parse_args()
    rival = torchange_events.load(bench.install("torchange", "0.0.4"))
    rival.np.random.seed(0)
    places = [town(seed) for seed in range(MAPS)]
    scenes = [raw_scene(place) for place in places]
    preparing = [timed(lambda raw: survey(prepare(raw)), raw)[0] for raw in scenes * PREPARATIONS]
    own = Diachron()
    prepared = [own.prepared(place) for place in places]
    main_race = race(places, prepared, rival, EVENTS, ROUNDS)
    others = {str(count): race(places, prepared, rival, count, OTHER_ROUNDS) for count in OTHER_COUNTS}
    trials = Trials(houses=given.trials, steps=min(40, given.trials), additions=given.trials)
    rivals = [torchange_events.Torchange(rival), own]
    counted = {
        each.name: count_defects(each, places[:2], terraces(), parcels(PARCEL_PX), trials) for each in rivals
    }
    slowest = main_race["add_and_remove"]
    figures: dict[str, object] = {
        "speedup_vs_torchange": min(kind["ratio"] for kind in main_race.values()),
        "ms_per_map_1024": slowest["diachron_ms"],
        "transition": transitions(places, prepared, rival, TRANSITIONS),
        "ms_per_map_1024_by_process": by_process(),
        "series": per_date(),
        **speed(),
        "ms_prepare_1024": round(median(preparing), 1),
        "samples_to_earn_preparation": round(
            median(preparing) / max(slowest["torchange_ms"] - slowest["diachron_ms"], 1e-9), 1
        ),
        "events_per_step": EVENTS,
        "steps": main_race,
        "steps_by_events": others,
        "defects": {
            name: {
                who: {"found": counts[name].found, "of": counts[name].of} for who, counts in counted.items()
            }
            for name in counted["diachron"]
        },
        "houses_per_map": [int(place.houses.max()) for place in places],
        "machine": bench.machine(),
    }
    bench.show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
