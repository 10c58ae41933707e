"""Where a network computes, in which precision, and by which attention."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from diachron.core.errors import RecipeError, nearest_names

if TYPE_CHECKING:
    import torch

DEVICES = ("cpu", "cuda", "auto")
PRECISIONS = ("fp32", "bf16")
ATTENTIONS = ("sdpa", "xformers")


@dataclass(frozen=True)
class Machine:
    """The switches of a network that is used, not trained.

    Args:
        device: `cpu` or `cuda`.
        precision: `fp32` or `bf16`.
        attention: `sdpa`, which torch brings, or `xformers`.
    """

    device: str = "cpu"
    precision: str = "fp32"
    attention: str = "sdpa"

    @property
    def dtype(self) -> torch.dtype:
        """The precision as torch knows it."""
        import torch

        return torch.bfloat16 if self.precision == "bf16" else torch.float32

    def threads(self) -> AbstractContextManager[None]:
        """Return a context in which the bytes do not depend on how many threads there are."""
        from diachron.generators.models.threads import one_thread

        return one_thread() if self.device == "cpu" else nullcontext()


def check_switches(device: str, precision: str, attention: str) -> None:
    """Check the words of a recipe, without a look at the machine.

    Raises:
        RecipeError: one is not known, or xformers is asked for on the CPU, where it has no attention.
    """
    for key, given, known in (
        ("device", device, DEVICES),
        ("precision", precision, PRECISIONS),
        ("attention", attention, ATTENTIONS),
    ):
        if given not in known:
            raise RecipeError(f"{key}: '{given}'; {nearest_names(given, known)}")
    if attention == "xformers" and device == "cpu":
        raise RecipeError("attention: xformers computes on a GPU only; add device=cuda, or take sdpa")


def machine_of(device: str, precision: str, attention: str) -> Machine:
    """Return the switches as this machine can follow them; `auto` becomes what is there.

    Raises:
        RecipeError: as `check_switches`, or there is no GPU, or xformers is not installed.
    """
    import torch

    check_switches(device, precision, attention)
    if attention == "xformers" and find_spec("xformers") is None:
        raise RecipeError(
            "attention: xformers is not installed: `pip install 'diachron[xformers]'`, or take sdpa, "
            "which torch brings"
        )
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise RecipeError("device: cuda, and torch finds no GPU here; take cpu or auto")
    found = "cuda" if device != "cpu" and there else "cpu"
    if attention == "xformers" and found == "cpu":
        raise RecipeError("attention: xformers computes on a GPU only, and there is none here; take sdpa")
    return Machine(found, precision, attention)
