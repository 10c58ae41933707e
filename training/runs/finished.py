"""Whether there is anything left to do in a run's folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from diachron.core.errors import RecipeError, RunRefusedError
from diachron.training.runs.checkpoint import has_checkpoint


class Trained(Protocol):
    """A network with the record of its training, of which `plan` is a part."""

    training: dict[str, Any]


T = TypeVar("T", bound=Trained)


def finished_run(
    out: Path | None,
    plan: dict[str, Any],
    load: Callable[[Path], T],
    *,
    description: str,
    what: str,
    resume: bool,
) -> T | None:
    """Return what a finished run of this plan has left; None where there are steps to do.

    Args:
        out: folder of the run; None for one that is kept in memory.
        plan: JSON-ready; what decides the result. Its precision is not compared, since the machine chooses it
            when the run starts.
        load: reads what was trained from its folder.
        description: name of the file that is written last.
        what: for the message, with its verb, such as `a detector is`.
        resume: whether the run may go on.

    Raises:
        RunRefusedError: something is there and `resume` is not given, or it is of another plan; the text
            names what differs.
        RecipeError: `resume` without `out`.
        PackageError: what is there cannot be read.
    """
    if out is None:
        if resume:
            raise RecipeError("a run is resumed from its folder: give `out`")
        return None
    finished = (out / description).is_file()
    if not resume and (finished or has_checkpoint(out)):
        raise RunRefusedError(f"{out}: {what} there already; go on with --resume, or give another --out")
    if not finished:
        return None
    trained = load(out)
    stored = trained.training.get("plan", {})
    # A tuple comes back as a list.
    for key, value in json.loads(json.dumps(plan)).items():
        if key != "precision" and stored.get(key) != value:
            raise RunRefusedError(
                f"{out}: what is there was trained with {key} {stored.get(key)}, not {value}; "
                "give another --out"
            )
    return trained
