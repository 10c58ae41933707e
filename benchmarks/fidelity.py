"""How real does what a renderer paints look? One recipe, painted by each, on tiles no painter has seen.

DIACHRON_DATA=... python benchmarks/fidelity.py --json

Of each renderer: `label_fidelity_miou`, of buildings and ground as a segmenter calls them that no renderer
has met, with as much weight on buildings as on ground; `kid` of 64 px crops around what was painted against
crops of untouched ground, on our own features; `probe_auc` and `seam_auc` of small networks that see such
crops, or crops along outlines, in random colours. `mean_fill` is all that `copy_paste` painted, each part in
its own mean colour: a probe that does not find it says nothing. `copy_paste` and `inpainting` have the same
events; `procedural` needs no donors, so it has others. All before acquisition. `--segmenter` is the folder of
a scorer, see docs/segment.md; it has learned from other places of the same sets. Spreads are over seeds: of
the pairs for the segmenter, of places, first weights and subsets for the others.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench
import numpy as np
from scipy import ndimage
from seams import LIVELY, has_few_places

from diachron.core.streams import stream
from diachron.evaluation.quality.feature_distance import FeatureDistance
from diachron.evaluation.quality.fidelity import Fidelity
from diachron.evaluation.quality.made import MadePair, read_pairs
from diachron.evaluation.quality.painted_probe import PaintedProbe
from diachron.evaluation.quality.seam_probe import SeamProbe
from diachron.generators.weights import INPAINTING
from diachron.outputs.readers import Dataset
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes.reading import load_recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources import Source, SourceOptions, discover
from diachron.training.features.encoder import load_encoder
from diachron.training.probes.edited_parts import edited_parts
from diachron.training.probes.learning import ProbeOptions
from diachron.training.segmenters.segmenter import Segmenter

# None of these was learnt from by the weights of `shipped_weights.py`.
SETS: dict[str, dict[str, Any]] = {
    "building_cities": {
        "images": "building_cities/image/*.jpg",
        "labels": "building_cities/label/*.png",
        "schema": "building",
    },
    "oam_more": {"source": "oam_more"},
    "dubai_mbrsc": {"source": "dubai_mbrsc", "gsd_m": 1.0, "schema": "mbrsc"},
}
MEAN_FILL = "mean_fill"
# Below this on mean fill a probe is too weak to count.
STRONG_ENOUGH = 0.9


class Measures:
    """All four, fed with the pairs of one renderer."""

    def __init__(self, segmenter: Segmenter, steps: int) -> None:
        self.segmenter = segmenter
        # In the colours of few places the probe of crops found mean fill with 0.857 (400 steps).
        options = ProbeOptions(steps=steps, recolour=True)
        self.painted, self.seam = PaintedProbe(options), SeamProbe(options)
        self.distance = FeatureDistance(load_encoder())
        self.fidelity: dict[int, dict[str, Fidelity]] = {}

    def add(self, name: str, seed: int, dataset: Dataset, pair: MadePair) -> None:
        """Take what one pair of a set shows; each measure draws the same for every renderer."""
        of_seed = self.fidelity.setdefault(seed, {})
        fidelity = of_seed.setdefault(name, Fidelity(self.segmenter, dataset.schema))
        for each in (self.painted, self.seam, self.distance, fidelity):
            each.add(pair, stream(seed, pair.index, f"benchmark/fidelity/{name}/{type(each).__name__}"))

    def figures(self, seeds: range) -> dict[str, Any]:
        """Return the row of a renderer."""
        painted, seam = self.painted.figures(seeds), self.seam.figures(seeds)
        distance = self.distance.figures(seeds)["painted"]
        answers = [
            {name: fidelity.figures(seeds) for name, fidelity in of_seed.items()}
            for of_seed in self.fidelity.values()
        ]
        painted_miou = [over_sets(each, "painted_buildings", "cleared_ground") for each in answers]
        real_miou = [over_sets(each, "untouched_buildings", "untouched_ground") for each in answers]
        return {
            "label_fidelity_miou": mean_of(painted_miou),
            "label_fidelity_std": spread_of(painted_miou),
            "label_fidelity_by_set": {
                name: mean_of(
                    [
                        miou(each[name], "painted_buildings", "cleared_ground")
                        for each in answers
                        if name in each
                    ]
                )
                for name in SETS
            },
            "real_label_fidelity": (mean_of(real_miou), spread_of(real_miou)),
            "kid": distance.get("kid"),
            "kid_std": distance.get("kid_std"),
            "kid_floor": distance.get("kid_floor"),
            "probe_auc": painted["auc"],
            "probe_auc_std": painted["auc_std"],
            "seam_auc": seam["auc"],
            "seam_auc_std": seam["auc_std"],
            "chance_std": painted["chance_std"],
            "crops": painted["made_crops"],
        }


def main() -> None:
    """Paint the same events with each renderer, then ask all measures about each."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--weights", default=INPAINTING, help="of `inpainting`: a name, or a folder")
    options.add_argument("--set", dest="manner", action="append", default=[], help="of renderer inpainting")
    options.add_argument("--segmenter", default=str(bench.PACKAGES / "segmenters" / "scorer"))
    options.add_argument("--samples", type=int, default=20, help="of each set and seed")
    options.add_argument("--steps", type=int, default=800, help="of a probe")
    options.add_argument("--seeds", type=int, default=3)
    given = options.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real sets")
    segmenter = Segmenter.load(given.segmenter, role="scorer")
    manner = [f"weights={given.weights}", *given.manner]
    renderers: dict[str, list[str]] = {
        "copy_paste": [],
        "procedural": ["renderer=procedural"],
        "inpainting": ["renderer=inpainting", *(f"renderer.{each}" for each in manner)],
    }
    rows = {name: Measures(segmenter, given.steps) for name in (*renderers, MEAN_FILL)}
    for name in SETS:
        source = source_of(Path(data), name)
        for seed in range(given.seeds):
            for renderer, overrides in renderers.items():
                for dataset, pair in made(source, name, overrides, seed, given.samples):
                    rows[renderer].add(name, seed, dataset, pair)
                    if renderer == "copy_paste":
                        rows[MEAN_FILL].add(name, seed, dataset, mean_filled(pair))
    figures: dict[str, Any] = {name: row.figures(range(given.seeds)) for name, row in rows.items()}
    # The real dates are those of the same places for all: said once.
    real = {name: row.pop("real_label_fidelity") for name, row in figures.items()}
    figures["real"] = dict(
        zip(("label_fidelity_miou", "label_fidelity_std"), real["copy_paste"], strict=True)
    )
    figures["probes_count"] = {
        probe: bool((figures[MEAN_FILL][probe] or 0.0) >= STRONG_ENOUGH)
        for probe in ("probe_auc", "seam_auc")
    }
    figures["machine"] = bench.machine()
    bench.show(figures, as_json=given.json)


