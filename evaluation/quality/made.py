"""A data set's pairs as the measures read them: both dates, what was painted, and what stands where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.outputs.readers import Dataset
from diachron.training.detectors.normalisation import scale_to_unit
from diachron.training.unit_colours import unit_colours

# Names that may stand for the near infrared band.
NEAR_INFRARED = ("nir", "near_infrared", "near infrared", "b08")


@dataclass(frozen=True)
class MadePair:
    """Two dates of a sample.

    Args:
        index: of the sample.
        place: ground that samples share; places are never on both sides of a split.
        tile: the source window, so that what two samples show of the same ground is known.
        dates: (3, H, W) float32 from 0 to 1, the first and the last date.
        painted: which of the two dates was painted.
        edit: (H, W) bool, pixels that the renderer may have touched.
        change: (H, W) uint8: 0 same, 1 changed, else unknown.
        instances: (H, W) object ids of both dates, 0 where none stands.
        labels: (H, W) uint8 label maps of both dates.
        void: (H, W) bool, pixels without data at either date.
        near_infrared: (H, W) float32 from 0 to 1 of both dates, None without such a band.
        gsd_m: metres a pixel.
        record: the sample's `sample.json`.
    """

    index: int
    place: str
    tile: str
    dates: tuple[NDArray[np.float32], NDArray[np.float32]]
    painted: tuple[bool, bool]
    edit: NDArray[np.bool_]
    change: NDArray[np.uint8]
    instances: tuple[NDArray[Any], NDArray[Any]]
    labels: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    void: NDArray[np.bool_]
    near_infrared: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    gsd_m: float
    record: dict[str, Any]

    @property
    def painted_date(self) -> int | None:
        """0 or 1 where exactly one date was painted; else it is not known which edit is whose."""
        return None if self.painted[0] == self.painted[1] else int(self.painted[1])


def read_pairs(dataset: Dataset) -> Iterator[MadePair]:
    """Yield the pairs of a data set in order of sample.

    Raises:
        PackageError: a layer or a record cannot be read.
    """
    last = int(dataset.info["dates"])
    full_scale = float(dataset.info["full_scale"])
    nodata = dataset.info["nodata"]
    for index in dataset.ids:
        record = dataset.record(index)
        images = [dataset.layer(index, f"t{date}") for date in (1, last)]
        shown = record["dates"]
        yield MadePair(
            index=index,
            place=str(record["place"]),
            tile=f"{record['source']} {record['grid']['transform']}",
            dates=(
                unit_colours(images[0], dataset.bands, full_scale),
                unit_colours(images[1], dataset.bands, full_scale),
            ),
            painted=(bool(shown[0]["painted"]), bool(shown[-1]["painted"])),
            edit=dataset.layer(index, "edit") == 1,
            change=dataset.layer(index, "change"),
            instances=(dataset.layer(index, "instance_t1"), dataset.layer(index, f"instance_t{last}")),
            labels=(dataset.layer(index, "label_t1"), dataset.layer(index, f"label_t{last}")),
            void=_void(images, nodata),
            near_infrared=_near_infrared(images, dataset.bands, full_scale),
            gsd_m=float(record["grid"]["gsd_m"]),
            record=record,
        )


def _near_infrared(
    images: list[NDArray[Any]], bands: tuple[str, ...], full_scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    found = [number for number, name in enumerate(bands) if name.lower() in NEAR_INFRARED]
    if not found:
        return None
    one, other = (np.clip(scale_to_unit(image[found[0]], full_scale), 0.0, 1.0) for image in images)
    return one, other


def _void(images: list[NDArray[Any]], nodata: float | None) -> NDArray[np.bool_]:
    void = np.zeros(images[0].shape[1:], bool)
    for image in images:
        if nodata is not None:
            void |= (image == nodata).all(axis=0)
        if np.issubdtype(image.dtype, np.floating):
            void |= ~np.isfinite(image).all(axis=0)
    return void
