"""Roofs as height and colour: planes over a ridge, hips over the distance to the eaves, tiles, dirt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.place import ROOFS, Roof
from diachron.generators.procedural.ground import Waves
from diachron.generators.procedural.noise import hashed, uniform
from diachron.generators.procedural.spectra import MATERIALS, spectra
from diachron.generators.procedural.state import PlaceState
from diachron.generators.procedural.toning import Toning, shift_things

Picture = NDArray[np.float32]
Values = NDArray[np.float64]

# What a roof material may look like: materials of the table with weights; one is drawn by the roof's seed.
LOOKS: dict[str, tuple[tuple[str, float], ...]] = {
    "tile": (("red_tile", 0.45), ("orange_tile", 0.20), ("brown_tile", 0.35)),
    "slate": (("slate", 0.75), ("grey_shingle", 0.25)),
    "shingle": (("grey_shingle", 0.60), ("brown_tile", 0.25), ("slate", 0.15)),
    "metal": (("metal", 0.3), ("old_metal", 0.4), ("rust", 0.14), ("blue_metal", 0.08), ("red_tile", 0.08)),
    "rust": (("rust", 0.55), ("old_metal", 0.35), ("metal", 0.10)),
    "bitumen": (("bitumen", 0.28), ("grey_shingle", 0.46), ("gravel", 0.26)),
    "membrane": (("membrane", 0.70), ("concrete", 0.30)),
    "gravel": (("gravel", 0.70), ("grey_shingle", 0.30)),
    "concrete": (("concrete", 0.60), ("paving", 0.25), ("membrane", 0.15)),
    "thatch": (("thatch", 1.0),),
    "glass": (("glass", 1.0),),
}
# Materials laid in rows or sheets: width of a row down the slope, width of a sheet along the ridge, and how
# much lighter and darker the next one is.
COURSES = {"tile": (0.36, 0.0, 0.10), "slate": (0.30, 0.0, 0.06), "shingle": (0.28, 0.0, 0.05)}
SHEETS = {"metal": 0.9, "rust": 0.8, "glass": 1.0, "membrane": 3.0, "bitumen": 2.0}
# Weathering: spread of brightness over a roof, of roofs beside each other, and of sheets.
WORN, AMONG, SHEET = 0.06, 0.22, 0.05
# Parapets of flat roofs.
PARAPET_M, PARAPET_HEIGHT_M = 0.35, 0.7
RIDGE_M = 0.25
# A footprint that fills this share of its box is a rectangle.
RECTANGULAR = 0.84


@dataclass(frozen=True, eq=False)
class RoofPixels:
    """All fine pixels of the buildings of a window, one after the other, and what is known of each.

    Args:
        at: (P,) places in the raveled raster.
        number: (P,) of the building in `ids`.
        ids: (B,) object ids, in order.
        along, across: (P,) metres from the building's middle, along its ridge and down its slope.
        half: (B, 2) half of its length and width, metres.
        edge_m: (P,) distance to the outline.
        rise_m: (P,) float32 above the eaves.
    """

    at: NDArray[np.intp]
    number: NDArray[np.intp]
    ids: NDArray[np.int64]
    along: Picture
    across: Picture
    half: Values
    edge_m: Picture
    rise_m: Picture


def roof_pixels(state: PlaceState) -> RoofPixels | None:
    """Return the roofs of a window, None where no building stands."""
    at = np.flatnonzero(state.classes == hub.BUILDING)
    if at.size == 0:
        return None
    found = state.instances.ravel()[at]
    ids = np.array(sorted(state.roofs), np.int64)
    number = np.searchsorted(ids, found)
    count = len(ids)
    roofs = [state.roofs[i] for i in ids.tolist()]
    rows, cols = np.divmod(at, state.frame.shape[1])
    pixels = np.bincount(number, minlength=count)
    order = np.argsort(number, kind="stable")
    starts = np.concatenate([[0], np.cumsum(pixels)[:-1]])
    # Counted from each building's own corner, so that every window that holds it gets the same floats.
    rows = rows - np.minimum.reduceat(rows[order], starts)[number]
    cols = cols - np.minimum.reduceat(cols[order], starts)[number]
    row0 = np.bincount(number, rows, count) / pixels
    col0 = np.bincount(number, cols, count) / pixels
    angle = np.radians(ridges_deg(roofs))
    c, s = np.cos(angle)[number], np.sin(angle)[number]
    down, right = rows - row0[number], cols - col0[number]
    step = state.frame.step_m
    along, across = (right * c + down * s) * step, (down * c - right * s) * step
    limits = []
    for values in (along, across):
        sorted_values = values[order]
        low, high = np.minimum.reduceat(sorted_values, starts), np.maximum.reduceat(sorted_values, starts)
        values -= ((low + high) / 2)[number]
        limits.append((high - low) / 2 + step / 2)
    half = np.stack(limits, axis=1)
    # A rectangle fills its box; what fills less has wings, and a roof that follows its outline.
    fill = pixels * step * step / np.maximum(4 * half[:, 0] * half[:, 1], 1e-6)
    edge = np.minimum(half[:, 0][number] - np.abs(along), half[:, 1][number] - np.abs(across))
    for k in np.flatnonzero(fill < RECTANGULAR).tolist():
        own = order[starts[k] : starts[k] + pixels[k]]
        edge[own] = _distance_to_outline(rows[own], cols[own]) * step
    edge = np.maximum(edge, 0.0).astype(np.float32)
    form = np.array([ROOFS.index(roof.form) for roof in roofs])
    pitch = np.tan(np.radians([roof.pitch_deg for roof in roofs]))
    winged = (fill < RECTANGULAR) & (form == ROOFS.index("gable"))
    form = np.where(winged, ROOFS.index("hip"), form)
    wide = half[:, 1][number]
    from_eaves = np.select(
        [form[number] == 1, form[number] == 2, form[number] == 3],
        [wide - np.abs(across), edge, np.maximum(wide - across, 0.0)],
        0.0,
    )
    rise = (np.maximum(from_eaves, 0.0) * pitch[number]).astype(np.float32)
    return RoofPixels(at, number, ids, along.astype(np.float32), across.astype(np.float32), half, edge, rise)


def ridges_deg(roofs: Sequence[Roof]) -> list[float]:
    """Return the direction of each roof's upper edge: a shed's runs across its fall."""
    return [roof.ridge_deg + (90.0 if roof.form == "shed" else 0.0) for roof in roofs]


def _distance_to_outline(rows: NDArray[np.intp], cols: NDArray[np.intp]) -> Values:
    """Return the distance of each pixel of a building to the nearest one that is not, in pixels."""
    mask = np.zeros((int(rows.max()) + 3, int(cols.max()) + 3), bool)
    mask[rows + 1, cols + 1] = True
    distance: Values = ndimage.distance_transform_edt(mask)[rows + 1, cols + 1]
    return distance


def roof_heights(state: PlaceState, roofs: RoofPixels) -> Picture:
    """Return (P,) float32 metres above ground."""
    entries = [state.roofs[i] for i in roofs.ids.tolist()]
    eaves = np.array([roof.eaves_m for roof in entries], np.float32)
    flat = np.array([roof.form == "flat" for roof in entries])
    wide = roofs.half.min(axis=1) > 4.0
    parapet = (flat & wide)[roofs.number] & (roofs.edge_m < PARAPET_M)
    return (
        eaves[roofs.number] + roofs.rise_m + np.where(parapet, np.float32(PARAPET_HEIGHT_M), np.float32(0.0))
    )


def roof_colours(
    state: PlaceState, roofs: RoofPixels, bands: Sequence[str], waves: Waves, toning: Toning | None = None
) -> Picture:
    """Return (C, P) float32 reflectance of the roofs, without light and without things on them."""
    entries = [state.roofs[i] for i in roofs.ids.tolist()]
    seeds = np.array([roof.seed for roof in entries], np.int64)
    names = list(MATERIALS)
    material = np.array(
        [_look(roof.material, float(uniform(roof.seed, 1))) for roof in entries], dtype=object
    )
    table = spectra(names, bands)
    number = roofs.number
    kind = np.array([names.index(name) for name in material])
    # A little of another material: moss, soot or new paint.
    base = table[:, kind]
    dirt = spectra(["litter"], bands)
    share = (0.25 * uniform(3, seeds) ** 2).astype(np.float32)
    base = base * (1 - share) + dirt * share
    base = base * np.exp(np.float32(AMONG) * (uniform(4, seeds) + uniform(5, seeds) - 1.0) * 2.0)
    base = shift_things(base, hub.BUILDING, toning)
    level = np.ones(len(number), np.float32)
    flat_at = roofs.at
    worn = (0.5 + uniform(7, seeds))[number] * np.float32(WORN)
    if toning is not None:
        worn *= toning.grain[hub.BUILDING]
    level += worn * waves.grain[2].ravel()[flat_at]
    level += worn * np.float32(1.2) * waves.grain[1].ravel()[flat_at]
    level += np.float32(0.6) * worn * waves.grain[3].ravel()[flat_at]
    step = state.frame.step_m
    laid = [roof.material for roof in entries]
    level += _courses(roofs, laid, step)
    level += _sheets(roofs, laid, seeds, step)
    level += _lines(roofs, entries_form(state, roofs), step)
    picture = base[:, number] * np.clip(level, 0.35, 1.7)
    return picture.astype(np.float32)


def entries_form(state: PlaceState, roofs: RoofPixels) -> NDArray[np.intp]:
    """Return (B,) number of each roof's form in `ROOFS`."""
    return np.array([ROOFS.index(state.roofs[i].form) for i in roofs.ids.tolist()], np.intp)