def source_of(data: Path, name: str) -> Source:
    """Return a set as `generate` would find it."""
    paths = ("source", "images", "labels")
    return discover(
        SourceOptions(
            **{key: str(data / value) if key in paths else value for key, value in SETS[name].items()}
        )
    )


def made(
    source: Source, name: str, overrides: list[str], seed: int, samples: int
) -> Iterator[tuple[Dataset, MadePair]]:
    """Yield the pairs of a set, of the same places and rates for every renderer."""
    recipe = load_recipe("building-change", [*LIVELY, "acquisition=none", "paint=t2", *overrides])
    by_tile = has_few_places(source)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "made"
        # Few samples at a time: starting workers would take longer than they save.
        generate(Plan(recipe, source, seed, samples), RunOptions(out))
        dataset = Dataset(out)
        for pair in read_pairs(dataset):
            place = str(pair.record["source"]) if by_tile else pair.place
            yield dataset, replace(pair, place=f"{name}/{place}")


def mean_filled(pair: MadePair) -> MadePair:
    """Return a pair all of whose edit is filled: objects and ground each with their own mean colour."""
    date = pair.painted_date
    if date is None:
        return pair
    picture, left = pair.dates[date].copy(), pair.edit.copy()
    for part in edited_parts(pair.instances[date], pair.instances[1 - date], pair.edit):
        picture[:, part.mask] = picture[:, part.mask].mean(axis=1)[:, None]
        left &= ~part.mask
    # What new objects touch is no part of its own: shadows, yards, ground that was laid up to them.
    pieces, count = ndimage.label(left)
    for piece in range(1, count + 1):
        picture[:, pieces == piece] = picture[:, pieces == piece].mean(axis=1)[:, None]
    dates = (picture, pair.dates[1]) if date == 0 else (pair.dates[0], picture)
    return replace(pair, dates=dates)


def miou(answers: dict[str, Any], buildings: str, ground: str) -> float | None:
    """Return the mean IoU of buildings and ground, of as many pixels each; None where one was not asked."""
    found, mistaken = (answers[part]["called_building"] for part in (buildings, ground))
    if found is None or mistaken is None:
        return None
    missed = 1.0 - found
    both = (found / (1.0 + mistaken), (1.0 - mistaken) / (1.0 + missed))
    return round(float(np.mean(both)), 4)


def mean_of(values: list[float | None]) -> float | None:
    """Return the mean of those that were asked."""
    found = [value for value in values if value is not None]
    return round(float(np.mean(found)), 4) if found else None


def spread_of(values: list[float | None]) -> float | None:
    """Return the standard deviation of those that were asked."""
    found = [value for value in values if value is not None]
    return round(float(np.std(found)), 4) if found else None


def over_sets(answers: dict[str, dict[str, Any]], buildings: str, ground: str) -> float | None:
    """Return the mean over the sets in which both were asked."""
    return mean_of([miou(each, buildings, ground) for each in answers.values()])


if __name__ == "__main__":
    main()
