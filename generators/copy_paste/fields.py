"""Fields in the pixels of a real field, with its rows turned to the long side of the parcel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub
from diachron.core.growth import closed, grown
from diachron.core.scene import Scene, SceneObject
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.clearing import other_scenes
from diachron.generators.copy_paste.edits import BlockEdit
from diachron.generators.copy_paste.palette import palette_of
from diachron.generators.copy_paste.rubble import clear_block
from diachron.generators.copy_paste.shadows import padded

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# A real field shows its rows on a square of at least this half side.
LEAST_HALF_PX = 12.0
# A parcel is at most so many times as wide as the square: more mirror images would be a pattern.
MOST_MIRRORED = 2.0
# Squares that are compared.
LOOKED_AT = 24
# Headland: width over which one field goes over into the next.
RIM_M = 1.0
# Wide differences inside a donor field are levelled to this share: laid side by side they would repeat.
KEPT_WIDE = 0.3
# Largest gain between the contrasts of two pictures.
GAIN = 1.6


def paint_field(canvas: Canvas, block: BlockEdit) -> None:
    """Paint another kind of field over a parcel.

    Its pixels come from a real field of that kind, in the scene or else in its donors, turned so that its
    rows follow the parcel's long side, and mirrored once or twice where it is too small. Where no field is
    large enough for that, its ground is grown as for any other hole.

    Args:
        canvas: is painted on.
        block: the parcel; its event names the direction of its rows, `rows_deg`.

    Raises:
        RenderError: neither the scene nor its donors have any ground to take pixels from.
    """
    scene = canvas.scene
    rng = canvas.rng(block.event.id + (1 << 35))
    side_m = math.sqrt(block.event.footprint.pixels * scene.grid.pixel_area_m2)
    least_m = side_m / 2.0 / MOST_MIRRORED
    for origin in (canvas.origin, *other_scenes(canvas)):
        middle = _roomy(rng, origin, block.ground, least_m)
        if middle is not None:
            break
    else:
        clear_block(canvas, block)
        return
    box, parcel = padded(scene, SceneObject(0, hub.BUILDING, block.event.footprint), 4)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    rows_deg = float(block.event.parameters["rows_deg"])  # type: ignore[arg-type]
    field = _laid(origin, middle, canvas.origin, rows_deg, parcel.shape)
    if scene.sun is not None:
        palette = palette_of(scene)
        near = grown(scene.instances[box] > 0, max(1, round(10 / scene.grid.gsd_m)))
        dark = (palette.brightness[box] < palette.dark_below) & near
        soft = ndimage.gaussian_filter(dark.astype(np.float32), 1.0)
        field = field * (1.0 - (1.0 - np.asarray(scene.sun.contrast, np.float32)[:, None, None]) * soft)
    depth = ndimage.distance_transform_edt(np.pad(parcel, 1, mode="edge"))[1:-1, 1:-1]
    alpha = np.clip(depth / max(2.0, RIM_M / scene.grid.gsd_m), 0.0, 1.0).astype(np.float32)
    canvas.put(box, parcel, alpha * field + (1.0 - alpha) * picture, "field", parcel)


def _roomy(
    rng: np.random.Generator, origin: Scene, ground: int, least_m: float
) -> tuple[int, int, float] | None:
    """Return row, column and half side of a square inside a calm field of a kind, None without one."""
    inside = palette_of(origin).clear & (origin.surface == ground)
    # A single bush or puddle does not end a field.
    inside = closed(inside, 2) & (origin.instances == 0)
    room = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1] / math.sqrt(2.0)
    order = np.flatnonzero(room >= max(LEAST_HALF_PX, least_m / origin.grid.gsd_m))
    if order.size == 0:
        return None
    looked_at = order[rng.permutation(order.size)[:LOOKED_AT]]
    smooth = ndimage.gaussian_filter(palette_of(origin).brightness, LEAST_HALF_PX / 4)
    found = []
    for pixel in looked_at.tolist():
        row, col = divmod(pixel, room.shape[1])
        half = float(room[row, col])
        reach = int(half)
        around = smooth[max(row - reach, 0) : row + reach + 1, max(col - reach, 0) : col + reach + 1]
        found.append((float(around.std()), row, col, half))
    # The calmest of them: a path or a heap would come along again and again.
    found.sort()
    _, row, col, half = found[int(rng.integers(max(1, len(found) // 4)))]
    return row, col, half


def _laid(
    origin: Scene, middle: tuple[int, int, float], scene: Scene, rows_deg: float, shape: tuple[int, ...]
) -> Picture:
    """Return (C, h, w) the square of a real field, side by side, with its rows in a direction."""
    row, col, half = middle
    reach = math.ceil(half * math.sqrt(2.0)) + 1
    box = (
        slice(max(row - reach, 0), row + reach + 1),
        slice(max(col - reach, 0), col + reach + 1),
    )
    piece = origin.image[:, box[0], box[1]].astype(np.float32)
    if origin is not scene:
        piece = _in_tones_of(piece, origin, scene)
    wide = ndimage.gaussian_filter(piece, (0, half / 4, half / 4), mode="nearest")
    level = piece.mean(axis=(1, 2), keepdims=True)
    piece = level + (piece - wide) + np.float32(KEPT_WIDE) * (wide - level)
    own = math.radians(_rows_deg(piece))
    turn = math.radians(rows_deg)
    # Pixels here over pixels there.
    scale = origin.grid.gsd_m / scene.grid.gsd_m
    down, right = np.mgrid[: shape[0], : shape[1]]
    along = (right * math.cos(turn) + down * math.sin(turn)) / scale
    across = (down * math.cos(turn) - right * math.sin(turn)) / scale
    u, v = (_to_and_fro(axis, half) for axis in (along, across))
    rows = row - box[0].start + u * math.sin(own) + v * math.cos(own)
    cols = col - box[1].start + u * math.cos(own) - v * math.sin(own)
    laid = [ndimage.map_coordinates(band, (rows, cols), order=1, mode="nearest") for band in piece]
    return np.stack(laid).astype(np.float32)


def _to_and_fro(values: NDArray[np.float64], half: float) -> NDArray[np.float64]:
    """Return values folded into [-half, half] as between two mirrors."""
    return np.asarray(np.abs(np.mod(values, 4.0 * half) - 2.0 * half) - half)


def _rows_deg(piece: Picture) -> float:
    """Return the direction of the rows of a field, from its structure tensor, in degrees modulo 180."""
    down, right = np.gradient(ndimage.gaussian_filter(piece.mean(axis=0), 1.0))
    steps = complex(((right + 1j * down) ** 2).sum())
    # Brightness changes across the rows.
    return (math.degrees(np.angle(steps)) / 2.0 + 90.0) % 180.0


def _in_tones_of(piece: Picture, origin: Scene, scene: Scene) -> Picture:
    """Return values of one picture brought to the mean and spread of another, band by band."""
    mean_there, spread_there = palette_of(origin).levels
    mean_here, spread_here = palette_of(scene).levels
    scale = scene.full_scale / origin.full_scale
    gain = scale * np.clip(spread_here / scale / np.maximum(spread_there, 1e-6), 1 / GAIN, GAIN)
    moved = (piece - mean_there[:, None, None]) * gain[:, None, None] + mean_here[:, None, None]
    return moved.astype(np.float32)
