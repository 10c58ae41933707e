"""Fake places to learn from."""

from __future__ import annotations

from dataclasses import dataclass, field

from diachron.core.scene import Scene
from diachron.simulators.preparation import prepare
from tests.worlds import World, raw_scene


@dataclass(frozen=True)
class Worlds:
    """Places of 80 pixels a side; a `PlaceSet`."""

    count: int = 3
    name: str = "worlds"
    licence: str | None = "CC0-1.0"
    labelled: bool = True
    weight: float = 1.0
    world: World = field(default_factory=lambda: World(many=True))

    def __len__(self) -> int:
        return self.count

    def read(self, position: int) -> Scene:
        world = self.world
        return prepare(raw_scene(World(**{**vars(world), "seed": position})))
