"""Reading a data set: records and layers by sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import PackageError
from diachron.core.labels import LabelClass, LabelSchema
from diachron.outputs import layout
from diachron.outputs.rasters import decode


class Dataset:
    """A data set on disk, read lazily.

    Args:
        root: the folder that holds `dataset.json`.

    Raises:
        PackageError: there is no data set, or one of a format that this version does not read.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        manifest = self.root / layout.DATASET
        if not manifest.is_file():
            raise PackageError(
                f"{self.root}: no data set there (no {layout.DATASET}); give the folder of --out"
            )
        try:
            self.info: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        except ValueError as error:
            raise PackageError(f"{manifest}: not JSON ({error}); Diachron did not write this") from None
        if not isinstance(self.info, dict) or not {"format", "schema"} <= set(self.info):
            raise PackageError(f"{manifest}: not written by Diachron; give the folder of --out")
        if self.info["format"] != layout.FORMAT:
            raise PackageError(
                f"{manifest}: format {self.info['format']}, this version reads {layout.FORMAT}; "
                "read it with the version named in it"
            )

    @cached_property
    def ids(self) -> list[int]:
        """Indices of the complete samples, in order."""
        return layout.done_ids(self.root)

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands of every date."""
        return tuple(self.info["bands"])

    @cached_property
    def schema(self) -> LabelSchema:
        """Scheme of the label maps."""
        return schema_from_json(self.info["schema"])

    def __len__(self) -> int:
        return len(self.ids)

    def folder(self, index: int) -> Path:
        """Return the folder of a sample."""
        return self.root / layout.sample_folder(index)

    def record(self, index: int) -> dict[str, Any]:
        """Return the content of a sample's `sample.json`.

        Raises:
            PackageError: there is no such complete sample, or its record is not JSON.
        """
        path = self.folder(index) / layout.RECORD
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise PackageError(f"{path}: no such sample; {len(self.ids)} are complete") from None
        except ValueError as error:
            raise PackageError(
                f"{path}: not JSON ({error}); remove its folder and give the command of the run again: "
                "that sample alone is made anew"
            ) from None
        return record

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the records of all complete samples, in order."""
        for index in self.ids:
            yield self.record(index)

    def layer(self, index: int, name: str) -> NDArray[Any]:
        """Return a layer, e.g. `t1`, `label_t2` or `change`: (C, H, W), or (H, W) for one band.

        Images keep their band axis, also with one band.

        Raises:
            PackageError: the sample has no such layer, or its file cannot be read.
        """
        path = self.folder(index) / f"{name}.tif"
        if not path.is_file():
            raise PackageError(f"{path}: no such layer")
        try:
            values, _ = decode(str(path))
        except Exception as error:
            raise PackageError(f"{path}: cannot be read ({error})") from error
        is_image = name.startswith("t") and name[1:].isdigit()
        return values[np.newaxis] if is_image and values.ndim == 2 else values

    def rejections(self) -> Iterator[dict[str, Any]]:
        """Yield what was refused and why, sources first."""
        path = self.root / layout.REJECTED
        if path.is_file():
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)


def schema_to_json(schema: LabelSchema) -> dict[str, Any]:
    """Return a scheme as it stands in `dataset.json`."""
    return {
        "name": schema.name,
        "ignore": schema.ignore,
        "classes": [
            {"id": c.id, "name": c.name, "colour": c.colour, "hub": c.hub, "also": list(c.also)}
            for c in schema.classes
        ],
        "draws": {str(hub_id): class_id for hub_id, class_id in sorted(schema.draws.items())},
    }


def schema_from_json(record: dict[str, Any]) -> LabelSchema:
    """Return the scheme of `schema_to_json`'s record."""
    classes = tuple(
        LabelClass(c["id"], c["name"], c["colour"], c["hub"], tuple(c["also"])) for c in record["classes"]
    )
    draws = {int(hub_id): class_id for hub_id, class_id in record["draws"].items()}
    return LabelSchema(record["name"], classes, draws, record["ignore"])
