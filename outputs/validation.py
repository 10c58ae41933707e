"""Checking a data set from what is on disk alone: the promises that can be recomputed are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rasterio.crs import CRS

from diachron.core.change import CHANGE_IGNORE, changed, owners, visible_pixels
from diachron.core.errors import DiachronError
from diachron.core.events import EventLog
from diachron.core.sample import crc32_of
from diachron.outputs import layout, tables
from diachron.outputs.rasters import decode
from diachron.outputs.readers import Dataset

_REMEDY = "make it again with diachron validate OUT --finish"


@dataclass
class Validation:
    """What a check found.

    Args:
        samples, events: how many were checked.
        problems: one line each: where, what.
    """

    samples: int = 0
    events: int = 0
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"samples": self.samples, "events": self.events, "problems": self.problems}


def validate(dataset: Dataset, *, progress: Callable[[int, int], None] | None = None) -> Validation:
    """Return what is wrong with a data set.

    Per sample: every layer is there, on one grid, in the declared type; label values belong to the scheme;
    change equals what the label and instance maps give; each changed pixel is edited and belongs to the
    last event that covers it; areas are footprints times pixel area; objects outside the change keep their
    ids; where no acquisition was applied, dates are equal outside the edit mask, bit for bit, or, if they are
    two real ones, each has the CRC-32 there that its own input had. Over all:
    nothing unfinished stands among the samples, and the tables agree with the records.

    Args:
        dataset: to check.
        progress: called with (checked, all).
    """
    result = Validation()
    ids = dataset.ids
    for number, index in enumerate(ids, start=1):
        problems: list[str] = []
        try:
            record = dataset.record(index)
            if record["sample"] != index:
                problems.append(f"{layout.RECORD} is of sample {record['sample']}")
            result.events += len(record["events"])
            _check_sample(dataset, index, record, problems)
        except (DiachronError, KeyError, ValueError, IndexError, TypeError) as error:
            problems.append(f"cannot be checked ({type(error).__name__}: {error})")
        result.problems += [f"{layout.sample_folder(index)}: {problem}" for problem in problems]
        result.samples += 1
        if progress is not None:
            progress(number, len(ids))
    _check_folders(dataset, result.problems)
    _check_tables(dataset, result.problems)
    return result


def _check_sample(dataset: Dataset, index: int, record: dict[str, Any], problems: list[str]) -> None:
    names = [date["name"] for date in record["dates"]]
    layers: dict[str, NDArray[Any]] = {}
    expected = ["change", "edit"]
    for name in names:
        expected += [name, f"label_{name}", f"surface_{name}", f"instance_{name}"]
    expected += [f"{kind}_{name}" for name in _step_names(names) for kind in ("change", "edit")]
    keeps_displacement = dataset.info["recipe"].get("keep_displacement") and record["acquisition"] is not None
    moves = [f"displacement_{name}" for name in names] if keeps_displacement else []
    expected += moves
    for name in expected:
        path = dataset.folder(index) / f"{name}.tif"
        if not path.is_file():
            problems.append(f"{name}.tif is missing")
            continue
        try:
            layers[name], profile = decode(str(path))
        except Exception as error:  # GDAL raises several trees of errors; each means that the file is broken
            problems.append(f"{name}.tif cannot be read ({error})")
            continue
        _check_grid(name, profile, record["grid"], problems)
    if problems:
        return
    for name in moves:
        if layers[name].shape[0] != 2 or layers[name].ndim != 3 or not np.isfinite(layers[name]).all():
            problems.append(f"{name}.tif is not two bands of finite numbers")
    _check_images(dataset, names, layers, problems)
    _check_labels(dataset, names, layers, problems)
    if not problems:
        _check_change(dataset, record, names, layers, problems)


def _step_names(names: list[str]) -> list[str]:
    """Return the dates of a series that have their own change against the date before."""
    return names[1:] if len(names) > 2 else []


def _check_grid(name: str, profile: dict[str, Any], grid: dict[str, Any], problems: list[str]) -> None:
    if [profile["height"], profile["width"]] != grid["shape"]:
        problems.append(
            f"{name}.tif is {profile['height']} x {profile['width']}, the record says {grid['shape']}"
        )
    has_crs = profile["crs"] is not None
    if has_crs != (grid["crs"] is not None):
        problems.append(f"{name}.tif and the record disagree on having a CRS")
    elif has_crs and profile["crs"] != CRS.from_user_input(grid["crs"]):
        problems.append(f"{name}.tif is in another CRS than the record says")
    elif has_crs and not np.allclose(tuple(profile["transform"])[:6], grid["transform"], rtol=0, atol=1e-6):
        problems.append(f"{name}.tif lies elsewhere than the record says")


def _check_images(
    dataset: Dataset, names: list[str], layers: dict[str, NDArray[Any]], problems: list[str]
) -> None:
    for name in names:
        image = layers[name] if layers[name].ndim == 3 else layers[name][np.newaxis]
        if image.shape[0] != len(dataset.bands) or str(image.dtype) != dataset.info["dtype"]:
            problems.append(
                f"{name}.tif has {image.shape[0]} bands of {image.dtype}, dataset.json says "
                f"{len(dataset.bands)} of {dataset.info['dtype']}"
            )


def _check_labels(
    dataset: Dataset, names: list[str], layers: dict[str, NDArray[Any]], problems: list[str]
) -> None:
    known = sorted(dataset.schema.names)
    for name in names:
        for kind, dtype in (("label", "uint8"), ("surface", "uint8"), ("instance", "int32")):
            layer = layers[f"{kind}_{name}"]
            if str(layer.dtype) != dtype or layer.ndim != 2:
                problems.append(f"{kind}_{name}.tif is not one band of {dtype}")
        strange = sorted(set(np.unique(layers[f"label_{name}"]).tolist()) - set(known))
        if strange:
            problems.append(
                f"label_{name}.tif holds {strange[0]}, which scheme '{dataset.schema.name}' does not know"
            )


def _check_change(
    dataset: Dataset,
    record: dict[str, Any],
    names: list[str],
    layers: dict[str, NDArray[Any]],
    problems: list[str],
) -> None:
    first, last = names[0], names[-1]
    change, edit = layers["change"], layers["edit"].astype(bool)
    ignored = (layers[f"surface_{first}"] == 0) & (layers[f"instance_{first}"] == 0)
    pairs = [("", first, last)]
    pairs += [(f"_{name}", before, name) for before, name in zip(names, _step_names(names), strict=False)]
    for ending, before, after in pairs:
        differs = changed(
            dataset.schema,
            layers[f"label_{before}"],
            layers[f"instance_{before}"],
            layers[f"label_{after}"],
            layers[f"instance_{after}"],
        )
        here = layers[f"change{ending}"]
        wrong = np.count_nonzero(np.where(ignored, CHANGE_IGNORE, differs & ~ignored) != here)
        if wrong:
            problems.append(f"change{ending}.tif: {wrong} pixels differ from what labels and instances give")
        if ((here == 1) & (layers[f"edit{ending}"] == 0)).any():
            problems.append(f"pixels changed outside edit{ending}.tif")
    is_changed = change == 1
    if (layers[f"instance_{first}"] != layers[f"instance_{last}"])[~edit].any():
        problems.append("objects outside edit.tif changed their ids")
    if record["acquisition"] is None:
        _check_bytes(record, names, layers, ~edit, problems)
    _check_events(record, is_changed, problems)
    counts = {
        "pixels": int(change.size),
        "changed_px": int(np.count_nonzero(is_changed)),
        "ignored_px": int(np.count_nonzero(change == CHANGE_IGNORE)),
        "edit_px": int(np.count_nonzero(edit)),
    }
    for key, value in counts.items():
        if record["counts"][key] != value:
            problems.append(f"counts.{key} is {record['counts'][key]}, the maps give {value}")


def _check_bytes(
    record: dict[str, Any],
    names: list[str],
    layers: dict[str, NDArray[Any]],
    unedited: NDArray[np.bool_],
    problems: list[str],
) -> None:
    """Compare the dates outside the edit mask: with each other, or with what was noted of real dates."""
    first = names[0]
    real = record["provenance"].get("real_dates")
    if real is None:
        for name in names[1:]:
            if not np.array_equal(layers[first][..., unedited], layers[name][..., unedited]):
                problems.append(f"{first} and {name} differ outside edit.tif")
        return
    for name, date in zip(names, real["dates"], strict=True):
        image = layers[name] if layers[name].ndim == 3 else layers[name][np.newaxis]
        kept = unedited if date["painted_into"] else np.ones_like(unedited)
        if crc32_of(image, kept) != date["crc32"]:
            where = " outside edit.tif" if date["painted_into"] else ""
            problems.append(f"{name}.tif differs from '{date['picture']}' as it was read{where}")


def _check_events(record: dict[str, Any], is_changed: NDArray[np.bool_], problems: list[str]) -> None:
    log = EventLog.from_json(record["events"])
    times = [date["time_years"] for date in record["dates"]]
    rows, cols = is_changed.shape
    pixel_m2 = record["grid"]["gsd_m"] ** 2
    for event in log:
        height, width = event.footprint.mask.shape
        inside = 0 <= event.footprint.row <= rows - height and 0 <= event.footprint.col <= cols - width
        if not inside:
            problems.append(f"event {event.id} lies outside the picture")
            return
        if not np.isclose(event.area_m2, event.footprint.pixels * pixel_m2, rtol=1e-9):
            problems.append(
                f"event {event.id} says {event.area_m2} m2, its footprint has {event.footprint.pixels} px"
            )
    visible = visible_pixels(owners(is_changed.shape, log.between(times[0], times[-1])), is_changed)
    if visible.pop(0, 0):
        problems.append("changed pixels belong to no event")
    for entry in record["events"]:
        seen = visible.get(entry["id"], 0)
        if entry["visible_px"] != seen:
            problems.append(
                f"event {entry['id']} says {entry['visible_px']} visible pixels, the maps give {seen}"
            )
        elif not np.isclose(entry["visible_m2"], seen * pixel_m2, rtol=0, atol=1e-6):
            problems.append(f"event {entry['id']} says {entry['visible_m2']} visible m2 in {seen} px")


def _check_folders(dataset: Dataset, problems: list[str]) -> None:
    finished = {layout.sample_folder(index) for index in dataset.ids}
    for folder in sorted((dataset.root / layout.SAMPLES).glob("*/*")):
        name = folder.relative_to(dataset.root).as_posix()
        if name not in finished:
            problems.append(f"{name}: is not a finished sample (no {layout.RECORD}, or not a sample's name)")
    beyond = [index for index in dataset.ids if index >= dataset.info["n"]]
    if beyond:
        problems.append(f"{layout.sample_folder(beyond[0])}: the plan has {dataset.info['n']} samples")


def _check_tables(dataset: Dataset, problems: list[str]) -> None:
    missing = [name for name in (layout.INDEX, layout.EVENTS) if not (dataset.root / name).is_file()]
    if missing:
        problems.append(f"{missing[0]} is missing: not finished, or shards not joined; {_REMEDY}")
        return
    try:
        expected = tables.joined_bytes(dataset)
    except (DiachronError, KeyError, ValueError, IndexError, TypeError):
        return  # a broken record is reported where it stands
    for name, content in zip((layout.INDEX, layout.EVENTS), expected, strict=True):
        try:
            same = pq.read_table(dataset.root / name).equals(pq.read_table(pa.BufferReader(content)))
        except Exception as error:  # pyarrow's errors share no root below Exception
            problems.append(f"{name} cannot be read ({error}); {_REMEDY}")
            continue
        if not same:
            problems.append(f"{name} differs from what the {len(dataset)} records give; {_REMEDY}")
