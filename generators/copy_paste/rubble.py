"""Blocks that are cleared: one piece of ground over yards and walls, and what is left of the houses on it.

Torn-down villages in 2 m pictures are pale, grey and mottled, and show the rows of their houses faintly:
rubble lies where it fell. So rubble is made of the block's own pixels, thrown about by a few metres and
brought near to the level of bare ground.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub, light
from diachron.core.growth import grown
from diachron.core.scene import Footprint, Scene, SceneObject
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.clearing import MARGIN_M, other_scenes
from diachron.generators.copy_paste.edits import BlockEdit
from diachron.generators.copy_paste.ground import grow_ground
from diachron.generators.copy_paste.palette import OBJECT_MARGIN_PX, palette_of
from diachron.generators.copy_paste.shadows import own_shadow, padded, shadow_reach_px

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# Width over which cleared ground goes over into what lies around: tracks, weeds and dust, no line.
RIM_M = 3.0
# How far around it a pixel looks for others that may be kept.
KEPT_SIGMA_PX = 1.0
# How far walls fall and machines push them.
THROW_M = (1.0, 3.5)
# Size of what is left in one piece: broken slabs, heaps of bricks.
PIECE_M = (0.5, 1.4)
# What falls on top, beside what fell first: thrown farther, in smaller pieces. By eye, at 0.25 m.
SECOND_THROW, SECOND_PIECE = 1.5, 0.5
# Size of heaped and of swept parts of a block.
HEAP_M = (6.0, 20.0)
# Share of their contrast and colour that thrown pixels keep: dust covers all.
KEPT_CONTRAST = (0.55, 0.9)
KEPT_COLOUR = (0.25, 0.55)
# Smoothness of the finest scatter: about what optics leave of a single stone.
FINEST_PX = 0.5
# Dust and small stones soften what is thrown over this, where pixels are fine enough to show it: without it
# pictures of 0.25 m are strewn with single pixels.
SOFTENED_M, LEAST_SOFTENED_PX = 0.15, 0.4
# Ground of a kind is at hand where a picture shows so much of it.
LEAST_GROUND_M2 = 200.0
# Differences over more than this are levelled by machines; a share of them shows through.
LEVELLED_M = 3.0
KEPT_WIDE = 0.35
# Level of rubble beside bare ground: broken concrete and plaster are pale.
PALENESS = (0.95, 1.15)


def clear_block(canvas: Canvas, block: BlockEdit) -> None:
    """Paint one kind of ground over a block, and rubble where its event says so.

    Shadows of its buildings leave with them; those of neighbours that stay fall on the new ground.

    Args:
        canvas: is painted on.
        block: ground and buildings that are gone.

    Raises:
        RenderError: neither the scene nor its donors have clear ground to fill it with.
    """
    scene = canvas.scene
    gsd = scene.grid.gsd_m
    palette = palette_of(scene)
    rng = canvas.rng(block.event.id + (1 << 33))
    entry = SceneObject(block.event.id, hub.BUILDING, _whole(block))
    margin = int(np.clip(round(MARGIN_M / gsd), 2, 6))
    box, own = padded(scene, entry, max(margin, shadow_reach_px(scene)) + 8)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    free = palette.open_ground[box]
    standing = (scene.instances[box] > 0) & ~own
    new = (canvas.target.instances[box] > 0) & (scene.instances[box] == 0) & ~own
    gone = np.isin(scene.instances[box], [building.id for building in block.removed])
    hole, on_road = own.copy(), np.zeros_like(own)
    if block.removed:
        shadow, on_road = own_shadow(scene, SceneObject(0, hub.BUILDING, _of(gone, box)), box, gone)
        walls = grown(gone, margin) & free
        # What new objects elsewhere stand on is left alone: their edges look the same at every date.
        hole |= (shadow | walls) & ~new
    lit = palette.brightness[box] >= palette.dark_below
    known = free & ~hole & lit & ~grown(standing, OBJECT_MARGIN_PX)
    same_around = block.ground == _common_ground(scene.surface[box], known)
    others = other_scenes(canvas)
    # Ground as around runs over into it where both agree; a new kind has a border of its own.
    reach = known & ~new if same_around else None
    filled = grow_ground(
        rng, canvas.origin, others, block.ground, box, picture, hole, known, join=same_around, reach=reach
    )
    # Where a wall stood beyond the block rubble and shadows go on to what remains, or a pale line shows.
    covered = own | (hole & grown(own, margin))
    rubble = float(block.event.parameters.get("rubble", 0.0)) if block.removed else 0.0  # type: ignore[arg-type]
    if rubble > 0:
        # Streets would stand in for bare ground that no picture has, cars and lines with them.
        has_bare = any(_has(origin, block.ground) for origin in (canvas.origin, *others))
        filled = _with_rubble(rng, picture, filled, (own, covered), gone, rubble if has_bare else 1.0, gsd)
    filled = _shaded(canvas, filled, box, covered, standing)
    if on_road.any() and scene.sun is not None:
        contrast = np.asarray(scene.sun.contrast, np.float32)[:, None, None]
        soft = np.clip(ndimage.gaussian_filter(on_road.astype(np.float32), 1.0), 0.0, 1.0)
        filled = np.where(on_road, filled / (1.0 - (1.0 - contrast) * soft), filled)
    touched = hole | on_road | (filled != picture).any(axis=0)
    if not same_around:
        # Before a wall that stays, new ground ends at the wall.
        beyond = free & ~hole & lit & ~new
        kept = hole & lit & ~gone & ~grown(standing, OBJECT_MARGIN_PX)
        filled = _soft_rim(rng, picture, filled, beyond, (hole, kept), RIM_M / gsd)
    canvas.put(box, touched, filled, "removed shadows and walls of a block", own)


def _soft_rim(
    rng: np.random.Generator,
    before: Picture,
    after: Picture,
    beyond: Mask,
    within: tuple[Mask, Mask],
    width_px: float,
) -> Picture:
    """Return new ground that is as it was where it meets the old, and goes over within a width that varies.

    Args:
        rng: stream of this edit.
        before: (C, h, w) as it was.
        after: (C, h, w) with new ground.
        beyond: (h, w) old ground that it goes over into.
        within: (h, w) the hole, and those of its pixels that may be seen as they were; single ones are not.
        width_px: about how wide it goes over.
    """
    hole, kept = within
    if not beyond.any():
        return after
    width = np.maximum(width_px * np.exp(0.7 * _noise(rng, hole.shape, 2.0 * width_px)), 1.0)
    share = np.clip(1.0 - ndimage.distance_transform_edt(~beyond) / width, 0.0, 1.0)
    # A pixel that is lit by chance among dark ones would be a speck, so each goes by those around it.
    around = [
        ndimage.gaussian_filter(mask.astype(np.float32), KEPT_SIGMA_PX)
        for mask in (ndimage.binary_opening(kept), hole)
    ]
    share *= np.where(kept, around[0] / np.maximum(around[1], 1e-3), 0.0)
    return (after + share * (before - after)).astype(np.float32)


def _whole(block: BlockEdit) -> Footprint:
    """Return the pixels of a block's ground and of its buildings that are gone."""
    parts = [block.event.footprint, *(building.footprint for building in block.removed)]
    top, left = min(part.row for part in parts), min(part.col for part in parts)
    bottom, right = (max(part.window[axis].stop for part in parts) for axis in (0, 1))
    mask = np.zeros((bottom - top, right - left), bool)
    for part in parts:
        rows, cols = part.window
        mask[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] |= part.mask
    return Footprint(top, left, mask)


