"""Ground that changes its kind: grown from real ground of the new kind, with a border of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core import hub, light
from diachron.core.errors import RenderError
from diachron.core.growth import grown
from diachron.core.optics import optics_of
from diachron.core.scene import Scene, SceneObject
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.clearing import other_scenes
from diachron.generators.copy_paste.edits import BlockEdit, SurfaceEdit
from diachron.generators.copy_paste.fields import paint_field
from diachron.generators.copy_paste.ground import FEWEST_PLACES, SMALL_SIZES, grow_ground
from diachron.generators.copy_paste.hard_ground import grey_level, hard_ground
from diachron.generators.copy_paste.palette import palette_of
from diachron.generators.copy_paste.shadows import cast, padded, shadow_reach_px

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
Box = tuple[slice, slice]

# Ground that stands up: its edge casts a shadow beside it, and takes one away when it goes.
TALL = frozenset({hub.TREE})
# Its shadow beside that of an ordinary house: crowns of 6-10 m thin out towards their top. By eye.
CROWN_SHARE = 0.7
# Fewest pixels between old and new ground: the optics of a picture soften any edge.
LEAST_BORDER_PX = 1.5
# Paving is grown from real paving of at least this share of its size; from less, it would show its pattern.
SOURCE_SHARE = 0.5
WINDOW_PX = 28
WINDOW_SHARE = 0.6
# Modules of silicon beside lit ground, and how much bluer (reflectance 0.05-0.10 beside 0.15-0.30; recalled);
# the strip of shadow behind a row, and what it takes. By eye.
MODULE = 0.42
BLUE = 1.35
SHADE_M = 1.2
SHADE = 0.35


def paint_surface(canvas: Canvas, edit: SurfaceEdit) -> None:
    """Paint ground of another kind over the pixels of an event.

    It is grown from real ground of that kind, of the scene or else of its donors; paving that no picture
    shows is made from the level of grey ground. Shadows of what stands beside it stay on it. Where trees
    come, their edge casts a shadow; where they go, theirs leaves the ground beside them.

    Args:
        canvas: is painted on.
        edit: pixels, kind and event.

    Raises:
        RenderError: no picture shows ground of that kind.
    """
    scene = canvas.scene
    gsd = scene.grid.gsd_m
    event = edit.event
    if "rows_deg" in event.parameters and edit.footprint.pixels == event.footprint.pixels:
        paint_field(canvas, BlockEdit(event, edit.ground, ()))
        return
    rng = canvas.rng(event.id + (1 << 36))
    box, own = padded(scene, SceneObject(event.id, hub.BUILDING, edit.footprint), shadow_reach_px(scene) + 4)
    was_tall = own & np.isin(scene.surface[box], list(TALL)) & (scene.instances[box] == 0)
    picture = canvas.image[:, box[0], box[1]].astype(np.float32)
    if "panels" in event.parameters and edit.ground == hub.DEVELOPED:
        filled = _with_panels(scene, picture, box, event.parameters["panels"])  # type: ignore[arg-type]
    else:
        filled = _new_ground(canvas, rng, edit.ground, box, picture, own)
    beside = (canvas.target.instances[box] == 0) & ~scene.ignored[box] & ~own
    beside &= canvas.target.surface[box] == scene.surface[box]
    beside &= ~np.isin(scene.surface[box], list(TALL))
    length_px = 0.0 if scene.sun is None else CROWN_SHARE * scene.sun.shadow_length_m / gsd
    around, touched = picture, np.zeros_like(own)
    if edit.ground in TALL and not was_tall.any():
        around, touched = cast(scene, picture, box, own, beside, length_px)
    elif was_tall.any() and edit.ground not in TALL:
        around, touched = _relit(scene, picture, box, was_tall, beside, length_px)
        filled = _in_shadow_of_the_rest(canvas, filled, box, own, length_px)
    if edit.ground not in TALL:
        filled = _in_house_shadow(scene, filled, box, own)
    # Parts of one front or pit that lie side by side have no border between them.
    new = (canvas.target.surface[box] == edit.ground) & (scene.surface[box] != edit.ground)
    new &= canvas.target.instances[box] == 0
    alpha = _border(rng, own | new, max(LEAST_BORDER_PX, float(str(event.parameters["border_m"])) / gsd))
    painted = np.where(own, alpha * filled + (1.0 - alpha) * picture, around)
    effect = "new shadow" if edit.ground in TALL else "removed shadow"
    canvas.put(box, own | touched, painted.astype(np.float32), effect, own)


def _new_ground(
    canvas: Canvas, rng: np.random.Generator, kind: int, box: Box, picture: Picture, own: Mask
) -> Picture:
    """Return the window with ground of a kind on the pixels of an event."""
    scene, others = canvas.origin, other_scenes(canvas)
    size = SMALL_SIZES[-1]
    if kind == hub.DEVELOPED and not _is_shown(scene, kind, int(np.count_nonzero(own))):
        # Its grain is that of the sensor, not of the trees or furrows that lay there.
        noise = np.array(optics_of(scene).noise, np.float32)[:, None, None]
        grain = noise * rng.standard_normal(picture.shape).astype(np.float32)
        return hard_ground(rng, grain, grey_level(scene), scene.grid.gsd_m)
    if not any(len(palette_of(s).places(kind, size, mixed=False)) >= FEWEST_PLACES for s in (scene, *others)):
        raise RenderError(
            f"{scene.source}: no clear ground of {size} x {size} pixels to paint {hub.NAMES[kind]} with, "
            "neither in the picture nor in its donors; larger windows or more tiles would help"
        )
    nothing = np.zeros_like(own)
    return grow_ground(rng, scene, others, kind, box, picture, own, nothing, join=False)


def _with_panels(scene: Scene, picture: Picture, box: Box, panels: Mapping[str, float]) -> Picture:
    """Return the window with rows of panels over the ground that lies there.

    Modules are dark and bluish; their shadow falls on the ground behind them. Edges of rows are as wide as a
    pixel sees them.
    """
    gsd = scene.grid.gsd_m
    turn = math.radians(panels["along_deg"])
    down, right = np.mgrid[box].astype(np.float64) * gsd
    across = down * math.cos(turn) - right * math.sin(turn)
    phase = np.mod(across, panels["pitch_m"])
    half = panels["width_m"] / 2
    off = np.abs(phase - panels["pitch_m"] / 2)
    share = np.clip((half - off) / gsd + 0.5, 0.0, 1.0)
    # A pixel that is wider than a row sees its mean.
    share = ndimage.gaussian_filter(share, 0.5)
    level = palette_of(scene).lit_level
    blue = np.array([BLUE if name == "blue" else 1.0 for name in scene.bands])
    module = np.float32(MODULE * level) * blue[:, None, None]
    behind = np.abs(phase - panels["pitch_m"] / 2 + SHADE_M / 2)
    shade = np.clip((half + SHADE_M / 2 - behind) / gsd + 0.5, 0.0, 1.0)
    ground = picture * (1.0 - SHADE * shade)
    return np.asarray(share * module + (1.0 - share) * ground, np.float32)


def _is_shown(scene: Scene, kind: int, wanted_px: int) -> bool:
    """Return whether a picture has enough of a kind in one piece to lend so many pixels."""
    lent = palette_of(scene).quarry(kind, mixed=False)[1].astype(np.float32)
    side = WINDOW_PX if wanted_px > WINDOW_PX**2 else SMALL_SIZES[-1]
    windows = ndimage.uniform_filter(lent, side // 2, mode="constant") >= WINDOW_SHARE
    return 4 * int(np.count_nonzero(windows)) >= SOURCE_SHARE * wanted_px


def _border(rng: np.random.Generator, own: Mask, width_px: float) -> NDArray[np.float32]:
    """Return (h, w) how much of a pixel is new: 1 inside, less within a width of the rim that varies."""
    depth = ndimage.distance_transform_edt(np.pad(own, 1, mode="edge"))[1:-1, 1:-1]
    noise = ndimage.gaussian_filter(rng.standard_normal(own.shape), max(width_px, 1.0))
    varied = np.maximum(width_px * np.exp(0.5 * noise / max(float(noise.std()), 1e-9)), 1.0)
    alpha: NDArray[np.float32] = np.clip(depth / varied, 0.0, 1.0).astype(np.float32)
    return alpha


def _relit(
    scene: Scene, picture: Picture, box: Box, gone: Mask, beside: Mask, length_px: float
) -> tuple[Picture, Mask]:
    """Return (picture without the shadow of crowns that are gone, pixels that it touched).

    The ground in it is lit again and keeps its own pattern, as a road under a house's shadow does.
    """
    sun = scene.sun
    if sun is None or length_px < 1.0:
        return picture, np.zeros_like(gone)
    palette = palette_of(scene)
    dark = palette.brightness[box] < palette.dark_below
    stays = (scene.instances[box] > 0) | (np.isin(scene.surface[box], list(TALL)) & ~gone)
    theirs = light.swept(stays, sun.shadow_row, sun.shadow_col, length_px)
    lost = light.swept(gone, sun.shadow_row, sun.shadow_col, length_px) & dark & beside & ~theirs
    if not lost.any():
        return picture, lost
    contrast = np.asarray(sun.contrast, np.float32)[:, None, None]
    soft = np.where(beside, ndimage.gaussian_filter(lost.astype(np.float32), 0.8), 0.0)
    soft[soft < 0.08] = 0.0
    relit = picture / (1.0 - (1.0 - contrast) * soft)
    return np.minimum(relit, np.float32(scene.full_scale)).astype(np.float32), soft > 0


def _in_shadow_of_the_rest(canvas: Canvas, filled: Picture, box: Box, own: Mask, length_px: float) -> Picture:
    """Return new ground with the shadow of the crowns beside it that stay."""
    sun = canvas.scene.sun
    if sun is None or length_px < 1.0:
        return filled
    stays = np.isin(canvas.target.surface[box], list(TALL)) & (canvas.target.instances[box] == 0) & ~own
    umbra = light.swept(stays, sun.shadow_row, sun.shadow_col, length_px) & own
    soft = ndimage.gaussian_filter(umbra.astype(np.float32), 0.8)
    contrast = np.asarray(sun.contrast, np.float32)[:, None, None]
    return np.asarray(filled * (1.0 - (1.0 - contrast) * soft), np.float32)


def _in_house_shadow(scene: Scene, filled: Picture, box: Box, own: Mask) -> Picture:
    """Return new ground with the shadows of houses that lie there in the real picture."""
    sun = scene.sun
    if sun is None:
        return filled
    houses = np.isin(
        scene.instances[box], [n for n, e in scene.objects.items() if e.object_class not in hub.NETWORKS]
    ) & (scene.instances[box] > 0)
    if not houses.any():
        return filled
    swept = light.swept(houses, sun.shadow_row, sun.shadow_col, sun.shadow_length_m / scene.grid.gsd_m)
    dark = palette_of(scene).brightness[box] < palette_of(scene).dark_below
    soft = ndimage.gaussian_filter((swept & grown(dark, 1) & own).astype(np.float32), 0.8)
    contrast = np.asarray(sun.contrast, np.float32)[:, None, None]
    return np.asarray(filled * (1.0 - (1.0 - contrast) * soft), np.float32)
