"""Data sets on disk as torch data sets, with torchgeo's keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diachron.core.errors import UnknownNameError, nearest_names
from diachron.outputs.layout import SPLITS
from diachron.outputs.readers import Dataset


class TorchDataset:
    """A map-style data set for `torch.utils.data.DataLoader`, with torchgeo's keys.

    Items are dicts: `image1`, `image2` (C, H, W) float32 in the source's scale, `mask` (H, W) int64
    change (0, 1, ignore 255), `mask1`, `mask2` (H, W) int64 label maps, `index`. Further dates are `image3`
    and so on.

    Args:
        dataset: to read from.
        split: `train`, `val`, `test`, or None for all.

    Raises:
        UnknownNameError: there is no such split.
    """

    def __init__(self, dataset: Dataset, split: str | None = None) -> None:
        if split is not None and split not in SPLITS:
            raise UnknownNameError(f"no split is called '{split}'; {nearest_names(split, SPLITS)}")
        self.dataset = dataset
        self.ids = [
            index for index in dataset.ids if split is None or dataset.record(index)["split"] == split
        ]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, position: int) -> dict[str, Tensor | int]:
        index = self.ids[position]
        item: dict[str, Tensor | int] = {"index": index}
        for number in range(1, int(self.dataset.info["dates"]) + 1):
            image = self.dataset.layer(index, f"t{number}").astype(np.float32)
            labels = self.dataset.layer(index, f"label_t{number}").astype(np.int64)
            item[f"image{number}"] = torch.from_numpy(image)
            item[f"mask{number}"] = torch.from_numpy(labels)
        item["mask"] = torch.from_numpy(self.dataset.layer(index, "change").astype(np.int64))
        return item


def open_dataset(root: str | Path, split: str | None = None) -> TorchDataset:
    """Return a lazy torch data set of a package; numpy users take `Dataset`.

    Raises:
        PackageError: there is no data set in that folder.
    """
    return TorchDataset(Dataset(root), split)
