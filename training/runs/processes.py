"""Which of several processes this is, where one training runs in more than one."""

from __future__ import annotations

from accelerate import PartialState  # type: ignore[import-untyped]


def is_first() -> bool:
    """Return whether this is the process that writes; true where there is only one."""
    return bool(PartialState().is_main_process)
