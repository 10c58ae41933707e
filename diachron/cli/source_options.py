"""The options that say where tiles are and what they are; shared by the verbs that read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from diachron.pipelines.recipes import Recipe
    from diachron.pipelines.sources import Source, SourceOptions

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--source", metavar="DIR|GLOB|LIST", help="Tiles with their labels; known layouts are found."
    ),
    click.option("--images", metavar="GLOB", help="Images, where the layout is not a known one."),
    click.option("--labels", metavar="GLOB|DIR", help="Label maps, one an image, or their folder."),
    click.option("--instances", metavar="GLOB|DIR", help="Rasters of object ids, one a label map."),
    click.option("--panoptic", metavar="JSON", help="Panoptic labels as COCO has them; needs --schema."),
    click.option("--footprints", metavar="FILE", help="Building polygons (GeoJSON, GeoPackage), any CRS."),
    click.option("--schema", metavar="NAME|FILE", help="Label scheme; see `diachron schemas`."),
    click.option(
        "--objects", metavar="MODEL", help="A SAM that finds things where there are no labels: id or folder."
    ),
    click.option(
        "--gsd", "gsd_m", type=float, metavar="M", help="Metres a pixel, where the files do not say."
    ),
    click.option(
        "--resample", "resample_m", type=float, metavar="M", help="Read at M metres a pixel, coarser only."
    ),
    click.option("--licence", metavar="SPDX", help="Terms of the pictures; travels with every sample."),
    click.option("--bands", metavar="NAMES", help="Band names by comma, e.g. blue,green,red,nir."),
    click.option("--sun", metavar="AZ[,EL]", help="Sun in degrees; else read off the shadows."),
    click.option("--full-scale", type=float, metavar="VALUE", help="The value of white, e.g. 10000."),
)


def with_source_options(command: Command) -> Command:
    """Add the options to a click command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def source_options(given: dict[str, Any]) -> SourceOptions:
    """Return the options as the pipelines take them, and remove them from `given`."""
    from diachron.pipelines.sources import SourceOptions

    bands = given.pop("bands")
    sun = given.pop("sun")
    return SourceOptions(
        **{
            key: given.pop(key)
            for key in (
                "source",
                "images",
                "labels",
                "instances",
                "panoptic",
                "footprints",
                "schema",
                "objects",
                "gsd_m",
                "resample_m",
                "licence",
                "full_scale",
            )
        },
        sun=_sun(sun) if sun else None,
        bands=tuple(name.strip() for name in bands.split(",")) if bands else None,
    )


def opened_source(
    recipe: str, resolved: Recipe, options: SourceOptions, *, seed: int, samples: int | None, hint: str
) -> Source:
    """Return the tiles that were given, else those that come with the recipe, else the places of its worlds.

    Args:
        recipe: name or file of the recipe.
        resolved: the recipe.
        options: from `source_options`.
        seed: of the run; worlds of another seed are others.
        samples: wanted; worlds have a place for each, and one where it is None.
        hint: how tiles are given, for the message.

    Raises:
        UsageError: there are none, or options of tiles are given to worlds.
        DiachronError: as `discover` and `world_source`.
    """
    from diachron.pipelines.recipes.reading import recipe_tiles
    from diachron.pipelines.sources import discover
    from diachron.pipelines.sources.worlds import world_source

    if options.source is None and options.images is None:
        if resolved.world is not None:
            _only_licence(resolved.name, options)
            return world_source(resolved.world_options(seed, samples or 1, options.licence))
        tiles = recipe_tiles(recipe, resolved)
        if tiles is None:
            raise click.UsageError(f"recipe '{resolved.name}' brings no tiles; {hint}")
        options = replace(options, source=str(tiles), licence=options.licence or resolved.licence)
    return discover(resolved.source_options(options))


def styled(resolved: Recipe, options: SourceOptions, tiles: str) -> tuple[Recipe, SourceOptions]:
    """Return a recipe whose worlds take their colours from labelled tiles, and what is left of the options.

    Args:
        resolved: the recipe.
        options: from `source_options`; all but the licence say what the tiles are.
        tiles: DIR, GLOB or LIST.

    Raises:
        UsageError: the recipe has no worlds, or tiles are given to it.
        DiachronError: as `sources.style_from`.
    """
    from diachron.pipelines.recipes.blocks import StyleFrom
    from diachron.pipelines.sources import SourceOptions
    from diachron.pipelines.sources.style_from import style_from

    if resolved.world is None or options.source is not None or options.images is not None:
        raise click.UsageError(
            f"--style-from {tiles}: it goes with recipes that make places of their own, such as `world`, "
            "and without --source or --images"
        )
    learned = style_from(replace(options, source=tiles), resolved.world_options(0, 1))
    world = resolved.world.model_copy(update={"style_from": StyleFrom(**learned)})
    return resolved.model_copy(update={"world": world}), SourceOptions(licence=options.licence)


def _only_licence(recipe: str, options: SourceOptions) -> None:
    given = [
        key for key, value in vars(options).items() if value is not None and key not in ("licence", "dates")
    ]
    if given:
        option = "--" + {"gsd_m": "gsd", "resample_m": "resample"}.get(given[0], given[0].replace("_", "-"))
        raise click.UsageError(
            f"recipe '{recipe}' makes its own places: {option} is of tiles; for worlds see "
            f"`diachron recipes {recipe}`, e.g. --set world.gsd_m=1"
        )


def _sun(text: str) -> tuple[float, float | None]:
    """Return (azimuth, elevation or None) of `AZ` or `AZ,EL`."""
    azimuth, comma, elevation = text.partition(",")
    try:
        return float(azimuth), float(elevation) if comma else None
    except ValueError:
        raise click.UsageError(
            f"--sun {text}: expected degrees, AZIMUTH or AZIMUTH,ELEVATION, e.g. 135,40"
        ) from None
