"""All measures over a data set, in one pass over its pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from diachron.core.errors import PackageError
from diachron.core.pair import PairSet
from diachron.core.streams import stream
from diachron.evaluation.quality.band_statistics import BandStatistics
from diachron.evaluation.quality.contact_sheet import write_sheet
from diachron.evaluation.quality.crop_shelf import Crops
from diachron.evaluation.quality.date_probe import DateProbe
from diachron.evaluation.quality.diversity import Diversity
from diachron.evaluation.quality.feature_distance import FeatureDistance
from diachron.evaluation.quality.fidelity import Fidelity, Scorer
from diachron.evaluation.quality.kept_probe import KeptMeasure, SeenData, keep_probe
from diachron.evaluation.quality.made import MadePair, read_pairs
from diachron.evaluation.quality.memorisation import Memorisation
from diachron.evaluation.quality.painted_probe import PaintedProbe
from diachron.evaluation.quality.seam_probe import SeamProbe
from diachron.evaluation.quality.unchanged_error import UnchangedError
from diachron.evaluation.quality.unchanged_pair_probe import UnchangedPairProbe
from diachron.outputs.readers import Dataset
from diachron.training.features.encoder import FeatureEncoder
from diachron.training.probes.learning import ProbeOptions


class Measure(Protocol):
    """What every measure can do."""

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take what it needs from one pair."""
        ...

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return its figures."""
        ...

    def crops(self) -> dict[str, Crops]:
        """Return the crops it looks at."""
        ...


def choose_measures(
    dataset: Dataset,
    encoder: FeatureEncoder,
    *,
    real: PairSet | None = None,
    scorer: Scorer | None = None,
    steps: int | None = None,
) -> dict[str, Measure]:
    """Return name -> measure for what is at hand.

    Args:
        dataset: to be measured.
        encoder: of the features.
        real: pairs to compare with; without them some measures are left out.
        scorer: an independent segmenter; without it fidelity is left out.
        steps: of the probes' training, None for their own number.
    """
    plain = ProbeOptions() if steps is None else ProbeOptions(steps=steps)
    edges = ProbeOptions(steps=plain.steps, recolour=True)
    measures: dict[str, Measure] = {
        "seam_probe": SeamProbe(edges),
        "painted_probe": PaintedProbe(plain),
        "date_probe": DateProbe("edits", plain),
        "date_probe_elsewhere": DateProbe("elsewhere", plain),
    }
    gsd_m = None
    if real is not None:
        made_m = float(dataset.record(dataset.ids[0])["grid"]["gsd_m"])
        gsd_m = max(made_m, real[0].gsd_m)
        measures["unchanged_pair_probe"] = UnchangedPairProbe(real, gsd_m, plain)
    measures["feature_distance"] = FeatureDistance(encoder, real, gsd_m)
    measures["diversity"] = Diversity(encoder)
    measures["memorisation"] = Memorisation()
    if scorer is not None:
        measures["fidelity"] = Fidelity(scorer, dataset.schema)
    measures["unchanged_error"] = UnchangedError()
    measures["band_statistics"] = BandStatistics(real)
    return measures


def measure_quality(
    dataset: Dataset,
    measures: dict[str, Measure],
    seeds: Sequence[int],
    *,
    sheets: Path | None = None,
    probes: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return the figures of all measures, JSON-ready; what each means stands in docs/quality.md.

    Args:
        dataset: to be measured.
        measures: from `choose_measures`.
        seeds: of the probes, one training each.
        sheets: folder for a contact sheet of each measure's crops; made if it is missing.
        probes: folder that keeps the seam and the painted probe of the first seed; made if it is missing.
        progress: takes (steps done, all steps): a step a pair and a step a measure.

    Raises:
        PackageError: the data set holds no sample, or one that cannot be read.
    """
    if not dataset.ids:
        raise PackageError(
            f"{dataset.root}: holds no complete sample; `diachron generate` goes on from there"
        )
    total, one_date = len(dataset) + len(measures), 0
    seen = SeenData(dataset)
    for number, pair in enumerate(read_pairs(dataset)):
        one_date += pair.painted_date is not None
        seen.add(pair)
        for name, measure in measures.items():
            measure.add(pair, stream(0, pair.index, f"quality/{name}"))
        if progress is not None:
            progress(number + 1, total)
    result: dict[str, Any] = {
        "data": str(dataset.info["name"]),
        "samples": len(dataset),
        "samples_with_one_painted_date": one_date,
        "seeds": list(seeds),
    }
    for number, (name, measure) in enumerate(measures.items()):
        result[name] = measure.figures(seeds)
        if probes is not None and isinstance(measure, KeptMeasure):
            result[name]["kept"] = keep_probe(measure, result[name], seen, seeds[0], probes)
        crops = measure.crops()
        if sheets is not None and crops:
            write_sheet(crops, sheets / f"{name}.png")
        if progress is not None:
            progress(len(dataset) + number + 1, total)
    return result
