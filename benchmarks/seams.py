"""Does the border of an edit give it away? Ours against hard cuts and Poisson blending of the same events.

DIACHRON_DATA=... python benchmarks/seams.py --json

A small network sees straightened bands of 8 px on each side of a border, twice 32 px long and recoloured
at random: borders of new buildings against those of untouched ones, borders of ground laid where a building
stood against the same outlines set down on untouched ground nearby. It learns on half of the places of every
set and is asked on the others. Before acquisition. `which_date` asks, with acquisition, which date was
painted.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import bench
import numpy as np
import torch
from blending import blended
from numpy.typing import NDArray
from outline_bands import SIDE_PX, crops_along

from diachron.core.sample import RenderRequest
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.evaluation.quality.date_probe import DateProbe
from diachron.evaluation.quality.made import read_pairs
from diachron.evaluation.quality.probe import auc_of, chance_spread, split_places
from diachron.generators import copy_paste
from diachron.generators.models.threads import one_thread
from diachron.outputs.readers import Dataset
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes.reading import load_recipe
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources import Source, SourceOptions, discover
from diachron.pipelines.workshop import Refusal, Workshop
from diachron.simulators.snapshots import snapshot
from diachron.training.probes.edited_parts import edited_parts
from diachron.training.probes.learning import ProbeOptions, learn_probe
from diachron.training.probes.network import logits_of
from diachron.training.unit_colours import unit_colours

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]

SETS: dict[str, dict[str, Any]] = {
    "building_cities": {
        "images": "building_cities/image/*.jpg",
        "labels": "building_cities/label/*.png",
        "schema": "building",
    },
    "oam_banepa": {"source": "oam_banepa"},
    "dubai_mbrsc": {"source": "dubai_mbrsc", "gsd_m": 1.0, "schema": "mbrsc"},
}
METHODS = ("naive", "poisson", "ours")
KINDS = ("object", "ground")
# More events than the recipe has, as many up as down: a probe learns from a few hundred borders.
LIVELY = ("processes.construction.rate_per_km2_year=60", "processes.demolition.rate_per_km2_year=60")
# Below this on hard cuts a probe is too weak to count.
STRONG_ENOUGH = 0.85
FEWEST_PLACES = 6
PER_OUTLINE = 2
UNTOUCHED = 6
NEAR_PX = 80


@dataclass
class Borders:
    """Crops of one side and kind, with the set and place of each."""

    crops: list[Picture] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def add(self, crops: list[Picture], of_set: str, place: str) -> None:
        """Keep crops of one place."""
        self.crops += crops
        self.sets += [of_set] * len(crops)
        self.places += [f"{of_set}/{place}"] * len(crops)

    def of(self, places: set[str], of_set: str | None = None) -> Picture:
        """Return the (N, 3, 32, 32) crops of some places, of one set or of all."""
        chosen = [
            crop
            for crop, name, place in zip(self.crops, self.sets, self.places, strict=True)
            if place in places and of_set in (None, name)
        ]
        return np.stack(chosen) if chosen else np.empty((0, 3, 32, 32), np.float32)


Shelves = dict[tuple[str, str], Borders]


def main() -> None:
    """Collect borders of each set, ask the probe about every method, then which date was painted."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--samples", type=int, default=50, help="of each set, for the seams")
    options.add_argument("--date-samples", type=int, default=50, help="of each set, for which_date, or 0")
    options.add_argument("--steps", type=int, default=200, help="of a probe")
    options.add_argument("--seeds", type=int, default=3, help="each splits the places and trains anew")
    given = options.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real sets")
    started = sum(os.times()[:4])
    shelves: Shelves = defaultdict(Borders)
    for name in SETS:
        collect(shelves, name, source_of(data, name), given.samples)
    probe = ProbeOptions(steps=given.steps, batch=48, recolour=True)
    figures = asked(shelves, probe, range(given.seeds))
    figures["probe_counts"] = bool(figures["naive"]["seam_auc"] >= STRONG_ENOUGH)
    if given.date_samples:
        figures["which_date"] = which_date(data, given.date_samples, range(given.seeds))
    figures["band_px"] = SIDE_PX
    figures["cpu_s"] = round(sum(os.times()[:4]) - started, 1)  # with the workers'
    figures["machine"] = bench.machine()
    bench.show(figures, as_json=given.json)


def source_of(data: str, name: str) -> Source:
    """Return a set as `generate` would find it."""
    entry = dict(SETS[name])
    for key in ("source", "images", "labels"):
        if key in entry:
            entry[key] = str(Path(data) / entry[key])
    return discover(SourceOptions(**entry))


