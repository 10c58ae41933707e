"""Making one sample: the stages in order. A worker keeps one workshop and a few prepared windows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from diachron.core.errors import LabelError, RenderError, SourceError
from diachron.core.events import EventLog
from diachron.core.sample import ChangeSample, DateLayers, Painted, RenderRequest
from diachron.core.scene import Donor, Scene
from diachron.core.streams import stream
from diachron.pipelines.filters.verdict import Candidate, FilteredError, judge_all
from diachron.pipelines.manifest import versions
from diachron.pipelines.plan import REDRAWS, Plan
from diachron.simulators.acquisition.apply import apply_date, draw_date
from diachron.simulators.acquisition.context import Context
from diachron.simulators.donors import donors_of
from diachron.simulators.preparation import prepare
from diachron.simulators.simulate import simulate
from diachron.simulators.site import Site, Terrain, survey
from diachron.simulators.snapshots import difference, draw_labels, snapshot

# Prepared windows kept: the one at work, its donors, and a few that the next samples may ask for.
KEPT_WINDOWS = 8


@dataclass(frozen=True)
class Refusal:
    """Why a sample could not be made, after all its attempts."""

    source: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Prepared:
    """A window ready for use."""

    scene: Scene
    terrain: Terrain
    donors: tuple[Donor, ...]


class Workshop:
    """Makes the samples of a plan, one at a time.

    Args:
        plan: what to make.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        recipe = plan.recipe
        self._processes = recipe.process_modules()
        self._renderer = recipe.renderer_module()
        self._steps = recipe.acquisition_steps()
        self._filters = recipe.filter_modules()
        self._modules: dict[str, ModuleType] = {name: module for name, module, _ in self._steps or []}
        self._windows: OrderedDict[int, Prepared] = OrderedDict()

    def make(self, sample: int) -> ChangeSample | Refusal:
        """Return a finished sample, or the reason of its last attempt."""
        refusals: list[Refusal] = []
        for attempt in range(REDRAWS + 1):
            unit = self.plan.unit_of(sample, attempt)
            try:
                return self._attempt(sample, attempt, unit, refusals)
            except (SourceError, LabelError, RenderError, FilteredError) as error:
                reason = "label_outside_scheme" if isinstance(error, LabelError) else error.reason
                # The source may lie elsewhere on the next machine: paths are told from its root.
                detail = str(error).replace(f"{Path(self.plan.source.root)}/", "")
                refusals.append(Refusal(self.plan.source.key(self.plan.units[unit]), reason, detail))
        return refusals[-1]

    def prepared(self, unit: int) -> Prepared:
        """Return a window, read and prepared at the first call and kept for a while.

        Raises:
            SourceError: it cannot be read, or holds nothing.
            LabelError: its label map does not fit the scheme.
        """
        if unit in self._windows:
            self._windows.move_to_end(unit)
            return self._windows[unit]
        raw = self.plan.source.read(self.plan.units[unit])
        scene = prepare(raw)
        if scene.ignored.all():
            raise SourceError(f"{scene.source}: every pixel is nodata or ignore", reason="empty")
        found = Prepared(scene, survey(scene), donors_of(scene))
        self._windows[unit] = found
        while len(self._windows) > KEPT_WINDOWS:
            self._windows.popitem(last=False)
        return found

    def _attempt(self, sample: int, attempt: int, unit: int, refusals: list[Refusal]) -> ChangeSample:
        plan, recipe = self.plan, self.plan.recipe
        suffix = f"#{attempt}" if attempt else ""

        def stream_of(stage: str) -> np.random.Generator:
            return stream(plan.seed, sample, stage + suffix)

        window = self.prepared(unit)
        scene = window.scene
        lenders = self._lenders(unit)
        times = recipe.times_years
        painted_date = _painted_date(recipe.paint, stream_of)
        anchor = _anchor(painted_date, times, stream_of)
        donors = (*window.donors, *(d for lender in lenders for d in lender.donors))
        site = Site(scene, window.terrain, donors, needs_pixels=self._renderer.NEEDS_DONORS)
        simulation = simulate(
            site,
            self._processes,
            first_years=times[0],
            last_years=times[-1],
            anchor_years=anchor,
            stream_of=stream_of,
        )
        log = simulation.log
        scenes = {scene.source: scene, **{lender.scene.source: lender.scene for lender in lenders}}
        states = [snapshot(scene, log, time_years=t, anchor_years=anchor) for t in times]
        pictures = [
            self._paint(RenderRequest(scene, state, log, scenes), stream_of, anchor) for state in states
        ]
        labels = [draw_labels(scene, state, log, scene.schema) for state in states]
        ignored = scene.ignored
        whole = difference(scene.schema, ignored, log, (states[0], labels[0]), (states[-1], labels[-1]))
        acquired, drawn = self._acquire(scene, [p.image for p in pictures], stream_of)
        dates = tuple(
            DateLayers(
                time_years=state.time_years,
                image=image,
                labels=label,
                surface=np.where(ignored, 0, state.surface).astype(np.uint8),
                instances=state.instances,
                painted=bool(picture.edit.any()),
            )
            for state, image, label, picture in zip(states, acquired, labels, pictures, strict=True)
        )
        steps = [
            difference(
                scene.schema, ignored, log, (states[k - 1], labels[k - 1]), (states[k], labels[k])
            ).change
            for k in range(1, len(states))
            if len(states) > 2
        ]
        edits = [pictures[k].edit | pictures[k - 1].edit for k in range(1, len(states)) if len(states) > 2]
        made = ChangeSample(
            index=sample,
            dates=dates,
            log=log,
            change=whole.change,
            edit=np.logical_or.reduce([p.edit for p in pictures]),
            visible=whole.visible,
            acquisition=drawn,
            provenance=self._provenance(
                sample, unit, refusals, scene, log, simulation.tally, pictures, anchor
            ),
            grid=scene.grid,
            schema=scene.schema,
            bands=scene.bands,
            nodata=scene.nodata,
            change_steps=tuple(steps),
            edit_steps=tuple(edits),
        )
        candidate = Candidate(made, tuple(p.image for p in pictures), scene.full_scale)
        return replace(made, filters=judge_all(candidate, self._filters))

    def _lenders(self, unit: int) -> list[Prepared]:
        """Return the windows that lend; one that cannot be read lends nothing."""
        found = []
        for number in self.plan.donor_units(unit):
            try:
                found.append(self.prepared(number))
            except (SourceError, LabelError):
                continue
        return found

    def _paint(
        self, request: RenderRequest, stream_of: Callable[[str], np.random.Generator], anchor: float
    ) -> Painted:
        """Return a date; the one of the real picture is the picture itself. All dates share one stream."""
        if request.target.time_years == anchor:
            return Painted(request.scene.image, np.zeros(request.scene.grid.shape, bool))
        params = self._renderer.draw(stream_of("render"), request)
        painted: Painted = self._renderer.paint(request, params)
        return painted

    def _acquire(
        self, scene: Scene, images: list[Any], stream_of: Callable[[str], np.random.Generator]
    ) -> tuple[list[Any], tuple[Mapping[str, object], ...] | None]:
        """Return the dates as their sensors give them, and what was drawn for each."""
        if self._steps is None:
            return images, None
        context = Context(scene.bands, scene.grid.gsd_m)
        drawn = tuple(
            draw_date(stream_of(f"acquisition/t{number}"), self._steps, context)
            for number in range(1, len(images) + 1)
        )
        acquired = [
            apply_date(
                image,
                numbers,
                self._modules,
                full_scale=scene.full_scale,
                void=scene.void,
                nodata=scene.nodata,
            )
            for image, numbers in zip(images, drawn, strict=True)
        ]
        return acquired, drawn

    def _provenance(
        self,
        sample: int,
        unit: int,
        refusals: list[Refusal],
        scene: Scene,
        log: EventLog,
        tally: Mapping[str, Any],
        pictures: list[Painted],
        anchor: float,
    ) -> dict[str, object]:
        plan = self.plan
        donors = sorted({str(e.parameters["donor_scene"]) for e in log if "donor_scene" in e.parameters})
        return {
            "place": plan.source.tiles[plan.units[unit].tile].place,
            "source": scene.source,
            "split": plan.split_of(unit),
            "licence": scene.licence,
            "simulation": {name: dict(counts) for name, counts in tally.items()},
            "render": {
                "renderer": plan.recipe.renderer["name"],
                "real_picture_years": anchor,
                "effects": [dict(p.effects) for p in pictures],
                "sun": None
                if scene.sun is None
                else {
                    "shadow": [round(scene.sun.shadow_row, 6), round(scene.sun.shadow_col, 6)],
                    "shadow_length_m": round(scene.sun.shadow_length_m, 3),
                    "given": scene.sun.given,
                },
            },
            "provenance": {
                "recipe": plan.recipe.name,
                "seed": plan.seed,
                "sample": sample,
                "attempt": len(refusals),
                "refused_attempts": [asdict(refusal) for refusal in refusals],
                "plan": plan.fingerprint,
                "versions": versions(),
                "donor_scenes": donors,
                "surface_is_estimated": scene.surface_is_estimated,
                "weights": [dict(entry) for entry in plan.weights],
            },
        }


def _painted_date(paint: str, stream_of: Callable[[str], np.random.Generator]) -> str:
    """Return t1, t2 or both; the coin is thrown on a stream of its own."""
    if paint != "coin":
        return paint
    return ("t1", "t2")[int(stream_of("paint").integers(2))]


def _anchor(painted: str, times: tuple[float, ...], stream_of: Callable[[str], np.random.Generator]) -> float:
    """Return when the real picture was taken: the first date where the later ones are painted, and so on."""
    if painted == "t2":
        return times[0]
    if painted == "t1":
        return times[-1]
    return float(stream_of("anchor").uniform(times[0], times[-1]))
