"""One sample as it passes through the stages: what a data set keeps, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import SourceError
from diachron.core.sample import ChangeSample, Snapshot
from diachron.core.scene import Scene
from diachron.pipelines.acquiring import Acquired, Relight, place_of
from diachron.pipelines.matching import matched
from diachron.pipelines.painting import Paintings
from diachron.pipelines.plan import Plan
from diachron.pipelines.workshop import Played, Refusal, Setting, Workshop
from diachron.simulators.acquisition.apply import apply_date

Image = NDArray[Any]


@dataclass(frozen=True)
class Stages:
    """All that is made on the way to one sample.

    Args:
        sample: what `generate` writes.
        scene: the real picture that is painted into, with its state.
        states: of the dates.
        painted: (C, H, W) of the dates, before acquisition.
        edits: (H, W) what was touched at each date.
        modules: acquisition step -> module, of the recipe.
        relight: as for `acquire`.
    """

    sample: ChangeSample
    scene: Scene
    states: tuple[Snapshot, ...]
    painted: tuple[Image, ...]
    edits: tuple[NDArray[np.bool_], ...]
    modules: Mapping[str, Any] = field(default_factory=dict)
    relight: Relight | None = None

    def step_alone(self, step: str, date: int) -> Image:
        """Return a painted date after one acquisition step, with the numbers that the sample drew for it.

        Args:
            step: of the recipe.
            date: number of the date, from 0.
        """
        records = self.sample.acquisition
        assert records is not None
        drawn: Any = records[date][step]
        return apply_date(
            self.painted[date],
            {step: drawn},
            self.modules,
            full_scale=self.scene.full_scale,
            void=self.scene.void,
            nodata=self.scene.nodata,
            place=place_of(self.scene, self.states[date], self.relight),
        )


class _Onlooker(Workshop):
    """A workshop that remembers what the stages of its last attempt handed on."""

    def _setting(self, unit: int, stream_of: Callable[[str], np.random.Generator]) -> Setting:
        self.setting = super()._setting(unit, stream_of)
        return self.setting

    def _paint(self, played: Played, stream_of: Callable[[str], np.random.Generator]) -> Paintings:
        self.paintings = super()._paint(played, stream_of)
        return self.paintings

    def _acquire(
        self, played: Played, images: list[Any], stream_of: Callable[[str], np.random.Generator]
    ) -> Acquired:
        self.states, self.relight = tuple(played.states), self._relight(played)
        return super()._acquire(played, images, stream_of)


def look_at(plan: Plan, sample: int) -> Stages:
    """Return what every stage of a sample hands on; the sample is the one that `generate` writes.

    Args:
        plan: as for `generate`.
        sample: its number, below `plan.samples`.

    Raises:
        SourceError: the sample is refused, with the reason of its last attempt.
    """
    onlooker = _Onlooker(matched(plan))
    made = onlooker.make(sample)
    if isinstance(made, Refusal):
        raise SourceError(
            f"sample {sample} of {plan.source.root} is refused ({made.reason}): {made.detail}; "
            "take another --sample or --seed",
            made.reason,
        )
    steps = plan.recipe.acquisition_steps() or []
    return Stages(
        made,
        onlooker.setting.window.scene,
        onlooker.states,
        tuple(picture.image for picture in onlooker.paintings.dates),
        tuple(picture.edit for picture in onlooker.paintings.dates),
        {name: module for name, module, _ in steps},
        onlooker.relight,
    )


def record_of(stages: Stages) -> dict[str, Any]:
    """Return what was drawn for a sample, JSON-ready: where, which events, and each date's acquisition.

    Events come without their pixels, which stand in the pictures.
    """
    made = stages.sample
    return {
        "sample": made.index,
        "source": stages.scene.source,
        "bands": list(made.bands),
        "gsd_m": made.grid.gsd_m,
        "times_years": [date.time_years for date in made.dates],
        "painted": [date.painted for date in made.dates],
        "events": [
            {key: value for key, value in event.to_json().items() if key != "footprint"}
            | {"visible_px": made.visible.get(event.id, 0)}
            for event in made.log
        ],
        "changed_share": round(float((made.change == 1).mean()), 6),
        "edited_share": round(float(made.edit.mean()), 6),
        "acquisition": None if made.acquisition is None else [dict(record) for record in made.acquisition],
    } | {key: made.provenance[key] for key in ("simulation", "render", "provenance")}
