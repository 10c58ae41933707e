"""The plan of a run: which sample is made of which window, fixed before work starts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from diachron.core.streams import stream
from diachron.outputs.readers import schema_to_json
from diachron.pipelines.recipes import Recipe
from diachron.pipelines.sources import Source, Unit

# A refused sample is drawn again this often, each time from its own stream.
REDRAWS = 8
SPLIT_BOUNDS = (("train", 0.8), ("val", 0.9), ("test", 1.0))


@dataclass(frozen=True)
class Plan:
    """A list of independent samples.

    Args:
        recipe: resolved.
        source: discovered tiles.
        seed: of the run.
        samples: how many, `-n`.
    """

    recipe: Recipe
    source: Source
    seed: int
    samples: int

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """All windows of the source, in its order."""
        return self.source.units(self.recipe.window_px)

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
        """Return the windows that lend buildings and ground to a window, the same for all its samples."""
        others = len(self.units) - 1
        count = min(self.recipe.donor_scenes, others)
        if count <= 0:
            return ()
        drawn = stream(self.seed, unit, "plan/donors").choice(others, size=count, replace=False)
        return tuple(int(i) + (int(i) >= unit) for i in drawn)

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
        """Filter and SHA-256 of each network that filters look through; they are read for it.

        Raises:
            PackageError: weights cannot be read.
            RecipeError: they may not be used for this.
        """
        return tuple(
            {"filter": name, "sha256": module.weights_hash(parameters)}
            for name, module, parameters in self.recipe.filter_modules()
            if hasattr(module, "weights_hash")
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that decides the bytes of the samples, versions apart.

        Raises:
            PackageError, RecipeError: as `weights`.
        """
        recipe = self.recipe.model_dump()
        # The same weights may lie elsewhere on the next machine, and other weights under the same path.
        for entry in self.weights:
            recipe["filters"][entry["filter"]]["weights"] = entry["sha256"]
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
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8")).hexdigest()
