"""Things on roofs: chimneys, skylights and panels on slopes; huts, units, tanks and panels on flat roofs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from diachron.core.place import Roof
from diachron.generators.procedural.noise import uniform
from diachron.generators.procedural.roofs import RoofPixels, ridges_deg
from diachron.generators.procedural.stamps import MATERIAL_IDS, Boxes, boxes, joined
from diachron.generators.procedural.state import PlaceState

# One thing: along and across from the middle of the roof in metres, length, width, height, material, tone.
Thing = tuple[float, float, float, float, float, str, float]
# A flat roof has a unit for about so many m²; one in three houses of the rich world has a chimney that shows.
UNIT_M2 = 110.0
MOST_UNITS = 26
CHIMNEY_SHARE, SKYLIGHT_SHARE, PANEL_SHARE, DORMER_SHARE = 0.5, 0.3, 0.05, 0.2
# Styles where water stands in tanks on the roof, and those whose roofs carry rubble and laundry.
TANKS = frozenset({"informal", "dense-city", "old-town"})


def rooftop_things(state: PlaceState, roofs: RoofPixels) -> Boxes | None:
    """Return the boxes on all roofs of a window; each roof's come from its own seed."""
    step = state.frame.step_m
    count = len(roofs.ids)
    pixels = np.bincount(roofs.number, minlength=count)
    rows, cols = np.divmod(roofs.at, state.frame.shape[1])
    # The middle that `along` and `across` count from, back in pixels of the window.
    angle = np.radians(ridges_deg([state.roofs[i] for i in roofs.ids.tolist()]))
    c, s = np.cos(angle)[roofs.number], np.sin(angle)[roofs.number]
    mid_row = (
        np.bincount(roofs.number, rows + 0.5 - (roofs.along * s + roofs.across * c) / step, count) / pixels
    )
    mid_col = (
        np.bincount(roofs.number, cols + 0.5 - (roofs.along * c - roofs.across * s) / step, count) / pixels
    )
    parts = []
    for k, number in enumerate(roofs.ids.tolist()):
        roof = state.roofs[number]
        length, width = (2.0 * roofs.half[k]).tolist()
        things = list(_things(roof, length, width, state.style))
        if not things:
            continue
        along, across, long, wide, high, names, tone = zip(*things, strict=True)
        a, b = np.array(along), np.array(across)
        cos, sin = math.cos(angle[k]), math.sin(angle[k])
        parts.append(
            boxes(
                mid_row[k] + (a * sin + b * cos) / step,
                mid_col[k] + (a * cos - b * sin) / step,
                length_m=np.array(long),
                width_m=np.array(wide),
                angle_deg=math.degrees(angle[k]),
                height_m=np.array(high),
                material=np.array([MATERIAL_IDS[name] for name in names]),
                tone=np.array(tone),
                on=number,
            )
        )
    return joined(parts)


def _things(roof: Roof, length: float, width: float, style: str) -> Iterator[Thing]:
    chance = uniform(roof.seed, np.arange(12)).astype(float).tolist()
    if roof.material in ("thatch", "glass") or length * width < 30.0:
        return
    if style == "informal" and roof.material in ("metal", "rust"):
        yield from _weighed_down(roof, length, width)
    elif roof.form == "flat":
        yield from _flat(roof, length, width, style, chance)
    elif roof.material != "metal":
        yield from _sloped(length, width, chance)
    elif chance[0] < 0.5:
        yield from _skylights_in_rows(roof, length, width)


