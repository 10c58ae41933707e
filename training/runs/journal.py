"""The losses of a run, as a file and, where it is wanted, for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from diachron.core.errors import RecipeError

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter

LOSSES = "losses.jsonl"


class Journal:
    """Writes a line a step; a context manager.

    Args:
        out: folder of the run; None writes nothing.
        losses: of steps that a resumed run has done already; lines beyond them are dropped.
        tensorboard: write scalars to `out/tensorboard`, too.

    Raises:
        RecipeError: TensorBoard is wanted and not installed.
    """

    def __init__(self, out: Path | None, losses: list[float], *, tensorboard: bool) -> None:
        self._out = out
        self._kept = len(losses)
        self._file: TextIO | None = None
        self._board: SummaryWriter | None = None
        if out is not None and tensorboard:
            try:
                from torch.utils.tensorboard.writer import SummaryWriter
            except ImportError:
                raise RecipeError(
                    "TensorBoard is not installed; leave out --tensorboard, or "
                    "`pip install 'diachron[tensorboard]'`"
                ) from None
            self._board = SummaryWriter(str(out / "tensorboard"), purge_step=self._kept)

    def __enter__(self) -> Journal:
        if self._out is not None:
            self._out.mkdir(parents=True, exist_ok=True)
            path = self._out / LOSSES
            lines = path.read_text(encoding="utf-8").splitlines()[: self._kept] if path.is_file() else []
            self._file = path.open("w", encoding="utf-8")
            self._file.writelines(f"{line}\n" for line in lines)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._file is not None:
            self._file.close()
        if self._board is not None:
            self._board.close()

    def note(self, step: int, loss: float, learning_rate: float) -> None:
        """Add a step."""
        if self._file is not None:
            self._file.write(json.dumps({"step": step, "loss": loss, "learning_rate": learning_rate}) + "\n")
        if self._board is not None:
            self._board.add_scalar("loss", loss, step)
            self._board.add_scalar("learning_rate", learning_rate, step)
