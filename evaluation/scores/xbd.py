"""The xView2 score of damaged buildings: 0.3 F1 of buildings and 0.7 harmonic mean of the F1 of each damage.

Source: the challenge's scoring code, DIUx-xView/xView2_scoring, xview2_metrics.py:

- F1_loc: building or not, over all pixels;
- F1_c for damage c = 1 to 4 over the pixels where the truth has a building, the predicted damage set to 0
  where no building is predicted;
- F1_dmg = 4 / sum over c of 1 / (F1_c + 1e-6); score = 0.3 F1_loc + 0.7 F1_dmg.

The harmonic mean makes one class without a hit pull F1_dmg to about 0, also where the truth does not have
that class at all: small subsets score near 0.3 F1_loc. That is the definition, and it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import GridError
from diachron.core.pair import UNKNOWN
from diachron.evaluation.scores.binary import Confusion

DAMAGES: dict[int, str] = {1: "no_damage", 2: "minor", 3: "major", 4: "destroyed"}

# Of the scoring code: keeps the harmonic mean finite.
_EPSILON = 1e-6


_NOTHING = Confusion()


@dataclass(frozen=True)
class DamageCounts:
    """Pixels of buildings and of each damage; `a + b` are those of both.

    Args:
        buildings: building or not.
        damages: a confusion for each damage 1 to 4.
    """

    buildings: Confusion = _NOTHING
    damages: tuple[Confusion, ...] = (_NOTHING,) * len(DAMAGES)

    @classmethod
    def of(
        cls,
        predicted: NDArray[np.uint8],
        truth: NDArray[np.uint8],
        buildings: NDArray[np.bool_] | None = None,
    ) -> DamageCounts:
        """Return the counts of a pair.

        Args:
            predicted: (H, W) damage 0 to 4.
            truth: (H, W) damage 0 to 4; 255 is unknown and does not count.
            buildings: (H, W) where a building is predicted; by default where `predicted` is not 0.

        Raises:
            GridError: the shapes differ.
        """
        standing = predicted > 0 if buildings is None else buildings.astype(bool)
        for name, layer in (("predicted damage", predicted), ("predicted buildings", standing)):
            if layer.shape != truth.shape:
                raise GridError(f"{name} of {layer.shape}, truth of {truth.shape} pixels")
        known = truth != UNKNOWN
        true_buildings = np.where(known, truth > 0, UNKNOWN).astype(np.uint8)
        said = np.where(standing, predicted, 0)[known & (truth > 0)]
        true = truth[known & (truth > 0)]
        return cls(
            Confusion.of(standing, true_buildings),
            tuple(Confusion.of(said == damage, (true == damage).astype(np.uint8)) for damage in DAMAGES),
        )

    def __add__(self, other: DamageCounts) -> DamageCounts:
        return DamageCounts(
            self.buildings + other.buildings,
            tuple(a + b for a, b in zip(self.damages, other.damages, strict=True)),
        )

    @property
    def f1_buildings(self) -> float:
        """F1 of building or not."""
        return self.buildings.f1

    @property
    def f1_by_damage(self) -> dict[str, float]:
        """F1 of each damage, by name."""
        return {name: self.damages[damage - 1].f1 for damage, name in DAMAGES.items()}

    @property
    def f1_damage(self) -> float:
        """Harmonic mean of the four."""
        return len(DAMAGES) / sum(1.0 / (f1 + _EPSILON) for f1 in self.f1_by_damage.values())

    @property
    def score(self) -> float:
        """0.3 f1_buildings + 0.7 f1_damage."""
        return 0.3 * self.f1_buildings + 0.7 * self.f1_damage
