"""Do two made dates of unchanged ground differ as two real dates do?

DIACHRON_DATA=... python benchmarks/acquisition.py --json

A small network sees both dates of windows of NAIP places where nothing was seen to change. It learns on the
places of the split `train` and `val` and is asked on those of `test`, another town.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench
import numpy as np
from numpy.typing import NDArray

from diachron.core.streams import stream
from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.quality.probe import auc_of, chance_spread
from diachron.generators.models.threads import one_thread
from diachron.outputs.readers import Dataset
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes.presets import load_preset
from diachron.pipelines.recipes.reading import load_recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources import SourceOptions, discover
from diachron.training.acquisition.measures import measure_pairs, summary
from diachron.training.acquisition.two_days import preset_steps, two_days
from diachron.training.probes.learning import ProbeOptions, learn_probe
from diachron.training.probes.network import logits_of
from diachron.training.unit_colours import unit_dates

GSD_M = 0.6
Dates = tuple[NDArray[np.float32], NDArray[np.float32]]
SIDE = 64
WINDOWS = 2
SEEDS = (0, 1, 2)
# Colour jitter of common training code for change detection: brightness, contrast and saturation by up to
# 0.3 to either side, hue by 0.05 turns.
JITTER, HUE = 0.3, 0.05
# Below this on jitter a probe is too weak to count.
STRONG_ENOUGH = 0.8
PERMUTATIONS = 999


def main() -> None:
    """Ask the probe about our layer, colour jitter and nothing, and test records against change."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--preset", default="aerial")
    options.add_argument("--steps", type=int, default=300, help="of a probe")
    options.add_argument(
        "--samples", type=int, default=120, help="of the data set behind the permutation test"
    )
    given = options.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real sets")
    steps = preset_steps(load_preset(given.preset))

    def ours(picture: NDArray[np.float32], rng: np.random.Generator) -> Dates:
        return two_days(picture, GSD_M, steps, (rng, rng))

    sides: dict[str, Callable[[NDArray[np.float32], np.random.Generator], Dates]] = {
        "ours": ours,
        "jitter": lambda picture, rng: (picture, jittered(picture, rng)),
        "none": lambda picture, rng: (picture, picture),
    }
    crops = {part: collect(data, part, sides) for part in ("learn", "ask")}
    probe = ProbeOptions(steps=given.steps, batch=64, most=4000)
    figures: dict[str, object] = {"preset": given.preset, "gsd_m": GSD_M, "window_px": SIDE}
    with one_thread():
        for side in sides:
            aucs = []
            for seed in SEEDS:
                rng = stream(seed, 0, f"benchmark/acquisition/{side}")
                network = learn_probe(crops["learn"][side], crops["learn"]["real"], rng, probe)
                scores = [logits_of(network, crops["ask"][each]) for each in (side, "real")]
                auc = auc_of(np.concatenate(scores), np.arange(sum(map(len, scores))) < len(scores[0]))
                aucs.append(max(auc, 1 - auc))
            figures[f"probe_auc_{side}"] = round(float(np.mean(aucs)), 4)
            figures[f"probe_auc_{side}_by_seed"] = [round(auc, 4) for auc in aucs]
    figures["chance_std"] = round(chance_spread(len(crops["ask"]["real"]), len(crops["ask"]["real"])), 4)
    figures["probe_counts"] = bool(float(str(figures["probe_auc_jitter"])) >= STRONG_ENOUGH)
    figures["windows"] = {part: len(each["real"]) for part, each in crops.items()}
    figures["measures"] = measured(data, ours)
    figures["mutual_information"] = permutation_test(Path(data), given.preset, given.samples)
    figures["machine"] = bench.machine()
    bench.show(figures, as_json=given.json)


