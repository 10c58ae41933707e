"""Blocks of a recipe that are there or not: real dates, procedural places, wanted amounts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    field_validator,
    model_validator,
)

from diachron.core import hub, registry
from diachron.core.distributions import check_quantity
from diachron.core.errors import RecipeError, nearest_names


def renderer_name(name: str) -> str:
    """Return the name of a renderer.

    Raises:
        ValueError: there is none of that name.
    """
    known = registry.entries("renderers")
    if name not in known:
        raise ValueError(f"no renderer is called '{name}'; {nearest_names(name, known)}")
    return name


class RealDates(BaseModel):
    """Pairs of two real pictures of a place, of which one is painted."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    max_change: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="share of blocks that may disagree between the two; above, other dates are drawn",
    )
    leave_out: tuple[str, ...] = Field(
        default=("strong",), description="change levels of places.csv whose places are not used"
    )


class Tint(BaseModel):
    """How a class looks: a number a band each."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    colour: tuple[PositiveFloat, ...] = Field(description="reflectance of the median patch")
    spread: tuple[NonNegativeFloat, ...] = Field(description="of its logarithm, from patch to patch")
    hue: tuple[NonNegativeFloat, ...] = Field(
        description="of the ratio of a band to the mean of all, from patch to patch"
    )
    texture: tuple[NonNegativeFloat, ...] = Field(description="of its logarithm, from pixel to pixel")


class LearnedTint(Tint):
    """How a class looks in real tiles, and in the painter's pictures without a palette."""

    patches: int = Field(ge=1, description="squares of ground or roofs that it was learned from")
    own: Tint = Field(description="of the painter")


class StyleFrom(BaseModel):
    """Colours learned from real tiles; `generate --style-from DIR` writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    bands: tuple[str, ...] = Field(min_length=1, description="of the tiles")
    classes: dict[str, LearnedTint] = Field(description="by name of the hub's class")

    @model_validator(mode="after")
    def _fits(self) -> StyleFrom:
        for name, tint in self.classes.items():
            if name not in hub.IDS:
                raise ValueError(f"no class is called '{name}'; {nearest_names(name, hub.IDS)}")
            for part in (tint, tint.own):
                for key in Tint.model_fields:
                    if len(getattr(part, key)) != len(self.bands):
                        raise ValueError(f"{name}: {key} wants {len(self.bands)} numbers, one a band")
        return self


class Worlds(BaseModel):
    """Procedural places, for a recipe to which no tiles are given."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    styles: tuple[str, ...] = Field(default=(), description="of the worlds, in turn; all where none is named")
    places: int | None = Field(default=None, ge=1, description="how many; by default one a sample")
    gsd_m: float = Field(default=0.5, ge=0.1, le=10, description="metres a pixel")
    bands: tuple[str, ...] = Field(default=("red", "green", "blue"), min_length=1)
    dtype: Literal["uint8", "uint16", "float32"] = Field(
        default="uint8", description="uint16 is reflectance times 10,000, float32 reflectance"
    )
    renderer: str = Field(
        default="procedural",
        description="renderer where the places are worlds; `semantic` paints their first date, too",
    )

    style_from: StyleFrom | None = Field(
        default=None,
        description="colours learned from real tiles by `--style-from DIR`; then without seasons",
    )

    @field_validator("renderer")
    @classmethod
    def _known_renderer(cls, value: str) -> str:
        return renderer_name(value)


class Match(BaseModel):
    """What the samples shall hold: an amount on average, sizes of new buildings, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    change_share: float | None = Field(
        default=None, gt=0, le=0.5, description="mean share of pixels that change from first to last date"
    )
    events: float | None = Field(
        default=None, gt=0, description="mean number of events of a sample that show between its dates"
    )

    sizes: Any = Field(
        default=None, description="areas of new buildings, m2: a number, a pair or a distribution"
    )

    @field_validator("sizes")
    @classmethod
    def _sizes_can_be_drawn(cls, value: Any) -> Any:
        if value is not None:
            try:
                check_quantity(value, key="match.sizes", low=1)
            except RecipeError as error:
                raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> Match:
        both = self.change_share is not None and self.events is not None
        if both or (self.change_share is None and self.events is None and self.sizes is None):
            raise ValueError(
                "give change_share or events, one of the two: one factor on the rates meets one; or sizes"
            )
        return self

    @property
    def target(self) -> tuple[str, float] | None:
        """Which amount is wanted, and its number; None where only sizes are."""
        if self.change_share is not None:
            return "change_share", self.change_share
        return None if self.events is None else ("events", self.events)
