"""Numbers that may be drawn: one rule for every parameter of a recipe.

A number is itself, a pair is uniform between its ends, and a mapping with one key is a named distribution:
`{lognormal: [median, sigma]}`, `{normal: [mean, sd]}` or `{choice: [a, b, ...]}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np

from diachron.core.errors import RecipeError, nearest_names

Quantity: TypeAlias = float | Sequence[float] | Mapping[str, Sequence[float]]

_ARGUMENTS = {"lognormal": "[median, sigma]", "normal": "[mean, sd]", "choice": "[value, ...]"}


def check_quantity(value: object, *, key: str, low: float = -math.inf, high: float = math.inf) -> None:
    """Raise unless `value` can be drawn from and, where that can be told, lies in [low, high].

    Raises:
        RecipeError: the text names the key, the value and the three forms.
    """
    if isinstance(value, bool):
        raise RecipeError(f"{key}: expected a number, got {value}")
    if isinstance(value, (int, float)):
        _check_range(_numbers((value,), key), key, low, high)
        return
    if isinstance(value, dict) and len(value) == 1:
        ((name, arguments),) = value.items()
        if name not in _ARGUMENTS:
            raise RecipeError(
                f"{key}: no distribution is called '{name}'; {nearest_names(str(name), _ARGUMENTS)}"
            )
        numbers = _numbers(arguments, key)
        if name == "choice" and numbers:
            _check_range(numbers, key, low, high)
            return
        if name != "choice" and len(numbers) == 2 and numbers[1] >= 0:
            if name == "lognormal" and numbers[0] <= 0:
                raise RecipeError(f"{key}: the median of a lognormal must be > 0, got {numbers[0]}")
            return
        raise RecipeError(f"{key}: {name} takes {_ARGUMENTS[name]}, got {arguments}")
    if isinstance(value, (list, tuple)) and len(value) == 2:
        numbers = _numbers(value, key)
        _check_range(numbers, key, low, high)
        if numbers[0] > numbers[1]:
            raise RecipeError(f"{key}: a pair is [low, high], got {list(value)}")
        return
    raise RecipeError(
        f"{key}: expected a number, a pair [low, high] or one of "
        + ", ".join(f"{{{name}: {form}}}" for name, form in _ARGUMENTS.items())
        + f"; got {value!r}"
    )


def ends_of(value: Quantity) -> tuple[float, ...]:
    """Return numbers between which all draws lie: one, a pair, or all choices; () for the other two forms.

    The value must have passed `check_quantity`.
    """
    if isinstance(value, (int, float)):
        return (float(value),)
    if isinstance(value, dict):
        ((name, arguments),) = value.items()
        return tuple(float(each) for each in arguments) if name == "choice" else ()
    low, high = cast(Sequence[float], value)
    return (float(low), float(high))


def _numbers(values: object, key: str) -> tuple[float, ...]:
    if not isinstance(values, (list, tuple)) or any(
        isinstance(v, bool) or not isinstance(v, (int, float)) or not math.isfinite(v) for v in values
    ):
        raise RecipeError(f"{key}: expected numbers, got {values!r}")
    return tuple(float(v) for v in values)


def _check_range(values: Sequence[float], key: str, low: float, high: float) -> None:
    for value in values:
        if not low <= value <= high:
            raise RecipeError(f"{key}: {value:g} is not between {low:g} and {high:g}")


def draw_quantity(rng: np.random.Generator, value: Quantity) -> float:
    """Return one draw. A plain number uses nothing of the stream.

    The value must have passed `check_quantity`.
    """
    if isinstance(value, (int, float)):
        return float(value)
    # `check_quantity` lets through this one; whether it is any `Mapping` takes longer to ask than to draw.
    if isinstance(value, dict):
        ((name, arguments),) = value.items()
        if name == "lognormal":
            return float(arguments[0]) * math.exp(float(arguments[1]) * float(rng.standard_normal()))
        if name == "normal":
            return float(rng.normal(float(arguments[0]), float(arguments[1])))
        return float(arguments[int(rng.integers(len(arguments)))])
    low, high = cast(Sequence[float], value)
    # As `rng.uniform` does, which takes three times as long on its checks.
    return float(low) + (float(high) - float(low)) * rng.random()
