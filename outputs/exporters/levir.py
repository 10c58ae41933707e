"""LEVIR-CD: A, B and label folders of PNG a split, change as 255 (open-cd, torchgeo's LEVIRCD+).

`{train,val,test}/{A,B,label}/0000042.png` with `list/{train,val,test}.txt`. BIT_CD reads the lists, and A, B
and label without a split above them: move the files together, no name stands in two splits.

Masks are 0 and 255: open-cd and BIT_CD take only 255 (or above 127) for change and read a 0/1 mask as
unchanged throughout; torchgeo clamps. The layout has no ignore value, so unknown pixels are written as
unchanged and both pictures are black there. More than two dates: the first against the last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diachron.core.change import CHANGE_IGNORE
from diachron.outputs import layout
from diachron.outputs.exporters.folder import empty_folder, rgb8
from diachron.outputs.readers import Dataset

REGISTERED = True


def export(dataset: Dataset, to: Path) -> int:
    """Write all samples; return how many.

    Raises:
        RunRefusedError: `to` is not empty.
        PackageError: the pictures have no red, green and blue.
    """
    root = empty_folder(to)
    listed: dict[str, list[str]] = {split: [] for split in layout.SPLITS}
    for split in layout.SPLITS:
        for name in ("A", "B", "label"):
            (root / split / name).mkdir(parents=True)
    last = f"t{dataset.info['dates']}"
    full_scale = float(dataset.info["full_scale"])
    for index in dataset.ids:
        split = dataset.record(index)["split"]
        name = f"{index:07d}.png"
        change = dataset.layer(index, "change")
        for folder, date in (("A", "t1"), ("B", last)):
            picture = rgb8(dataset.layer(index, date), dataset.bands, full_scale)
            picture[change == CHANGE_IGNORE] = 0
            _save(picture, root / split / folder / name, level=1)
        _save(np.where(change == 1, 255, 0).astype(np.uint8), root / split / "label" / name, level=6)
        listed[split].append(name)
    (root / "list").mkdir()
    for split, names in listed.items():
        (root / "list" / f"{split}.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return sum(len(names) for names in listed.values())


def _save(pixels: np.ndarray[Any, np.dtype[np.uint8]], path: Path, level: int) -> None:
    Image.fromarray(pixels).save(path, format="PNG", compress_level=level)
