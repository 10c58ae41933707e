"""Materials answer each in their own way to another sun, view and season, here more and there less.

Between two real dates no curve takes the colours of one to those of the other: a red roof brightens while
a meadow of the same brightness darkens, and the next meadow does not. Over 30 to 60 m, luminance of two GF-1
dates correlates by 0.7 to 0.8 (`diachron train acquisition` prints it); no shift and no noise reaches so far.

So the answer is a smooth random function of colour, the same all over the picture, plus smooth random fields
over the ground, each weighted by a random function of colour of its own: what it lifts follows the borders
that are there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

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
    nodes = random_nodes(rng, 1 + bands + FIELDS)
    seeds = [int(rng.integers(2**62)) for _ in range(FIELDS)]
    spread = float(luminance(values)[::4, ::4].std())
    # Functions of colour add up at their nodes, at no cost: one for each band, one for each field.
    functions = [spread * (brightness * nodes[0] + colour * own) for own in nodes[1 : 1 + bands]]
    if patchwork:
        # Three fields of equal weight have the spread asked for: that of 0.5 + one standard normal number.
        share = spread * patchwork / math.sqrt(FIELDS * (1.0 + COMMON**2))
        functions += [share * (own + COMMON) for own in nodes[1 + bands :]]
    answers = tables_of(np.stack(functions))
    at = levels_of([softened(band) for band in values[:3]], len(functions))
    answer = np.empty(values.shape[1:], np.float32)
    for number_, band in enumerate(values):
        band += _looked_up(answers, number_, at, answer)
    if patchwork:
        tints = numbers(drawn, "tints")
        part = np.empty_like(answer)
        for k, (length, seed) in enumerate(zip(numbers(drawn, "lengths_px"), seeds, strict=True)):
            (field,) = smooth_field(values.shape[1:], float(length), seed)
            field *= _looked_up(answers, bands + k, at, answer)
            for band, tint in zip(values, tints[k], strict=True):
                band += np.multiply(field, tint, out=part)
    return values


def random_nodes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return the nodes of random functions of three colours, (count, n, n, n).

    Over all levels of all colours each function has mean 0 and standard deviation 1.
    """
    weights = _weights().toarray().astype(np.float64)
    nodes = rng.standard_normal((count, *(weights.shape[1],) * 3), np.float32).astype(np.float64)
    # Mean and spread of a spline follow from its nodes: of one axis by these, of three by all in turn.
    mean, square = weights.mean(axis=0), np.einsum("la,lb->ab", weights, weights) / LEVELS
    nodes -= np.einsum("kabc,a,b,c->k", nodes, mean, mean, mean)[:, None, None, None]
    spread = nodes
    for axes in ("kabc,ad->kdbc", "kabc,bd->kadc", "kabc,cd->kabd"):
        spread = np.einsum(axes, spread, square)
    nodes /= np.sqrt((spread * nodes).sum(axis=(1, 2, 3)))[:, None, None, None]
    return nodes


def tables_of(nodes: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the values of functions at all levels, (LEVELS of the first band, count, LEVELS, LEVELS).

    Args:
        nodes: (count, n, n, n).
    """
    weights = _weights()
    # A sparse product widens the first axis: so each of the three comes first once, the largest array last.
    fine = np.ascontiguousarray(nodes.transpose(3, 1, 0, 2), np.float32)
    for order in ((3, 1, 2, 0), (1, 2, 0, 3), (0, 1, 2, 3)):
        wide = weights @ fine.reshape(weights.shape[1], -1)
        fine = np.ascontiguousarray(wide.reshape(LEVELS, *fine.shape[1:]).transpose(order))
    return fine


def _weights() -> sparse.csr_array:
    return spline_weights(LEVELS, (LEVELS - 1) / (NODES - 1), 0.0)


def levels_of(colours: Sequence[NDArray[np.float32]], count: int) -> NDArray[np.intp]:
    """Return the (H, W) places of the colours in the flat tables of so many functions, that is, in the first.

    Args:
        colours: one to three bands, (H, W) each; a missing band repeats the last.
        count: of functions.
    """
    at = np.zeros(colours[0].shape, np.int32)
    place = np.empty(at.shape, np.float32)
    for number_, step in enumerate((count * LEVELS**2, LEVELS, 1)):
        band = colours[min(number_, len(colours) - 1)]
        low, high = _ends(band)
        np.subtract(band, np.float32(low), out=place)
        place *= np.float32((LEVELS - 1) / max(high - low, 1e-6))
        np.clip(place, 0, LEVELS - 1, out=place)
        level = place.astype(np.int32)
        level *= step
        at += level
    return at.astype(np.intp)


def _ends(band: NDArray[np.float32]) -> tuple[float, float]:
    """Return the values that `SPAN` of every fourth pixel of every fourth row lie below."""
    sample = band[::4, ::4].ravel()
    low, high = (round(share * (sample.size - 1)) for share in SPAN)
    ordered = np.partition(sample, (low, high))
    return float(ordered[low]), float(ordered[high])


def _looked_up(
    answers: NDArray[np.float32], number_: int, at: NDArray[np.intp], into: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return a function's value at each pixel, in `into`."""
    # Tables of a level of the first band lie side by side: those of a later function begin so much later.
    flat = answers.reshape(-1)[number_ * LEVELS**2 :]
    return np.take(flat, at, mode="clip", out=into)
