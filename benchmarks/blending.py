"""What our edits are compared with: the same events painted with hard cuts, or with Poisson blending.

Both take the same roofs at the same places as our renderer, and fill a hole with ground from beside it.
Neither casts a shadow nor removes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import linalg

from diachron.core.motion import Motion
from diachron.core.sample import RenderRequest

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

# A mask for gradient-domain blending is drawn loosely: its border runs over ground, not over the roof.
LOOSE_PX = 3
SHIFTS = 200


def blended(request: RenderRequest, rng: np.random.Generator, *, poisson: bool) -> tuple[Picture, Mask]:
    """Return the (C, H, W) float32 picture of the target, in the source's scale, and what was touched.

    Args:
        request: as a renderer takes it.
        rng: chooses the ground that fills a hole.
        poisson: blend in the gradient domain; otherwise set in hard.
    """
    scene, target = request.scene, request.target
    picture = scene.image.astype(np.float32)
    edit = np.zeros(scene.grid.shape, bool)
    standing = (scene.instances > 0) | (target.instances > 0)
    births = {event.object_id: event for event in request.log if event.new_object is not None}
    for number in sorted(scene.objects.keys() ^ target.objects.keys()):
        gone = number in scene.objects
        mask = (scene.instances if gone else target.instances) == number
        if not mask.any():
            continue
        others = (standing & ~mask) | scene.ignored
        wide = ndimage.binary_dilation(mask, iterations=LOOSE_PX) & ~others if poisson else mask
        source = (
            shifted_ground(picture, wide, standing | scene.ignored, rng)
            if gone
            else donor_pixels(request, births[number].parameters)
        )
        set_in = membrane(picture, source, wide) if poisson else source
        picture[:, wide] = set_in[:, wide]
        edit |= wide
    return np.clip(picture, 0.0, scene.full_scale), edit


def donor_pixels(request: RenderRequest, parameters: Mapping[str, Any]) -> Picture:
    """Return (C, H, W) float32: the donor's whole scene, moved so that the donor lies on its new place."""
    donor = request.donors[str(parameters["donor_scene"])]
    motion = Motion.from_json(parameters["motion"])
    bands = [
        ndimage.affine_transform(
            band.astype(np.float32),
            motion.matrix(),
            motion.offset(0, 0),
            output_shape=request.scene.grid.shape,
            order=1,
            mode="mirror",
        )
        for band in donor.image
    ]
    return np.stack(bands)


def shifted_ground(picture: Picture, hole: Mask, taken: Mask, rng: np.random.Generator) -> Picture:
    """Return the picture shifted so that open ground comes to lie on a hole: the clearest of many shifts."""
    rows, cols = np.nonzero(hole)
    best, found = 2.0, np.zeros(2, int)
    reach = 2 * max(np.ptp(rows), np.ptp(cols)) + 20
    for down, right in rng.integers(-reach, reach + 1, (SHIFTS, 2)):
        inside = (rows + down >= 0) & (rows + down < hole.shape[0])
        inside &= (cols + right >= 0) & (cols + right < hole.shape[1])
        if not inside.all():
            continue
        share = float(taken[rows + down, cols + right].mean())
        if share < best:
            best, found = share, np.array([down, right])
        if best == 0.0:
            break
    if best > 1.0:
        # No shift fits: the hole is nearly as large as the picture.
        return np.broadcast_to(picture.mean(axis=(1, 2), keepdims=True), picture.shape).astype(np.float32)
    return np.roll(picture, (-found[0], -found[1]), axis=(1, 2))


def membrane(picture: Picture, source: Picture, mask: Mask) -> Picture:
    """Return the source's gradients inside a mask with the picture's values around it.

    Solves the Poisson equation with Dirichlet borders. Source: Perez, Gangnet, Blake 2003, equations 7 and 11
    (importing gradients; `seamlessClone` of OpenCV).
    """
    result = picture.copy()
    inside = mask.copy()
    inside[[0, -1]] = inside[:, [0, -1]] = False  # the frame has no neighbours to agree with
    number = np.full(mask.shape, -1)
    number[inside] = np.arange(np.count_nonzero(inside))
    rows, cols = np.nonzero(inside)
    if rows.size == 0:
        return result
    own = number[rows, cols]
    right_side = np.zeros((own.size, picture.shape[0]))
    entries = [(own, own, np.full(own.size, 4.0))]
    for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        r, c = rows + down, cols + across
        right_side += (source[:, rows, cols] - source[:, r, c]).T
        beside = number[r, c]
        known = beside < 0
        right_side[known] += picture[:, r[known], c[known]].T
        entries.append((own[~known], beside[~known], np.full(int((~known).sum()), -1.0)))
    row, col, value = (np.concatenate(part) for part in zip(*entries, strict=True))
    system = sparse.csc_matrix((value, (row, col)), shape=(own.size, own.size))
    result[:, rows, cols] = linalg.splu(system).solve(right_side).T
    return result
