"""The training loop of a painter, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor
from torch.nn import functional

from diachron.generators.flow.loss import flow_loss
from diachron.generators.inpainting.painter import DESCRIPTION, Painter
from diachron.training.inpainting.examples import Batch, Examples
from diachron.training.inpainting.options import InpaintingOptions
from diachron.training.inpainting.places import PlaceSet
from diachron.training.inpainting.record import plan_of, record_of, running_mean
from diachron.training.runs.finished import finished_run
from diachron.training.runs.steps import Answer, run_steps

# Contrast is that of so many pixels a side, and that of plain ground, in spreads of a picture, is about this.
AROUND_PX = 9
PLAIN = 0.1


def train_inpainting(
    sets: Sequence[PlaceSet],
    options: InpaintingOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Painter:
    """Return a painter trained on real scenes; its weights are a running mean of those of the last steps.

    What a step sees depends on the seed and the number of the step, so a run that was stopped and resumed
    ends with the same weights as one that was not.

    Args:
        sets: of scenes.
        options: of the training.
        out: folder that receives the painter, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `resume` without `out`.
        SourceError, LabelError: as `Examples`.
        PackageError: what is in `out` cannot be read.
    """
    examples = Examples(sets, options)
    plan = plan_of(sets, options)
    done = finished_run(out, plan, Painter.load, description=DESCRIPTION, what="weights are", resume=resume)
    if done is not None:
        return done

    painter = Painter.untrained(options.network, options.seed)
    ended = run_steps(
        painter.network,
        examples.__getitem__,
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


def contrast(picture: Tensor) -> Tensor:
    """Return (N, 1, S, S) the standard deviation around each pixel, mean over the bands."""
    mean, square = (
        functional.avg_pool2d(each, AROUND_PX, 1, AROUND_PX // 2, count_include_pad=False)
        for each in (picture, picture.square())
    )
    return (square - mean.square()).clamp(min=0.0).sqrt().mean(dim=1, keepdim=True)


def painting_loss(answers: Answer, batch: Batch) -> Tensor:
    """Return how far the velocities are off in the holes of a batch, one number.

    Times its time, an error of the velocity is one of the picture at the end. Near the end velocity can
    hardly be told from texture: with even weights that drowned all else. And an error counts beside the
    contrast of the real picture around it: what no eye finds between roofs is a cloud on plain ground.
    """
    known = batch.known
    weight = batch.hole * batch.time[:, None, None, None].square() / (PLAIN + contrast(batch.picture))
    return flow_loss(lambda x, when: answers(x, when, known), batch.picture, batch.start, batch.time, weight)
