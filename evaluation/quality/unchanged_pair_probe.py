"""Unchanged-pair probe: where nothing happened, do two made dates differ the way two real dates do?

Asked in two ways. `as_made`: windows of the data set against windows of real pairs, both at the coarser of
their ground sampling distances, of which the network sees the difference of the dates alone. Where the
places differ much the difference shows that, too: `content_auc` says how well the places alone, seen at one
date, tell the sets apart. `same_ground`: real pairs against their own first date, to which the data set's
recorded acquisition was applied twice: the ground is the same on both sides, so that only what happens
between the dates can tell.

The bad case is a date and its copy with 1 % of noise, as without any acquisition layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diachron.core import registry
from diachron.core.pair import PairSet
from diachron.core.streams import stream
from diachron.evaluation.quality.crop_shelf import Crops, Shelf
from diachron.evaluation.quality.faults import noisy_copy
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.probe import ask_all, judge
from diachron.evaluation.quality.real_pairs import place_of
from diachron.simulators.acquisition.apply import apply_date
from diachron.training.detectors.averaging import average_down
from diachron.training.probes.learning import ProbeOptions
from diachron.training.unit_colours import unit_dates

SIDE = 32
# Windows of one pair, and how often one is looked for where edits are everywhere.
PER_PAIR = 6
TRIES = 24

Records = tuple[Mapping[str, Mapping[str, object]], Mapping[str, Mapping[str, object]]]


@dataclass
class UnchangedPairProbe:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        real_pairs: with a change map each.
        gsd_m: metres a pixel of both sides in `as_made`: the coarser of both sets.
        options: of the networks' training.
    """

    real_pairs: PairSet
    gsd_m: float
    options: ProbeOptions = field(default_factory=ProbeOptions)
    made: Shelf = field(default_factory=lambda: Shelf(SIDE, bands=6))
    real: Shelf = field(default_factory=lambda: Shelf(SIDE, bands=6))
    ground: dict[str, Shelf] = field(
        default_factory=lambda: {side: Shelf(SIDE, bands=6) for side in ("made", "real", "bad")}
    )
    _records: list[Records] = field(default_factory=list)
    _read: bool = False

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take unchanged windows of one made pair, and how its dates were acquired."""
        stacked = np.concatenate(pair.dates)
        touched = pair.edit | pair.void | (pair.change != 0)
        for crop in windows(stacked, touched, pair.gsd_m, self.gsd_m, rng):
            self.made.add(crop, pair.place)
        drawn = pair.record["acquisition"]
        self._records.append((drawn[0] or {}, drawn[-1] or {}) if drawn else ({}, {}))

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return `as_made` and `same_ground`, each as of `probe.judge`."""
        self._read_real()
        made, real = self.made.crops(), self.real.crops()
        as_made = judge(
            differences(made),
            differences(real),
            (differences(copies(made)), differences(real)),
            seeds,
            stage="unchanged/as_made",
            bad_case="one date and its copy with 1 % of noise",
            options=self.options,
        )
        alone = (first_dates(made), first_dates(real))
        content = ask_all([(*alone, seed) for seed in seeds], self.options, "unchanged/content")
        known = [run["auc"] for run in content if run is not None]
        as_made["content_auc"] = round(float(np.mean(known)), 4) if known else None
        as_made["gsd_m"] = self.gsd_m
        ground = {side: shelf.crops() for side, shelf in self.ground.items()}
        same_ground = judge(
            ground["made"],
            ground["real"],
            (ground["bad"], ground["real"]),
            seeds,
            stage="unchanged/same_ground",
            bad_case="one date and its copy with 1 % of noise",
            options=self.options,
        )
        return {"real": self.real_pairs.name, "as_made": as_made, "same_ground": same_ground}

    def crops(self) -> dict[str, Crops]:
        """Return the crops of each side."""
        self._read_real()
        return {
            "made": self.made.crops(),
            "real": self.real.crops(),
            "same ground, made": self.ground["made"].crops(),
            "same ground, real": self.ground["real"].crops(),
        }

    def _read_real(self) -> None:
        if self._read:
            return
        self._read = True
        modules = {name: registry.load("acquisition", name) for name in registry.entries("acquisition")}
        for position, pair in enumerate(self.real_pairs):
            rng = stream(0, position, "quality/unchanged/real")
            dates = unit_dates(pair)
            touched, place = pair.change != 0, place_of(pair.name)
            for crop in windows(np.concatenate(dates), touched, pair.gsd_m, self.gsd_m, rng):
                self.real.add(crop, place)
            again = self._acquired(dates[0], modules, rng)
            at = windows(np.concatenate([*dates, *again]), touched, pair.gsd_m, pair.gsd_m, rng)
            for crop in at:
                self.ground["real"].add(crop[:6], place)
                self.ground["made"].add(crop[6:], place)
                self.ground["bad"].add(np.concatenate([crop[:3], noisy_copy(crop[:3], rng)]), place)

    def _acquired(
        self, image: NDArray[np.float32], modules: Mapping[str, ModuleType], rng: np.random.Generator
    ) -> list[NDArray[np.float32]]:
        """Return a date as two dates of a random sample were acquired."""
        if not self._records:
            return [image, image]
        records = self._records[int(rng.integers(len(self._records)))]
        # In 8 bits, as the layer meets most pictures.
        bytes_ = np.round(image * 255.0).astype(np.uint8)
        return [
            apply_date(bytes_, drawn, modules, full_scale=255.0).astype(np.float32) / np.float32(255.0)
            if drawn
            else image
            for drawn in records
        ]


def windows(
    stacked: NDArray[np.float32],
    touched: NDArray[np.bool_],
    gsd_m: float,
    wanted_m: float,
    rng: np.random.Generator,
) -> list[NDArray[np.float32]]:
    """Return up to six random untouched windows, averaged down to a ground sampling distance.

    Args:
        stacked: (C, H, W), all dates one after the other.
        touched: (H, W) pixels that no window may hold.
        gsd_m: metres a pixel.
        wanted_m: metres a pixel of the windows.
        rng: chooses.
    """
    rows, cols = touched.shape
    side = max(SIDE, round(SIDE * wanted_m / gsd_m))
    found: list[NDArray[np.float32]] = []
    if side > min(rows, cols):
        return found
    # Sums over windows by a table: a window is untouched where its sum is 0.
    table = np.zeros((rows + 1, cols + 1), np.int64)
    table[1:, 1:] = touched.cumsum(axis=0).cumsum(axis=1)
    for row, col in rng.random((TRIES, 2)) * (rows - side + 1, cols - side + 1):
        top, left, below, right = int(row), int(col), int(row) + side, int(col) + side
        if table[below, right] - table[top, right] - table[below, left] + table[top, left] == 0:
            found.append(average_down(stacked[:, top:below, left:right], SIDE))
        if len(found) == PER_PAIR:
            break
    return found


def differences(pairs: Crops) -> Crops:
    """Return the later date minus the earlier, moved to the middle of 0 to 1."""
    return Crops(0.5 + 0.5 * (pairs.pixels[:, 3:] - pairs.pixels[:, :3]), pairs.places)


def first_dates(pairs: Crops) -> Crops:
    """Return the earlier dates alone."""
    return Crops(pairs.pixels[:, :3], pairs.places)


def copies(pairs: Crops) -> Crops:
    """Return the earlier dates beside noisy copies of themselves."""
    rng = stream(0, 0, "quality/unchanged/copies")
    return Crops(
        np.concatenate([pairs.pixels[:, :3], noisy_copy(pairs.pixels[:, :3], rng)], axis=1), pairs.places
    )
