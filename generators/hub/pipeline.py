"""A published inpainting pipeline of the Stable Diffusion family, as a brush."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from diachron.core.errors import PackageError, RecipeError
from diachron.generators.hub.folders import files_hash, model_folder
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.prompts import control_map, prompt_of

INDEX = "model_index.json"
# Parts that are not loaded: the checker blacks out tiles, and the others serve pictures as prompts.
LEFT_OUT = ("safety_checker", "feature_extractor", "image_encoder")


@dataclass(frozen=True)
class Model:
    """What a pipeline is put together from.

    Args:
        weights: folder or hub id of the pipeline.
        controlnet: folder or hub id; None where there is none, or the pipeline brings its own.
        lora: folder or file; None for none.
        lora_scale: how much of it is added.
    """

    weights: str
    controlnet: str | None = None
    lora: str | None = None
    lora_scale: float = 1.0

    def parts(self) -> list[tuple[str, Path]]:
        """Return name and folder of all that is read.

        Raises:
            PackageError: one is missing, or is no pipeline.
            RecipeError: a package that it needs is not installed.
        """
        needs("transformers", "`pip install 'diachron[transformers]'`")
        folder = model_folder(self.weights, key="weights")
        index = _index(folder)
        parts = [(name, folder / name) for name in sorted(index) if _is_loaded(name, index)]
        missing = [name for name, part in parts if not part.is_dir()]
        if missing:
            raise PackageError(f"{folder}: {INDEX} names {', '.join(missing)}, and there is no such folder")
        if self.controlnet is not None:
            parts.append(("controlnet", model_folder(self.controlnet, key="controlnet")))
        if self.lora is not None:
            needs("peft", "`pip install 'diachron[peft]'`")
            parts.append(("lora", _lora_file(self.lora)))
        return parts

    def fingerprint(self) -> str:
        """Return the SHA-256 of the files of all parts that are loaded.

        Raises:
            PackageError, RecipeError: as `parts`, or there is nothing but pickles.
        """
        # Schedulers and tokenizers decide the bytes, too, and hold no weights.
        return files_hash(
            (name, file)
            for name, folder in self.parts()
            for file in (
                [folder] if name not in ("scheduler", "tokenizer", "tokenizer_2") else _small(folder)
            )
        )


@dataclass(frozen=True)
class Manner:
    """How a pipeline is asked.

    Args:
        strength: share of noise that the proposal is buried in; with 1 nothing of it is left.
        steps: of the scheduler, of which `strength` are done.
        guidance: of the prompt, 1 for none.
        control_scale: how much the ControlNet is heeded.
        profile: how prompts and maps are made, see `prompts.PROFILES`.
        opening: of the prompt, see `prompts.prompt_of`.
        text: put into every prompt.
        negative: what is not to be seen.
    """

    strength: float
    steps: int
    guidance: float
    control_scale: float
    profile: str
    opening: int
    text: str
    negative: str


@dataclass(frozen=True)
class PipelineBrush:
    """A pipeline with the manner in which it is asked.

    Args:
        pipe: of diffusers.
        machine: where it computes.
        manner: how it is asked.
    """

    pipe: Any
    machine: Machine
    manner: Manner

    @property
    def multiple(self) -> int:
        """Cells of the autoencoder, and of the coarsest level of the U-Net."""
        levels = len(self.pipe.unet.config.block_out_channels)
        return int(self.pipe.vae_scale_factor) * 2 ** (levels - 1)

    def paint(self, hole: Hole) -> NDArray[np.float32]:
        """Return (3, S, S) the window as the pipeline gives it back, 0 to 1.

        Args:
            hole: S is a multiple of `multiple`.
        """
        how, size = self.manner, hole.hole.shape[-1]
        begun = np.where(hole.hole, hole.proposal, hole.picture)
        given: dict[str, Any] = {
            "prompt": prompt_of(how.profile, hole.labels, hole.hole, opening=how.opening, text=how.text),
            "negative_prompt": how.negative or None,
            "image": torch.from_numpy(begun).unsqueeze(0),
            "mask_image": cells(hole.hole, int(self.pipe.vae_scale_factor)),
            "height": size,
            "width": size,
            "strength": how.strength,
            "num_inference_steps": how.steps,
            "guidance_scale": how.guidance,
            # On the CPU, so that it is the same noise wherever the network computes.
            "generator": torch.Generator().manual_seed(hole.seed),
            "output_type": "np",
        }
        if hasattr(self.pipe, "controlnet"):
            control = control_map(how.profile, hole.labels)
            given["control_image"] = torch.from_numpy(control).unsqueeze(0)
            given["controlnet_conditioning_scale"] = how.control_scale
        with self.machine.threads(), torch.inference_mode():
            painted = self.pipe(**given).images[0]
        return np.ascontiguousarray(np.moveaxis(painted, -1, 0), dtype=np.float32)


def cells(hole: NDArray[np.bool_], side: int) -> torch.Tensor:
    """Return (1, 1, S, S) float, 1 in every cell of the autoencoder that holds a pixel of the hole.

    A pipeline takes one pixel of each cell for the mask of the latents, so that a hole's edge would stay.

    Args:
        hole: (S, S), S a multiple of the side.
        side: of a cell in pixels.
    """
    mask = torch.from_numpy(hole.astype(np.float32))[None, None]
    coarse = functional.max_pool2d(mask, side)
    return functional.interpolate(coarse, scale_factor=side, mode="nearest")


@cache
def load_pipeline(model: Model, machine: Machine) -> tuple[Any, str]:
    """Return a pipeline, ready, and the hash of its files; read once a process, so leave it as it is.

    Raises:
        PackageError, RecipeError: as `read_pipeline`.
    """
    return read_pipeline(model, machine)


def read_pipeline(model: Model, machine: Machine) -> tuple[Any, str]:
    """Return a pipeline of one's own, ready, and the hash of its files.

    Raises:
        PackageError: a part is missing or cannot be read.
        RecipeError: a package that it needs is not installed.
    """
    digest = model.fingerprint()
    import diffusers

    folder = model_folder(model.weights, key="weights")
    index = _index(folder)
    name = _pipeline_class(index, folder, controlled=model.controlnet is not None)
    options: dict[str, Any] = {"use_safetensors": True, "local_files_only": True}
    without: dict[str, Any] = {part: None for part in LEFT_OUT if part in index}
    if "XL" in name:
        # By default it is there where a package of it is: bytes would hang on what is installed.
        without["add_watermarker"] = False
    else:
        without |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    with _quiet(diffusers):
        try:
            if model.controlnet is not None:
                beside = model_folder(model.controlnet, key="controlnet")
                without["controlnet"] = diffusers.ControlNetModel.from_pretrained(beside, **options)
            pipe = getattr(diffusers, name).from_pretrained(folder, **without, **options)
            if model.lora is not None:
                file = _lora_file(model.lora)
                pipe.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name="lora")
                pipe.set_adapters(["lora"], adapter_weights=[model.lora_scale])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
            why = " ".join(str(error).split())
            raise PackageError(
                f"{folder}: cannot be read as {name} ({why}); it must be a whole diffusers folder with "
                ".safetensors, and ControlNet and LoRA must be made for it"
            ) from None
        # Not while it is loaded: the name of that option has changed between versions of diffusers.
        pipe.to(machine.device, machine.dtype)
    _check_channels(pipe, folder)
    pipe.set_progress_bar_config(disable=True)
    if machine.attention == "xformers":
        pipe.enable_xformers_memory_efficient_attention()
    return pipe, digest


def _check_channels(pipe: Any, folder: Path) -> None:
    """Refuse networks that would fail at the first step."""
    latent, taken = pipe.vae.config.latent_channels, pipe.unet.config.in_channels
    # With the masked picture and the mask, or without.
    if taken not in (latent, 2 * latent + 1):
        raise PackageError(
            f"{folder}: its U-Net takes {taken} channels, expected {2 * latent + 1} for one that inpaints, "
            f"or {latent}"
        )
    control = getattr(pipe, "controlnet", None)
    if control is not None and control.config.in_channels != latent:
        raise PackageError(
            f"{folder}: its ControlNet takes {control.config.in_channels} channels, expected {latent}: "
            "diffusers shows it the latents alone"
        )


def _pipeline_class(index: dict[str, Any], folder: Path, *, controlled: bool) -> str:
    """Return the name of the pipeline that inpaints with these parts."""
    given = str(index.get("_class_name", ""))
    family = "StableDiffusionXL" if given.startswith("StableDiffusionXL") else "StableDiffusion"
    known = {
        f"{family}{control}{job}Pipeline"
        for control in ("", "ControlNet")
        for job in ("", "Img2Img", "Inpaint")
    }
    if given not in known:
        raise PackageError(
            f"{folder}: a pipeline of class '{given}'; Stable Diffusion and Stable Diffusion XL are read, "
            "with or without ControlNet"
        )
    control = "ControlNet" if controlled or "ControlNet" in given else ""
    return f"{family}{control}InpaintPipeline"


def _index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackageError(
            f"{folder}: no pipeline can be read there ({error}); give the folder that holds {INDEX}"
        ) from None
    return index


def _is_loaded(name: str, index: dict[str, Any]) -> bool:
    """Whether a key of the index is a part that is loaded: [library, class], both given."""
    part = index[name]
    return isinstance(part, list) and all(part) and name not in LEFT_OUT


def _small(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".json", ".txt", ".model"))


def _lora_file(given: str) -> Path:
    """Return the file of a LoRA: the one given, or the only one of its folder."""
    path = Path(given)
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    if len(files) != 1 or files[0].suffix != ".safetensors":
        raise PackageError(
            f"lora: {given} holds {len(files)} .safetensors, expected one; give the file itself, "
            "or the folder that `save_lora_weights` of diffusers has written"
        )
    return files[0]


def needs(package: str, command: str) -> None:
    """Check that a package is installed.

    Raises:
        RecipeError: it is not; the text says how to get it.
    """
    if find_spec(package) is None:
        raise RecipeError(f"models of the hub need {package} for this, which is not installed: {command}")


@contextmanager
def _quiet(diffusers: Any) -> Iterator[None]:
    """Load without bars and without remarks on parts that are left out on purpose."""
    log = diffusers.utils.logging
    before, shown = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(before)
        if shown:
            log.enable_progress_bar()
