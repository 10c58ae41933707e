"""Batches that are a few tensors: shared out among processes and moved to a device."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar, TypeVar

import torch

from diachron.core.errors import RecipeError

T = TypeVar("T", bound="TensorBatch")


class TensorBatch:
    """A dataclass of tensors whose first axis counts the crops; a `runs.steps.Batch`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def to(self: T, device: torch.device) -> T:
        """Return the batch on a device."""
        return type(self)(*(getattr(self, entry.name).to(device) for entry in fields(self)))

    def part(self: T, rank: int, ranks: int) -> T:
        """Return every `ranks`-th crop, for one of several processes.

        Raises:
            RecipeError: a process would get none, and the mean over nothing would spoil the weights of all.
        """
        crops = len(getattr(self, fields(self)[0].name))
        if crops < ranks:
            raise RecipeError(
                f"batch: {crops} crops are shared by {ranks} processes; expected one for each at least"
            )
        return type(self)(*(getattr(self, entry.name)[rank::ranks] for entry in fields(self)))
