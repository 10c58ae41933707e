"""A trained RSDiT with what its label planes and its answers mean, and the folder it is kept in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from diachron.core.errors import PackageError, RecipeError
from diachron.core.schemes import schema_named
from diachron.generators.models.rsdit import RSDiT, RSDiTConfig
from diachron.generators.models.weights_folder import write_card

DESCRIPTION = "rsdit.json"
WEIGHTS = "weights.safetensors"
FORMAT = 1

# Hub ids that each plane stands for.
Planes = tuple[tuple[int, ...], ...]
# What is answered for: `noise`, with its spread beside it, as Changen2; or `velocity`, see `generators.flow`.
AIMS = ("noise", "velocity")


@dataclass
class SavedRSDiT:
    """A network with all that is needed to ask it.

    Args:
        network: whose config has as many label planes as `planes`.
        planes: per plane the hub ids that it stands for; an id in none of them is not shown.
        aim: one of `AIMS`; `noise` answers twice the channels, `velocity` as many as there are.
        training: JSON-ready: what it was trained on, or converted from, and under which terms.
    """

    network: RSDiT
    planes: Planes
    aim: str
    training: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.network.config
        if len(self.planes) != config.label_planes:
            raise PackageError(
                f"{len(self.planes)} planes are described, the network has {config.label_planes}: give one "
                "list of hub ids for each"
            )
        wanted = config.channels * (2 if self.aim == "noise" else 1)
        if self.aim not in AIMS or config.answers != wanted:
            raise PackageError(
                f"aim '{self.aim}' with {config.answers} answers for {config.channels} channels: expected "
                "noise with twice as many, or velocity with as many"
            )

    def shown(self, labels: NDArray[np.uint8]) -> Tensor:
        """Return (1, planes, H, W) float32 of an (H, W) map of hub ids."""
        table = np.zeros((len(self.planes), 256), np.float32)
        for plane, hub_ids in enumerate(self.planes):
            table[plane, list(hub_ids)] = 1.0
        return torch.from_numpy(table[:, labels]).unsqueeze(0)

    def save(self, folder: str | Path) -> None:
        """Write `weights.safetensors` and, last, `rsdit.json`; what is there is replaced.

        Args:
            folder: made if it is missing.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        weights = {
            name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()
        }
        description = {
            "format": FORMAT,
            "network": asdict(self.network.config),
            "planes": [list(plane) for plane in self.planes],
            "aim": self.aim,
            "training": self.training,
        }
        save_file(weights, target / f".{WEIGHTS}")
        (target / f".{WEIGHTS}").replace(target / WEIGHTS)
        write_card(target, DESCRIPTION, description)

    @classmethod
    def load(cls, folder: str | Path) -> SavedRSDiT:
        """Return a network that `save` has written.

        Raises:
            PackageError: there is none, or its weights do not fit.
        """
        path = Path(folder)
        try:
            described = json.loads((path / DESCRIPTION).read_text(encoding="utf-8"))
            if described["format"] != FORMAT:
                raise PackageError(f"{path}: format {described['format']}, this Diachron reads {FORMAT}")
            # Weights are read next: none are drawn for nothing.
            with torch.device("meta"):
                network = RSDiT(RSDiTConfig(**described["network"]))
            network.load_state_dict(load_file(path / WEIGHTS), assign=True)
            planes = tuple(tuple(int(number) for number in plane) for plane in described["planes"])
            return cls(network.eval(), planes, described["aim"], described["training"])
        except PackageError:
            raise
        except (OSError, LookupError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise PackageError(
                f"{path}: no RSDiT can be read there ({error}); convert a published one with "
                "`diachron convert rsdit CHECKPOINT --labels SCHEME --out DIR`, and name the folder with "
                "--set renderer.weights=DIR"
            ) from None


def planes_of(name: str, count: int) -> Planes:
    """Return which hub ids each plane of a network stands for, by the scheme that it was trained on.

    With one plane more than the highest class there is one for each class from 0; with as many, from 1. So
    the single plane of scheme `building` is where a building is.

    Args:
        name: of the scheme.
        count: of the network's planes.

    Raises:
        RecipeError: the scheme has another number of classes.
        UnknownNameError: there is no such scheme.
    """
    wanted = schema_named(name)
    highest = max(wanted.names)
    first = highest + 1 - count
    if first not in (0, 1):
        raise RecipeError(
            f"--labels {name}: has classes up to {highest}, and the network {count} planes; take the scheme "
            "that it was trained on: `diachron schemes` lists them"
        )
    return tuple(
        tuple(sorted(hub_id for hub_id, drawn in wanted.draws.items() if drawn == number))
        for number in range(first, first + count)
    )
