"""Dates painted on one another: what did not change between two keeps its bytes, and costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from diachron.core.registry import load
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import stream
from diachron.pipelines.painting import Paintings, paint_dates
from tests.renderers import drawn, every_renderer
from tests.worlds import Case, Played, World, cases

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = settings(max_examples=6, phases=PHASES)

without_weights = pytest.mark.parametrize("name", ["copy_paste", "procedural"])


def painter_of(name: str) -> Callable[[RenderRequest], Painted]:
    renderer = load("renderers", name)

    def paint(request: RenderRequest) -> Painted:
        return renderer.paint(request, drawn(name, stream(0, 0, "render"), request))

    return paint


def painted(paint: Callable[[RenderRequest], Painted], play: Played) -> Paintings:
    donors = {play.scene.source: play.scene}
    return paint_dates(
        paint,
        play.scene,
        play.scene.image,
        play.log,
        donors,
        play.states,
        play.labels,
        anchor_years=play.anchor,
    )


@without_weights
@EXAMPLES
@given(case=cases(dates=(4, 6)))
def test_dates_differ_only_where_their_masks_say(name: str, case: Case) -> None:
    _check(name, case.play(4.0))


@every_renderer
def test_every_renderer_paints_on_what_it_painted(name: str) -> None:
    _check(name, Case(World(rows=64, cols=64, seed=3), 8, dates=3, paint="t2").play(5.0))


def _check(name: str, play: Played) -> None:
    found = painted(painter_of(name), play)
    for date in found.dates:
        assert np.array_equal(date.image[:, ~date.edit], play.scene.image[:, ~date.edit])
    for (before, after), step in zip(pairwise(found.dates), found.steps, strict=True):
        assert np.array_equal(before.image[:, ~step], after.image[:, ~step])
    for (before, after), step in zip(pairwise(play.states), found.steps, strict=True):
        moved = (before.instances != after.instances) & ~play.scene.ignored
        assert step[moved].all()


@without_weights
@pytest.mark.parametrize("paint", ["t1", "t2", "both"])
def test_two_dates_are_painted_on_the_real_picture(name: str, paint: str) -> None:
    play = Case(World(rows=96, cols=96, seed=3), 8, dates=2, paint=paint).play(5.0)
    paint_it = painter_of(name)
    found = painted(paint_it, play)
    for date, state in zip(found.dates, play.states, strict=True):
        if state.time_years == play.anchor:
            assert date.image is play.scene.image
            continue
        alone = paint_it(RenderRequest(play.scene, state, play.log, {play.scene.source: play.scene}))
        assert alone.image.tobytes() == date.image.tobytes()
        assert np.array_equal(alone.edit, date.edit)


@without_weights
@pytest.mark.parametrize("paint", ["t1", "t2"])
def test_a_date_on_which_nothing_happened_touches_nothing(name: str, paint: str) -> None:
    play = Case(World(rows=96, cols=96, seed=5), 2, dates=24, paint=paint).play(3.0)
    found = painted(painter_of(name), play)
    times = play.times
    quiet = [k for k, (first, last) in enumerate(pairwise(times)) if not any(play.log.between(first, last))]
    assert 0 < len(quiet) < len(times) - 1
    for k in quiet:
        assert not found.steps[k].any()
        assert found.dates[k].image.tobytes() == found.dates[k + 1].image.tobytes()


@without_weights
def test_what_is_rendered_follows_what_is_new(name: str) -> None:
    """The same renderer is asked once a date, for the state of the last one and the next."""
    play = Case(World(rows=96, cols=96, seed=3), 8, dates=5, paint="t2").play(5.0)
    asked: list[RenderRequest] = []
    paint = painter_of(name)

    def remembered(request: RenderRequest) -> Painted:
        asked.append(request)
        return paint(request)

    found = painted(remembered, play)
    assert len(asked) == 4
    for k, request in enumerate(asked):
        assert np.array_equal(request.scene.image, found.dates[k].image)
        assert np.array_equal(request.scene.instances, play.states[k].instances)
        assert request.origin is play.scene


@without_weights
@pytest.mark.parametrize("paint", ["t1", "t2"])
def test_sites_come_and_go_with_their_phase(name: str, paint: str) -> None:
    """Ground is open or broken, then a slab, then walls, then a roof: each differs from the one before."""
    case = Case(
        World(rows=120, cols=120, seed=11),
        1,
        dates=40,
        paint=paint,
        more={"names": ("construction",), "staged_share": 1.0, "build_years": 1.0},
    )
    play = case.play(4.0)
    found = painted(painter_of(name), play)
    lives: dict[int, list[Any]] = {}
    for event in play.log:
        lives.setdefault(event.object_id, []).append(event)
    seen = 0
    for events in lives.values():
        if [event.phase for event in events] != ["cleared", "foundation", "walls", "built"]:
            continue
        box, mask = events[-1].footprint.window, events[-1].footprint.mask
        for event in events:
            k = int(np.searchsorted(play.times, event.time_years))
            if not 0 < k < len(play.times):
                continue
            others = [e for e in play.log.between(play.times[k - 1], play.times[k]) if e is not event]
            # Bare ground that is cleared looks as before.
            if others or (event.phase == "cleared" and event.before == event.after):
                continue
            before, after = (found.dates[at].image[:, box[0], box[1]][:, mask] for at in (k - 1, k))
            assert (before != after).mean() > 0.3
            assert found.steps[k - 1][box][mask].all()
            seen += 1
    assert seen >= 4
