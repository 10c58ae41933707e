"""The windows of a source as the training of a renderer's network reads them."""

from __future__ import annotations

from dataclasses import dataclass

from diachron.core.scene import Scene
from diachron.pipelines.labelling.tiles import WINDOW_PX, SourceTiles
from diachron.pipelines.sources import Source, Unit
from diachron.pipelines.sources.unlabelled import is_unlabelled


@dataclass(frozen=True)
class SourcePlaces:
    """Windows of a source to learn from; a `training.inpainting.places.PlaceSet`.

    Args:
        name: of the set.
        source: discovered.
        units: windows that are not held out.
        weight: how often one is drawn.
    """

    name: str
    source: Source
    units: tuple[Unit, ...]
    weight: float = 1.0

    @property
    def licence(self) -> str | None:
        """Terms of the tiles as the user states them."""
        return self.source.licence

    @property
    def labelled(self) -> bool:
        """Whether label maps were given; those that are made from the pictures name nothing."""
        return not is_unlabelled(self.source.schema)

    def __len__(self) -> int:
        return len(self.units)

    def read(self, position: int) -> Scene:
        """Return a window split into surface and objects.

        Raises:
            SourceError, LabelError: it cannot be read.
        """
        return self.source.scene(self.units[position])


def places_of(tiles: SourceTiles) -> SourcePlaces:
    """Return the windows of a set that are not held out."""
    units = tiles.source.units(WINDOW_PX)
    kept = tuple(unit for unit, facts in zip(units, tiles.facts, strict=True) if not facts.held_out)
    return SourcePlaces(tiles.name, tiles.source, kept, tiles.weight)
