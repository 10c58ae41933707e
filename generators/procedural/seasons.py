"""What a season does to leaves and fields: other materials, and crowns through which the ground shows.

Set by eye beside aerial pictures taken in spring, autumn and winter; which season it is, the place says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# What differs from summer in the textures of `ground`, by season and cover. Fields are where they were: what
# stands on them is young in spring and autumn, gone or hardly sprouted in winter.
GROUNDS: dict[str, dict[str, dict[str, Any]]] = {
    "spring": {
        "lawn": {"share": 0.14},
        "meadow": {"share": 0.18},
        "crop": {"first": "young_crop", "second": "soil", "share": 0.32},
        "forest_floor": {"share": 0.40},
    },
    "summer": {},
    "autumn": {
        "lawn": {"share": 0.34},
        "meadow": {"share": 0.46},
        "scrub": {"share": 0.45},
        "hedge": {"second": "autumn_leaf", "share": 0.30},
        "forest_floor": {"share": 0.25},
        "crop": {"first": "young_crop", "second": "soil", "share": 0.55, "patches": 0.5},
        "marsh": {"first": "straw", "share": 0.45},
    },
    "winter": {
        "lawn": {"share": 0.46},
        "meadow": {"share": 0.58},
        "scrub": {"second": "bare_twigs", "share": 0.60},
        "hedge": {"second": "bare_twigs", "share": 0.60},
        "forest_floor": {"second": "bare_twigs", "share": 0.25},
        "crop": {"first": "young_crop", "second": "dark_soil", "share": 0.58, "patches": 0.5},
        "orchard": {"share": 0.55},
        "marsh": {"first": "straw", "share": 0.50},
    },
    "dry": {
        "lawn": {"share": 0.58, "patches": 0.28},
        "meadow": {"share": 0.82},
        "scrub": {"share": 0.58},
        "forest_floor": {"second": "straw", "share": 0.40},
        # Some fields are watered.
        "crop": {"first": "straw", "second": "young_crop", "share": 0.35, "patches": 0.5},
        "orchard": {"first": "straw", "share": 0.50},
        "marsh": {"second": "pale_soil", "share": 0.40},
    },
}
# Materials of broadleaved trees and of bushes by season, and how many of them look so.
Looks = tuple[tuple[str, float], ...]
TREES: dict[str, Looks] = {
    "spring": (("spring_leaf", 0.60), ("broadleaf", 0.24), ("bare_twigs", 0.16)),
    "summer": (("broadleaf", 1.0),),
    "autumn": (("autumn_leaf", 0.30), ("yellow_leaf", 0.26), ("broadleaf", 0.30), ("bare_twigs", 0.14)),
    "winter": (("bare_twigs", 0.94), ("broadleaf", 0.06)),
    "dry": (("broadleaf", 0.56), ("scrub", 0.26), ("bare_twigs", 0.18)),
}
BUSHES: dict[str, Looks] = {
    "spring": (("spring_leaf", 0.40), ("scrub", 0.60)),
    "summer": (("scrub", 1.0),),
    "autumn": (("autumn_leaf", 0.30), ("yellow_leaf", 0.15), ("scrub", 0.55)),
    "winter": (("bare_twigs", 0.55), ("scrub", 0.45)),
    "dry": (("straw", 0.50), ("scrub", 0.50)),
}
# Others stay as they are, in the order of `state.KINDS`.
EVERGREEN = {1: "conifer", 2: "palm"}
MATERIALS_OF_CROWNS = (
    "broadleaf", "conifer", "palm", "scrub", "spring_leaf", "autumn_leaf", "yellow_leaf", "bare_twigs",
    "straw",
)  # fmt: skip
BARE = MATERIALS_OF_CROWNS.index("bare_twigs")


def leaves_of(season: str, kind: NDArray[np.intp], chance: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the number of each crown's material in `MATERIALS_OF_CROWNS`.

    Args:
        season: of `core.place.SEASONS`.
        kind: (N,) numbers of kinds of crowns.
        chance: (N,) a number in [0, 1) of each crown's own, the same in every season.
    """
    found = np.zeros(kind.shape, np.intp)
    for number, looks in ((0, TREES[season]), (3, BUSHES[season])):
        names = np.array([MATERIALS_OF_CROWNS.index(name) for name, _ in looks])
        bounds = np.cumsum([weight for _, weight in looks])[:-1]
        own = kind == number
        found[own] = names[np.searchsorted(bounds, chance[own], side="right")]
    for number, name in EVERGREEN.items():
        found[kind == number] = MATERIALS_OF_CROWNS.index(name)
    return found
