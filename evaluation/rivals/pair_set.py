"""The pairs of a rival policy by number, made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from diachron.core.errors import LabelError, SourceError
from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.core.registry import load
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.evaluation.rivals.scenes import SceneShelf
from diachron.pipelines.recipes import Recipe
from diachron.simulators.acquisition.apply import apply_date, draw_date
from diachron.simulators.acquisition.context import Context

# A pair whose scenes cannot be used is drawn again this often, as the samples of a run are.
REDRAWS = 8
PRESET = "aerial"


class RivalPairs:
    """Pairs of a policy, the same for the same seed in whatever order they are asked for.

    Pairs share the windows of the shelf evenly; pairs of one window follow each other.

    Args:
        policy: file name in `evaluation.rivals`.
        scenes: to make them of.
        count: how many.
        seed: of all of them, >= 0.
        acquisition: put our acquisition layer (preset `aerial`) on both dates, each with its own draw.

    Raises:
        UnknownNameError: no policy has the name.
        ValueError: the count or the seed is negative.
    """

    def __init__(
        self, policy: str, scenes: SceneShelf, count: int, seed: int, *, acquisition: bool = False
    ) -> None:
        if count < 0:
            raise ValueError(f"a number of pairs must be >= 0, got {count}")
        self.policy = policy
        self.name = f"{policy}+acquisition" if acquisition else policy
        self._make = load("rivals", policy).make
        self._scenes = scenes
        self._count = count
        self._seed = seed
        self._order = stream(seed, 0, "rivals/order").permutation(len(scenes))
        self._steps = None
        if acquisition:
            self._steps = Recipe(name=PRESET, acquisition={"preset": PRESET}).acquisition_steps()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: int) -> LabelledPair:
        """Return a pair; one that cannot be made of its window is made of another.

        Raises:
            IndexError: there is no such position.
            SourceError, LabelError: no window that was drawn can be used.
        """
        if not -self._count <= position < self._count:
            raise IndexError(f"{self.name} has {self._count} pairs, there is no pair {position}")
        number = position % self._count
        for attempt in range(REDRAWS):
            try:
                return self._attempt(number, attempt)
            except (SourceError, LabelError):
                continue
        return self._attempt(number, REDRAWS)

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self[position] for position in range(self._count))

    def _attempt(self, number: int, attempt: int) -> LabelledPair:
        suffix = f"#{attempt}" if attempt else ""
        window = int(self._order[number * len(self._order) // self._count])
        if attempt:
            window = int(stream(self._seed, number, f"place{suffix}").integers(len(self._scenes)))

        def lend(rng: np.random.Generator) -> Scene:
            return self._scenes.lend(rng, window)

        scene = self._scenes[window]
        pair: LabelledPair = self._make(stream(self._seed, number, f"{self.policy}{suffix}"), scene, lend)
        pair = replace(pair, name=f"{self.name}-{number:06d}")
        return self._acquired(pair, number, suffix)

    def _acquired(self, pair: LabelledPair, number: int, suffix: str) -> LabelledPair:
        """Return the pair as two sensors give it; ground that nobody knows stays as it is."""
        if self._steps is None:
            return pair
        modules = {name: module for name, module, _ in self._steps}
        context = Context(pair.bands, pair.gsd_m)
        dates = [
            apply_date(
                image,
                draw_date(stream(self._seed, number, f"acquisition/{date}{suffix}"), self._steps, context),
                modules,
                full_scale=pair.full_scale,
                void=pair.change == UNKNOWN,
            )
            for date, image in (("t1", pair.t1), ("t2", pair.t2))
        ]
        return replace(pair, t1=dates[0], t2=dates[1])
