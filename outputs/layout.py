"""Names and places of the files of a data set. Nothing here comes from a name in a user's file."""

from __future__ import annotations

from pathlib import Path

FORMAT = 1

DATASET = "dataset.json"
CARD = "README.md"
INDEX = "index.parquet"
EVENTS = "events.parquet"
REJECTED = "rejected.jsonl"
REPORT = "report.html"
RECORD = "sample.json"
SAMPLES = "samples"
PARTS = "parts"
STAGING = ".staging"
LOCKS = ".locks"

SPLITS = ("train", "val", "test")

# Samples of one folder; file systems and people dislike folders with a million entries.
PER_FOLDER = 1000


def sample_folder(index: int) -> str:
    """Return the folder of a sample relative to the data set: `samples/00000/000000042`."""
    return f"{SAMPLES}/{index // PER_FOLDER:05d}/{index:09d}"


def date_names(count: int) -> tuple[str, ...]:
    """Return `t1`, `t2`, ... for a number of dates."""
    return tuple(f"t{number}" for number in range(1, count + 1))


def done_ids(root: Path) -> list[int]:
    """Return the indices of complete samples, in order: those whose record is there.

    A folder under another name (a copy that somebody made) is no sample.
    """
    names = (record.parent.name for record in (root / SAMPLES).glob("*/*/" + RECORD))
    found = {int(name) for name in names if name.isascii() and name.isdigit()}
    return sorted(index for index in found if (root / sample_folder(index) / RECORD).is_file())
