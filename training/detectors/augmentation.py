"""Batches made more various: mirrored, turned, the dates swapped, each date with colours of its own."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from diachron.training.detectors.crops import Batch

# Spreads of the colours of one date against the other's. Wide enough for two sensors on two days; the
# acquisition layer of the simulators does the rest.
BRIGHTNESS = 0.10
CONTRAST = 0.25
SATURATION = 0.40
TONE = 0.5
MIXING = 0.05


def augment(batch: Batch, rng: np.random.Generator) -> Batch:
    """Return a batch of the same shapes with every crop changed in its own way.

    Both dates and all maps of a crop are mirrored and turned alike; the dates are swapped, with their label
    maps, for half of the crops; colours are changed for each date apart. Change maps keep their values.

    Args:
        batch: is not changed.
        rng: everything is drawn from it.
    """
    count, bands = batch.t1.shape[:2]
    places = [int(place) for place in rng.integers(8, size=count)]
    swap = [bool(chosen) for chosen in rng.random(count) < 0.5]
    colours = [_draw_colours(rng, count, bands) for _ in range(2)]

    t1, t2 = _swapped(batch.t1, batch.t2, swap)
    labels_t1, labels_t2 = batch.labels_t1, batch.labels_t2
    if labels_t1 is not None and labels_t2 is not None:
        labels_t1, labels_t2 = _swapped(labels_t1, labels_t2, swap)
        labels_t1, labels_t2 = _placed(labels_t1, places), _placed(labels_t2, places)
    t1, t2 = (_coloured(_placed(date, places), *drawn) for date, drawn in zip((t1, t2), colours, strict=True))
    return Batch(t1, t2, _placed(batch.change, places), labels_t1, labels_t2, batch.weight)


def _placed(layer: Tensor, places: list[int]) -> Tensor:
    """Return every crop in one of the eight positions of a square."""
    crops = layer.numpy()
    turned = np.empty_like(crops)
    for crop, target, place in zip(crops, turned, places, strict=True):
        view = np.swapaxes(crop, -1, -2) if place & 1 else crop
        target[...] = view[..., :: -1 if place & 2 else 1, :: -1 if place & 4 else 1]
    return torch.from_numpy(turned)


def _swapped(first: Tensor, second: Tensor, swap: list[bool]) -> tuple[Tensor, Tensor]:
    both = (first, second)
    return tuple(  # type: ignore[return-value]
        torch.stack([both[date ^ chosen][crop] for crop, chosen in enumerate(swap)]) for date in (0, 1)
    )


def _draw_colours(rng: np.random.Generator, count: int, bands: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw (N, C, C) a mixing of bands, (N, C, 1) what is added, (N, 1, 1) the bend of the tone curve."""
    brightness = rng.uniform(-BRIGHTNESS, BRIGHTNESS, (count, 1, 1))
    contrast = np.exp(rng.uniform(-CONTRAST, CONTRAST, (count, 1, 1)))
    saturation = np.exp(rng.uniform(-SATURATION, SATURATION, (count, 1, 1)))
    tone = rng.uniform(-TONE, TONE, (count, 1, 1))
    grey = np.full((bands, bands), 1.0 / bands)
    mixing = grey + saturation * (np.eye(bands) - grey) + rng.normal(0.0, MIXING, (count, bands, bands))
    # Contrast turns about the middle of the scale.
    added = np.broadcast_to(0.5 * (1.0 - contrast) + brightness, (count, bands, 1))
    mixing_t, added_t, tone_t = (
        torch.from_numpy(np.ascontiguousarray(part, np.float32)) for part in (contrast * mixing, added, tone)
    )
    return mixing_t, added_t, tone_t


def _coloured(date: Tensor, mixing: Tensor, added: Tensor, tone: Tensor) -> Tensor:
    flat = torch.baddbmm(added, mixing, date.flatten(2)).clamp_(0.0, 1.0)
    # x + bend x (1 - x): rises everywhere and keeps 0 and 1, like a power, at a tenth of its cost.
    return flat.addcmul_(flat - flat.square(), tone.expand_as(flat)).view(date.shape)
