"""Weighs samples of one window that show nearly the same: k of them count as much as one.

Whether two samples resemble each other is no property of one of them, and a worker sees one at a time. So
this filter has no `judge`: it looks at the whole set when its tables are joined, at samples that are final by
then, and only weighs. Nothing is refused and no record changes; how many samples share a weight stands in
`index.parquet`, from where training takes it, and `diachron validate OUT --finish` finds it again from the
samples alone, however many workers or shards made them. The comparing itself is in `outputs/duplicates.py`,
beside the tables, and reads these parameters from `dataset.json`.
"""

from __future__ import annotations

from dataclasses import dataclass

from diachron.core.distributions import check_quantity
from diachron.core.errors import RecipeError

REGISTERED = True


@dataclass(frozen=True)
class Parameters:
    """When two samples of one window count as the same.

    Args:
        iou: changed pixels of both over changed pixels of either, from which two change maps are the same.
        acquisition: of two samples without any edit: most by which a number that was drawn for a date may
            differ, as a share of it or of 1, whichever is more. 0.01 is a hundredth of full scale, or of a
            pixel of shift. Seeds of noise do not count.
    """

    iou: float = 0.9
    acquisition: float = 0.01

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.iou, key="iou", low=0, high=1)
        if self.iou == 0:
            raise RecipeError("iou is 0, so that all samples of a window are the same; expected more")
        check_quantity(self.acquisition, key="acquisition", low=0, high=1)
