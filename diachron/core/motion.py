"""How a donor is moved to its new place: turned and scaled about its centre, then shifted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Motion:
    """A similarity between two pixel grids.

    Args:
        from_row, from_col: centre of the donor in its own scene, in pixels.
        to_row, to_col: where that centre comes to lie.
        turn_deg: from the column axis towards the row axis (clockwise on the screen).
        scale: pixels here per pixel there.
    """

    from_row: float
    from_col: float
    to_row: float
    to_col: float
    turn_deg: float = 0.0
    scale: float = 1.0

    def matrix(self) -> NDArray[np.float64]:
        """Return the 2 x 2 matrix that takes (row, col) offsets here back to offsets in the donor's scene."""
        angle = math.radians(self.turn_deg)
        c, s = math.cos(angle) / self.scale, math.sin(angle) / self.scale
        return np.array([[c, -s], [s, c]])

    def offset(self, row: int, col: int) -> NDArray[np.float64]:
        """Return the offset for `scipy.ndimage.affine_transform` of a result that begins at (row, col)."""
        here = np.array([row - self.to_row, col - self.to_col])
        there: NDArray[np.float64] = self.matrix() @ here + np.array([self.from_row, self.from_col])
        return there

    @property
    def is_exact(self) -> bool:
        """Whether pixels fall on pixels, so that they can be copied without resampling."""
        shift_row, shift_col = self.to_row - self.from_row, self.to_col - self.from_col
        return (
            self.turn_deg == 0.0 and self.scale == 1.0 and shift_row.is_integer() and shift_col.is_integer()
        )

    def to_json(self) -> dict[str, float]:
        """Return the six numbers by name."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, record: Mapping[str, float]) -> Motion:
        """Return the motion of `to_json`'s record."""
        return cls(**record)
