"""The index, the event table and the list of refusals, in parts a shard and joined."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from rasterio.warp import transform_bounds

from diachron.outputs import layout
from diachron.outputs.duplicates import duplicate_counts
from diachron.outputs.readers import Dataset
from diachron.outputs.storage import LocalStorage

# GeoParquet 1.1.0: footprint of each sample as WKB in longitude and latitude (OGC:CRS84).
GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon"]}},
}
ROWS = 2000

INDEX_SCHEMA = pa.schema(
    [
        ("sample", pa.int64()),
        ("place", pa.string()),
        ("source", pa.string()),
        ("split", pa.string()),
        ("licence", pa.string()),
        ("path", pa.string()),
        ("crs", pa.string()),
        ("gsd_m", pa.float64()),
        ("rows", pa.int32()),
        ("columns", pa.int32()),
        ("dates", pa.int32()),
        ("painted", pa.list_(pa.string())),
        ("events", pa.int32()),
        ("changed_px", pa.int64()),
        ("ignored_px", pa.int64()),
        ("edit_px", pa.int64()),
        ("change_share", pa.float64()),
        ("weight", pa.float64()),
        ("filters", pa.string()),
        ("geometry", pa.binary()),
    ],
    metadata={"geo": json.dumps(GEO)},
)
# Only where the recipe compares samples, so that other sets keep their bytes.
DUPLICATES = pa.field("duplicates", pa.int32())
EVENTS_SCHEMA = pa.schema(
    [
        ("sample", pa.int64()),
        ("event", pa.int64()),
        ("process", pa.string()),
        ("kind", pa.string()),
        ("phase", pa.string()),
        ("time_years", pa.float64()),
        ("object_id", pa.int64()),
        ("area_m2", pa.float64()),
        ("visible_px", pa.int64()),
        ("visible_m2", pa.float64()),
        ("causes", pa.list_(pa.int64())),
        ("row", pa.int32()),
        ("column", pa.int32()),
        ("height", pa.int32()),
        ("width", pa.int32()),
        ("parameters", pa.string()),
    ]
)


def write_tables(dataset: Dataset, storage: LocalStorage, ids: list[int], index: str, events: str) -> None:
    """Write index and events of some samples, in the given order; memory stays flat.

    Samples are not compared with each other: those of other shards may not be there yet.
    """
    for name, content in zip((index, events), table_bytes(dataset, ids), strict=True):
        storage.write(name, content)


def joined_bytes(dataset: Dataset) -> tuple[bytes, bytes]:
    """Return index and events of the whole set as Parquet, with duplicates where the recipe asks for them.

    Raises:
        PackageError: a record or a change map cannot be read.
    """
    return table_bytes(dataset, dataset.ids, duplicate_counts(dataset))


def table_bytes(
    dataset: Dataset, ids: list[int], duplicates: Mapping[int, int] | None = None
) -> tuple[bytes, bytes]:
    """Return index and events of some samples as Parquet; equal records give equal bytes.

    Args:
        dataset: to read from.
        ids: samples, in the order of the rows.
        duplicates: of `duplicate_counts`; None leaves that column out.
    """
    written = []
    index_schema = INDEX_SCHEMA if duplicates is None else INDEX_SCHEMA.append(DUPLICATES)
    for schema, rows in (
        (index_schema, (_index_row(dataset.record(i), duplicates) for i in ids)),
        (EVENTS_SCHEMA, (row for i in ids for row in _event_rows(dataset.record(i)))),
    ):
        sink = pa.BufferOutputStream()
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for batch in _batches(rows, schema):
                writer.write_batch(batch)
        written.append(sink.getvalue().to_pybytes())
    return written[0], written[1]


def _batches(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    held: list[dict[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == ROWS:
            yield pa.RecordBatch.from_pylist(held, schema=schema)
            held = []
    if held:
        yield pa.RecordBatch.from_pylist(held, schema=schema)


def _index_row(record: dict[str, Any], duplicates: Mapping[int, int] | None) -> dict[str, Any]:
    counts, grid = record["counts"], record["grid"]
    same = 1 if duplicates is None else duplicates[record["sample"]]
    known = counts["pixels"] - counts["ignored_px"]
    return {
        "sample": record["sample"],
        "place": _text(record["place"]),
        "source": _text(record["source"]),
        "split": record["split"],
        "licence": _text(record["licence"]),
        "path": layout.sample_folder(record["sample"]),
        "crs": grid["crs"],
        "gsd_m": grid["gsd_m"],
        "rows": grid["shape"][0],
        "columns": grid["shape"][1],
        "dates": len(record["dates"]),
        "painted": [date["name"] for date in record["dates"] if date["painted"]],
        "events": len(record["events"]),
        "changed_px": counts["changed_px"],
        "ignored_px": counts["ignored_px"],
        "edit_px": counts["edit_px"],
        "change_share": counts["changed_px"] / known if known else 0.0,
        "weight": weight_of(record) / same,
        "filters": json.dumps(record.get("filters", {}), sort_keys=True),
        "geometry": _outline(grid),
        **({} if duplicates is None else {"duplicates": same}),
    }


def weight_of(record: dict[str, Any]) -> float:
    """Return how much a sample counts by itself: the product of the weights that its filters gave it.

    Where the index has a column `duplicates`, what counts in training is this over that number.
    """
    return math.prod(float(verdict["weight"]) for verdict in record.get("filters", {}).values())


def _text(value: str | None) -> str | None:
    """Return text that Parquet can hold: a file name need not be UTF-8."""
    return None if value is None else value.encode("utf-8", "replace").decode("utf-8")


def _outline(grid: dict[str, Any]) -> bytes | None:
    """Return the sample's box in longitude and latitude as WKB; None without a CRS."""
    if grid["crs"] is None:
        return None
    a, b, c, d, e, f = grid["transform"]
    rows, cols = grid["shape"]
    xs = [a * col + b * row + c for row in (0, rows) for col in (0, cols)]
    ys = [d * col + e * row + f for row in (0, rows) for col in (0, cols)]
    box = transform_bounds(grid["crs"], "OGC:CRS84", min(xs), min(ys), max(xs), max(ys))
    wkb: bytes = shapely.to_wkb(shapely.box(*box))
    return wkb


