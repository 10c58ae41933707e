"""Where a painter learns: real places with their maps, and crops of them at their own scale or coarser."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import SourceError
from diachron.core.scene import Scene
from diachron.generators.models.hub_map import VALUES, hub_map
from diachron.generators.models.pixels import colour_bands, to_network
from diachron.training.detectors.averaging import average_down, majority_down
from diachron.training.detectors.crops import mirrored
from diachron.training.inpainting.crop_options import CropOptions

T = TypeVar("T", bound=np.generic)


class PlaceSet(Protocol):
    """Real scenes of one source, read one at a time."""

    @property
    def name(self) -> str:
        """What the set is called in records."""
        ...

    @property
    def licence(self) -> str | None:
        """Terms of its pictures; None where not stated."""
        ...

    @property
    def labelled(self) -> bool:
        """Whether its maps say what stands there; else they only tell where things end."""
        ...

    @property
    def weight(self) -> float:
        """How often a scene of it is drawn, beside one of weight 1."""
        ...

    def __len__(self) -> int:
        """Number of scenes to learn from."""
        ...

    def read(self, position: int) -> Scene:
        """Return a scene.

        Raises:
            SourceError, LabelError: it cannot be read.
        """
        ...


@dataclass(frozen=True)
class Ground:
    """A scene as a painter sees it.

    Args:
        pixels: (3, H, W) float32 as of `generators.models.pixels.to_network`.
        labels: (H, W) uint8 hub ids.
        instances: (H, W) int32 object ids, 0 where none stands.
        void: (H, W) bool without image data.
        gsd_m: metres a pixel.
    """

    pixels: NDArray[np.float32]
    labels: NDArray[np.uint8]
    instances: NDArray[np.int32]
    void: NDArray[np.bool_]
    gsd_m: float

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(layer.nbytes for layer in (self.pixels, self.labels, self.instances, self.void))


class Places:
    """All scenes of some sets, each drawn as often as its set's weight says; those read last are kept.

    Args:
        sets: of scenes.
        options: of the training.

    Raises:
        SourceError: no set holds a scene, or all weigh nothing.
    """

    def __init__(self, sets: Sequence[PlaceSet], options: CropOptions) -> None:
        self._sets = sets
        self._options = options
        self._keys = [
            (number, position) for number, places in enumerate(sets) for position in range(len(places))
        ]
        if not self._keys:
            raise SourceError("no scene to learn from: every set is empty, or all is held out", "empty")
        self._upto = np.cumsum([sets[number].weight for number, _ in self._keys])
        if not self._upto[-1] > 0:
            raise SourceError("no scene to learn from: every set has weight 0", "empty")
        self._kept: OrderedDict[tuple[int, int], Ground] = OrderedDict()

    def crop(self, rng: np.random.Generator) -> Ground:
        """Return a square of a scene, in one of eight positions where the options say so."""
        options = self._options
        drawn = np.searchsorted(self._upto, rng.random() * self._upto[-1], side="right")
        ground = self._ground(self._keys[min(int(drawn), len(self._keys) - 1)])
        size = options.crop_px
        side = _source_side(rng, ground, options)
        highest = np.maximum(np.array(ground.labels.shape) - side, 0)
        row, col = (int(n) for n in np.floor(rng.random(2) * (highest + 1)))
        rows, cols = np.arange(row, row + side), np.arange(col, col + side)
        # A thing is as large on the coarse map as its nearest pixels say.
        near = np.minimum(((np.arange(size) + 0.5) * side / size).astype(np.intp), side - 1)
        pixels = average_down(mirrored(ground.pixels, rows, cols), size)
        labels = majority_down(mirrored(ground.labels, rows, cols), size, VALUES)
        instances = mirrored(ground.instances, rows, cols)[np.ix_(near, near)]
        void = mirrored(ground.void, rows, cols)[np.ix_(near, near)]
        turns, mirror = (int(rng.integers(4)), bool(rng.integers(2))) if options.turn else (0, False)
        return Ground(
            _turned(pixels, turns, mirror=mirror),
            _turned(labels, turns, mirror=mirror),
            _turned(instances, turns, mirror=mirror),
            _turned(void, turns, mirror=mirror),
            ground.gsd_m * side / size,
        )

    def _ground(self, key: tuple[int, int]) -> Ground:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        places = self._sets[key[0]]
        ground = ground_of(places.read(key[1]), labelled=places.labelled)
        self._kept[key] = ground
        while sum(kept.nbytes for kept in self._kept.values()) > self._options.cache_mb * 2**20:
            if len(self._kept) == 1:
                break
            self._kept.popitem(last=False)
        return ground


def ground_of(scene: Scene, *, labelled: bool = True) -> Ground:
    """Return a scene as a painter sees it.

    Args:
        scene: with its objects.
        labelled: False hides what they are.
    """
    void = scene.void if scene.void is not None else np.zeros(scene.grid.shape, bool)
    return Ground(
        to_network(scene.image[list(colour_bands(scene.bands))], scene.full_scale),
        hub_map(scene.surface, scene.instances, scene.objects)
        if labelled
        else np.zeros(scene.grid.shape, np.uint8),
        scene.instances,
        void,
        scene.grid.gsd_m,
    )


def _source_side(rng: np.random.Generator, ground: Ground, options: CropOptions) -> int:
    """Return how many of the scene's pixels a crop spans; no more than it has, if it can be helped."""
    size = options.crop_px
    if options.gsd_m is None:
        return size
    finest, coarsest = np.log(options.gsd_m)
    wanted = float(np.exp(rng.uniform(finest, coarsest)))
    return min(round(size * max(wanted / ground.gsd_m, 1.0)), max(size, min(ground.labels.shape)))


def _turned(layer: NDArray[T], turns: int, *, mirror: bool) -> NDArray[T]:
    turned = np.rot90(layer, turns, (-2, -1))
    return np.ascontiguousarray(turned[..., ::-1] if mirror else turned)
