"""Finding and reading a user's tiles: images with label maps or building polygons.

Reading order: `tiles` (the words), `layout` and `listing` (which files), `rasters` and `vectors` (what they
say), `drafts`, `dates` and `discovery` (which can be used), `source` and `reading` (windows of them).
"""

from diachron.pipelines.sources.discovery import discover
from diachron.pipelines.sources.scheme_file import read_scheme_file
from diachron.pipelines.sources.source import Source
from diachron.pipelines.sources.tiles import DateOptions, Refusal, SourceOptions, Tile, Unit

__all__ = [
    "DateOptions",
    "Refusal",
    "Source",
    "SourceOptions",
    "Tile",
    "Unit",
    "discover",
    "read_scheme_file",
]
