"""A preset fitted to real pairs: its dials are turned until made pairs differ as the real ones do.

How much of the detail is new, or how far materials part, cannot be read off a pair. It is found by simulation
(Gouriéroux, Monfort, Renault 1993, "Indirect inference", J. Applied Econometrics 8): the first dates of the
real pairs go through the layer twice, the same measures are taken of them as of the real pairs, and each dial
is turned by the ratio of the two. All dials turn at once, by less than the ratio, for some rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import ndimage

from diachron.core import registry
from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair, PairSet
from diachron.core.streams import stream
from diachron.training.acquisition.measures import Mask, Picture, measure_pairs, summary
from diachron.training.acquisition.two_days import preset_steps, two_days
from diachron.training.unit_colours import unit_dates

Preset = dict[str, dict[str, Any]]
Figures = Mapping[str, Mapping[str, float]]

# Around change, labels are loose and shadows reach out: so many pixels more are left out.
MARGIN_PX = 4
LEAST_USABLE = 0.5
ROUNDS = 8
# A turn is the ratio to this power, within these bounds: dials move each other's measures.
DAMPING, SMALLEST_TURN, LARGEST_TURN = 0.6, 0.5, 2.0
# Over all rounds, no dial goes further from the base preset than this.
FARTHEST = 8.0


@dataclass(frozen=True)
class Dial:
    """What is turned together, and the measure that it moves.

    Args:
        name: in reports.
        quantities: (step, parameter) whose width is scaled.
        amount: what the figures of pairs say about it; grows with the dial.
        centre: about which an interval is widened; None where amounts start at 0.
        highest: no scaled number goes beyond.
    """

    name: str
    quantities: tuple[tuple[str, str], ...]
    amount: Callable[[Figures], float]
    centre: float | None = None
    highest: float = np.inf


def _size(*names: str) -> Callable[[Figures], float]:
    """Return the root mean square of measures that may be off to one side in all pairs of a set."""

    def amount(figures: Figures) -> float:
        parts = [figures[name] for name in names if name in figures]
        squares = [part["median"] ** 2 + part["spread"] ** 2 for part in parts]
        return float(np.sqrt(np.mean(squares))) if squares else float("nan")

    return amount


def _median(name: str) -> Callable[[Figures], float]:
    return lambda figures: figures[name]["median"] if name in figures else float("nan")


def _incoherence(size: int) -> Callable[[Figures], float]:
    """Return -log of the median coherence: it adds up where independent differences do."""
    return lambda figures: -float(np.log(np.clip(figures[f"coherence_{size}"]["median"], 0.02, 0.999)))


BANDS = range(3)
DIALS = (
    Dial(
        "contrast",
        (("radiometry", "gain"), ("radiometry", "gain_spread")),
        _size(*(f"gain_{band}" for band in BANDS)),
        centre=1.0,
    ),
    Dial(
        "level",
        (("radiometry", "offset"), ("radiometry", "offset_spread")),
        _size(*(f"offset_{band}" for band in BANDS)),
    ),
    Dial(
        "shift",
        (("misregistration", "shift_px"), ("misregistration", "shift_m")),
        _size("shift_down_px", "shift_right_px"),
    ),
    Dial("detail", (("texture", "fine"),), _incoherence(1), highest=0.8),
    Dial("grain", (("texture", "coarse"),), _incoherence(4), highest=0.8),
    Dial("patchwork", (("materials", "patchwork"),), _incoherence(16)),
    Dial("materials", (("materials", "brightness"), ("materials", "colour")), _median("chroma")),
    Dial("shadows", (("shadow_density", "lift"),), _size("dark"), highest=0.9),
    Dial("sharpness", (("blur", "sigma_px"), ("sharpness", "amount")), _size("sharpness")),
)


@dataclass(frozen=True)
class Fit:
    """A fitted preset and how well it fits.

    Args:
        preset: step -> parameters.
        turns: dial -> factor against the base preset.
        real, made: measure -> `median` and `spread`, of the real pairs and of made ones.
        pairs: how many real pairs were measured.
    """

    preset: Preset
    turns: dict[str, float]
    real: Figures
    made: Figures
    pairs: int


def fit_preset(
    base: Mapping[str, Mapping[str, Any]],
    pairs: Sequence[LabelledPair],
    *,
    seed: int = 0,
    rounds: int = ROUNDS,
    progress: Callable[[int, int], None] | None = None,
) -> Fit:
    """Return the base preset with its dials turned until made pairs differ as these real pairs do.

    Args:
        base: step -> parameters; a dial whose steps it lacks stays out.
        pairs: of two real dates; changed and unknown pixels, and some around them, are left out.
        seed: of what is drawn.
        rounds: of turning.
        progress: called with (rounds done, all rounds).

    Raises:
        SourceError: no pair has half of its pixels unchanged.
        RecipeError: a parameter of the base preset is none.
    """
    usable = [(*unit_dates(pair), _unchanged(pair), pair.gsd_m) for pair in pairs]
    usable = [entry for entry in usable if entry[2].mean() >= LEAST_USABLE]
    if not usable:
        raise SourceError(f"none of {len(pairs)} pairs is unchanged over half of its area", "empty")
    real = summary(measure_pairs([entry[:3] for entry in usable]))
    dials = [dial for dial in DIALS if any(step in base for step, _ in dial.quantities)]
    turns = {dial.name: 1.0 for dial in dials}
    preset = _turned(base, dials, turns)
    for done in range(rounds + 1):
        made = summary(measure_pairs(_made(preset, usable, seed)))
        if progress is not None:
            progress(done, rounds)
        if done == rounds:
            break
        for dial in dials:
            wanted, found = dial.amount(real), dial.amount(made)
            if wanted > 0 and found > 0:
                turn = np.clip((wanted / found) ** DAMPING, SMALLEST_TURN, LARGEST_TURN)
                turns[dial.name] = float(np.clip(turns[dial.name] * turn, 1 / FARTHEST, FARTHEST))
        preset = _turned(base, dials, turns)
    return Fit(preset, {name: round(turn, 3) for name, turn in turns.items()}, real, made, len(usable))


def spread_over(sets: Sequence[PairSet], most: int, *, use_labels: bool = True) -> list[LabelledPair]:
    """Return pairs at even distances over all sets.

    Args:
        sets: of real pairs.
        most: how many are read.
        use_labels: False takes all ground for unchanged, as where nobody has labelled any.
    """
    positions = [(each, position) for each in sets for position in range(len(each))]
    chosen = np.unique(np.linspace(0, len(positions) - 1, min(most, len(positions))).round().astype(int))
    pairs = [positions[at][0][positions[at][1]] for at in chosen]
    if use_labels:
        return pairs
    return [replace(pair, change=np.zeros_like(pair.change)) for pair in pairs]


def _unchanged(pair: LabelledPair) -> Mask:
    mask: Mask = ~ndimage.binary_dilation(pair.change != 0, iterations=MARGIN_PX)
    return mask


def _made(
    preset: Preset, usable: Sequence[tuple[Picture, Picture, Mask, float]], seed: int
) -> list[tuple[Picture, Picture, Mask]]:
    """Return the first dates of the pairs as two days of the layer."""
    steps = preset_steps(preset)
    made = []
    for number, (earlier, _, mask, gsd_m) in enumerate(usable):
        # The same numbers in every round: only the dials make the difference.
        first, second = (stream(seed, number, f"acquisition/t{date}") for date in (1, 2))
        made.append((*two_days(earlier, gsd_m, steps, (first, second)), mask))
    return made


def _turned(
    base: Mapping[str, Mapping[str, Any]], dials: Sequence[Dial], turns: Mapping[str, float]
) -> Preset:
    preset: Preset = {step: dict(parameters) for step, parameters in base.items()}
    for dial in dials:
        for step, key in dial.quantities:
            if step in preset:
                module = registry.load("acquisition", step)
                given = preset[step].get(key, getattr(module.Parameters(), key))
                preset[step][key] = scaled(given, turns[dial.name], dial)
    return preset


def scaled(quantity: Any, turn: float, dial: Dial) -> Any:
    """Return a quantity (`core.distributions`) of `turn` times the width, in the form it has.

    Numbers that start at 0 are multiplied. About a centre, an interval is widened in the logarithm, so that
    twice as bright and half as bright stay alike.
    """

    def one(value: float) -> float:
        if dial.centre is None:
            wide = value * turn
        elif value > 0:
            wide = dial.centre * (value / dial.centre) ** turn
        else:
            wide = value
        return round(float(np.clip(wide, -dial.highest, dial.highest)), 5)

    if isinstance(quantity, Mapping):
        ((form, numbers),) = quantity.items()
        if form == "lognormal" and dial.centre is not None:
            return {form: [numbers[0], round(numbers[1] * turn, 5)]}
        if form == "lognormal":
            return {form: [one(numbers[0]), numbers[1]]}
        return {form: [one(number) for number in numbers]}
    if isinstance(quantity, (list, tuple)):
        return [one(number) for number in quantity]
    # A single number is a spread already.
    return round(float(quantity) * turn, 5)
