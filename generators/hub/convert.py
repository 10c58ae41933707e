"""A published checkpoint of an RSDiT becomes a folder that renderer `rsdit` reads."""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from diachron.core.errors import PackageError
from diachron.generators.hub.folders import files_hash
from diachron.generators.hub.rsdit_folder import SavedRSDiT, planes_of
from diachron.generators.models.rsdit import SIZES, RSDiT, RSDiTConfig

# Where a checkpoint of a training keeps its weights; the running mean is the one that is used.
_PLACES = ("ema", "model_ema", "ema_model", "state_dict", "model", "module")
# What wrapping leaves before each name.
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.")
# Steps of the running mean beside the weights.
_ASIDE = frozenset({"initted", "step", "n_averaged"})


def converted(checkpoint: str | Path, *, labels: str, heads: int | None = None) -> SavedRSDiT:
    """Return the network of a checkpoint; its size is read from the shapes of its weights.

    Pickles are opened with `weights_only`: nothing in them is run.

    Args:
        checkpoint: .pth, .pt or .bin with weights, alone or within a training's state, or .safetensors.
        labels: name of the scheme that it was trained on, see `planes_of`.
        heads: of attention, which no shape tells; None for those of the published size.

    Raises:
        PackageError: it cannot be read, or is of another kind.
        RecipeError, UnknownNameError: as `planes_of`.
    """
    path = Path(checkpoint)
    weights = plain_names(_read(path), path)
    config = config_of(weights, path, heads=heads)
    network = RSDiT(config)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        why = " ".join(str(error).split())
        raise PackageError(f"{path}: these are not the weights of an RSDiT ({why[:400]})") from None
    aim = "noise" if config.answers == 2 * config.channels else "velocity"
    record = {"converted_from": path.name, "sha256": files_hash([("checkpoint", path)]), "labels": labels}
    return SavedRSDiT(network.eval(), planes_of(labels, config.label_planes), aim, record)


def plain_names(state: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    """Return name -> weights as `RSDiT` calls them, from whatever stands around them.

    Raises:
        PackageError: there are none.
    """
    while not any(isinstance(value, Tensor) and value.ndim > 0 for value in state.values()):
        inner = next((state[place] for place in _PLACES if isinstance(state.get(place), Mapping)), None)
        if inner is None:
            raise PackageError(
                f"{path}: holds no weights, but {', '.join(map(str, list(state)[:8])) or 'nothing'}"
            )
        state = inner
    names = {name: name for name in state if name not in _ASIDE and isinstance(state[name], Tensor)}
    while prefix := next(
        (prefix for prefix in _PREFIXES if names and all(n.startswith(prefix) for n in names.values())), None
    ):
        names = {name: short.removeprefix(prefix) for name, short in names.items()}
    return {short: state[name].float() for name, short in names.items()}


def config_of(weights: Mapping[str, Tensor], path: Path, *, heads: int | None = None) -> RSDiTConfig:
    """Return the size of a network from the shapes of its weights.

    Raises:
        PackageError: they are of another kind, or the heads cannot be told.
    """
    try:
        width, channels, patch, _ = weights["x_embedder.proj.weight"].shape
        planes = weights["y_embedder.convs.0.weight"].shape[1]
        answers = weights["final_layer.linear.weight"].shape[0] // patch**2
        depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    except (KeyError, ValueError) as error:
        raise PackageError(
            f"{path}: these are not the weights of an RSDiT ({error} is missing); it has x_embedder, "
            f"y_embedder, blocks and final_layer, this holds {', '.join(sorted(weights)[:4])} ..."
        ) from None
    published = {size[1]: size[2] for size in SIZES.values()}
    known = heads or published.get(width)
    if known is None or width % known:
        raise PackageError(
            f"{path}: a width of {width} is of no published size ({', '.join(map(str, published))}), and "
            f"heads are {heads}; say with --heads how many there are, a divisor of the width"
        )
    return RSDiTConfig(
        depth, width, known, patch=patch, channels=channels, answers=answers, label_planes=planes
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # The training of DiT keeps its options beside the weights; they are names and numbers.
        with torch.serialization.safe_globals([argparse.Namespace]):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise PackageError(
            f"{path}: holds more than weights, and is not opened, since that would run what is in it "
            f"({' '.join(str(error).split())[:200]}); save the weights alone, where you trust it"
        ) from None
    except (OSError, RuntimeError, EOFError, ValueError, SafetensorError) as error:
        raise PackageError(f"{path}: no checkpoint can be read there ({error})") from None
    if not isinstance(state, Mapping):
        raise PackageError(f"{path}: holds a {type(state).__name__}, expected weights by name")
    return state
