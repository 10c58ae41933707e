"""`diachron train`: train a network on data sets."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from diachron.cli.train_acquisition import command as acquisition
from diachron.cli.train_autoencoder import command as autoencoder
from diachron.cli.train_inpainting import command as inpainting
from diachron.cli.train_lora import command as lora
from diachron.cli.train_rsdit import command as rsdit
from diachron.cli.train_segmenter import command as segmenter
from diachron.cli.train_semantic import command as semantic


@click.group(name="train")
def command() -> None:
    """Train a network, or fit the acquisition layer to real pairs."""


command.add_command(acquisition)
command.add_command(autoencoder)
command.add_command(inpainting)
command.add_command(lora)
command.add_command(rsdit)
command.add_command(segmenter)
command.add_command(semantic)


@command.command(name="detector")
@click.option(
    "--data",
    "folders",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Data set to learn from; may be given more than once.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the detector.")
@click.option("--split", default="train", show_default=True, help="train, val, test, or all.")
@click.option(
    "--architecture", default="siamese-unet-small", show_default=True, help="Name, or hub:MODEL_ID."
)
@click.option("--head", default="binary", show_default=True, help="binary, semantic or conditional.")
@click.option("--classes", type=click.IntRange(1), help="Label values; by default those of the scheme.")
@click.option("--bands", type=click.IntRange(1), default=3, show_default=True, help="Bands of each date.")
@click.option("--steps", type=int, default=500, show_default=True)
@click.option("--batch", type=int, default=32, show_default=True, help="Crops a step.")
@click.option("--crop", "crop_px", type=int, default=128, show_default=True, help="Pixels a side.")
@click.option("--gsd", "gsd_m", type=(float, float), metavar="LOW HIGH", help="Draw the gsd, in metres.")
@click.option("--learning-rate", type=float, default=2e-3, show_default=True)
@click.option("--no-augment", is_flag=True, help="Neither turn crops nor swap dates nor change colours.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--precision", default="auto", show_default=True, help="auto, bf16 or fp32.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--cache-mb", type=click.IntRange(0), default=1024, show_default=True, help="Pairs in memory.")
@click.option("--checkpoint-every", type=click.IntRange(0), default=100, show_default=True, help="Steps.")
@click.option("--start-from", type=click.Path(path_type=Path), help="Detector whose weights come first.")
@click.option("--resume", is_flag=True, help="Go on with the run in --out; start it if there is none.")
@click.option("--tensorboard", is_flag=True, help="Write the loss for TensorBoard.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def detector(
    folders: tuple[Path, ...],
    out: Path,
    split: str,
    architecture: str,
    head: str,
    classes: int | None,
    bands: int,
    steps: int,
    batch: int,
    crop_px: int,
    gsd_m: tuple[float, float] | None,
    learning_rate: float,
    no_augment: bool,
    seed: int,
    precision: str,
    device: str,
    cache_mb: int,
    checkpoint_every: int,
    start_from: Path | None,
    resume: bool,
    tensorboard: bool,
    as_json: bool,
) -> None:
    """Train a change detector on the pairs of one or more data sets.

    The same seed gives the same weights on one machine; a stopped run goes on with --resume.
    """
    # Before torch is loaded: its threads otherwise wait by spinning, and hold the cores that the next batch
    # or another process needs. On two busy cores a step took four times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from diachron.cli.progress import progress_bar
    from diachron.outputs.pairs import PackagePairs
    from diachron.training.detectors.config import DetectorConfig
    from diachron.training.detectors.detector import Detector
    from diachron.training.detectors.loop import train_detector
    from diachron.training.detectors.options import TrainingOptions

    sets = [PackagePairs(folder, None if split == "all" else split) for folder in folders]
    if head == "binary":
        classes = 0
    elif classes is None:
        classes = 1 + max(entry.id for pairs in sets for entry in pairs.dataset.schema.classes)
    config = DetectorConfig(architecture, head, bands, classes)
    options = TrainingOptions(
        steps=steps,
        batch=batch,
        crop_px=crop_px,
        learning_rate=learning_rate,
        seed=seed,
        gsd_m=gsd_m,
        augment=not no_augment,
        precision=precision,
        device=device,
        cache_mb=cache_mb,
        checkpoint_every=checkpoint_every,
        tensorboard=tensorboard,
    )
    initial = None if start_from is None else Detector.load(start_from)
    with progress_bar("steps", quiet=as_json) as progress:
        trained = train_detector(
            sets, config, options, out=out, resume=resume, progress=progress, initial=initial
        )
    record = trained.training
    if as_json:
        click.echo(json.dumps({"out": str(out), **record}))
        return
    pairs = sum(len(pairs) for pairs in sets)
    click.echo(f"{steps} steps on {pairs} pairs in {record['seconds']} s, loss {record['loss']:.3f}: {out}")
    click.echo(f"use it: diachron predict T1 T2 --weights {out} --out DIR")
