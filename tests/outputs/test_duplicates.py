"""Duplicates: found as by comparing each map with each other, with fewer maps read; weights of the index."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from diachron.core.errors import PackageError
from diachron.outputs import layout
from diachron.outputs.duplicates import duplicate_counts, near
from diachron.outputs.pairs import PackagePairs
from diachron.outputs.readers import Dataset
from diachron.outputs.storage import json_bytes
from tests.tiles import call, digests, generation

SIDE = 24
# One house on a grid of places and sizes, so that maps repeat, nearly repeat and differ.
houses = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(8, 10), st.integers(8, 10))
drawn_noise = st.sampled_from([0.1, 0.105, 0.3])
samples = st.lists(
    st.tuples(st.sampled_from("ab"), st.lists(houses, max_size=2), drawn_noise), min_size=1, max_size=9
)
Sample = tuple[str, list[tuple[int, int, int, int]], float]


class Shelf:
    """A data set in memory that counts the maps that are read."""

    def __init__(self, made: list[Sample], iou: float) -> None:
        self.info = {"recipe": {"filters": {"duplicates": {"iou": iou, "acquisition": 0.01}}}}
        self.made, self.read = made, 0

    def map_of(self, sample: int) -> NDArray[np.uint8]:
        """Return the change map."""
        change = np.zeros((SIDE, SIDE), np.uint8)
        for row, col, height, width in self.made[sample][1]:
            change[row : row + height, col : col + width] = 1
        change[-1] = 255
        return change

    def layer(self, sample: int, name: str) -> NDArray[np.uint8]:
        """Return the change map, and count."""
        assert name == "change"
        self.read += 1
        return self.map_of(sample)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield what stands in `sample.json`, as far as it counts here."""
        for sample, (window, placed, noise) in enumerate(self.made):
            changed = int((self.map_of(sample) == 1).sum())
            yield {
                "sample": sample,
                "place": "town",
                "source": window,
                "grid": {"transform": [1, 0, 0, 0, -1, 0], "shape": [SIDE, SIDE]},
                "dates": [{"name": "t1"}, {"name": "t2"}],
                "provenance": {},
                "acquisition": [{"noise": {"read": noise, "seed": sample}}, None],
                "counts": {"changed_px": changed, "edit_px": changed},
                "events": [
                    {"visible_px": 1, "footprint": {"row": row, "col": col, "shape": [height, width]}}
                    for row, col, height, width in placed
                ],
            }


def counts_by_hand(shelf: Shelf, iou: float) -> dict[int, int]:
    """Return the sizes of the groups, found by comparing all samples and joining groups until none joins."""
    group = list(range(len(shelf.made)))
    maps = [shelf.map_of(sample) == 1 for sample in group]
    for _ in group:
        for one, other in combinations(range(len(group)), 2):
            same_window = shelf.made[one][0] == shelf.made[other][0]
            either = int((maps[one] | maps[other]).sum())
            if either:
                same = int((maps[one] & maps[other]).sum()) >= iou * either
            else:
                same = abs(shelf.made[one][2] - shelf.made[other][2]) <= 0.01
            if same_window and same:
                group = [group[one] if head == group[other] else head for head in group]
    sizes = Counter(group)
    return {sample: sizes[head] for sample, head in enumerate(group)}


