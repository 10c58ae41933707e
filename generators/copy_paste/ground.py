"""Ground grown over a hole: from the scene's own ground, else from like ground, else from another scene."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.errors import RenderError
from diachron.core.scene import Scene
from diachron.generators.copy_paste.palette import SUBSTITUTES, palette_of
from diachron.generators.copy_paste.quilting import Patchwork, Quarry

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]
# Quarry, places, size and uses, as `Patchwork.lay` takes them.
Supply = tuple[Quarry, NDArray[np.int64], int, dict[tuple[int, int], int]]

# Sides of pieces in pixels. Small ones show their pattern, so they come last, whatever their ground.
PIECE_SIZES = (96, 64, 44, 28)
SMALL_SIZES = (16, 8)
# Width in metres over which new ground passes into old, from and to, by the kind of ground: lawns fray out,
# paving ends at a joint. By eye.
RIM_M = {
    hub.BARE: (0.3, 1.2),
    hub.GRASS: (0.3, 1.2),
    hub.SHRUB: (0.4, 1.5),
    hub.TREE: (0.4, 1.5),
    hub.CROP: (0.3, 1.0),
    hub.DEVELOPED: (0.1, 0.5),
}
PAVED_RIM_M = (0.1, 0.5)
# No rim is wider than this: a wide one is a blur of its own.
MOST_RIM_PX = 3.0
# Beside a hole, a piece should show this much of what lies around it.
OVERLAP_PX = 10
# With fewer windows to choose from, the filling would be a pattern.
FEWEST_PLACES = 12


def grow_ground(
    rng: np.random.Generator,
    scene: Scene,
    others: tuple[Scene, ...],
    surface: int,
    window: tuple[slice, slice],
    picture: Picture,
    hole: Mask,
    known: Mask,
    *,
    join: bool,
    reach: Mask | None = None,
) -> Picture:
    """Return the window with its hole filled with ground of one kind.

    Args:
        rng: stream of this edit.
        scene: the scene that is painted; its own ground comes first.
        others: donor scenes, used where the scene has none.
        surface: hub id of the wanted ground.
        window: of the picture in the scene.
        picture: (C, h, w) float32 values as they are now, in the source's scale.
        hole: (h, w) pixels to fill.
        known: (h, w) pixels of the same ground that the filling should agree with.
        join: whether the filling goes on from the known pixels: it takes on their light, and where kinds
            of ground are only estimated it may hold some of others. Not for a new kind of ground.
        reach: (h, w) pixels around the hole that may be written as well: through those of them that are
            known runs the border, where both grounds agree, and in all of them it may fade out. None by
            default.

    Raises:
        RenderError: neither the scene nor the donors have a clear piece of any fitting ground.
    """
    # Features come at half the resolution: the window is widened to even pixels of its scene.
    even = [(s.start % 2, (s.stop % 2)) for s in window]
    odd = any(side for sides in even for side in sides)

    def padded(mask: Mask) -> Mask:
        return np.pad(mask, even) if odd else mask.copy()

    palette = palette_of(scene)
    low = tuple(slice(s.start // 2, (s.stop + 1) // 2) for s in window)
    settled = known if join else np.zeros_like(known)
    work = Patchwork(
        picture=np.pad(picture, ((0, 0), *even), mode="edge") if odd else picture.copy(),
        features=palette.features[:, low[0], low[1]].copy(),
        need=padded(hole),
        settled=padded(settled),
        reach=padded(np.zeros_like(hole) if reach is None else reach & ~hole),
        touched=np.zeros_like(padded(hole)),
        spread=np.maximum(palette.levels[1], 1e-6).astype(np.float32),
        rim_px=min(float(rng.uniform(*RIM_M.get(surface, PAVED_RIM_M))) / scene.grid.gsd_m, MOST_RIM_PX),
    )
    rows, cols = np.nonzero(hole)
    if rows.size:
        extent = int(max(np.ptp(rows), np.ptp(cols))) + 1 + 2 * OVERLAP_PX
        middle = tuple((s.start + s.stop) / 2 for s in window)
        _fill(rng, work, scene, others, surface, extent, (middle[0], middle[1]), mixed=join)
    top, left = even[0][0], even[1][0]
    inside = (slice(top, top + hole.shape[0]), slice(left, left + hole.shape[1]))
    return np.where(work.touched[inside], work.picture[:, inside[0], inside[1]], picture)


def _fill(
    rng: np.random.Generator,
    work: Patchwork,
    scene: Scene,
    others: tuple[Scene, ...],
    surface: int,
    extent: int,
    middle: tuple[float, float],
    *,
    mixed: bool,
) -> None:
    """Lay pieces until nothing is needed; the size that served last is tried first."""
    largest = next((size for size in reversed(PIECE_SIZES) if size >= extent), PIECE_SIZES[0])
    supply = _supply(surface, scene, others, largest, middle, mixed=mixed)
    order: list[Supply] = []
    at = 0
    while work.need.any():
        number = max(at - 1, 0)
        while True:
            if number == len(order):
                following = next(supply, None)
                if following is None:
                    raise RenderError(
                        f"{scene.source}: no clear ground of {SMALL_SIZES[-1]} x {SMALL_SIZES[-1]} pixels to "
                        "fill a hole with, neither in the picture nor in its donors; larger windows or more "
                        "tiles would help"
                    )
                order.append(following)
            if work.lay(rng, *order[number]):
                at = number
                break
            number += 1


def _supply(
    surface: int,
    scene: Scene,
    others: tuple[Scene, ...],
    largest: int,
    middle: tuple[float, float],
    *,
    mixed: bool,
) -> Iterator[Supply]:
    """Yield where pieces may come from, in the order of trial; nothing is derived in advance."""
    for kind, origin, size, uses in _search_order(surface, scene, others):
        if size > largest:
            continue
        found = palette_of(origin).places(kind, size, mixed=mixed)
        if len(found) >= FEWEST_PLACES:
            yield _quarry(origin, scene, kind, middle, mixed=mixed), found, size, uses


def _search_order(
    surface: int, scene: Scene, others: tuple[Scene, ...]
) -> Iterator[tuple[int, Scene, int, dict[tuple[int, int], int]]]:
    """Yield (ground, scene, size, uses): the right ground here, then like ground here, then elsewhere."""
    substitutes = SUBSTITUTES.get(surface, ())
    uses: dict[str, dict[tuple[int, int], int]] = {}
    for sizes in (PIECE_SIZES, SMALL_SIZES):
        for origins, kinds in (
            ((scene,), (surface,)),
            ((scene,), substitutes[:1]),
            (others, (surface,)),
            ((scene,), substitutes[1:]),
            (others, substitutes),
        ):
            for kind in kinds:
                for origin in origins:
                    for size in sizes:
                        yield kind, origin, size, uses.setdefault(origin.source, {})


def _quarry(origin: Scene, scene: Scene, kind: int, middle: tuple[float, float], *, mixed: bool) -> Quarry:
    """Return a scene's ground of one kind, with what brings it to the levels of the painted scene."""
    palette = palette_of(origin)
    good, of_kind = palette.quarry(kind, mixed=mixed)
    bands = origin.image.shape[0]
    gain, offset = np.ones(bands, np.float32), np.zeros(bands, np.float32)
    if origin is not scene:
        mean_there, spread_there = palette.levels
        mean_here, spread_here = palette_of(scene).levels
        gain = np.clip(spread_here / np.maximum(spread_there, 1e-6), 0.6, 1.6).astype(np.float32)
        offset = (mean_here - gain * mean_there).astype(np.float32)
    return Quarry(
        origin.image, palette.features, good, of_kind, gain, offset, middle if origin is scene else None
    )
