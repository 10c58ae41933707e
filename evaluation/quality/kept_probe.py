"""Keeping a trained probe, so that the filter `probe_score` can ask it about other samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from diachron.evaluation.quality.crop_shelf import Crops
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.probe import learn_half
from diachron.generators.models.threads import one_thread
from diachron.outputs.readers import Dataset
from diachron.training.probes.calibration import calibrate
from diachron.training.probes.learning import ProbeOptions
from diachron.training.probes.probe import Probe, ProbeFacts, save_probe


@runtime_checkable
class KeptMeasure(Protocol):
    """A measure whose probe can be asked about single samples."""

    kind: str
    options: ProbeOptions

    def sides(self) -> tuple[Crops, Crops, Crops]:
        """Return made, real and bad crops."""
        ...


class SeenData:
    """What a probe has learnt from, in words that travel with it.

    Args:
        dataset: whose pairs are shown.
    """

    def __init__(self, dataset: Dataset) -> None:
        info = dataset.info
        self._facts = {"name": info["name"], "plan": info["plan"]["fingerprint"], "samples": len(dataset)}
        self._licences: set[str] = set()
        self._gsd_m: set[float] = set()

    def add(self, pair: MadePair) -> None:
        """Take note of a pair."""
        self._licences.add(str(pair.record["licence"]))
        self._gsd_m.add(pair.gsd_m)

    @property
    def facts(self) -> dict[str, Any]:
        """Name, hash of the plan, number of samples and licences."""
        return {**self._facts, "licences": sorted(self._licences)}

    @property
    def gsd_m(self) -> tuple[float, float]:
        """Finest and coarsest metres a pixel."""
        return min(self._gsd_m), max(self._gsd_m)


def keep_probe(
    measure: KeptMeasure, figures: Mapping[str, Any], seen: SeenData, seed: int, folder: Path
) -> str | None:
    """Write `KIND.safetensors`: the network that the first seed's figure was measured with, trained again.

    A probe that missed its bad case is kept with that fact; the filter refuses it.

    Args:
        measure: with the crops of a data set.
        figures: of the measure.
        seen: the data set.
        seed: the first of the figures'.
        folder: made if it is missing.

    Returns:
        The name of the file, None where there are too few crops to learn from.
    """
    made, real, _ = measure.sides()
    # As in `ask_all`: the figure that stands in the file is the one of the report.
    with one_thread():
        learnt = learn_half(made, real, seed, measure.options, measure.kind)
    if learnt is None:
        return None
    facts = ProbeFacts(
        kind=measure.kind,
        data=seen.facts,
        gsd_m=seen.gsd_m,
        seed=seed,
        auc=round(learnt.auc, 4),
        chance_std=round(learnt.spread, 4),
        bad_case=str(figures["bad_case"]),
        bad_auc=figures["bad_auc"],
        sound=bool(figures["valid"]),
    )
    name = f"{measure.kind}.safetensors"
    save_probe(Probe(learnt.network, calibrate(learnt.made, learnt.real), facts), folder / name)
    return name
