"""The options that say where tiles are and what they are; shared by the verbs that read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from diachron.pipelines.sources import SourceOptions

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--source", metavar="DIR|GLOB|LIST", help="Tiles with their labels; known layouts are found."
    ),
    click.option("--images", metavar="GLOB", help="Images, where the layout is not a known one."),
    click.option("--labels", metavar="GLOB|DIR", help="Label maps, one an image, or their folder."),
    click.option("--footprints", metavar="FILE", help="Building polygons (GeoJSON, GeoPackage), any CRS."),
    click.option("--schema", metavar="NAME|FILE", help="Label scheme; see `diachron schemas`."),
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
                "footprints",
                "schema",
                "gsd_m",
                "resample_m",
                "licence",
                "full_scale",
            )
        },
        sun=_sun(sun) if sun else None,
        bands=tuple(name.strip() for name in bands.split(",")) if bands else None,
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