def _has(scene: Scene, ground: int) -> bool:
    """Return whether a picture shows enough ground of a kind to fill a block with."""
    shown = np.count_nonzero(palette_of(scene).off_objects & (scene.surface == ground))
    return shown * scene.grid.pixel_area_m2 >= LEAST_GROUND_M2


def _of(mask: Mask, box: tuple[slice, slice]) -> Footprint:
    return Footprint(box[0].start, box[1].start, mask)


def _common_ground(surface: NDArray[np.uint8], known: Mask) -> int:
    """Return the surface that most of the known pixels have; 0 where none is known."""
    return int(np.bincount(surface[known]).argmax()) if known.any() else hub.IGNORE


def _with_rubble(
    rng: np.random.Generator,
    picture: Picture,
    bare: Picture,
    where: tuple[Mask, Mask],
    gone: Mask,
    share: float,
    gsd_m: float,
) -> Picture:
    """Return the window with rubble on a share of the block, more of it where houses stood.

    Args:
        rng: stream of this edit.
        picture: (C, h, w) as it was.
        bare: (C, h, w) with new ground on the block.
        where: (h, w) pixels of the block, and these with the rim that rubble covers as well.
        gone: (h, w) pixels of its buildings.
        share: of the block, 0-1.
        gsd_m: of the picture.
    """
    own, covered = where
    throw, piece, heap, contrast, colour, pale = (
        float(rng.uniform(*limits))
        for limits in (THROW_M, PIECE_M, HEAP_M, KEPT_CONTRAST, KEPT_COLOUR, PALENESS)
    )
    # Roofs and shadows thrown once lie in flat patches of two tones; what falls on it breaks them up.
    first = _thrown(rng, picture, own, throw / gsd_m, piece / gsd_m)
    second = _thrown(rng, picture, own, SECOND_THROW * throw / gsd_m, SECOND_PIECE * piece / gsd_m)
    pieces = _as_lively(0.5 * (first + second), first, own)
    softened_px = SOFTENED_M / gsd_m
    if softened_px >= LEAST_SOFTENED_PX:
        pieces = ndimage.gaussian_filter(pieces, (0, softened_px, softened_px))
    # Between bare ground and the roofs that fell: broken concrete is paler than soil and greyer than tiles.
    roofs = picture[:, gone].mean(axis=1)
    level = np.float32(pale) * (bare[:, own].mean(axis=1) + _greyed(roofs, colour)) / 2.0
    off = _levelled(pieces - pieces[:, own].mean(axis=1)[:, None, None], own, LEVELLED_M / gsd_m)
    common = off.mean(axis=0)
    limit = 2.0 * max(float(common[own].std()), 1e-6)
    common = limit * np.tanh(common / limit)
    rubble = level[:, None, None] + np.float32(contrast) * (
        common + np.float32(colour) * (off - off.mean(axis=0))
    )
    heaps = _noise(rng, own.shape, heap / gsd_m / 2)
    heaps += 0.8 * ndimage.gaussian_filter(gone.astype(np.float32), 1.0 / gsd_m)
    # The share of the block that lies above the bound is the share that was drawn.
    bound = float(np.quantile(heaps[own], 1.0 - share))
    cover = np.clip((heaps - bound) / 1.5 + 0.5, 0.0, 1.0) if share < 1.0 else np.ones(own.shape, np.float32)
    # Some parts are flatter than others also where all is rubble.
    rubble = level[:, None, None] + (rubble - level[:, None, None]) * np.clip(0.75 + 0.25 * heaps, 0.4, 1.2)
    return np.where(covered, cover * rubble + (1.0 - cover) * bare, bare).astype(np.float32)