@given(samples, st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_groups_are_those_of_comparing_all_with_all(made: list[Sample], iou: float) -> None:
    shelf = Shelf(made, iou)
    found = duplicate_counts(shelf)  # type: ignore[arg-type]
    assert found == counts_by_hand(shelf, iou)
    # No map is read twice, and samples without change have none to read.
    assert shelf.read <= sum(bool(placed) for _, placed, _ in made)


@given(samples, st.randoms(use_true_random=False))
def test_the_order_of_the_samples_does_not_matter(made: list[Sample], chance: Any) -> None:
    order = list(range(len(made)))
    chance.shuffle(order)
    found = duplicate_counts(Shelf(made, 0.8))  # type: ignore[arg-type]
    moved = duplicate_counts(Shelf([made[i] for i in order], 0.8))  # type: ignore[arg-type]
    assert found is not None and moved is not None
    assert [moved[position] for position in range(len(order))] == [found[i] for i in order]


def test_maps_whose_areas_or_boxes_do_not_fit_are_not_read() -> None:
    apart: list[Sample] = [
        ("a", [(0, 0, 8, 8)], 0.1),
        ("a", [(12, 12, 8, 8)], 0.1),
        ("a", [(0, 0, 16, 16)], 0.1),
    ]
    shelf = Shelf([*apart, ("b", [(0, 0, 8, 8)], 0.1)], 0.9)
    assert duplicate_counts(shelf) == {0: 1, 1: 1, 2: 1, 3: 1}  # type: ignore[arg-type]
    assert shelf.read == 0


def test_an_edit_that_changed_nothing_is_not_compared() -> None:
    shelf = Shelf([("a", [], 0.1)] * 2, 0.9)
    records = list(shelf.records())
    records[1]["counts"]["edit_px"] = 5
    shelf.records = lambda: iter(records)  # type: ignore[method-assign]
    assert duplicate_counts(shelf) == {0: 1, 1: 1}  # type: ignore[arg-type]


def test_other_real_pictures_of_a_place_are_not_the_same() -> None:
    shelf = Shelf([("a", [], 0.1)] * 3, 0.9)
    records = list(shelf.records())
    for record, picture in zip(records, ("2019", "2021", "2019"), strict=True):
        record["provenance"] = {"real_dates": {"dates": [{"picture": "2015"}, {"picture": picture}]}}
    shelf.records = lambda: iter(records)  # type: ignore[method-assign]
    assert duplicate_counts(shelf) == {0: 2, 1: 1, 2: 2}  # type: ignore[arg-type]


def test_near_numbers_and_nothing_else() -> None:
    assert near({"gain": [1.0, 0.5], "seed": 1}, {"gain": [1.009, 0.5], "seed": 2}, 0.01)
    assert near({"days": 200}, {"days": 201.9}, 0.01)
    assert not near({"days": 200}, {"days": 203}, 0.01)
    assert not near({"gain": [1.0]}, {"gain": [1.0, 1.0]}, 0.01)
    assert not near({"gain": 1.0}, {"haze": 1.0}, 0.01)
    assert not near(None, {"gain": 1.0}, 0.01)
    assert near(None, None, 0.0)


def copy_sample(out: Path, origin: int, target: int) -> None:
    """Put a copy of a sample in another's place."""
    folders = [out / layout.sample_folder(index) for index in (origin, target)]
    shutil.rmtree(folders[1])
    shutil.copytree(*folders)
    record = json.loads((folders[1] / layout.RECORD).read_text(encoding="utf-8")) | {"sample": target}
    (folders[1] / layout.RECORD).write_bytes(json_bytes(record))


@pytest.fixture(scope="module")
def weighed(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set that weighs duplicates; its samples 0 and 1 show one window. Not to be changed."""
    out = tmp_path_factory.mktemp("weighed") / "out"
    code, _, said = call(*generation(town, out, "--set", "filters=[duplicates]", samples=8))
    assert code == 0, said
    return out


def test_a_copy_shares_its_weight(weighed: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(weighed, tmp_path / "out"))
    before = pq.read_table(out / layout.INDEX).to_pydict()
    assert before["duplicates"][:2] == [1, 1]
    copy_sample(out, 0, 1)
    code, printed, _ = call("validate", out)
    assert (code, "index.parquet differs" in printed) == (1, True)
    assert call("validate", out, "--finish")[0] == 0
    after = pq.read_table(out / layout.INDEX).to_pydict()
    assert after["duplicates"] == [2, 2, *before["duplicates"][2:]]
    assert after["weight"][:2] == [0.5, 0.5]
    assert [pair.weight for pair in PackagePairs(out)] == after["weight"]


def test_shards_write_the_bytes_of_one_run(town: Path, weighed: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    for shard in ("1/2", "0/2"):
        code, _, said = call(
            *generation(town, out, "--shard", shard, "--set", "filters=[duplicates]", samples=8)
        )
        assert code == 0, said
        if shard == "1/2":
            with pytest.raises(PackageError, match=r"no weights of duplicates .* --finish"):
                PackagePairs(out)
    assert digests(out) == digests(weighed)


def test_an_index_of_other_samples_is_refused(weighed: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(weighed, tmp_path / "out"))
    shutil.rmtree(out / layout.sample_folder(7))
    with pytest.raises(PackageError, match="lists 8 samples and not the 7 there"):
        PackagePairs(out)


def test_without_the_filter_the_index_has_no_such_column(made: Path) -> None:
    assert "duplicates" not in pq.read_schema(made / layout.INDEX).names
    assert duplicate_counts(Dataset(made)) is None
    assert {pair.weight for pair in PackagePairs(made)} == {1.0}
