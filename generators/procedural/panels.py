"""Tables of panels in rows, over the ground that lies there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diachron.core.light import shadow_direction
from diachron.generators.procedural.farms import Farm
from diachron.generators.procedural.light import Sunlight
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.stamps import MATERIAL_IDS, OPEN, Boxes, boxes

# Height of the upper edge; the lower one stands so much lower for each metre of width, as tables are tilted
# by 20-30 degrees (usual designs of fixed and of tracking stands; recalled).
UPPER_M, FALL = 1.6, 0.4
LEAST_M = 0.5
# The half that leans back is a little lighter. Tables that mirror the sky, and how much brighter they are.
LEANING, GLINT_SHARE, GLINT = 1.12, 0.05, 1.7
# Seam between two rows of modules.
SEAM_M = 0.1


def panels_of(farms: Sequence[Farm], sun: Sunlight, step_m: float) -> list[Boxes]:
    """Return boxes of all tables in layers: lower half, upper half, seam. They lean towards the sun."""
    layers: list[Boxes] = []
    down, right = shadow_direction(sun.azimuth_deg)
    for farm in farms:
        turn = np.radians(farm.along_deg)
        # Across the rows, towards the shadow: there the upper edge is.
        over = np.array([np.cos(turn), -np.sin(turn)])
        over *= 1.0 if over @ (down, right) >= 0.0 else -1.0
        chance = uniform(farm.number, 611, np.arange(farm.row.size)).astype(np.float64)
        tone = 0.9 + 0.25 * chance
        tone[chance < GLINT_SHARE] *= GLINT
        common = {"length_m": farm.length_m, "angle_deg": farm.along_deg, "on": OPEN}
        module = MATERIAL_IDS["solar_panel"]
        lower = max(UPPER_M - FALL * farm.width_m, LEAST_M)
        for side, high, level in ((-0.25, lower, 1.0), (0.25, UPPER_M, LEANING)):
            off = side * farm.width_m / step_m * over
            layers.append(
                boxes(
                    farm.row + off[0], farm.col + off[1], width_m=farm.width_m / 2, height_m=high,
                    material=module, tone=tone * level, **common,
                )
            )  # fmt: skip
        layers.append(
            boxes(
                farm.row, farm.col, width_m=SEAM_M, height_m=0.0, material=MATERIAL_IDS["metal"], tone=0.6,
                **common,
            )
        )  # fmt: skip
    return layers
