"""The change events of torchange (Changen2), from its one module of numpy code.

Source: Zheng et al. 2024, Changen2; torchange 0.0.4, `models/changen2/change_event_simulation.py`.
"""

from __future__ import annotations

import pickle
import warnings
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import SourceError
from diachron.evaluation.contestants import Houses
from diachron.evaluation.testmaps import Place

MODULE = "torchange/models/changen2/change_event_simulation.py"
# What the binary functions meet where a mask says "not known".
IGNORED = 255
CLASSES = 9


def load(root: Path) -> ModuleType:
    """Return the module below the folder that the wheel was installed to.

    It is loaded by its path: the package's own import pulls in torch, timm and more.

    Raises:
        SourceError: it is not there.
    """
    path = root / MODULE
    if not path.is_file():
        raise SourceError(f"{path}: not there; install torchange 0.0.4 with --no-deps --target {root}")
    spec = spec_from_file_location("torchange_change_events", path)
    if spec is None or spec.loader is None:
        raise SourceError(f"{path}: cannot be imported")
    module = module_from_spec(spec)
    with warnings.catch_warnings():
        # `square` and `binary_opening` leave scikit-image in 0.27 and 0.28.
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Torchange:
    """torchange's event functions, called as `generate_mask_seq` calls them.

    Its seed reaches only the standard library's generator; numpy's is left as the caller has it.

    Args:
        module: from `load`.
    """

    module: ModuleType
    name: str = "torchange"

    def mask(self, place: Place) -> NDArray[np.int32]:
        """Return the houses' numbers, with 255 where the labels say nothing."""
        return np.where(place.labels == 0, IGNORED, place.houses).astype(np.int32)

    def add(self, place: Place, count: int, seed: int) -> Houses:
        """Return the houses before and after additions; the later ones have lost their numbers."""
        return self._step(place, count, seed, "add")

    def remove(self, place: Place, count: int, seed: int) -> Houses:
        """Return the houses before and after removals."""
        return self._step(place, count, seed, "remove")

    def _step(self, place: Place, count: int, seed: int, mode: str) -> Houses:
        before = self.mask(place)
        dates = self.module.generate_mask_seq(before, 2, count, mode, seed, count)
        return Houses(before, dates[1].astype(np.int32))

    def mix(self, place: Place, count: int, seed: int) -> tuple[Houses, Houses]:
        """Return what went and what came; as in `remove_add_object`, one to `count` of each."""
        self.module.random.seed(seed)
        before = self.mask(place)
        between = self.module.remove_object(before, count)
        after = self.module.add_object(between, count)
        return Houses(before, between.astype(np.int32)), Houses(
            between.astype(np.int32), after.astype(np.int32)
        )

    def evolve(self, place: Place, seed: int, *, still: bool = False) -> NDArray[np.uint8]:
        """Return the label map after one random transition, at its default probability or at 0."""
        self.module.random.seed(seed)
        chance = {"p": 0.0} if still else {}
        after: NDArray[np.uint8] = self.module.random_transition(place.labels, CLASSES, **chance).astype(
            np.uint8
        )
        return after

    def callers_stream(self) -> object:
        """Return the states of both global generators."""
        return pickle.dumps((self.module.random.getstate(), self.module.np.random.get_state()))
