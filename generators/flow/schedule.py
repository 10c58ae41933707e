"""When a solver looks: times from 1 down to 0."""

from __future__ import annotations

import numpy as np

from diachron.core.errors import RecipeError


def times(steps: int, *, shift: float = 1.0) -> tuple[float, ...]:
    """Return `steps + 1` times from 1 to 0, evenly spaced before they are shifted.

    Args:
        steps: of the solver, at least 1.
        shift: above 1 spends more of the steps near the start, which larger pictures need; 1 leaves them
            even. `t' = shift t / (1 + (shift - 1) t)`.

    Raises:
        RecipeError: no steps, or a shift that is not above 0.

    Source: Esser et al. 2024, "Scaling Rectified Flow Transformers", eq. 23, for the shift.
    """
    if steps < 1 or not shift > 0:
        raise RecipeError(f"steps {steps}, shift {shift}: expected at least 1 step and a shift above 0")
    even = np.linspace(1.0, 0.0, steps + 1)
    # The same fraction, divided through: exactly 1 and 0 at the ends.
    return tuple((even / (even + (1.0 - even) / shift)).tolist())
