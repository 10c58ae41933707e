"""Frozen features of crops: the weights that ship, checked by their hash, and the turn that evens them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from diachron.core.errors import PackageError, SourceError
from diachron.training.detectors.normalisation import normalise
from diachron.training.features.network import FEATURES, FeatureNet

NAME = "places-1"
WEIGHTS = Path(__file__).parent / "weights" / f"{NAME}.safetensors"
# Figures are comparable only between runs with the same features, so other weights need another name.
SHA256 = "3ce70fec99dab8bad2ee9655a217d7090c46be2d6bdab4fb90beabb099790f3b"
BATCH = 128
MEAN, EVEN = "features.mean", "features.even"
# Directions with less than this share of the largest variance are not blown up to the size of the others.
SMALLEST_VARIANCE = 1e-3


@dataclass(frozen=True)
class FeatureEncoder:
    """A frozen network, and the turn that gives its features zero mean, unit spread and no correlation.

    Without it a distance would weigh what a network says ten times over ten times as much as the rest.

    Args:
        name: of the weights; figures carry it.
        sha256: of their file.
        network: in `eval` mode.
        mean: (FEATURES,), measured on views of the places it was trained on.
        even: (FEATURES, FEATURES) whitening matrix, measured there, too.
    """

    name: str
    sha256: str
    network: FeatureNet
    mean: Tensor
    even: Tensor

    def features(self, crops: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (N, FEATURES) float64 features.

        Args:
            crops: (N, 3, S, S) from 0 to 1; S is a multiple of 16.
        """
        found = np.empty((len(crops), FEATURES), np.float64)
        with torch.inference_mode():
            for start in range(0, len(crops), BATCH):
                part = torch.from_numpy(np.ascontiguousarray(crops[start : start + BATCH]))
                raw = self.network(normalise(part)).float()
                found[start : start + BATCH] = ((raw - self.mean) @ self.even).numpy()
        return found


def measure_encoder(network: FeatureNet, crops: Tensor) -> dict[str, Tensor]:
    """Return the tensors to store: half-precision weights, and mean and whitening of the crops' features."""
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    with torch.inference_mode():
        raw = torch.cat([network.eval()(normalise(part)).float() for part in crops.split(BATCH)])
    variances, directions = torch.linalg.eigh(torch.cov(raw.double().T))
    scales = variances.clamp_min(float(variances[-1]) * SMALLEST_VARIANCE).rsqrt()
    return {**state, MEAN: raw.mean(0), EVEN: (directions * scales).float()}


def save_encoder(tensors: dict[str, Tensor], path: Path) -> str:
    """Write the tensors of `measure_encoder`; return the SHA-256 of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_encoder(path: Path = WEIGHTS, sha256: str | None = SHA256) -> FeatureEncoder:
    """Return the encoder of a file.

    Args:
        path: by default the weights that ship.
        sha256: the hash that the file must have, None to take it as it is.

    Raises:
        SourceError: the file cannot be read.
        PackageError: the file is not the one that was measured with, or holds another network.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: the feature weights cannot be read ({error}); install again") from None
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise PackageError(
            f"{path}: SHA-256 {found}, expected {sha256}; figures of other weights cannot be compared, "
            "install again"
        )
    network = FeatureNet()
    try:
        tensors = load(content)
        mean, even = tensors.pop(MEAN), tensors.pop(EVEN)
        network.load_state_dict(tensors)
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise PackageError(f"{path}: not the weights of a feature network ({error})") from None
    network = network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    return FeatureEncoder(path.stem, found, network.requires_grad_(False), mean, even)
