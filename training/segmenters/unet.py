"""A U-Net for one date, small enough for two cores."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from diachron.core.streams import noise_seed, stream
from diachron.training.detectors.siamese_unet import PlainEncoder, convolutions
from diachron.training.segmenters.classes import CLASSES

# Channels and convolutions of each level: 1.3 million parameters, most of them where pixels are few. What is
# more than 80 pixels away from a pixel does not change its answer.
LEVELS = ((32, 1), (64, 2), (128, 2), (192, 2))


class SegmentationUNet(nn.Module):
    """Logits of the six classes.

    Encoder and stem are the detectors'; the decoder joins each level with the finer one by one convolution
    (Ronneberger, Fischer, Brox 2015, with nearest-neighbour widening).

    Args:
        bands: of a picture.
    """

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.encoder = PlainEncoder(bands, LEVELS)
        self.stride = self.encoder.strides[-1]
        self.stem_stride = self.encoder.strides[0]
        widths = self.encoder.widths
        self.decoder = nn.ModuleList(
            convolutions(coarse + fine, fine, 1)
            for fine, coarse in zip(widths[-2::-1], widths[:0:-1], strict=True)
        )
        self.classes = nn.Conv2d(widths[0], len(CLASSES) * self.stem_stride**2, 1)
        # The pixels of one feature start alike: else a checkerboard stays in label maps for hundreds of steps
        # (Aitken et al. 2017, "Checkerboard artifact free sub-pixel convolution").
        with torch.no_grad():
            for values in (self.classes.weight, self.classes.bias):
                assert values is not None
                values.copy_(values[:: self.stem_stride**2].repeat_interleave(self.stem_stride**2, 0))

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, 6, H, W) logits of normalised pictures.

        Args:
            image: (N, C, H, W); H and W are multiples of `stride`.
        """
        levels = self.encoder(image)
        x = levels[-1]
        for step, level in zip(self.decoder, levels[-2::-1], strict=True):
            x = step(torch.cat([functional.interpolate(x, scale_factor=2.0, mode="nearest"), level], 1))
        return functional.pixel_shuffle(self.classes(x), self.stem_stride)


def build_unet(bands: int, role: str, seed: int) -> SegmentationUNet:
    """Return a network whose weights depend on the seed and the role: two roles never start alike."""
    # Layers draw their first weights from the global generator, which is handed back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(noise_seed(stream(seed, 0, f"segmenter/{role}/weights")))
        network = SegmentationUNet(bands)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
