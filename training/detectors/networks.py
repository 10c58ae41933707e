"""The network of a config, with weights drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from diachron.core.streams import noise_seed, stream
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.fc_siam_diff import FCSiamDiff
from diachron.training.detectors.hub_encoder import HubEncoder
from diachron.training.detectors.residual_encoder import ResidualEncoder
from diachron.training.detectors.siamese_unet import PlainEncoder, SiameseUNet


def build_network(config: DetectorConfig, seed: int, *, pretrained: bool = True) -> nn.Module:
    """Return a network whose weights depend on the config and the seed alone.

    Weights of a hub's model are its own; only what is put on top of it is drawn.

    Args:
        config: of the detector.
        seed: of the run.
        pretrained: False leaves out the weights of a hub's model, for weights that are loaded afterwards.

    Raises:
        RecipeError: a model of the hub is wanted and cannot be had.
    """
    # Layers draw their first weights from the global generator, which is handed back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(noise_seed(stream(seed, 0, "detector/weights")))
        network = _network(config, pretrained=pretrained)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _network(config: DetectorConfig, *, pretrained: bool) -> nn.Module:
    if config.hub_model:
        return SiameseUNet(config, HubEncoder(config.hub_model, config.bands, pretrained=pretrained))
    return _NETWORKS[config.architecture](config)


# Each name of `config.ARCHITECTURES`.
_NETWORKS: dict[str, Callable[[DetectorConfig], nn.Module]] = {
    "siamese-unet-small": lambda config: SiameseUNet(config, PlainEncoder(config.bands)),
    "siamese-unet-resnet18": lambda config: SiameseUNet(config, ResidualEncoder(config.bands)),
    "fc-siam-diff": FCSiamDiff,
}
