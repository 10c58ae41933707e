"""Learning the colours of real tiles for procedural places, with the painter's own beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from diachron.core.errors import SourceError
from diachron.core.scene import Scene
from diachron.generators.procedural.palette_from import beside, corrected, palette_from
from diachron.pipelines.sources.discovery import discover
from diachron.pipelines.sources.source import Source
from diachron.pipelines.sources.tiles import SourceOptions
from diachron.pipelines.sources.worlds import WorldOptions, world_source

# Medians over patches settle with some hundred roofs and squares of ground.
WINDOWS, WINDOW_PX = 24, 512
# Places whose pictures tell the painter's own colours, and their side; the seed is theirs alone.
OWN_PLACES, OWN_SIDE_M, OWN_SEED = 12, 128.0, 20_011
# Finer tiles than this share of the places' gsd are read at that gsd: texture is one of pixels.
FINER = 0.9


def style_from(options: SourceOptions, world: WorldOptions) -> dict[str, Any]:
    """Return the palette of labelled tiles for places of some worlds, JSON-ready.

    Args:
        options: where the tiles are; they are read at the gsd of the places where theirs is finer.
        world: styles, gsd, bands and data type of the places.

    Raises:
        SourceError: no class has enough patches in the tiles to tell its colour, or no band is of the places.
        RecipeError, LabelError, UnknownNameError: as `discover`.
    """
    source = discover(options)
    if options.resample_m is None and source.tiles[0].grid.gsd_m < FINER * world.gsd_m:
        source = discover(replace(options, resample_m=world.gsd_m))
    if not set(source.bands) & set(world.bands):
        raise SourceError(
            f"{source.root}: bands are {', '.join(source.bands)}, of the worlds {', '.join(world.bands)}; "
            "name those of the files with --bands",
            "band_mismatch",
        )
    learned = palette_from(_windows(source))
    side = max(64, round(OWN_SIDE_M / world.gsd_m))
    # Without any class the painter is as it is, in the one season that palettes are laid over.
    plain = replace(
        world,
        bands=source.bands,
        places=max(OWN_PLACES, len(world.styles)),
        size_px=side,
        seed=OWN_SEED,
        palette={"bands": list(source.bands), "classes": {}},
    )
    found = beside(learned, palette_from(_places(plain)))
    if not found["classes"]:
        raise SourceError(
            f"{source.root}: no class has enough ground or roofs to tell its colour "
            f"(found {', '.join(learned['classes']) or 'none'}); give more tiles, or their --schema",
            "empty",
        )
    return corrected(found, palette_from(_places(replace(plain, palette=found))))


def _windows(source: Source) -> Iterator[Scene]:
    """Yield windows that are spread evenly over the tiles."""
    units = source.units(WINDOW_PX)
    for index in np.unique(np.linspace(0, len(units) - 1, min(WINDOWS, len(units))).round().astype(int)):
        yield source.scene(units[index])


def _places(options: WorldOptions) -> Iterator[Scene]:
    source = world_source(options)
    for unit in source.units(options.size_px):
        yield source.scene(unit)
