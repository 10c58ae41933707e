"""What a recipe may say. Every default stands here or with the parameters of its stage, nowhere else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cached_property
from itertools import pairwise
from types import ModuleType
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from diachron.core import registry
from diachron.core.distributions import check_quantity
from diachron.core.errors import DiachronError, RecipeError, nearest_names
from diachron.pipelines.recipes.blocks import Match, RealDates, Worlds, renderer_name
from diachron.pipelines.recipes.presets import load_preset
from diachron.pipelines.sources import DateOptions, SourceOptions
from diachron.pipelines.sources.worlds import LOOK, WorldOptions

NONE = "none"
# What paints change into tiles where a recipe names nothing else.
TILES_RENDERER = "copy_paste"


class Recipe(BaseModel):
    """A resolved recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(description="file name of the recipe")
    description: str = Field(default="", description="one line for people")
    source: str | None = Field(default=None, description="tiles that come with the recipe, beside its file")
    licence: str | None = Field(default=None, description="terms of the tiles that come with the recipe")
    # Not `schema`, which is a method of pydantic's models.
    scheme: str | None = Field(default=None, description="label scheme of tiles where --schema is not given")
    samples: int | None = Field(default=None, ge=1, description="number of samples where -n is not given")
    world: Worlds | None = Field(
        default=None, description="procedural places, where no tiles are given; else the tiles are taken"
    )
    window_px: int = Field(default=512, ge=32, le=4096, description="larger tiles are cut into such windows")
    dates: int | list[float] = Field(
        default=2, description="how many, or their times in years from the first"
    )
    years: float = Field(default=5.0, gt=0, description="from the first date to the last")
    paint: Literal["t1", "t2", "both", "coin"] = Field(
        default="coin", description="which date is painted; the other is the real picture"
    )
    real_dates: RealDates | None = Field(
        default=None, description="two real dates of a place instead of one; years come from their names"
    )
    processes: dict[str, Any] = Field(
        default_factory=dict, description="kinds of change; none switches one off"
    )
    activity: Any = Field(
        default=1.0,
        description="factor on all rates, drawn once a sample: some places are busier than others",
    )
    renderer: dict[str, Any] = Field(default_factory=lambda: {"name": TILES_RENDERER})
    acquisition: dict[str, Any] | None = Field(
        default_factory=lambda: {"preset": "aerial"}, description="preset, steps with parameters, or none"
    )
    as_taken: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of samples in which one date, drawn by lot, keeps the look of its source",
    )
    keep_displacement: bool = Field(
        default=False, description="write how far each date's pixels lie off, to move labels with them"
    )
    donor_scenes: int = Field(
        default=2, ge=0, le=16, description="other windows that buildings may come from"
    )
    filters: dict[str, Any] = Field(
        default_factory=dict,
        description="what a sample must hold to be kept; a list of names, or with parameters",
    )
    match: Match | None = Field(
        default=None, description="wanted share of change or number of events; all rates are scaled to it"
    )

    @model_validator(mode="before")
    @classmethod
    def _none_is_off(cls, values: Any) -> Any:
        if isinstance(values, dict):
            values = dict(values)
            for key in ("acquisition", "match", "real_dates", "world", "scheme"):
                if values.get(key) == NONE:
                    values[key] = None
            if isinstance(values.get("renderer"), str):
                values["renderer"] = {"name": values["renderer"]}
            if isinstance(values.get("processes"), dict):
                kept = {k: {} if v is None else v for k, v in values["processes"].items() if v != NONE}
                values["processes"] = kept
            elif values.get("processes") == NONE:
                values["processes"] = {}
            values["filters"] = _table(values.get("filters"))
        return values

    @field_validator("dates", mode="before")
    @classmethod
    def _dates_are_numbers(cls, value: Any) -> Any:
        several = isinstance(value, (list, tuple))
        numbers = value if several else [value]
        kinds = (int, float) if several else int
        if any(isinstance(n, bool) or not isinstance(n, kinds) or not math.isfinite(n) for n in numbers):
            raise ValueError(f"expected a number of dates, or their times in years as a list; got {value!r}")
        return value

    @field_validator("dates")
    @classmethod
    def _dates_in_order(cls, value: int | list[float]) -> int | list[float]:
        if isinstance(value, int):
            if value < 2:
                raise ValueError(f"a sample has at least two dates, got {value}")
        elif len(value) < 2 or not all(earlier < later for earlier, later in pairwise(value)):
            raise ValueError(f"give two or more times in years, in order, each once; got {value}")
        return value

    @model_validator(mode="after")
    def _two_real_dates(self) -> Recipe:
        if self.real_dates is not None and self.dates != 2:
            raise ValueError(f"real_dates: a sample has two real dates, so dates is 2; got {self.dates}")
        if self.real_dates is not None and self.paint == "both":
            raise ValueError("real_dates: one of the two is painted, so paint is t1, t2 or coin; got both")
        return self

    @field_validator("processes")
    @classmethod
    def _known_processes(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {name: _parameters("processes", name, value[name]) for name in sorted(value)}

    @field_validator("activity")
    @classmethod
    def _activity_can_be_drawn(cls, value: Any) -> Any:
        try:
            check_quantity(value, key="activity", low=0)
        except RecipeError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("filters")
    @classmethod
    def _known_filters(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {name: _parameters("filters", name, value[name]) for name in sorted(value)}

    @field_validator("renderer")
    @classmethod
    def _known_renderer(cls, value: dict[str, Any]) -> dict[str, Any]:
        name = renderer_name(str(value.get("name")))
        given = {key: parameter for key, parameter in value.items() if key != "name"}
        if hasattr(registry.load("renderers", name), "Parameters"):
            return {"name": name, **_parameters("renderers", name, given)}
        if given:
            raise ValueError(f"renderer '{name}' takes no parameter '{min(given)}'")
        return {"name": name}

    @field_validator("acquisition")
    @classmethod
    def _known_steps(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is None:
            return None
        steps = dict(value)
        preset = steps.pop("preset", None)
        resolved: dict[str, Any] = {} if preset is None else load_preset(str(preset))
        for name, given in resolved.items():
            _mapping(name, given)
        for name, parameters in steps.items():
            if parameters == NONE:
                resolved.pop(name, None)
            else:
                _mapping(name, {} if parameters is None else parameters)
                resolved[name] = {**resolved.get(name, {}), **(parameters or {})}
        return {name: _parameters("acquisition", name, resolved[name]) for name in sorted(resolved)}

    @cached_property
    def times_years(self) -> tuple[float, ...]:
        """Times of the dates, the first at 0."""
        if isinstance(self.dates, list):
            return tuple(float(t) - float(self.dates[0]) for t in self.dates)
        return tuple(self.years * i / (self.dates - 1) for i in range(self.dates))

    def source_options(self, options: SourceOptions) -> SourceOptions:
        """Return the options of a source as this recipe reads it: each picture alone, or by place."""
        options = replace(options, schema=options.schema or self.scheme)
        if self.real_dates is None:
            return options
        return replace(options, dates=DateOptions(self.real_dates.leave_out))

    def world_options(self, seed: int, samples: int, licence: str | None = None) -> WorldOptions:
        """Return which procedural places the recipe asks for.

        Args:
            seed: of the run.
            samples: as many places are made, where the recipe does not say how many.
            licence: of what is made; None for the recipe's.

        Raises:
            RecipeError: the recipe has no worlds, or names a renderer that would not be used.
        """
        world = self.world
        if world is None:
            raise RecipeError(f"recipe '{self.name}' has no worlds; give tiles with --source DIR")
        asked = self.renderer["name"]
        if asked not in (TILES_RENDERER, world.renderer) and "renderer" not in world.model_fields_set:
            raise RecipeError(
                f"renderer '{asked}' is for tiles, and recipe '{self.name}' makes up its places; give tiles "
                f"with --source DIR, or say what paints places with --set world.renderer={asked}"
            )
        return WorldOptions(
            styles=world.styles,
            places=world.places or samples,
            size_px=self.window_px,
            gsd_m=world.gsd_m,
            bands=world.bands,
            dtype=world.dtype,
            seed=seed,
            licence=licence or self.licence,
            palette=None if world.style_from is None else world.style_from.model_dump(mode="json"),
            look=self.manner(LOOK)[0] if world.renderer == LOOK else None,
        )

    def process_modules(self) -> dict[str, tuple[ModuleType, Any]]:
        """Return name -> (module, parameters) of the processes."""
        return _modules("processes", self.processes)

    def acquisition_steps(self) -> list[tuple[str, ModuleType, Any]] | None:
        """Return (name, module, parameters) of the steps, or None where the stage is off."""
        if self.acquisition is None:
            return None
        modules = _modules("acquisition", self.acquisition)
        return [(name, module, parameters) for name, (module, parameters) in modules.items()]

    def manner(self, name: str) -> tuple[Any, ...]:
        """Return the parameters of what paints, as one object; nothing where it takes none.

        Args:
            name: of the renderer; one that is not the recipe's, as for worlds, has its defaults.
        """
        module = registry.load("renderers", name)
        if not hasattr(module, "Parameters"):
            return ()
        own = self.renderer if self.renderer["name"] == name else {}
        given = {key: value for key, value in own.items() if key != "name"}
        return (TypeAdapter(module.Parameters).validate_python(given),)

    def filter_modules(self) -> list[tuple[str, ModuleType, Any]]:
        """Return (name, module, parameters) of the filters."""
        modules = _modules("filters", self.filters)
        return [(name, module, parameters) for name, (module, parameters) in modules.items()]


def _table(given: Any) -> Any:
    """Return a list of names, each alone or as `{name: parameters}`, as a mapping without what is off."""
    if given is None or given == NONE:
        return {}
    if isinstance(given, list):
        joined: dict[Any, Any] = {}
        for entry in given:
            if not isinstance(entry, (dict, str)):
                raise ValueError(f"filters: expected names, alone or with parameters; got {entry!r}")
            joined |= entry if isinstance(entry, dict) else {entry: None}
        given = joined
    if not isinstance(given, dict):
        return given
    return {name: {} if value is None else value for name, value in given.items() if value != NONE}


def _modules(kind: str, table: dict[str, Any]) -> dict[str, tuple[ModuleType, Any]]:
    found = {}
    for name in sorted(table):
        module = registry.load(kind, name)
        found[name] = (module, TypeAdapter(module.Parameters).validate_python(table[name]))
    return found


def _parameters(kind: str, name: str, given: Any) -> dict[str, Any]:
    """Return all parameters of a process, step or filter, checked, with the defaults filled in."""
    _mapping(name, given)
    try:
        module = registry.load(kind, name)
        checked = TypeAdapter(module.Parameters).validate_python(given)
    except ValidationError as error:
        raise ValueError(f"{name}: {explain(error, module.Parameters.__dataclass_fields__)}") from None
    except DiachronError as error:
        raise ValueError(f"{name}: {error}") from None
    resolved: dict[str, Any] = asdict(checked)
    for key, value in resolved.items():
        if not _is_finite(value):
            raise ValueError(f"{name}: {key}: {value} is not finite")
    return resolved


def _mapping(name: str, given: Any) -> None:
    if not isinstance(given, dict) or not all(isinstance(key, str) for key in given):
        raise ValueError(f"{name}: expected a mapping of parameters or none, got {given!r}")


def _is_finite(value: Any) -> bool:
    """Whether every number in a parameter is one that can be computed with."""
    if isinstance(value, Mapping):
        return all(_is_finite(part) for part in value.values())
    if isinstance(value, (list, tuple)):
        return all(_is_finite(part) for part in value)
    return not isinstance(value, float) or math.isfinite(value)


def explain(error: ValidationError, known: Any) -> str:
    """Return the first problem of a validation error in one line; an unknown key gets the nearest name."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"])
    if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown key '{path}'; {nearest_names(path.rsplit('.', 1)[-1], known)}"
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] != "value_error":
        message = f"{message[0].lower()}{message[1:]}, got {first['input']!r}".removeprefix("input ")
    return f"{path}: {message}" if path else message


def build_recipe(values: dict[str, Any], where: str) -> Recipe:
    """Return the checked recipe of plain values.

    Raises:
        RecipeError: the first problem, with the place it came from.
    """
    try:
        return Recipe(**values)
    except ValidationError as error:
        raise RecipeError(f"{where}: {explain(error, _known_beside(error))}") from None


def _known_beside(error: ValidationError) -> Any:
    """Return the keys that stand where the first problem lies: of the recipe, or of one of its blocks."""
    blocks: dict[str, type[BaseModel]] = {"real_dates": RealDates, "world": Worlds, "match": Match}
    place = error.errors()[0]["loc"]
    model = blocks.get(str(place[0]), Recipe) if len(place) > 1 else Recipe
    return model.model_fields