def _sloped(length: float, width: float, chance: list[float]) -> Iterator[Thing]:
    """Yield chimney, skylights, panels and a dormer of a house."""
    if chance[0] < CHIMNEY_SHARE:
        side = 0.7 + 0.5 * chance[1]
        yield (
            (chance[2] - 0.5) * 0.7 * length,
            (chance[3] - 0.5) * 0.25 * width,
            side,
            0.7,
            1.1,
            "brown_tile",
            0.9,
        )
    if chance[4] < SKYLIGHT_SHARE:
        for place in (-0.22, 0.18):
            yield place * length + chance[5], 0.24 * width, 0.8, 1.1, 0.05, "slate", 0.75
    if chance[6] < PANEL_SHARE and length > 7.0:
        yield (
            (chance[7] - 0.5) * 0.3 * length,
            0.25 * width,
            0.5 * length,
            0.33 * width,
            0.1,
            "solar_panel",
            1.0,
        )
    if chance[8] < DORMER_SHARE and width > 8.0:
        yield (chance[9] - 0.5) * 0.5 * length, -0.26 * width, 2.2, 2.0, 0.9, "grey_shingle", 1.0


def _flat(roof: Roof, length: float, width: float, style: str, chance: list[float]) -> Iterator[Thing]:
    """Yield the hut of the stairs, units, tanks, panels and stains of a flat roof."""
    inner_l, inner_w = max(length - 3.0, 1.0), max(width - 3.0, 1.0)
    area = length * width
    if area > 90.0 and chance[0] < 0.65:
        yield (
            (chance[1] - 0.5) * 0.6 * inner_l,
            (chance[2] - 0.5) * 0.6 * inner_w,
            4.0,
            3.0,
            2.4,
            "paving",
            1.05,
        )
    count = min(MOST_UNITS, int(area / UNIT_M2 * (0.3 + 1.6 * chance[3]) + chance[4]))
    spots = uniform(roof.seed, 50, np.arange(count)[:, None], np.arange(6)).astype(float).tolist()
    for x, y, size, form, tone, kind in spots:
        # Units stand on a few lines, as the beams below do.
        y = round(y * 3.0) / 3.0 if kind < 0.5 else y
        side = 0.8 + 2.2 * size * size
        yield (
            (x - 0.5) * inner_l, (y - 0.5) * inner_w, side, side * (0.5 + 0.5 * form), 0.5 + 1.1 * form,
            "metal" if kind < 0.65 else "concrete" if kind < 0.85 else "slate", 0.65 + 0.6 * tone,
        )  # fmt: skip
    if style in TANKS and chance[5] < 0.7:
        for x in (0.35, 0.43):
            yield (x - chance[6] * 0.6) * inner_l, 0.38 * inner_w, 1.2, 1.2, 1.3, "fresh_asphalt", 0.8
    if chance[7] < 0.05 and area > 150.0:
        rows = int(inner_w / 2.6)
        for row in range(rows):
            across = (row - (rows - 1) / 2) * 2.4
            yield 0.0, across, 0.75 * inner_l, 1.5, 0.35, "solar_panel", 1.0
    elif chance[8] < 0.35 and area > 250.0:
        yield from _skylights_in_rows(roof, length, width)


def _weighed_down(roof: Roof, length: float, width: float) -> Iterator[Thing]:
    """Yield what lies on a roof of loose sheets: patches, tyres, boards, a tank."""
    count = 1 + int(4.0 * float(uniform(roof.seed, 61)))
    spots = uniform(roof.seed, 62, np.arange(count)[:, None], np.arange(5)).astype(float).tolist()
    for x, y, size, form, kind in spots:
        name = (
            "rust" if kind < 0.4 else "old_metal" if kind < 0.7 else "litter" if kind < 0.9 else "blue_metal"
        )
        side = 0.5 + 2.0 * size * size
        yield (
            (x - 0.5) * 0.8 * length,
            (y - 0.5) * 0.8 * width,
            side,
            side * (0.3 + 0.6 * form),
            0.15,
            name,
            0.9,
        )


def _skylights_in_rows(roof: Roof, length: float, width: float) -> Iterator[Thing]:
    """Yield strips of daylight across a hall."""
    if length < 18.0 or width < 10.0:
        return
    gap = 5.0 + 4.0 * float(uniform(roof.seed, 60))
    for place in np.arange(-length / 2 + gap, length / 2 - gap / 2, gap).tolist():
        for side in (-0.25, 0.25):
            yield place, side * width, 1.1, 0.3 * width, 0.1, "glass", 1.15
