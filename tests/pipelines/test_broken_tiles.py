"""Tiles that cannot be used: each is refused with a reason, and the run goes on with the others."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from diachron.core.errors import REJECTION_REASONS
from diachron.outputs import layout
from diachron.outputs.readers import Dataset
from tests.tiles import (
    SIDE,
    call,
    digests,
    generation,
    refusal,
    rejections,
    write_raster,
    write_source,
    write_tile,
)
from tests.worlds import World

SAMPLES = 6


def make(source: Path, out: Path, *more: object, samples: int = SAMPLES) -> tuple[int, str, str]:
    return call(*generation(source, out, *more, samples=samples))


def write_strange_label(folder: Path, name: str = "strange", number: int = 9) -> None:
    """Write a tile whose label map has the value 77 at row 40, column 50."""
    from diachron.outputs.rasters import decode

    _, label = write_tile(folder, name, number=number)
    values, _ = decode(str(label))
    values[40, 50] = 77
    label.unlink()
    write_raster(label, values)


def cut(path: Path, share: float = 0.5) -> None:
    """Keep the first part of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])


def test_a_strange_label_value_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 2)
    write_strange_label(source)
    code, _, _ = make(source, tmp_path / "out")
    assert code == 0
    assert layout.done_ids(tmp_path / "out") == list(range(SAMPLES))
    (entry,) = rejections(tmp_path / "out")
    assert (entry["sample"], entry["source"], entry["reason"]) == (
        None,
        "image/strange",
        "label_outside_scheme",
    )
    assert "label/strange.png: value 77 at row 40, column 50" in entry["detail"]
    assert str(tmp_path) not in entry["detail"]
    records = list(Dataset(tmp_path / "out").records())
    redrawn = [record for record in records if record["provenance"]["attempt"]]
    # Three tiles, six samples: two were planned on the strange one.
    assert len(redrawn) == 2
    for record in records:
        assert record["source"] != "image/strange"
        refused = [entry["source"] for entry in record["provenance"]["refused_attempts"]]
        assert refused == ["image/strange"] * record["provenance"]["attempt"]


def test_where_all_labels_are_strange_every_sample_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "town"
    for number in range(2):
        write_strange_label(source, f"strange_{number}", number)
    code, out, said = make(source, tmp_path / "out")
    line = refusal(code, said)
    assert "no sample could be made, 6 refused as label_outside_scheme" in line
    assert "value 77 at row 40, column 50" in line
    assert "--schema" in line
    assert "6 refused" in out
    entries = rejections(tmp_path / "out")
    assert [entry["sample"] for entry in entries] == list(range(SAMPLES))
    assert {entry["reason"] for entry in entries} == {"label_outside_scheme"}
    # Refused once and for all: the same command does not try again, --retry-failed does.
    again, out, _ = make(source, tmp_path / "out")
    assert again == 1
    assert "0 made, 0 already there, 6 refused" in out


def write_mosaic(folder: Path, name: str, number: int, strange: bool) -> Path:
    """Write a tile of 384 px whose files are far longer than the ends that a fingerprint covers."""
    from tests.worlds import raw_scene

    raw = raw_scene(World(rows=384, cols=384, seed=number))
    write_raster(folder / "image" / f"{name}.tif", raw.image)
    labels = raw.labels.copy()
    labels[192, 192] = 77 if strange else labels[192, 192]
    return write_raster(folder / "label" / f"{name}.tif", labels)


def test_retry_failed_makes_what_was_refused(tmp_path: Path) -> None:
    source, whole = tmp_path / "a" / "town", tmp_path / "b" / "town"
    label = write_mosaic(source, "one", 0, strange=True)
    sound = write_mosaic(whole, "one", 0, strange=False)
    options = ("--gsd", 1, "--set", "processes.construction.rate_per_km2_year=5")
    assert make(source, tmp_path / "out", *options, samples=1)[0] == 1
    label.write_bytes(sound.read_bytes())
    assert make(source, tmp_path / "out", *options, samples=1)[0] == 1
    code, out, said = make(source, tmp_path / "out", *options, "--retry-failed", samples=1)
    assert code == 0, said
    assert "1 made" in out
    assert rejections(tmp_path / "out") == []
    assert make(whole, tmp_path / "sound", *options, samples=1)[0] == 0
    assert digests(tmp_path / "out") == digests(tmp_path / "sound")


@pytest.mark.parametrize("suffix", [".tif", ".png"])
def test_a_truncated_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    from diachron.outputs.rasters import decode

    source = write_source(tmp_path / "town", 2)
    image, _ = write_tile(source, "cut", number=5)
    values, _ = decode(str(image))
    image.unlink()
    cut(write_raster(image.with_suffix(suffix), values))
    code, _, said = make(source, tmp_path / "out", "--gsd", 1)
    assert code == 0, said
    (entry,) = rejections(tmp_path / "out")
    assert (entry["source"], entry["reason"]) in {
        ("image/cut", "unreadable"),
        (f"image/cut{suffix}", "unreadable"),
    }
    assert all(record["source"] != "image/cut" for record in Dataset(tmp_path / "out").records())
    assert call("validate", tmp_path / "out")[0] == 0


