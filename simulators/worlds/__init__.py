"""Procedural places: a world is a style and a seed, endless, the same at every gsd and in every window.

`World(style, seed).window(...)` returns label layers, objects, heights, vectors and the model that a renderer
paints from. A new kind of place is one file in `styles/`, numbers only; the mechanisms lie beside this file.
"""

from __future__ import annotations

from diachron.simulators.worlds.window import STYLES, FootprintRecord, World, WorldWindow

__all__ = ["STYLES", "FootprintRecord", "World", "WorldWindow"]
