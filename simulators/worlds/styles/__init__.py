"""Kinds of places, one file a style: numbers only, with their sources."""

from __future__ import annotations

from diachron.simulators.worlds.style import Style
from diachron.simulators.worlds.styles import (
    coast,
    dense_city,
    forest_edge,
    industrial,
    informal,
    old_town,
    suburb,
    village,
)

ALL: dict[str, Style] = {
    each.STYLE.name: each.STYLE
    for each in (suburb, dense_city, old_town, village, industrial, forest_edge, coast, informal)
}
