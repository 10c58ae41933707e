"""A data set on disk as labelled pairs: its first date against its last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from diachron.core.errors import UnknownNameError, nearest_names
from diachron.core.pair import LabelledPair
from diachron.outputs.duplicates import read_duplicates
from diachron.outputs.layout import SPLITS
from diachron.outputs.readers import Dataset
from diachron.outputs.tables import weight_of


class PackagePairs:
    """The pairs of a data set.

    Args:
        root: folder that holds `dataset.json`.
        split: `train`, `val`, `test`, or None for all.
        name: in tables; by default the name of the folder.

    Raises:
        PackageError: there is no data set in that folder, or its recipe weighs duplicates and its tables are
            not joined.
        UnknownNameError: there is no such split.
    """

    def __init__(self, root: str | Path, split: str | None = None, *, name: str | None = None) -> None:
        if split is not None and split not in SPLITS:
            raise UnknownNameError(f"no split is called '{split}'; {nearest_names(split, SPLITS)}")
        self.dataset = Dataset(root)
        self.name = name if name is not None else Path(root).resolve().name
        self.ids = [
            index
            for index in self.dataset.ids
            if split is None or self.dataset.record(index)["split"] == split
        ]
        self._duplicates = read_duplicates(self.dataset)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, position: int) -> LabelledPair:
        """Return a pair.

        Raises:
            IndexError: there is no such position.
            PackageError: a layer cannot be read.
        """
        index = self.ids[position]
        dataset = self.dataset
        record = dataset.record(index)
        last = int(dataset.info["dates"])
        return LabelledPair(
            name=f"{index:09d}",
            t1=dataset.layer(index, "t1"),
            t2=dataset.layer(index, f"t{last}"),
            full_scale=float(dataset.info["full_scale"]),
            gsd_m=float(record["grid"]["gsd_m"]),
            change=dataset.layer(index, "change"),
            labels_t1=dataset.layer(index, "label_t1"),
            labels_t2=dataset.layer(index, f"label_t{last}"),
            schema=dataset.schema,
            bands=dataset.bands,
            weight=weight_of(record) / self._duplicates[index],
        )

    def painted(self, position: int) -> tuple[bool, bool]:
        """Return for each date of a pair whether something is painted into it; no picture is read.

        Raises:
            IndexError: there is no such position.
            PackageError: the record cannot be read.
        """
        dates = self.dataset.record(self.ids[position])["dates"]
        return bool(dates[0]["painted"]), bool(dates[-1]["painted"])

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(len(self)))