def jittered(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a picture with other brightness, contrast, saturation and hue."""
    brightness, contrast, saturation = rng.uniform(1 - JITTER, 1 + JITTER, 3)
    grey_weights = np.array([0.299, 0.587, 0.114])
    bright = picture * brightness
    grey = np.tensordot(grey_weights, bright, 1)
    even = (bright - grey.mean()) * contrast + grey.mean()
    grey = np.tensordot(grey_weights, even, 1)
    full = grey + saturation * (even - grey)
    # A turn about the grey axis (Rodrigues).
    angle = 2 * np.pi * rng.uniform(-HUE, HUE)
    axis = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    turn = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * axis
    return np.clip(np.tensordot(turn, full, 1), 0, 1).astype(np.float32)


def collect(data: str, part: str, sides: dict[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Return side -> (N, 6, 64, 64) windows of both dates, of the places to learn on or to ask about."""
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in ("real", *sides)}
    for split in ("train", "val") if part == "learn" else ("test",):
        pairs = open_pairs(f"naip:{data}/naip_ca_60cm@unchanged-{split}")
        for position, pair in enumerate(pairs):
            earlier, later = unit_dates(pair)
            rng = stream(0, position, f"benchmark/acquisition/{split}")
            # Either real date may be the one that is made again.
            ground = later if rng.random() < 0.5 else earlier
            dates = {"real": (earlier, later), **{name: make(ground, rng) for name, make in sides.items()}}
            for row, col in rng.integers(0, np.array(earlier.shape[1:]) - SIDE + 1, (WINDOWS, 2)):
                for name, (one, other) in dates.items():
                    both = np.concatenate([one, other])
                    found[name].append(both[:, row : row + SIDE, col : col + SIDE].astype(np.float32))
    return {name: np.stack(each) for name, each in found.items()}


def measured(data: str, ours: Callable[[NDArray[np.float32], np.random.Generator], Dates]) -> dict[str, Any]:
    """Return the measures of `train acquisition` on the town that is asked about, real and ours."""
    pairs = open_pairs(f"naip:{data}/naip_ca_60cm@unchanged-test")
    chosen = [pairs[int(at)] for at in np.linspace(0, len(pairs) - 1, min(24, len(pairs))).round()]
    real = [unit_dates(pair) for pair in chosen]
    made = [ours(one, stream(1, at, "benchmark/acquisition/measures")) for at, (one, _) in enumerate(real)]
    both = {}
    for side, dates in (("real", real), ("ours", made)):
        everywhere = [(one, other, np.ones(one.shape[1:], bool)) for one, other in dates]
        both[side] = summary(measure_pairs(everywhere))
    return {name: {side: both[side].get(name) for side in both} for name in both["real"]}


def permutation_test(data: Path, preset: str, samples: int) -> dict[str, Any]:
    """Return the distance correlation of records and change shares, and how often chance gives as much.

    Distance correlation is 0 only for independent quantities (Szekely, Rizzo, Bakirov 2007), as mutual
    information is, and needs no bins. `p` is the share of permutations with as much or more.
    """
    recipe = load_recipe("building-change", [f"acquisition.preset={preset}"])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "made"
        source = discover(SourceOptions(source=str(data / "oam_banepa")))
        generate(Plan(recipe, source, seed=0, samples=samples), RunOptions(out, workers=os.cpu_count() or 1))
        dataset = Dataset(out)
        records = [dataset.record(index) for index in dataset.ids]
        change = np.array([(dataset.layer(index, "change") == 1).mean() for index in dataset.ids])
    rows = [numbers(record["acquisition"]) for record in records]
    # What not every record has (boxes of moving things) is left out.
    common = sorted(set.intersection(*(set(row) for row in rows)))
    values = np.array([[row[key] for key in common] for row in rows])
    values = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-9)
    first = centred(np.linalg.norm(values[:, None] - values[None], axis=2))
    second = centred(np.abs(change[:, None] - change[None]))
    rng = stream(0, 0, "benchmark/acquisition/permutations")
    found = float((first * second).mean())
    by_chance = []
    for _ in range(PERMUTATIONS):
        order = rng.permutation(len(change))
        by_chance.append(float((first * second[np.ix_(order, order)]).mean()))
    p = (1 + sum(value >= found for value in by_chance)) / (1 + PERMUTATIONS)
    scale = np.sqrt((first**2).mean() * (second**2).mean())
    return {
        "distance_correlation": round(float(np.sqrt(max(found / scale, 0))), 4),
        "expected_by_chance": round(float(np.sqrt(max(np.mean(by_chance) / scale, 0))), 4),
        "p": round(p, 4),
        "samples": len(change),
        "permutations": PERMUTATIONS,
    }


def numbers(value: object, path: str = "") -> dict[str, float]:
    """Return path -> number of a record, but for the seeds, whose size says nothing."""
    if isinstance(value, (bool, int, float)):
        return {} if path.endswith("/seed") else {path: float(value)}
    if isinstance(value, dict):
        parts = [numbers(value[key], f"{path}/{key}") for key in sorted(value)]
    else:
        listed = value if isinstance(value, list) else []
        parts = [numbers(entry, f"{path}/{at}") for at, entry in enumerate(listed)]
    return {key: number for part in parts for key, number in part.items()}


def centred(distances: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return doubly centred distances."""
    rows = distances.mean(axis=1, keepdims=True)
    result: NDArray[np.floating] = distances - rows - rows.T + distances.mean()
    return result


if __name__ == "__main__":
    main()
