"""Painting the dates of a sample: each on the one beside it, so that a date costs what changed at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.events import EventLog
from diachron.core.sample import Painted, RenderRequest, Snapshot
from diachron.core.scene import Scene, Sun

Mask = NDArray[np.bool_]

# What a renderer's record says of places on this machine: what lies there is recorded by its hash.
WHERE = frozenset({"weights", "controlnet", "lora", "vae"})


@dataclass(frozen=True)
class Paintings:
    """The dates before acquisition.

    Args:
        dates: in order of time; `edit` and `effects` tell of all that was touched since the real picture.
        steps: (H, W) what was touched between a date and the one before it, from the second date on.
        manner: what the renderer drew for all of them, JSON-ready.
    """

    dates: tuple[Painted, ...]
    steps: tuple[Mask, ...]
    manner: Mapping[str, object] = field(default_factory=dict)


def paint_dates(
    paint: Callable[[RenderRequest], Painted],
    scene: Scene,
    untouched: NDArray[Any],
    log: EventLog,
    donors: Mapping[str, Scene],
    states: Sequence[Snapshot],
    labels: Sequence[NDArray[np.uint8]],
    *,
    anchor_years: float,
) -> Paintings:
    """Return every date, painted outwards from the real picture: forward in time, then back.

    A date is painted on its neighbour towards the real picture as that was left. What did not change between
    the two keeps its bytes, and an event that takes back another leaves what work on a real place would:
    new ground, not the old picture.

    Args:
        paint: of a renderer, with what was drawn for the sample.
        scene: the real picture.
        untouched: (C, H, W) picture of the date at `anchor_years`.
        log: the sample's events.
        donors: scenes by name, as in `RenderRequest`.
        states, labels: of the dates, in order of time.
        anchor_years: when the real picture was taken.

    Raises:
        RenderError: a date cannot be painted.
    """
    found: dict[int, Painted] = {}
    touched: dict[int, Mask] = {}
    later = [k for k, state in enumerate(states) if state.time_years >= anchor_years]
    earlier = [k for k, state in enumerate(states) if state.time_years < anchor_years]
    for way in (later, earlier[::-1]):
        ground, edit, effects = scene, np.zeros(scene.grid.shape, bool), Counter[str]()
        for k in way:
            if states[k].time_years == anchor_years:
                found[k], touched[k] = Painted(untouched, edit), edit
                continue
            made = paint(RenderRequest(ground, states[k], log, donors))
            edit = edit | made.edit
            effects = effects + Counter(made.effects)
            found[k] = Painted(made.image, edit, dict(sorted(effects.items())))
            touched[k] = made.edit
            ground = as_ground(scene, found[k], states[k], labels[k])
    steps = [_step(touched, k, later) for k in range(1, len(states))]
    return Paintings(tuple(found[k] for k in range(len(states))), tuple(steps))


def render_record(
    renderer: str, paintings: Paintings, sun: Sun | None, anchor_years: float
) -> dict[str, object]:
    """Return how dates were painted, JSON-ready, for the record of a sample.

    Args:
        renderer: its name.
        paintings: of the sample.
        sun: of the real picture.
        anchor_years: when that was taken.
    """
    return {
        "renderer": renderer,
        "drawn": {key: value for key, value in paintings.manner.items() if key not in WHERE},
        "real_picture_years": anchor_years,
        "effects": [dict(date.effects) for date in paintings.dates],
        "sun": None
        if sun is None
        else {
            "shadow": [round(sun.shadow_row, 6), round(sun.shadow_col, 6)],
            "shadow_length_m": round(sun.shadow_length_m, 3),
            "given": sun.given,
        },
    }


def _step(touched: Mapping[int, Mask], date: int, later: Sequence[int]) -> Mask:
    """Return (H, W) what was touched between a date and the one before it."""
    if date - 1 in later:
        return touched[date]
    # The real picture lies between the two, and each of them was painted on it; or the earlier on the later.
    return touched[date - 1] | touched[date] if date in later else touched[date - 1]


def as_ground(scene: Scene, painted: Painted, state: Snapshot, labels: NDArray[np.uint8]) -> Scene:
    """Return a painted date as the picture on which the next one is painted."""
    return replace(
        scene,
        image=painted.image,
        surface=state.surface,
        instances=state.instances,
        objects=state.objects,
        height_m=state.height_m,
        labels=labels,
        time_years=state.time_years,
    )


def painted_date(paint: str, stream_of: Callable[[str], np.random.Generator]) -> str:
    """Return t1, t2 or both; the coin is thrown on a stream of its own."""
    if paint != "coin":
        return paint
    return ("t1", "t2")[int(stream_of("paint").integers(2))]


def real_picture_years(
    painted: str, times: tuple[float, ...], stream_of: Callable[[str], np.random.Generator]
) -> float:
    """Return when the real picture was taken: the first date where the later ones are painted, and so on."""
    if painted == "t2":
        return times[0]
    if painted == "t1":
        return times[-1]
    return float(stream_of("anchor").uniform(times[0], times[-1]))
