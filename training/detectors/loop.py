"""The training loop of a detector, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from diachron.core.errors import RecipeError
from diachron.core.pair import PairSet
from diachron.core.streams import stream
from diachron.training.detectors.augmentation import augment
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.crops import Batch, CropStream
from diachron.training.detectors.detector import DESCRIPTION, Detector
from diachron.training.detectors.losses import detector_loss
from diachron.training.detectors.normalisation import normalise
from diachron.training.detectors.options import TrainingOptions
from diachron.training.runs.finished import finished_run
from diachron.training.runs.steps import Answer, run_steps


def train_detector(
    sets: Sequence[PairSet],
    config: DetectorConfig,
    options: TrainingOptions,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    initial: Detector | None = None,
) -> Detector:
    """Return a detector trained on labelled pairs.

    What a step sees depends on the seed and the number of the step, so a run that was stopped and resumed
    ends with the same weights as one that was not; on one machine with one number of threads, to the last
    bit.

    Args:
        sets: of pairs.
        config: of the detector.
        options: of the training.
        out: folder that receives the detector, checkpoints and the losses; None keeps all in memory.
        resume: go on from the checkpoint in `out`; without one the run starts, a finished one is loaded.
        progress: called with (steps done, all steps).
        initial: its weights are where the training starts; it is not changed.

    Raises:
        RunRefusedError: `out` holds a run and `resume` is not given, or one of another plan.
        RecipeError: `initial` is of another config, or `resume` without `out`.
        SourceError, LabelError: as `CropStream`.
        PackageError: what is in `out` cannot be read.
    """
    plan = {"config": config.to_json(), **options.to_json(), "sets": [[s.name, len(s)] for s in sets]}
    if initial is not None and initial.config != config:
        raise RecipeError(f"the detector to start from is {initial.config}, not {config}")
    done = finished_run(
        out, plan, Detector.load, description=DESCRIPTION, what="a detector is", resume=resume
    )
    if done is not None:
        return done

    detector = Detector.untrained(config, options.seed)
    if initial is not None:
        detector.network.load_state_dict(initial.network.state_dict())
    crops = CropStream(sets, config, options.crops(), options.seed)

    def batch_of(step: int) -> Batch:
        return prepare_batch(crops, options, step)

    def loss_of(answers: Answer, batch: Batch) -> Tensor:
        return detector_loss(answers(*network_inputs(batch, config)), batch)

    ended = run_steps(
        detector.network,
        batch_of,
        loss_of,
        options,
        plan,
        out=out,
        resume=resume,
        progress=progress,
        tensorboard=options.tensorboard,
    )
    detector.training = {
        "plan": ended.plan,
        "loss": ended.loss,
        "last_loss": ended.losses[-1],
        "schema": crops.pairs.schema,
        "seconds": ended.seconds,
        "steps_timed": ended.steps_timed,
        "started_from": initial.training.get("plan") if initial is not None else None,
    }
    ended.keep(detector.save, out)
    return detector


def prepare_batch(crops: CropStream, options: TrainingOptions, step: int) -> Batch:
    """Return what a step learns from."""
    batch = crops[step]
    if not options.augment:
        return batch
    return augment(batch, stream(options.seed, step, "detector/augmentation"))


def network_inputs(batch: Batch, config: DetectorConfig) -> list[Tensor]:
    """Return what the network takes of a batch."""
    inputs = [normalise(batch.t1), normalise(batch.t2)]
    if config.head == "conditional" and batch.labels_t1 is not None:
        inputs.append(batch.labels_t1)
    return inputs
