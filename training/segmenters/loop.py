"""The training loop of a segmenter, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from diachron.training.detectors.normalisation import normalise
from diachron.training.runs.finished import finished_run
from diachron.training.runs.steps import Answer, run_steps
from diachron.training.segmenters.crops import Batch, TileCrops
from diachron.training.segmenters.losses import marginal_loss
from diachron.training.segmenters.options import SegmenterOptions
from diachron.training.segmenters.segmenter import DESCRIPTION, Segmenter
from diachron.training.segmenters.tiles import TileSet


def train_segmenter(
    sets: Sequence[TileSet],
    options: SegmenterOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Segmenter:
    """Return a segmenter trained on partly labelled tiles.

    What a step sees depends on the seed, the role and the number of the step, so a run that was stopped and
    resumed ends with the same weights as one that was not.

    Args:
        sets: of tiles; those held out are not read.
        options: of the training; the half of the places decides the role.
        out: folder that receives the segmenter, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`.
        SourceError, LabelError: as `TileCrops`.
        PackageError: what is in `out` cannot be read.
    """
    crops = TileCrops(sets, options)
    plan: dict[str, Any] = {
        "options": options.to_json(),
        "sets": [[tiles.name, tiles.weight, len(tiles.facts)] for tiles in sets],
        "places": crops.places,
    }

    def load(folder: Path) -> Segmenter:
        return Segmenter.load(folder, role=options.role)

    done = finished_run(out, plan, load, description=DESCRIPTION, what="a segmenter is", resume=resume)
    if done is not None:
        return done

    segmenter = Segmenter.untrained(options.role, options.seed)

    def loss_of(answers: Answer, batch: Batch) -> Tensor:
        return marginal_loss(answers(normalise(batch.images)), batch.allowed)

    ended = run_steps(
        segmenter.network,
        crops.__getitem__,
        loss_of,
        options,
        plan,
        out=out,
        resume=resume,
        progress=progress,
    )
    segmenter.training = {
        "plan": ended.plan,
        "loss": ended.loss,
        "seconds": ended.seconds,
        "steps_timed": ended.steps_timed,
    }
    ended.keep(segmenter.save, out)
    return segmenter
