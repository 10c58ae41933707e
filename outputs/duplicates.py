"""Duplicates: samples of one window with nearly the same change, found from what is on disk.

Samples are the same where a chain of near ones leads from one to the other, so that each belongs to one
group, whatever the order. The map of the first against the last date decides: a pair is made of these two.
Where the other date was painted the map is the same, and the samples count as the same: a detector that
knows no order of time sees one example.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from diachron.core.errors import PackageError
from diachron.outputs import layout
from diachron.outputs.readers import Dataset

FILTER = "duplicates"
# (first row, first column, row beyond, column beyond)
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class _Brief:
    """What of a sample is held to compare it.

    Args:
        sample: its number.
        changed_px: of its change map.
        box: around all that changed; None where nothing did.
        looks: acquisition of each date by its name, and which pictures they are where both are real.
        untouched: whether no pixel was edited.
    """

    sample: int
    changed_px: int
    box: Box | None
    looks: Mapping[str, Any]
    untouched: bool


def duplicate_counts(dataset: Dataset) -> dict[int, int] | None:
    """Return sample -> how many samples it stands for one of, itself included; 1 where it is alone.

    Only maps whose changed areas and boxes allow enough overlap are read. Memory holds the maps of one window
    at a time, a bit a pixel.

    Returns:
        None where the recipe in `dataset.json` does not ask.

    Raises:
        PackageError: a record or a change map cannot be read.
    """
    parameters = _parameters(dataset)
    if parameters is None:
        return None
    windows: dict[tuple[Any, ...], list[_Brief]] = defaultdict(list)
    for record in dataset.records():
        grid = record["grid"]
        key = (record["place"], record["source"], *grid["transform"], *grid["shape"])
        windows[key].append(_brief(record))
    group = {brief.sample: brief.sample for briefs in windows.values() for brief in briefs}
    for briefs in windows.values():
        for one, other in _same(dataset, briefs, group, parameters["iou"], parameters["acquisition"]):
            first, second = sorted((_head(group, one), _head(group, other)))
            group[second] = first
    heads = {sample: _head(group, sample) for sample in sorted(group)}
    sizes = Counter(heads.values())
    return {sample: sizes[head] for sample, head in heads.items()}


def read_duplicates(dataset: Dataset) -> dict[int, int]:
    """Return the counts that stand in the index; 1 for every sample where the recipe does not ask.

    Raises:
        PackageError: the recipe asks and the tables are not joined, or are of other samples.
    """
    if _parameters(dataset) is None:
        return dict.fromkeys(dataset.ids, 1)
    path = dataset.root / layout.INDEX
    remedy = "let the run finish, or make it again with `diachron validate OUT --finish`"
    try:
        columns = pq.read_table(path, columns=["sample", FILTER]).to_pydict()
        found = dict(zip(columns["sample"], columns[FILTER], strict=True))
    except (OSError, KeyError, pa.ArrowException) as error:
        raise PackageError(f"{path}: no weights of duplicates ({error}); {remedy}") from None
    if list(found) != dataset.ids:
        raise PackageError(f"{path}: lists {len(found)} samples and not the {len(dataset)} there; {remedy}")
    return found


def _parameters(dataset: Dataset) -> Mapping[str, float] | None:
    """Return the filter's parameters, None where the recipe has no such filter."""
    filters = dataset.info["recipe"].get("filters") or {}
    found: Mapping[str, float] | None = filters.get(FILTER)
    return found


def _head(group: Mapping[int, int], sample: int) -> int:
    """Return the lowest number of a sample's group."""
    while group[sample] != sample:
        sample = group[sample]
    return sample


def _same(
    dataset: Dataset, briefs: list[_Brief], group: Mapping[int, int], iou: float, tolerance: float
) -> Iterator[tuple[int, int]]:
    """Yield pairs of samples of one window that are the same and not yet in one group."""
    still = [brief for brief in briefs if brief.changed_px == 0 and brief.untouched]
    for one, other in combinations(still, 2):
        if _head(group, one.sample) != _head(group, other.sample) and near(one.looks, other.looks, tolerance):
            yield one.sample, other.sample
    maps: dict[int, NDArray[np.uint8]] = {}
    changed = sorted((b for b in briefs if b.changed_px > 0), key=lambda b: (b.changed_px, b.sample))
    for number, one in enumerate(changed):
        for other in changed[number + 1 :]:
            if one.changed_px < iou * other.changed_px:
                break  # all that follow are larger still
            if _head(group, one.sample) == _head(group, other.sample):
                continue
            if _shared_px(one.box, other.box) < iou * other.changed_px:
                continue
            for brief in (one, other):
                if brief.sample not in maps:
                    maps[brief.sample] = np.packbits(dataset.layer(brief.sample, "change") == 1)
            both = int(np.unpackbits(maps[one.sample] & maps[other.sample]).sum())
            if both >= iou * (one.changed_px + other.changed_px - both):
                yield one.sample, other.sample


def _brief(record: Mapping[str, Any]) -> _Brief:
    names = [date["name"] for date in record["dates"]]
    drawn = record["acquisition"] or [None] * len(names)
    real = record["provenance"].get("real_dates")
    pictures = None if real is None else [date["picture"] for date in real["dates"]]
    return _Brief(
        sample=record["sample"],
        changed_px=record["counts"]["changed_px"],
        box=_box(record["events"]),
        looks={**dict(zip(names, drawn, strict=True)), "pictures": pictures},
        untouched=record["counts"]["edit_px"] == 0,
    )


def _box(events: list[dict[str, Any]]) -> Box | None:
    """Return the box around the footprints that can be seen; every changed pixel lies in one of them."""
    boxes = []
    for event in events:
        if event["visible_px"]:
            footprint = event["footprint"]
            row, col = footprint["row"], footprint["col"]
            boxes.append((row, col, row + footprint["shape"][0], col + footprint["shape"][1]))
    if not boxes:
        return None
    found = np.array(boxes)
    top, left = found[:, :2].min(axis=0)
    below, right = found[:, 2:].max(axis=0)
    return int(top), int(left), int(below), int(right)


def _shared_px(one: Box | None, other: Box | None) -> int:
    """Return the pixels that two boxes share: no two maps in them share more."""
    if one is None or other is None:
        return 0
    height = min(one[2], other[2]) - max(one[0], other[0])
    width = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, height) * max(0, width)


def near(one: Any, other: Any, tolerance: float) -> bool:
    """Return whether two JSON values have the same form and their numbers differ by little.

    Args:
        one, other: as they stand in a record.
        tolerance: as a share of the larger number, or of 1 where both are smaller. Values under the key
            `seed` do not count: noise of the same strength is the same to a detector.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            key == "seed" or near(one[key], other[key], tolerance) for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(near, one, other, [tolerance] * len(one)))
    if _is_number(one) and _is_number(other):
        return bool(abs(one - other) <= tolerance * max(1.0, abs(one), abs(other)))
    return bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
