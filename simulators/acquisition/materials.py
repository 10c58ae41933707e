"""Materials answer each in their own way to another sun, view and season, here more and there less.

Between two real dates no curve takes the colours of one to those of the other: a red roof brightens while
a meadow of the same brightness darkens, and the next meadow does not. Over 30 to 60 m, luminance of two GF-1
dates correlates by 0.7 to 0.8 (`diachron train acquisition` prints it); no shift and no noise reaches so far.

So the answer is a smooth random function of colour, the same all over the picture, plus smooth random fields
over the ground, each weighted by a random function of colour of its own: what it lifts follows the borders
that are there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core.distributions import Quantity, check_quantity, draw_quantity
from diachron.core.streams import noise_seed
from diachron.simulators.acquisition.context import Context, Place
from diachron.simulators.acquisition.drawn import Drawn, number, numbers, rounded, whole
from diachron.simulators.acquisition.fields import luminance, smooth_field, softened, spline_weights

REGISTERED = True
STAGE = "ground"

# A random function of colour has this many nodes from the darkest to the brightest of each band, under a
# cubic spline, and is looked up at so many levels.
NODES, LEVELS = 6, 48
# The colours between these quantiles span the nodes; what lies outside answers like the nearest inside.
SPAN = (0.01, 0.99)
# A field lifts all colours by this, and each by as much again in its own way.
COMMON = 0.5
# How much the bands of a field differ, as a share of it.
TINT = 0.2
FIELDS = 3


@dataclass(frozen=True)
class Parameters:
    """How far materials part. Amounts are shares of the picture's own spread of luminance.

    Args:
        brightness: of the answer by colour alone, standard deviation over colours.
        colour: the same for each band by itself.
        patchwork: of the fields, standard deviation over the ground.
        length_m: over which the finest and the coarsest field fall to half; both drawn from here.
    """

    brightness: Quantity = (0.1, 0.4)
    colour: Quantity = (0.04, 0.15)
    patchwork: Quantity = (0.05, 0.2)
    length_m: Quantity = (6.0, 80.0)

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (pydantic's own hook, read once)

    def __post_init__(self) -> None:
        check_quantity(self.brightness, key="brightness", low=0, high=3)
        check_quantity(self.colour, key="colour", low=0, high=3)
        check_quantity(self.patchwork, key="patchwork", low=0, high=3)
        check_quantity(self.length_m, key="length_m", low=0.1, high=1e5)


def draw(rng: np.random.Generator, parameters: Parameters, context: Context) -> dict[str, object]:
    """Return the amounts, the lengths in pixels, the tint of each field and the `seed` of the rest."""
    ends = sorted(draw_quantity(rng, parameters.length_m) for _ in range(2))
    lengths = np.geomspace(max(ends[0], 1e-3), max(ends[1], 1e-3), FIELDS)
    return {
        "brightness": round(draw_quantity(rng, parameters.brightness), 6),
        "colour": round(draw_quantity(rng, parameters.colour), 6),
        "patchwork": round(draw_quantity(rng, parameters.patchwork), 6),
        "lengths_px": [context.pixels(float(length)) for length in lengths],
        "tints": [rounded(1.0 + TINT * rng.standard_normal(len(context.bands))) for _ in range(FIELDS)],
        "seed": noise_seed(rng),
    }


def act(values: NDArray[np.float32], drawn: Drawn, place: Place | None) -> NDArray[np.float32]:
    """Return values plus what their colours answer. Bands beyond the third answer by the first three."""
    brightness, colour, patchwork = (number(drawn, key) for key in ("brightness", "colour", "patchwork"))
    if brightness == 0.0 and colour == 0.0 and patchwork == 0.0:
        return values
    bands = len(values)
    rng = np.random.default_rng(whole(drawn, "seed"))
    # All is drawn whatever the amounts are, so that one amount moves nothing but itself.
    answers = random_answers(rng, 1 + bands + FIELDS)
    seeds = [int(rng.integers(2**62)) for _ in range(FIELDS)]
    spread = np.float32(luminance(values)[::4, ::4].std())
    at = levels_of(np.stack([softened(band) for band in values[:3]]))
    common = spread * np.float32(brightness) * answers[0][at]
    if patchwork:
        # Three fields of equal weight have the spread asked for: that of 0.5 + one standard normal number.
        share = np.float32(patchwork / np.sqrt(FIELDS * (1.0 + COMMON**2)))
        tints = numbers(drawn, "tints")
        for k, (length, seed) in enumerate(zip(numbers(drawn, "lengths_px"), seeds, strict=True)):
            (field,) = smooth_field(values.shape[1:], float(length), seed)
            field *= (answers[1 + bands + k][at] + np.float32(COMMON)) * (share * spread)
            for band, tint in zip(values, tints[k], strict=True):
                band += field * tint
    for band, answer in zip(values, answers[1 : 1 + bands], strict=True):
        band += common
        band += spread * np.float32(colour) * answer[at]
    return values


def random_answers(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Return (count, LEVELS ** 3) random functions of three colours, mean 0 and standard deviation 1 each."""
    weights = spline_weights(LEVELS, (LEVELS - 1) / (NODES - 1), 0.0)
    fine = rng.standard_normal((*(weights.shape[1],) * 3, count), np.float32)
    for _ in range(3):
        # The first axis is widened and becomes the last of the three.
        wide = weights @ fine.reshape(weights.shape[1], -1)
        fine = np.moveaxis(wide.reshape(LEVELS, *fine.shape[1:]), 0, 2)
    flat = np.ascontiguousarray(np.moveaxis(fine, 3, 0)).reshape(count, -1)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= flat.std(axis=1, keepdims=True)
    return flat


def levels_of(colours: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the (H, W) places of the colours in a function's table.

    Args:
        colours: (1 to 3, H, W); a missing band repeats the last.
    """
    at = np.zeros(colours.shape[1:], np.int32)
    for number_ in range(3):
        band = colours[min(number_, len(colours) - 1)]
        low, high = np.quantile(band[::4, ::4], SPAN)
        place = (band - np.float32(low)) * np.float32((LEVELS - 1) / max(float(high - low), 1e-6))
        np.clip(place, 0, LEVELS - 1, out=place)
        at *= LEVELS
        at += place.astype(np.int32)
    return at