def test_every_broken_file_has_its_reason(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 2)
    for name in ("empty", "small", "alone", "text", "bands", "void"):
        write_tile(source, name, number=7)
    images, labels = source / "image", source / "label"
    (images / "empty.tif").write_bytes(b"")
    write_raster(labels / "small.png", np.ones((SIDE - 1, SIDE), np.uint8))
    (labels / "alone.png").unlink()
    (images / "text.tif").write_text("no picture")
    write_raster(images / "bands.tif", np.ones((5, SIDE, SIDE), np.uint8))
    write_raster(images / "void.tif", np.zeros((3, SIDE, SIDE), np.uint8), nodata=0)
    code, _, said = make(source, tmp_path / "out", "--gsd", 1)
    assert code == 0, said
    found = {Path(entry["source"]).stem: entry["reason"] for entry in rejections(tmp_path / "out")}
    assert found == {
        "empty": "empty",
        "small": "size_mismatch",
        "alone": "no_label",
        "text": "unreadable",
        "bands": "band_mismatch",
        "void": "empty",
    }
    assert set(found.values()) <= set(REJECTION_REASONS)
    # What is refused before the run is told at once, a line each.
    told = [line for line in said.splitlines() if line.startswith("refused ")]
    assert len(told) == 5
    card = (tmp_path / "out" / layout.CARD).read_text(encoding="utf-8")
    assert "2 empty" in card


def test_where_all_tiles_are_broken_one_line_says_so(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 3)
    for image in (source / "image").iterdir():
        image.write_bytes(b"")
    code, _, said = make(source, tmp_path / "out")
    line = refusal(code, said)
    assert "none of 3 images can be used (3 empty)" in line
    assert not (tmp_path / "out").exists()


def test_void_tiles_alone_are_refused_as_empty(tmp_path: Path) -> None:
    source = tmp_path / "town"
    write_tile(source, "void")
    write_raster(source / "image" / "void.tif", np.zeros((3, SIDE, SIDE), np.uint8), nodata=0)
    code, _, said = make(source, tmp_path / "out", "--gsd", 1)
    assert "refused as empty" in refusal(code, said)


def test_float_tiles_with_nan_as_nodata_are_made(tmp_path: Path) -> None:
    source = write_source(tmp_path / "town", 1, World(rows=SIDE, cols=SIDE, dtype="float32"), nodata=np.nan)
    code, _, said = make(source, tmp_path / "out", samples=2)
    assert code == 0, said
    assert call("validate", tmp_path / "out")[0] == 0
    assert json.loads((tmp_path / "out" / layout.DATASET).read_text())["dtype"] == "float32"


def test_a_picture_that_decodes_to_too_many_pixels_is_one_line(tmp_path: Path) -> None:
    """A PNG of 60 bytes can claim to hold a billion pixels."""
    source = write_source(tmp_path / "town", 1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"0"))
        + chunk(b"IEND", b"")
    )
    for folder in ("image", "label"):
        (source / folder / "bomb.png").write_bytes(bomb)
    code, _, said = make(source, tmp_path / "out", "--gsd", 1, samples=2)
    assert code == 0, said
    assert layout.done_ids(tmp_path / "out") == [0, 1]


HOSTILE = (
    "a b",
    "dörfer 村",
    "pipe|tick`s",
    "<script>alert(1)</script>".replace("/", "∕"),
    "line\nbreak",
    "-n",
    "${HOME}",
    "..",
    "# heading",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_tile_may_have_any_name(tmp_path: Path, name: str) -> None:
    source = tmp_path / "town"
    write_tile(source, "plain", number=1)
    for folder, suffix in (("image", ".tif"), ("label", ".png")):
        path = source / folder / f"plain{suffix}"
        shutil.copy(path, source / folder / f"{name}{suffix}")
    (source / "image" / f"{name} empty.tif").write_bytes(b"")
    out = tmp_path / "out"
    code, _, said = make(source, out, samples=4)
    assert code == 0, said
    assert all(line.startswith(("refused ", *map(str, range(10)))) for line in said.splitlines()), said
    assert call("validate", out)[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"town", "out"}
    for path in out.rglob("*"):
        assert path.resolve().is_relative_to(out.resolve())
        assert name not in path.name or name == "-n"


def test_a_name_that_is_no_utf8_is_no_fault(tmp_path: Path) -> None:
    source = tmp_path / "town"
    write_tile(source, "plain", number=1)
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    try:
        for folder, suffix in (("image", ".tif"), ("label", ".png")):
            (source / folder / f"plain{suffix}").rename(source / folder / f"{odd}{suffix}")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    code, _, said = make(source, tmp_path / "out", samples=2)
    assert code in (0, 1)
    assert "fault of Diachron" not in said, said


def test_a_list_may_name_tiles_outside_its_folder(tmp_path: Path) -> None:
    write_tile(tmp_path / "elsewhere", "evil")
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "tiles.txt").write_text("../elsewhere/image/evil.tif,../elsewhere/label/evil.png\n")
    out = tmp_path / "deep" / "out"
    code, _, said = make(lists / "tiles.txt", out, samples=1)
    assert code == 0, said
    record = Dataset(out).record(0)
    assert record["source"].startswith("../elsewhere")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "elsewhere", "lists"]
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["out"]