def _thrown(
    rng: np.random.Generator, picture: Picture, own: Mask, throw_px: float, piece_px: float
) -> Picture:
    """Return the window with each pixel of a block taken from a few pixels away, in pieces."""
    nearest = ndimage.distance_transform_edt(~own, return_distances=False, return_indices=True)
    filled = picture[:, nearest[0], nearest[1]]
    places = np.mgrid[: own.shape[0], : own.shape[1]].astype(np.float32)
    for axis in places:
        # Pieces of a size, and dust between them.
        axis += np.float32(throw_px) * (
            0.8 * _noise(rng, own.shape, piece_px / 2) + 0.6 * _noise(rng, own.shape, FINEST_PX)
        )
    return np.stack([ndimage.map_coordinates(band, places, order=1, mode="nearest") for band in filled])


def _as_lively(pieces: Picture, like: Picture, own: Mask) -> Picture:
    """Return pieces whose bands have, on a block, the spread that others have."""
    middle, spread = pieces[:, own].mean(axis=1), np.maximum(pieces[:, own].std(axis=1), 1e-6)
    gain = like[:, own].std(axis=1) / spread
    return (middle[:, None, None] + gain[:, None, None] * (pieces - middle[:, None, None])).astype(np.float32)


def _levelled(off: Picture, own: Mask, sigma_px: float) -> Picture:
    """Return differences from the level with all that is wide made faint: rows of houses hardly show."""
    weight = np.maximum(ndimage.gaussian_filter(own.astype(np.float32), sigma_px), 1e-3)
    wide = ndimage.gaussian_filter(np.where(own, off, 0.0), (0, sigma_px, sigma_px)) / weight
    return (off - np.float32(1.0 - KEPT_WIDE) * wide).astype(np.float32)


def _greyed(level: NDArray[np.float32], kept: float) -> NDArray[np.float32]:
    """Return (C,) a level of which only a share of the differences between bands is kept."""
    return (level.mean() + np.float32(kept) * (level - level.mean())).astype(np.float32)


def _shaded(
    canvas: Canvas, filled: Picture, box: tuple[slice, slice], covered: Mask, standing: Mask
) -> Picture:
    """Return the window with the shadows of neighbours that stay on the new ground."""
    scene = canvas.scene
    if scene.sun is None or not standing.any():
        return filled
    palette = palette_of(scene)
    networks = np.isin(
        scene.instances[box], [n for n, e in scene.objects.items() if e.object_class in hub.NETWORKS]
    )
    swept = light.swept(
        standing & ~networks,
        scene.sun.shadow_row,
        scene.sun.shadow_col,
        scene.sun.shadow_length_m / scene.grid.gsd_m,
    )
    dark = (palette.brightness[box] < palette.dark_below) | (scene.instances[box] > 0)
    soft = ndimage.gaussian_filter((swept & dark & covered).astype(np.float32), 0.8)
    contrast = np.asarray(scene.sun.contrast, np.float32)[:, None, None]
    return np.where(covered, filled * (1.0 - (1.0 - contrast) * soft), filled).astype(np.float32)


def _noise(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> NDArray[np.float32]:
    """Return (h, w) smooth noise with standard deviation 1."""
    values = ndimage.gaussian_filter(
        rng.standard_normal(shape).astype(np.float32), max(sigma_px, 0.3), mode="wrap"
    )
    return (values / max(float(values.std()), 1e-6)).astype(np.float32)
