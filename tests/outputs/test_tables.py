"""The index is valid GeoParquet, the events join it, the card cannot be broken by a name."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from rasterio.crs import CRS
from rasterio.warp import transform

from diachron.outputs import layout
from diachron.outputs.card import card_text
from diachron.outputs.readers import Dataset
from diachron.outputs.storage import json_bytes
from tests.tiles import EAST, NORTH, SIDE, UTM, call


def test_the_index_is_geoparquet(made: Path) -> None:
    file = pq.ParquetFile(made / layout.INDEX)
    geo = json.loads(file.schema_arrow.metadata[b"geo"])
    # GeoParquet 1.1.0: required keys of the file and of its primary column.
    assert geo["version"] == "1.1.0"
    assert geo["primary_column"] in geo["columns"]
    column = geo["columns"][geo["primary_column"]]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["Polygon"]
    assert "crs" not in column, "left out means OGC:CRS84"
    shapes = shapely.from_wkb(file.read()["geometry"].to_pylist())
    assert set(shapely.get_type_id(shapes)) == {shapely.GeometryType.POLYGON}
    assert shapely.is_valid(shapes).all()


def test_bounds_are_those_of_the_tile_in_degrees(made: Path) -> None:
    table = pq.read_table(made / layout.INDEX).to_pylist()
    for row in table:
        number = int(row["source"][-1])
        # The outline of the tile in UTM, followed pixel by pixel.
        along = np.arange(SIDE + 1.0)
        left, top = EAST + 1000.0 * number, NORTH
        xs = np.concatenate(
            [left + along, left + along, np.full(SIDE + 1, left), np.full(SIDE + 1, left + SIDE)]
        )
        ys = np.concatenate([np.full(SIDE + 1, top), np.full(SIDE + 1, top - SIDE), top - along, top - along])
        lon, lat = transform(CRS.from_string(UTM), CRS.from_string("OGC:CRS84"), xs, ys)
        expected = (min(lon), min(lat), max(lon), max(lat))
        # 1e-6 degrees are 0.11 m, a tenth of a pixel here.
        np.testing.assert_allclose(shapely.from_wkb(row["geometry"]).bounds, expected, rtol=0, atol=1e-6)
        assert 84 < expected[0] < 90, "zone 45 lies there: longitude comes first"


def test_the_index_says_what_the_records_say(made: Path) -> None:
    dataset = Dataset(made)
    rows = pq.read_table(made / layout.INDEX).to_pylist()
    assert [row["sample"] for row in rows] == dataset.ids
    for row in rows:
        record = dataset.record(row["sample"])
        change = dataset.layer(row["sample"], "change")
        assert row["changed_px"] == np.count_nonzero(change == 1)
        assert row["change_share"] == row["changed_px"] / np.count_nonzero(change != 255)
        assert row["events"] == len(record["events"])
        assert (made / row["path"] / layout.RECORD).is_file()
        assert (row["rows"], row["columns"], row["dates"], row["gsd_m"]) == (SIDE, SIDE, 2, 1.0)


def test_events_join_the_index(made: Path) -> None:
    index = pq.read_table(made / layout.INDEX)
    events = pq.read_table(made / layout.EVENTS)
    joined = events.drop_columns("causes").join(
        index.select(["sample", "split"]), keys="sample", join_type="inner"
    )
    assert joined.num_rows == events.num_rows > 0
    counts = Counter(events["sample"].to_pylist())
    assert {row["sample"]: row["events"] for row in index.to_pylist() if row["events"]} == counts
    visible: Counter[int] = Counter()
    for row in events.to_pylist():
        visible[row["sample"]] += row["visible_px"]
        assert json.loads(row["parameters"]) is not None
        assert set(row["causes"]) <= {e["event"] for e in events.to_pylist() if e["sample"] == row["sample"]}
    for row in index.to_pylist():
        assert visible[row["sample"]] == row["changed_px"]


def test_a_set_without_events_or_crs_has_tables_too(tmp_path: Path) -> None:
    from tests.tiles import generation, write_source

    source = write_source(tmp_path / "town", 1, crs=None, transform=None)
    out = tmp_path / "out"
    code, _, said = call(*generation(source, out, "--gsd", 1, "--set", "processes=none", samples=2))
    assert code == 0, said
    assert pq.read_table(out / layout.INDEX)["geometry"].to_pylist() == [None, None]
    assert pq.read_table(out / layout.EVENTS).num_rows == 0
    assert call("validate", out)[0] == 0


HOSTILE = (
    "a|b",
    "`x`",
    "<script>alert(1)</script>",
    "two\nlines",
    "# title",
    "[link](http://x)",
    "\udce9",
    "",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_the_card(made: Path, copy_of: Callable[[Path], Path], name: str) -> None:
    out = copy_of(made)
    info = json.loads((out / layout.DATASET).read_text())
    plain = card_text(Dataset(out)).splitlines()
    info["name"] = info["recipe"]["name"] = info["source"]["root"] = info["schema"]["name"] = name
    info["bands"] = [name] * 3
    for entry in info["schema"]["classes"]:
        entry["name"] = name
    (out / layout.DATASET).write_bytes(json_bytes(info))
    dataset = Dataset(out)
    for index in dataset.ids:
        record = dataset.record(index) | {"licence": name, "source": name, "place": name}
        (dataset.folder(index) / layout.RECORD).write_bytes(json_bytes(record))
    lines = card_text(Dataset(out)).splitlines()
    lines[0].encode("utf-8")
    assert len(lines) == len(plain)
    for line, before in zip(lines, plain, strict=True):
        # What is left outside of code spans holds nothing of the name.
        outside = re.sub(r"`[^`]*`", "", line)
        assert outside.count("|") == re.sub(r"`[^`]*`", "", before).count("|")
        assert line.count("|") == outside.count("|")
        assert line.count("`") % 2 == 0
        assert "<" not in outside
        assert "](" not in outside
    assert call("validate", out, "--finish")[0] == 0
    assert call("inspect", out)[0] == 0


def test_the_card_tells_counts_and_terms(made: Path) -> None:
    text = (made / layout.CARD).read_text(encoding="utf-8")
    for words in ("6 of 6 planned, 2 dates each", "`CC-BY-4.0`", "`building-change`, 0", "1 m", "diachron"):
        assert words in text
    assert "synthetic" in text
