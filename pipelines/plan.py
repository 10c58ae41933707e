"""The plan of a run: which sample is made of which window, fixed before work starts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from diachron.core import registry
from diachron.core.errors import RecipeError
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.outputs.readers import schema_to_json
from diachron.pipelines.recipes import Recipe
from diachron.pipelines.sources import Source, Tile, Unit
from diachron.pipelines.sources.where_rasters import check_rasters, rasters_of, where_raster
from diachron.pipelines.sources.worlds import WorldSource
from diachron.simulators.preparation import prepare

# A refused sample is drawn again this often, each time from its own stream.
REDRAWS = 8
SPLIT_BOUNDS = (("train", 0.8), ("val", 0.9), ("test", 1.0))


@dataclass(frozen=True)
class Plan:
    """A list of independent samples.

    Args:
        recipe: resolved.
        source: discovered tiles; with other dates of each where the recipe asks for real dates.
        seed: of the run.
        samples: how many, `-n`.
        donors: sources whose objects are put up in place of the source's own; none leaves it to itself.
        rate_factor: on all rates; `matching.matched` finds it where the recipe says what it wants.

    Raises:
        RecipeError: the recipe asks for real dates and the source has none, or the reverse; a source of
            donors lacks a band; or a raster of a `where` cannot be laid over the source.
    """

    recipe: Recipe
    source: Source
    seed: int
    samples: int
    donors: tuple[Source, ...] = ()
    rate_factor: float = 1.0

    def __post_init__(self) -> None:
        if (self.recipe.real_dates is not None) != bool(self.source.others):
            raise RecipeError(
                f"recipe '{self.recipe.name}' and source {self.source.root} do not fit: one has several real "
                "dates of a place, the other single ones; read the source with Recipe.source_options"
            )
        for donor in self.donors:
            lacking = sorted(set(self.source.bands) - set(donor.bands))
            if lacking:
                raise RecipeError(
                    f"--donors {donor.root}: bands are {', '.join(donor.bands)}, {lacking[0]} is missing; "
                    "name them with `bands` in a list of sources, or choose others"
                )
        grids = [(tile.name, tile.grid) for tile in self.source.tiles]
        check_rasters(rasters_of(self.recipe.processes), grids)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """All windows of the source that can be painted, in its order."""
        units = self.source.units(self.recipe.window_px)
        if self.recipe.real_dates is None:
            return units
        return tuple(unit for unit in units if self.others_of(unit))

    def others_of(self, unit: Unit) -> tuple[Tile, ...]:
        """Return the real dates that may stand beside a painted window, as the recipe's `paint` says."""
        own = self.source.tiles[unit.tile]
        later = {"t1": True, "t2": False}.get(self.recipe.paint)
        return tuple(
            tile
            for tile in self.source.others[unit.tile]
            if later is None or (tile.time_years > own.time_years) == later
        )

    @cached_property
    def lent(self) -> tuple[tuple[Source, Unit], ...]:
        """All windows of the sources of donors; their numbers follow on those of `units`."""
        return tuple((source, unit) for source in self.donors for unit in source.units(self.recipe.window_px))

    def scene(self, number: int) -> Scene:
        """Return a window split into surface and objects, by its number among `units` and then `lent`.

        Windows of donors come with the bands of the source, and are called by the name of theirs as well.

        Raises:
            SourceError, LabelError: as `Source.read`.
        """
        if number < len(self.units):
            return self.source.scene(self.units[number])
        source, unit = self.lent[number - len(self.units)]
        raw = source.read(unit)
        order = [source.bands.index(name) for name in self.source.bands]
        name = f"{Path(source.root).resolve().name}:{raw.source}"
        return prepare(replace(raw, image=raw.image[order], bands=self.source.bands, source=name))

    @property
    def renderer(self) -> str:
        """Name of what paints: worlds have a renderer of their own."""
        if self.recipe.world is not None and isinstance(self.source, WorldSource):
            return self.recipe.world.renderer
        return str(self.recipe.renderer["name"])

    @cached_property
    def manner(self) -> tuple[Any, ...]:
        """Parameters of what paints, as one object; nothing where it takes none."""
        return self.recipe.manner(self.renderer)

    @cached_property
    def mean_years(self) -> float:
        """Years between the dates of a sample, on average over the windows."""
        if self.recipe.real_dates is None:
            return self.recipe.times_years[-1] - self.recipe.times_years[0]
        gaps = [
            abs(tile.time_years - self.source.tiles[unit.tile].time_years)
            for unit in self.units
            for tile in self.others_of(unit)
        ]
        return float(np.mean(gaps)) if gaps else 0.0

    @cached_property
    def _order(self) -> np.ndarray:
        return stream(self.seed, 0, "plan/order").permutation(len(self.units))

    def unit_of(self, sample: int, attempt: int = 0) -> int:
        """Return the number of the window that a sample is made of.

        Samples of one window follow each other, so that a worker reads it once; a redrawn sample takes a
        window of its own stream.
        """
        if attempt:
            return int(stream(self.seed, sample, f"place/{attempt}").integers(len(self.units)))
        visits = -(-self.samples // len(self.units))
        return int(self._order[sample // visits])

    def donor_units(self, unit: int) -> tuple[int, ...]:
        """Return the windows that lend buildings and ground to a window, the same for all its samples.

        Other dates of its own place lend nothing: they show the same houses.
        """
        if self.donors or self.recipe.real_dates is not None:
            return self._lenders_elsewhere(unit)
        others = len(self.units) - 1
        count = min(self.recipe.donor_scenes, others)
        if count <= 0:
            return ()
        drawn = stream(self.seed, unit, "plan/donors").choice(others, size=count, replace=False)
        return tuple(int(i) + (int(i) >= unit) for i in drawn)

    def _lenders_elsewhere(self, unit: int) -> tuple[int, ...]:
        """Return windows of the sources of donors, or of other places where there are none."""
        if self.donors:
            able = np.arange(len(self.units), len(self.units) + len(self.lent))
        else:
            places = self._places
            able = np.flatnonzero(places != places[unit])
        count = min(self.recipe.donor_scenes, able.size)
        drawn = stream(self.seed, unit, "plan/donors").choice(able.size, size=count, replace=False)
        return tuple(able[drawn].tolist())

    @cached_property
    def _places(self) -> np.ndarray:
        return np.array([self.source.tiles[unit.tile].place for unit in self.units])

    def split_of(self, unit: int) -> str:
        """Return train, val or test: the source's own, or by the hash of the place."""
        tile = self.source.tiles[self.units[unit].tile]
        if tile.split in {name for name, _ in SPLIT_BOUNDS}:
            return str(tile.split)
        digest = hashlib.sha256(tile.place.encode("utf-8")).digest()
        share = int.from_bytes(digest[:8], "big") / 2**64
        return next(name for name, until in SPLIT_BOUNDS if share < until)

    def shard(self, number: int, of: int) -> range:
        """Return the samples of a shard: contiguous, so that windows are not read twice."""
        return range(number * self.samples // of, (number + 1) * self.samples // of)

    @cached_property
    def weights(self) -> tuple[dict[str, str], ...]:
        """Filter or renderer, and SHA-256, of each network that is looked through; they are read for it.

        Where a renderer may compute on a GPU, the device, too: bytes differ from one to the other.

        Raises:
            PackageError: weights cannot be read.
            RecipeError: they may not be used for this.
        """
        painter = registry.load("renderers", self.renderer)
        painters = []
        if hasattr(painter, "weights_hash"):
            painters = [{"renderer": self.renderer, "sha256": painter.weights_hash(*self.manner)}]
            if hasattr(painter, "device"):
                painters[0]["device"] = painter.device(*self.manner)
        return (
            *painters,
            *(
                {"filter": name, "sha256": module.weights_hash(parameters)}
                for name, module, parameters in self.recipe.filter_modules()
                if hasattr(module, "weights_hash")
            ),
        )

    @cached_property
    def where_rasters(self) -> tuple[dict[str, str], ...]:
        """Process, name and SHA-256 of each raster that says where it is likely.

        Raises:
            SourceError: a file has gone.
        """
        return tuple(
            {"process": process, "file": Path(file).name, "sha256": where_raster(Path(file)).sha256}
            for process, file in rasters_of(self.recipe.processes).items()
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that decides the bytes of the samples, versions apart.

        Raises:
            PackageError, RecipeError: as `weights`.
            SourceError: as `where_rasters`.
        """
        recipe = self.recipe.model_dump()
        # The same weights may lie elsewhere on the next machine, and other weights under the same path.
        for entry in self.weights:
            if "filter" in entry:
                recipe["filters"][entry["filter"]]["weights"] = entry["sha256"]
            else:
                recipe["renderer"]["weights"] = entry["sha256"]
        for process, file in rasters_of(self.recipe.processes).items():
            recipe["processes"][process]["where"]["raster"] = where_raster(Path(file)).identity()
        facts: dict[str, Any] = {
            "recipe": recipe,
            "seed": self.seed,
            "samples": self.samples,
            "source": self.source.fingerprint(),
            "schema": schema_to_json(self.source.schema),
            "bands": self.source.bands,
            "full_scale": self.source.full_scale,
            "licence": self.source.licence,
            "tiles": [[t.name, t.grid.gsd_m, list(t.grid.shape)] for t in self.source.tiles],
        }
        if self.donors:
            facts["donors"] = [
                [
                    source.fingerprint(),
                    schema_to_json(source.schema),
                    source.bands,
                    source.full_scale,
                    source.licence,
                ]
                for source in self.donors
            ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8")).hexdigest()
