"""Panoptic labels as COCO stores them: a PNG of segment ids an image, and one JSON that says what they are.

The id of a pixel is R + 256 G + 65536 B; `segments_info` gives the category of each id, and 0 is not labelled
(Kirillov et al., "Panoptic segmentation", CVPR 2019; the format: cocodataset.org). Category ids are the class
ids of the scheme.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import LabelError, SourceError
from diachron.core.labels import LabelSchema
from diachron.pipelines.sources.layout import Candidate, Segment, bare_stem


@dataclass(frozen=True)
class Annotation:
    """The segments of one image.

    Args:
        png: their ids, pixel by pixel.
        segments: what each is.
    """

    png: Path
    segments: tuple[Segment, ...]


def with_panoptic(found: Sequence[Candidate], path: Path) -> list[Candidate]:
    """Return the candidates with the panoptic labels of their stems, and without any where there are none.

    Args:
        found: images.
        path: the JSON; its PNGs lie in the folder of its own name beside it, or beside it.

    Raises:
        SourceError: it is no panoptic JSON, or none of its images is among the candidates.
    """
    annotations = read_annotations(path)
    taken = {annotation.png for annotation in annotations.values()}
    paired = []
    for candidate in found:
        if candidate.image in taken:
            continue
        annotation = annotations.get(bare_stem(candidate.image)) or annotations.get(candidate.image.stem)
        labels = () if annotation is None else (annotation.png,)
        segments = None if annotation is None else annotation.segments
        paired.append(replace(candidate, labels=labels, segments=segments))
    if not any(candidate.labels for candidate in paired):
        raise SourceError(
            f"--panoptic {path}: none of its {len(annotations)} images is one of {len(paired)} here; the "
            "stems of file names must be equal",
            "no_label",
        )
    return paired


def read_annotations(path: Path) -> dict[str, Annotation]:
    """Return stem of an image -> its segments.

    Raises:
        SourceError: it is missing, not JSON, or not of the panoptic kind.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"--panoptic {path}: cannot be read ({error})", "no_label") from error
    folder = path.with_suffix("") if path.with_suffix("").is_dir() else path.parent
    try:
        images = {entry["id"]: str(entry["file_name"]) for entry in data.get("images", [])}
        return {
            Path(images.get(entry.get("image_id"), entry["file_name"])).stem: Annotation(
                folder / str(entry["file_name"]), tuple(_segment(info) for info in entry["segments_info"])
            )
            for entry in data["annotations"]
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(
            f"--panoptic {path}: not of COCO's panoptic kind ({type(error).__name__}: {error}); it has "
            "`annotations`, each with `file_name` and `segments_info` of `id` and `category_id`",
            "no_label",
        ) from error


def _segment(info: dict[str, Any]) -> Segment:
    return Segment(int(info["id"]), int(info["category_id"]), bool(info.get("iscrowd", 0)))


def classes_and_ids(
    rgb: NDArray[np.uint8], segments: Sequence[Segment], schema: LabelSchema, *, where: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the label map and the ids of segments, (H, W) each.

    What is not labelled becomes ignore, or ground of unknown kind in a scheme without; a crowd has the id 0,
    for nobody has told its members apart.

    Args:
        rgb: (3, H, W) as the PNG holds them.
        segments: of the whole image.
        schema: whose class ids the categories are.
        where: file or window, for the error text.

    Raises:
        LabelError: an id that no segment has, a category outside the scheme, or pixels without label in a
            scheme that has no class for them.
    """
    ids = rgb[0].astype(np.int64) + 256 * rgb[1].astype(np.int64) + 65536 * rgb[2].astype(np.int64)
    present, place = np.unique(ids, return_inverse=True)
    by_id = {segment.id: segment for segment in segments}
    values = np.zeros(present.size, np.int64)
    own = present.copy()
    for at, number in enumerate(present.tolist()):
        segment = by_id.get(number)
        if segment is not None:
            values[at] = segment.category
            own[at] = 0 if segment.crowd else number
        elif number == 0:
            values[at] = _unlabelled(schema, where)
        else:
            row, col = (int(i) for i in np.argwhere(ids == number)[0])
            raise LabelError(
                f"{where}: segment {number} at row {row}, column {col} is not in the JSON's segments_info"
            )
    place = place.reshape(ids.shape)
    return schema.canonical(values[place], where=where), own[place]


def _unlabelled(schema: LabelSchema, where: str) -> int:
    if schema.ignore is not None:
        return schema.ignore
    unknown = next((entry.id for entry in schema.classes if entry.hub is None), None)
    if unknown is None:
        raise LabelError(
            f"{where}: pixels without a segment, and scheme '{schema.name}' has no class that ignores; give "
            "one with --schema FILE"
        )
    return unknown
