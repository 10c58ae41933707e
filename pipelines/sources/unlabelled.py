"""Pictures without labels: their label maps are made from the pixels when they are read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import RecipeError
from diachron.core.labels import LabelSchema
from diachron.core.schemes import SCHEMES
from diachron.pipelines.sources.tiles import SourceOptions
from diachron.simulators.segments import find_things

SEGMENTS = SCHEMES["segments"]
_IDS = {entry.name: entry.id for entry in SEGMENTS.classes}


def is_unlabelled(schema: LabelSchema | None) -> bool:
    """Return whether label maps in this scheme are made from the pictures, so that none is looked for."""
    return schema == SEGMENTS


def check_objects(options: SourceOptions, schema: LabelSchema | None) -> None:
    """Refuse a network for labels that are not made from the pictures.

    Raises:
        RecipeError: the scheme is another one.
    """
    if options.objects is not None and not is_unlabelled(schema):
        raise RecipeError(
            f"--objects {options.objects}: it finds the things of pictures without labels; add "
            "--schema segments, or leave it out"
        )


def check_unlabelled(options: SourceOptions) -> None:
    """Refuse options that say what stands there, beside the scheme that guesses it.

    Raises:
        RecipeError: label maps, polygons, or several real dates are asked for too.
    """
    for name in ("labels", "footprints", "instances", "panoptic"):
        given = getattr(options, name)
        if given is not None:
            raise RecipeError(
                f"--{name} {given}: scheme 'segments' makes its labels from the pictures and reads none; "
                "leave one of the two out"
            )
    if options.dates is not None:
        raise RecipeError(
            "scheme 'segments' takes pictures that stand alone: several real dates of a place need a label "
            "map of one of them; make it with `diachron segment`, or use recipe pretrain-unlabelled"
        )


def labels_of_picture(
    image: NDArray[np.generic],
    void: NDArray[np.bool_],
    bands: tuple[str, ...],
    full_scale: float,
    gsd_m: float,
    things: NDArray[np.int32] | None = None,
) -> NDArray[np.uint8]:
    """Return the (H, W) uint8 label map of a picture in scheme `segments`.

    Args:
        image: (C, H, W) in the file's data type and scale.
        void: (H, W) pixels without data; they become ignore.
        bands: C names.
        full_scale: the value of white.
        gsd_m: ground sampling distance.
        things: (H, W) ids where somebody has found them, 0 off things; None to find them.
    """
    if things is None:
        found = find_things(image.astype(np.float32) / np.float32(full_scale), bands, gsd_m, void)
    else:
        found = things > 0
    labels = np.where(found, _IDS["thing"], _IDS["ground"])
    return np.where(void, _IDS["ignore"], labels).astype(np.uint8)