def has_few_places(source: Source) -> bool:
    """Return whether a set has to be split by tile, because its places are too few."""
    return len({tile.place for tile in source.tiles}) < FEWEST_PLACES


def collect(shelves: Shelves, name: str, source: Source, samples: int) -> None:
    """Paint samples of a set in three ways and keep bands along what was painted, and along what was not."""
    recipe = load_recipe("building-change", [*LIVELY, "acquisition=none"])
    plan = Plan(recipe, source, seed=0, samples=samples)
    workshop = Workshop(plan)
    by_tile = has_few_places(source)
    for number in range(samples):
        request = request_of(workshop, number)
        if request is None:
            continue
        scene = request.scene
        tile = scene.source if by_tile else str(source.tiles[plan.units[plan.unit_of(number)].tile].place)
        shapes: list[Mask] = []
        edits = np.zeros(scene.grid.shape, bool)
        for method in METHODS:
            rng = stream(0, number, f"benchmark/seams/{name}/{method}")
            image, edit = painted(request, method, rng)
            edits |= edit
            for kind, crops, mask in painted_borders(request, image, edit, rng):
                shelves[method, kind].add(crops, name, tile)
                if method == "ours" and kind == "ground":
                    shapes.append(mask)
        rng = stream(0, number, f"benchmark/seams/{name}/real")
        for kind, crops in untouched_borders(request, edits, shapes, rng):
            shelves["real", kind].add(crops, name, tile)


def request_of(workshop: Workshop, number: int) -> RenderRequest | None:
    """Return what the renderer of a sample was asked to paint, None where the sample was refused."""
    made = workshop.make(number)
    if isinstance(made, Refusal):
        return None
    facts: Any = made.provenance
    unit = workshop.plan.unit_of(number, int(facts["provenance"]["attempt"]))
    scene = workshop.prepared(unit).scene
    anchor = float(facts["render"]["real_picture_years"])
    painted_at = [date.time_years for date in made.dates if date.time_years != anchor]
    state = snapshot(scene, made.log, time_years=painted_at[0], anchor_years=anchor)
    lenders = [workshop.prepared(other).scene for other in workshop.plan.donor_units(unit)]
    return RenderRequest(scene, state, made.log, {each.source: each for each in (scene, *lenders)})


def painted(request: RenderRequest, method: str, rng: np.random.Generator) -> tuple[Picture, Mask]:
    """Return the painted picture, (3, H, W) from 0 to 1, and what was touched."""
    if method == "ours":
        result = copy_paste.paint(request, copy_paste.draw(rng, request))
        return colours(request.scene, result.image), result.edit
    image, edit = blended(request, rng, poisson=method == "poisson")
    return colours(request.scene, np.rint(image).astype(request.scene.image.dtype)), edit


def colours(scene: Scene, image: NDArray[Any]) -> Picture:
    """Return red, green and blue from 0 to 1."""
    return unit_colours(image, scene.bands, scene.full_scale)


def painted_borders(
    request: RenderRequest, image: Picture, edit: Mask, rng: np.random.Generator
) -> Iterator[tuple[str, list[Picture], Mask]]:
    """Yield (kind, crops, mask) of each thing that was painted."""
    here = request.target.instances
    for part in edited_parts(here, request.scene.instances, edit):
        others = request.scene.ignored | ((here > 0) & ~part.mask)
        yield part.kind, crops_along(image, part.mask, others, rng, PER_OUTLINE), part.mask


def untouched_borders(
    request: RenderRequest, edits: Mask, shapes: list[Mask], rng: np.random.Generator
) -> Iterator[tuple[str, list[Picture]]]:
    """Yield (kind, crops) of buildings that stay, and of the shapes of holes moved onto open ground."""
    scene = request.scene
    image = colours(scene, scene.image)
    standing = scene.instances > 0
    barred = scene.ignored | edits
    whole = [entry for entry in scene.objects.values() if entry.whole]
    for place in rng.permutation(len(whole))[:UNTOUCHED]:
        mask = scene.instances == whole[int(place)].id
        yield "object", crops_along(image, mask, barred | (standing & ~mask), rng, PER_OUTLINE)
    for shape in shapes:
        for shift in rng.integers(-NEAR_PX, NEAR_PX + 1, (12, 2)):
            moved = shifted(shape, *(int(step) for step in shift))
            crops = crops_along(image, moved, barred | standing, rng, PER_OUTLINE)
            if crops:
                yield "ground", crops
                break


