"""Kept probes: the file holds the network of the figure, says where it learnt, and whether it is sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from diachron.core.streams import stream
from diachron.evaluation.quality.kept_probe import KeptMeasure, SeenData, keep_probe
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.painted_probe import PaintedProbe
from diachron.evaluation.quality.seam_probe import SeamProbe
from diachron.generators.models.threads import one_thread
from diachron.training.probes.learning import ProbeOptions
from diachron.training.probes.probe import load_probe

MakePair = Callable[..., MadePair]
QUICK = ProbeOptions(steps=12, batch=16)


@dataclass
class Town:
    """As much of a data set as is asked for."""

    number: int
    info: dict[str, Any] = field(default_factory=lambda: {"name": "town", "plan": {"fingerprint": "f" * 64}})

    def __len__(self) -> int:
        return self.number


def shown(measure: SeamProbe | PaintedProbe, pair_of: MakePair, number: int) -> SeenData:
    """Show pairs of two scales to a measure; return what was seen."""
    dataset: Any = Town(number)
    seen = SeenData(dataset)
    for index in range(number):
        pair = pair_of(index)
        pair = replace(pair, gsd_m=0.3 + 0.2 * (index % 2), record={**pair.record, "licence": "CC-BY-4.0"})
        measure.add(pair, stream(0, index, "x"))
        seen.add(pair)
    return seen


@pytest.mark.parametrize("measure", [SeamProbe(QUICK), PaintedProbe(QUICK)])
def test_the_file_holds_the_network_of_the_first_seed(
    pair_of: MakePair, tmp_path: Path, measure: SeamProbe | PaintedProbe
) -> None:
    assert isinstance(measure, KeptMeasure)
    seen = shown(measure, pair_of, 40)
    figures = measure.figures([3, 1])
    name = keep_probe(measure, figures, seen, 3, tmp_path)
    assert name == f"{measure.kind}.safetensors"
    probe, _ = load_probe(tmp_path / name)
    assert probe.facts.auc == figures["per_seed"][0]
    assert (probe.facts.sound, probe.facts.bad_auc) == (figures["valid"], figures["bad_auc"])
    assert probe.facts.gsd_m == (0.3, 0.5)
    assert probe.facts.data == {
        "name": "town",
        "plan": "f" * 64,
        "samples": 40,
        "licences": ["CC-BY-4.0"],
    }
    # Painted houses are the brightest things around: the probe says so of one that it never saw.
    pair = pair_of(77)
    with one_thread():
        (found,) = probe.made(pair.dates[1], (pair.instances[1], pair.instances[0]), pair.edit)
    assert found > 0.7


def test_a_probe_that_missed_its_bad_case_is_kept_as_such(pair_of: MakePair, tmp_path: Path) -> None:
    measure = SeamProbe(QUICK)
    seen = shown(measure, pair_of, 30)
    figures = {**measure.figures([0]), "valid": False, "bad_auc": 0.55}
    assert keep_probe(measure, figures, seen, 0, tmp_path) == "seam.safetensors"
    assert load_probe(tmp_path / "seam.safetensors")[0].facts.sound is False


def test_too_few_crops_leave_no_file(pair_of: MakePair, tmp_path: Path) -> None:
    measure = SeamProbe(QUICK)
    seen = shown(measure, pair_of, 2)
    assert keep_probe(measure, measure.figures([0]), seen, 0, tmp_path) is None
    assert list(tmp_path.iterdir()) == []
