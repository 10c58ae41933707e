"""Making one sample: the stages in order. A worker keeps one workshop and a few prepared windows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import registry
from diachron.core.distributions import draw_quantity
from diachron.core.errors import LabelError, RenderError, SourceError
from diachron.core.grid import GeoGrid
from diachron.core.sample import ChangeSample, DateLayers, Painted, RenderRequest, Snapshot
from diachron.core.scene import Donor, Scene
from diachron.core.streams import stream
from diachron.pipelines.acquiring import Acquired, Relight, acquire, relight_of
from diachron.pipelines.filters.verdict import Candidate, FilteredError, judge_all
from diachron.pipelines.manifest import versions
from diachron.pipelines.painting import (
    Paintings,
    paint_dates,
    painted_date,
    real_picture_years,
    render_record,
)
from diachron.pipelines.plan import REDRAWS, Plan
from diachron.pipelines.real_dates import RealPair, read_pair
from diachron.pipelines.sources.where_rasters import rasters_of, read_onto
from diachron.simulators.donors import donors_of
from diachron.simulators.simulate import Simulation, simulate
from diachron.simulators.site import Site, Terrain, survey
from diachron.simulators.snapshots import Difference, difference, draw_labels, snapshot

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


@dataclass(frozen=True)
class Setting:
    """Where and when a sample plays.

    Args:
        window: the place.
        times_years: of its dates.
        anchor_years: when things stand as the window says; that date is not painted.
        real_pair: both pictures, where the dates are real ones; None where one picture stands for all.
    """

    window: Prepared
    times_years: tuple[float, ...]
    anchor_years: float
    real_pair: RealPair | None = None

    @property
    def untouched(self) -> Any:
        """(C, H, W) picture of the date that is not painted."""
        return self.window.scene.image if self.real_pair is None else self.real_pair.other


@dataclass(frozen=True)
class Played:
    """What happened at a place, before anything is painted.

    Args:
        setting: where and when.
        scenes: by name: the place and those that lend to it.
        simulation: log and counts.
        states, labels: of the dates, (H, W) label maps in the source's scheme.
        whole: what differs between the first date and the last.
    """

    setting: Setting
    scenes: Mapping[str, Scene]
    simulation: Simulation
    states: tuple[Snapshot, ...]
    labels: tuple[NDArray[np.uint8], ...]
    whole: Difference


class Workshop:
    """Makes the samples of a plan, one at a time.

    Args:
        plan: what to make.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        recipe = plan.recipe
        self._processes = recipe.process_modules()
        self._renderer = registry.load("renderers", plan.renderer)
        self._steps = recipe.acquisition_steps()
        self._filters = recipe.filter_modules()
        self._sizes_m2 = None if recipe.match is None else recipe.match.sizes
        self._windows: OrderedDict[int, Prepared] = OrderedDict()
        self._pairs: OrderedDict[tuple[int, int], tuple[Prepared, RealPair]] = OrderedDict()
        self._where: tuple[GeoGrid, Mapping[str, NDArray[np.float64]]] | None = None

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
        scene = self.plan.scene(unit)
        if scene.ignored.all():
            raise SourceError(f"{scene.source}: every pixel is nodata or ignore", reason="empty")
        found = self._surveyed(scene, lends=unit >= len(self.plan.units) or not self.plan.donors)
        self._windows[unit] = found
        while len(self._windows) > KEPT_WINDOWS:
            self._windows.popitem(last=False)
        return found

    def _surveyed(self, scene: Scene, *, lends: bool) -> Prepared:
        return Prepared(scene, survey(scene), donors_of(scene) if lends else ())

    def _real_pair(self, unit: int, other: int) -> tuple[Prepared, RealPair]:
        """Return a window beside another of its real dates; kept for a while.

        Raises:
            SourceError, LabelError: as `read_pair`.
        """
        key = (unit, other)
        if key in self._pairs:
            self._pairs.move_to_end(key)
            return self._pairs[key]
        window = self.plan.units[unit]
        pair = read_pair(self.plan, window, self.plan.others_of(window)[other])
        self._pairs[key] = self._surveyed(pair.scene, lends=not self.plan.donors), pair
        while len(self._pairs) > KEPT_WINDOWS:
            self._pairs.popitem(last=False)
        return self._pairs[key]

    def _setting(self, unit: int, stream_of: Callable[[str], np.random.Generator]) -> Setting:
        """Return place, dates and the date that stays; which real date stands beside it is drawn here.

        Raises:
            SourceError, LabelError: as `prepared` and `read_pair`.
        """
        recipe = self.plan.recipe
        if recipe.real_dates is None:
            times = recipe.times_years
            painted = painted_date(recipe.paint, stream_of)
            return Setting(self.prepared(unit), times, real_picture_years(painted, times, stream_of))
        others = len(self.plan.others_of(self.plan.units[unit]))
        window, pair = self._real_pair(unit, int(stream_of("dates").integers(others)))
        return Setting(window, pair.times_years, pair.times_years[0 if pair.paints_later else 1], pair)

    def _rasters_on(self, grid: GeoGrid) -> Mapping[str, NDArray[np.float64]]:
        """Return file -> weights of the rasters of every `where`; those of the last window are kept.

        Raises:
            SourceError: a file cannot be read any more.
        """
        if self._where is None or self._where[0] != grid:
            files = sorted(set(rasters_of(self.plan.recipe.processes).values()))
            self._where = grid, {file: read_onto(Path(file), grid) for file in files}
        return self._where[1]

    def play(self, unit: int, *, factor: float, stream_of: Callable[[str], np.random.Generator]) -> Played:
        """Return what happens at a place in a sample; nothing is painted.

        Args:
            unit: number of the window.
            factor: on all rates, over the sample's own activity.
            stream_of: of the attempt.

        Raises:
            SourceError, LabelError: the window cannot be used.
        """
        setting = self._setting(unit, stream_of)
        window, times, anchor = setting.window, setting.times_years, setting.anchor_years
        scene = window.scene
        lenders = self._lenders(unit)
        donors = (*window.donors, *(d for lender in lenders for d in lender.donors))
        site = Site(
            scene, window.terrain, donors, needs_pixels=self._renderer.NEEDS_DONORS, sizes_m2=self._sizes_m2
        )
        activity = max(0.0, draw_quantity(stream_of("activity"), self.plan.recipe.activity))
        simulation = simulate(
            site,
            self._processes,
            activity=factor * activity,
            first_years=times[0],
            last_years=times[-1],
            anchor_years=anchor,
            stream_of=stream_of,
            rasters=self._rasters_on(scene.grid),
        )
        log = simulation.log
        scenes = {scene.source: scene, **{lender.scene.source: lender.scene for lender in lenders}}
        states = tuple(snapshot(scene, log, time_years=t, anchor_years=anchor) for t in times)
        labels = tuple(draw_labels(scene, state, log, scene.schema) for state in states)
        whole = difference(scene.schema, scene.ignored, log, (states[0], labels[0]), (states[-1], labels[-1]))
        return Played(setting, scenes, simulation, states, labels, whole)

    def stream_of(self, sample: int, attempt: int) -> Callable[[str], np.random.Generator]:
        """Return stage -> stream of an attempt at a sample."""
        suffix = f"#{attempt}" if attempt else ""
        return lambda stage: stream(self.plan.seed, sample, stage + suffix)

    def _attempt(self, sample: int, attempt: int, unit: int, refusals: list[Refusal]) -> ChangeSample:
        plan = self.plan
        stream_of = self.stream_of(sample, attempt)
        played = self.play(unit, factor=plan.rate_factor, stream_of=stream_of)
        setting, scenes, simulation = played.setting, played.scenes, played.simulation
        states, labels, whole, log = played.states, played.labels, played.whole, simulation.log
        scene, anchor = setting.window.scene, setting.anchor_years
        paintings = self._paint(played, stream_of)
        pictures = paintings.dates
        ignored = scene.ignored
        acquired = self._acquire(played, [p.image for p in pictures], stream_of)
        dates = tuple(
            DateLayers(
                time_years=state.time_years,
                image=image,
                labels=label,
                surface=np.where(ignored, 0, state.surface).astype(np.uint8),
                instances=state.instances,
                painted=bool(picture.edit.any()),
                height_m=state.height_m,
            )
            for state, image, label, picture in zip(states, acquired.images, labels, pictures, strict=True)
        )
        steps = [
            difference(
                scene.schema, ignored, log, (states[k - 1], labels[k - 1]), (states[k], labels[k])
            ).change
            for k in range(1, len(states))
            if len(states) > 2
        ]
        made = ChangeSample(
            index=sample,
            dates=dates,
            log=log,
            change=whole.change,
            edit=np.logical_or.reduce([p.edit for p in pictures]),
            visible=whole.visible,
            acquisition=acquired.drawn,
            displacements=acquired.displacements,
            provenance=self._provenance(sample, unit, refusals, scenes, simulation, paintings, setting),
            grid=scene.grid,
            schema=scene.schema,
            bands=scene.bands,
            nodata=scene.nodata,
            change_steps=tuple(steps),
            edit_steps=paintings.steps if len(states) > 2 else (),
        )
        # Filters judge the painting: of two real dates, the painted one is seen beside what it was.
        seen = tuple(
            scene.image if state.time_years == anchor else picture.image
            for state, picture in zip(states, pictures, strict=True)
        )
        candidate = Candidate(made, seen, scene.full_scale)
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

    def _paint(self, played: Played, stream_of: Callable[[str], np.random.Generator]) -> Paintings:
        """Return the dates; the one of the real picture is the picture itself. All dates share one stream."""
        setting = played.setting
        drawn: dict[str, object] = {}

        def paint(request: RenderRequest) -> Painted:
            # From a stream of its own each time: all dates are painted in the same manner.
            params = self._renderer.draw(stream_of("render"), request, *self.plan.manner)
            drawn.update(params)
            painted: Painted = self._renderer.paint(request, params)
            return painted

        paintings = paint_dates(
            paint,
            setting.window.scene,
            setting.untouched,
            played.simulation.log,
            played.scenes,
            played.states,
            played.labels,
            anchor_years=setting.anchor_years,
        )
        return replace(paintings, manner=drawn)

    def _relight(self, played: Played) -> Relight | None:
        """Return what paints a state of the place under another sun; None where nobody can."""
        setting = played.setting
        return relight_of(
            self._renderer, setting.window.scene, played.simulation.log, anchor_years=setting.anchor_years
        )

    def _acquire(
        self, played: Played, images: list[Any], stream_of: Callable[[str], np.random.Generator]
    ) -> Acquired:
        """Return the dates as their sensors give them."""
        scene, states = played.setting.window.scene, played.states
        if self._steps is None:
            return Acquired(images, None)
        keep = self.plan.recipe.keep_displacement
        return acquire(
            scene,
            states,
            images,
            self._steps,
            stream_of,
            keep_displacement=keep,
            as_taken=self.plan.recipe.as_taken,
            relight=self._relight(played),
        )

    def _provenance(
        self,
        sample: int,
        unit: int,
        refusals: list[Refusal],
        scenes: Mapping[str, Scene],
        simulation: Simulation,
        paintings: Paintings,
        setting: Setting,
    ) -> dict[str, object]:
        plan, scene, pair = self.plan, setting.window.scene, setting.real_pair
        edit = np.logical_or.reduce([p.edit for p in paintings.dates])
        donors = sorted(
            {str(e.parameters["donor_scene"]) for e in simulation.log if "donor_scene" in e.parameters}
        )
        return {
            "place": plan.source.tiles[plan.units[unit].tile].place,
            "source": scene.source,
            "split": plan.split_of(unit),
            "licence": scene.licence,
            "simulation": {name: dict(counts) for name, counts in simulation.tally.items()},
            "render": render_record(plan.renderer, paintings, scene.sun, setting.anchor_years),
            "provenance": {
                "recipe": plan.recipe.name,
                "seed": plan.seed,
                "sample": sample,
                "attempt": len(refusals),
                "activity": round(simulation.activity, 6),
                "refused_attempts": [asdict(refusal) for refusal in refusals],
                "plan": plan.fingerprint,
                "versions": versions(networks=bool(plan.weights)),
                "donor_scenes": donors,
                "surface_is_estimated": scene.surface_is_estimated,
                "weights": [dict(entry) for entry in plan.weights],
                **(
                    {"donor_licences": {name: scenes[name].licence for name in donors}} if plan.donors else {}
                ),
                **({} if pair is None else {"real_dates": pair.record(edit)}),
            },
        }