def _look(material: str, chance: float) -> str:
    """Return a material of the table; names that are not known look like grey shingle."""
    options = LOOKS.get(material, (("grey_shingle", 1.0),))
    total = 0.0
    for name, weight in options:
        total += weight
        if chance < total:
            return name
    return options[-1][0]


def _courses(roofs: RoofPixels, laid: list[str], step_m: float) -> Picture:
    """Return (P,) lighter and darker rows down the slope, where the pixels resolve them."""
    width = np.array([COURSES.get(name, (0.0, 0.0, 0.0))[0] for name in laid], np.float32)
    depth = np.array([COURSES.get(name, (0.0, 0.0, 0.0))[2] for name in laid], np.float32)
    seen = np.clip(width / (2.0 * step_m) - 1.0, 0.0, 1.0) * depth
    if not (seen > 0).any():
        return np.zeros(len(roofs.at), np.float32)
    phase = roofs.across / np.maximum(width, 0.01)[roofs.number]
    return seen[roofs.number] * np.cos(np.float32(2 * np.pi) * phase)


def _sheets(roofs: RoofPixels, laid: list[str], seeds: NDArray[np.int64], step_m: float) -> Picture:
    """Return (P,) sheets or strips side by side, each with its own tone."""
    width = np.array([SHEETS.get(name, 0.0) for name in laid], np.float32)
    depth = np.where(width > 0, SHEET, 0.0) * np.clip(width / step_m - 1.0, 0.0, 1.0)
    if not (depth > 0).any():
        return np.zeros(len(roofs.at), np.float32)
    sheet = np.floor(roofs.along / np.maximum(width, 0.01)[roofs.number]).astype(np.int64)
    table = uniform(int(hashed(11, 0)), np.arange(4096))
    tone = table[(sheet * 31 + seeds[roofs.number]) & 4095]
    return (depth[roofs.number] * (tone - np.float32(0.5)) * 3.0).astype(np.float32)


def _lines(roofs: RoofPixels, form: NDArray[np.intp], step_m: float) -> Picture:
    """Return (P,) light ridges, dark gutters and parapets."""
    wide = max(RIDGE_M, 0.7 * step_m)
    ridge = (form == 1)[roofs.number] & (np.abs(roofs.across) < wide)
    amount = np.float32(min(1.0, RIDGE_M / step_m))
    level = np.where(ridge, np.float32(0.14) * amount, np.float32(0.0))
    eaves = (form != 0)[roofs.number] & (roofs.edge_m < wide)
    level = np.where(eaves, level - np.float32(0.16) * amount, level)
    parapet = (form == 0)[roofs.number] & (roofs.edge_m < max(PARAPET_M, step_m))
    return np.where(parapet, level + np.float32(0.13) * amount, level).astype(np.float32)