def shifted(mask: Mask, down: int, right: int) -> Mask:
    """Return a mask moved by whole pixels; what leaves the picture is lost."""
    moved = np.zeros_like(mask)
    rows, cols = np.nonzero(mask)
    rows, cols = rows + down, cols + right
    kept = (rows >= 0) & (rows < mask.shape[0]) & (cols >= 0) & (cols < mask.shape[1])
    moved[rows[kept], cols[kept]] = True
    return moved


def asked(shelves: Shelves, probe: ProbeOptions, seeds: range) -> dict[str, Any]:
    """Return method -> `seam_auc`, the mean over kinds, sets and seeds, and its parts."""
    cases = [(method, kind, seed) for method in METHODS for kind in KINDS for seed in seeds]
    workers = os.cpu_count() or 1
    with one_thread(), ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found = list(pool.map(lambda case: ask(shelves, *case, probe), cases))
    figures: dict[str, Any] = {}
    for method in METHODS:
        mine = [(kind, aucs) for (name, kind, _), aucs in zip(cases, found, strict=True) if name == method]
        by_set = {each: [aucs[each] for _, aucs in mine if each in aucs] for each in SETS}
        per_set = {each: mean_of(values) for each, values in by_set.items() if values}
        by_kind = {
            each: [auc for kind, aucs in mine for auc in aucs.values() if kind == each] for each in KINDS
        }
        by_seed = [[auc for _, aucs in mine[at :: len(seeds)] for auc in aucs.values()] for at in seeds]
        figures[method] = {
            "seam_auc": mean_of(list(per_set.values())),
            "by_set": per_set,
            "by_kind": {each: mean_of(values) for each, values in by_kind.items()},
            "by_seed": [mean_of(values) for values in by_seed],
        }
    figures["crops"] = {f"{side}/{kind}": len(kept.crops) for (side, kind), kept in sorted(shelves.items())}
    # Of the smallest part that is asked on its own: one kind of one set, half of its places.
    smallest = min(len(shelves[side, kind].crops) for kind in KINDS for side in ("ours", "real"))
    figures["chance_std"] = round(chance_spread(*[max(1, smallest // (2 * len(SETS)))] * 2), 4)
    return figures


def mean_of(values: list[float]) -> float:
    """Return a mean to four digits."""
    return round(float(np.mean(values)), 4)


def ask(shelves: Shelves, method: str, kind: str, seed: int, probe: ProbeOptions) -> dict[str, float]:
    """Return set -> max(a, 1 - a) of a probe that has learnt on half of the places of all sets."""
    # The same split and the same first weights for each method.
    rng = stream(seed, 0, f"benchmark/seams/{kind}")
    made, real = shelves[method, kind], shelves["real", kind]
    learn: set[str] = set()
    test: set[str] = set()
    for name in SETS:
        places = [p for p, own in zip(real.places, real.sets, strict=True) if own == name]
        if places:
            halves = split_places(places, rng)
            learn |= halves[0]
            test |= halves[1]
    network = learn_probe(made.of(learn), real.of(learn), rng, probe)
    aucs = {}
    for name in SETS:
        sides = [side.of(test, name) for side in (made, real)]
        if min(len(side) for side in sides) < 6:
            continue
        scores = [logits_of(network, side) for side in sides]
        auc = auc_of(np.concatenate(scores), np.arange(sum(map(len, scores))) < len(scores[0]))
        aucs[name] = max(auc, 1.0 - auc)
    return aucs


def which_date(data: str, samples: int, seeds: range) -> dict[str, Any]:
    """Return whether a network that sees both dates around edits can tell the painted one, set by set."""
    by_set = {}
    for name in SETS:
        probe, source = DateProbe("edits"), source_of(data, name)
        by_tile = has_few_places(source)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "made"
            recipe = load_recipe("building-change", LIVELY)
            generate(
                Plan(recipe, source, seed=0, samples=samples),
                RunOptions(out, workers=os.cpu_count() or 1),
            )
            for number, pair in enumerate(read_pairs(Dataset(out))):
                whole = replace(pair, place=str(pair.record["source"])) if by_tile else pair
                probe.add(whole, stream(0, number, "benchmark/seams/date"))
        found = probe.figures(list(seeds))
        by_set[name] = {key: found[key] for key in ("auc", "per_seed", "chance_std", "bad_auc", "made_crops")}
    # A set without enough crops for both halves of its places has no figure.
    found_aucs = [each["auc"] for each in by_set.values() if each["auc"] is not None]
    return {"auc": mean_of(found_aucs) if found_aucs else None, "by_set": by_set}


if __name__ == "__main__":
    main()
