"""Rows of `generators.py` on procedural places, and with every kind of change on real tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.evaluation.zero_shot.line_up import LineUp
from diachron.evaluation.zero_shot.methods import Trained, half_and_half
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions
from diachron.pipelines.sources.worlds import WorldSource, world_source

DENSE = "pretraining"
WORLD = "world"
# All other kinds of change beside those of `pretraining`, at five times the rates of `land-cover-change`, or
# of the process itself where that recipe has none: the factor that `pretraining` has over real towns.
EVERY_PROCESS = tuple(
    f"processes.{name}={{rate_per_km2_year: {rate}}}"
    for name, rate in {
        "class_transition": 30,
        "crop_change": 20,
        "deforestation": 2.5,
        "estate": 5,
        "extension": 20,
        "felling": 20,
        "fields": 25,
        "parking": 5,
        "planting": 15,
        "quarry": 1.5,
        "replacement": 10,
        "road_widening": 7.5,
        "roads": 20,
        "settlement": 2.5,
        "solar_farm": 1,
        "water_level": 2.5,
    }.items()
)


def on_worlds(gsd_m: float) -> tuple[str, ...]:
    """Return overrides that put a recipe on procedural places; houses are lent by the place itself."""
    return f"world={{gsd_m: {gsd_m}}}", "donor_scenes=0"


def places(count: int, gsd_m: float) -> WorldSource:
    """Return the places that rivals without tiles get, in all styles; the same for every seed of a trial."""
    return world_source(load_recipe(WORLD, list(on_worlds(gsd_m))).world_options(0, count))


def world_rows(
    line_up: LineUp,
    dense: Trained,
    gsd_m: float,
    edit_sources: Callable[[SourceOptions], SourceOptions],
) -> list[Trained]:
    """Return the rows: the rival, worlds alone, real tiles with all processes, real tiles and worlds.

    Recipe `world` has a quarter of the change; at equal rates the rows compare places, not rates. All tests
    ask for buildings, so other change of these rows is seen in the pictures and counts as none.

    Args:
        line_up: of the trial.
        dense: the row of `pretraining` on real tiles.
        gsd_m: of the places.
        edit_sources: as in the row of `pretraining`.
    """
    world = line_up.recipe(
        DENSE, on_worlds(gsd_m), name=f"{WORLD}+{DENSE}-rates", on_worlds=True, buildings_only=True
    )
    both = half_and_half(dense.material, world.material)
    return [
        line_up.rival("syntheworld_like", SceneShelf([places(line_up.samples, gsd_m)])),
        world,
        line_up.recipe(
            DENSE, EVERY_PROCESS, name="land-cover", edit_sources=edit_sources, buildings_only=True
        ),
        replace(dense, name=f"{dense.name}+{WORLD}", material=both),
    ]