def _event_rows(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for event in record["events"]:
        footprint = event["footprint"]
        yield {
            "sample": record["sample"],
            "event": event["id"],
            **{
                key: event[key]
                for key in (
                    "process",
                    "kind",
                    "phase",
                    "time_years",
                    "object_id",
                    "area_m2",
                    "visible_px",
                    "visible_m2",
                    "causes",
                )
            },
            "row": footprint["row"],
            "column": footprint["col"],
            "height": footprint["shape"][0],
            "width": footprint["shape"][1],
            "parameters": json.dumps(event["parameters"], sort_keys=True),
        }


class RejectionLog:
    """The refusals of one shard, one JSON line each, appended as they happen.

    Args:
        root: of the data set.
        label: of the shard.
    """

    def __init__(self, root: Path, label: str) -> None:
        self.path = root / layout.PARTS / f"rejected-{label}.jsonl"

    def add(self, *, sample: int, source: str, reason: str, detail: str) -> None:
        """Append a refusal; a line that a kill tore off before does not spoil it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(
            {"sample": sample, "source": source, "reason": reason, "detail": detail}, sort_keys=True
        )
        with self.path.open("ab+") as handle:
            torn = handle.tell() > 0 and handle.seek(-1, os.SEEK_END) >= 0 and handle.read(1) != b"\n"
            handle.write((b"\n" if torn else b"") + line.encode() + b"\n")


def rejected_samples(root: Path) -> dict[int, dict[str, Any]]:
    """Return sample -> refusal over all shards; a line that a kill tore off is passed over."""
    found: dict[int, dict[str, Any]] = {}
    for path in sorted((root / layout.PARTS).glob("rejected-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            found[int(entry["sample"])] = entry
    return found


def refused_attempts(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the windows that finished samples had to give up, one entry each, in order of name.

    A sample takes another window where its own cannot be used; the record keeps the reason.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for record in dataset.records():
        for entry in record["provenance"].get("refused_attempts", ()):
            found.setdefault((entry["source"], entry["reason"]), {"sample": None, **entry})
    return [entry for _, entry in sorted(found.items())]


def join(dataset: Dataset, storage: LocalStorage, refusals: list[dict[str, Any]]) -> None:
    """Write `index.parquet`, `events.parquet` and `rejected.jsonl` of the whole data set.

    Parts of shards are not read back: the records are the truth, and the same records give the same bytes.

    Args:
        dataset: with all its samples done or refused.
        storage: of the same folder.
        refusals: of source files, from discovery.
    """
    for name, content in zip((layout.INDEX, layout.EVENTS), joined_bytes(dataset), strict=True):
        storage.write(name, content)
    done = set(dataset.ids)
    windows = refused_attempts(dataset)
    rows = [
        *(entry for entry in refusals if entry not in windows),
        *windows,
        *(entry for i, entry in sorted(rejected_samples(dataset.root).items()) if i not in done),
    ]
    text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    storage.write(layout.REJECTED, text.encode("utf-8"))
