"""The picture while it is being painted: local changes, what was touched, and why."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import RenderError
from diachron.core.sample import Painted, RenderRequest
from diachron.core.scene import Scene
from diachron.generators.copy_paste.palette import Palette, go_on_with, palette_of

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]


class Canvas:
    """A copy of the scene's picture with a record of every touched pixel.

    Args:
        request: what is to be painted.
        seed: of all textures; each edit takes its own stream from it by its id.
    """

    def __init__(self, request: RenderRequest, *, seed: int) -> None:
        self.request = request
        self.scene = request.scene
        self.origin = request.origin
        if self.origin is not self.scene:
            go_on_with(self.scene, self.origin)
        self.image = request.scene.image.copy()
        self.edit = np.zeros(request.scene.grid.shape, bool)
        self.effects: Counter[str] = Counter()
        self.target = request.target
        self._seed = seed

    @property
    def palette(self) -> Palette:
        """What the scene itself offers."""
        return palette_of(self.scene)

    def rng(self, edit_id: int) -> np.random.Generator:
        """Return the stream of one edit."""
        return np.random.default_rng([self._seed, edit_id])

    def donor(self, name: str) -> Scene:
        """Return a donor scene.

        Raises:
            RenderError: it is not among the request's donors.
        """
        if name not in self.request.donors:
            raise RenderError(f"{self.scene.source}: the donor scene '{name}' is not at hand")
        return self.request.donors[name]

    def put(
        self, box: Box, touched: Mask, values: NDArray[np.floating], effect: str, footprint: Mask
    ) -> None:
        """Write float values to the touched pixels of a window, in the source's dtype and range.

        Args:
            box: window of the picture.
            touched: (h, w) pixels to write.
            values: (C, h, w) in the source's scale.
            effect: name under which touched pixels outside `footprint` are counted.
            footprint: (h, w) pixels that the event itself covers.
        """
        dtype = self.image.dtype
        window = self.image[:, box[0], box[1]]
        if np.issubdtype(dtype, np.integer):
            values = np.clip(np.rint(values), 0, self.scene.full_scale)
        written = values.astype(dtype)
        if self.scene.nodata is not None:
            # A painted pixel has data: one step beside the value that would say otherwise.
            step = 1 if self.scene.nodata < self.scene.full_scale / 2 else -1
            hole = (written == self.scene.nodata).all(axis=0)
            written[:, hole] += np.asarray(step).astype(dtype)
        window[:, touched] = written[:, touched]
        self.edit[box] |= touched
        beyond = int(np.count_nonzero(touched & ~footprint))
        if beyond:
            self.effects[effect] += beyond

    def finish(self) -> Painted:
        """Return the painted date."""
        return Painted(self.image, self.edit, dict(sorted(self.effects.items())))
