"""The training loop of a painter of sketches, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from diachron.generators.semantic.painter import DESCRIPTION, Reading, SemanticPainter
from diachron.training.inpainting.loop import painting_loss
from diachron.training.inpainting.places import PlaceSet
from diachron.training.inpainting.record import plan_of, record_of, running_mean
from diachron.training.runs.finished import finished_run
from diachron.training.runs.steps import run_steps
from diachron.training.semantic.examples import Sketches
from diachron.training.semantic.options import SemanticOptions


def train_semantic(
    sets: Sequence[PlaceSet],
    options: SemanticOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> SemanticPainter:
    """Return a painter trained on sketches of real scenes; its weights are a running mean of the last steps'.

    What a step sees depends on the seed and the number of the step, so a run that was stopped and resumed
    ends with the same weights as one that was not. Where no set names what stands there, the painter is
    marked: it is then never shown a label map.

    Args:
        sets: of scenes.
        options: of the training.
        out: folder that receives the painter, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`.
        SourceError, LabelError: as `Sketches`.
        PackageError: what is in `out` cannot be read.
    """
    sketches = Sketches(sets, options)
    plan = plan_of(sets, options)
    done = finished_run(
        out, plan, SemanticPainter.load, description=DESCRIPTION, what="weights are", resume=resume
    )
    if done is not None:
        return done

    reading = Reading(options.detail_px, labels=any(places.labelled for places in sets))
    painter = SemanticPainter.untrained(options.network, options.seed, reading)
    ended = run_steps(
        painter.network,
        sketches.__getitem__,
        painting_loss,
        options,
        plan,
        out=out,
        resume=resume,
        progress=progress,
        averaged=running_mean(options),
        clip=1.0,
    )
    painter.training = record_of(ended, sets)
    ended.keep(painter.save, out)
    return painter
