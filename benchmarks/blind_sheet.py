"""Can a person tell made pairs from real ones? A sheet of both in random order; the key in its own file.

DIACHRON_DATA=... python benchmarks/blind_sheet.py --json
DIACHRON_DATA=... python benchmarks/blind_sheet.py --json --guesses rmmrrm...

Look at the sheet first, write down a letter a pair (r real, m made), then give the letters to score them.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import bench
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import binomtest

from diachron.core.pair import LabelledPair, PairSet
from diachron.core.streams import stream
from diachron.evaluation.datasets import open_pairs
from diachron.evaluation.zero_shot.generated import make_pairs, pairs_of
from diachron.outputs.panels import Panel, Pixels, sheet, write_png
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions
from diachron.training.unit_colours import unit_dates

REAL, MADE = "real", "made"
ACROSS = 3
HOME = bench.PACKAGES / "blind_sheet"


@dataclass(frozen=True)
class Group:
    """Real pairs, and sources and recipe of made ones that could pass for them.

    Args:
        real: `FORMAT:FOLDER[@PART]`, the folder below DIACHRON_DATA.
        sources: (pictures, label maps, scheme, gsd) below DIACHRON_DATA.
        preset: of the acquisition.
        gsd_m: of both; the sources are read at it.
        crop_px, zoom: side of a crop, and how often its pixels are repeated.
    """

    real: str
    sources: tuple[tuple[str, str, str, float], ...]
    preset: str
    gsd_m: float
    crop_px: int
    zoom: int


# Sources in natural colours: Dubai's sand or the pink and cyan of WHU's East Asia would tell by themselves.
GROUPS = {
    "levir": Group(
        "levir:levir_cd",
        (
            ("building_cities/image/inria_austin*", "building_cities/label", "building", 0.3),
            ("building_cities/image/inria_kitsap*", "building_cities/label", "building", 0.3),
            ("building_cities/image/newzealand_*", "building_cities/label", "building", 0.3),
        ),
        "google_earth",
        0.5,
        128,
        1,
    ),
    "gf1": Group(
        "gf1:gf1_s2_building",
        (("building_cities/image/massachusetts_*", "building_cities/label", "building", 1.0),),
        "gf1",
        2.0,
        64,
        2,
    ),
}


def main() -> None:
    """Write sheet and key, or score guesses against the key."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--pairs", type=int, default=24, help="on the sheet, an equal number of each kind")
    options.add_argument("--recipe", default="pretraining")
    options.add_argument("--set", dest="overrides", action="append", default=[], metavar="A.B=C")
    options.add_argument("--out", type=Path, help="folder of sheet and key; one in .bench if not given")
    options.add_argument("--guesses", help="a letter a pair, r or m, in the order of the sheet")
    given = options.parse_args()
    folder = given.out or HOME / f"{Path(given.recipe).stem}-seed-{given.seed}"
    if given.guesses is not None:
        bench.show(score(folder / "key.json", given.guesses), as_json=given.json)
        return
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real sets")
    entries: list[tuple[dict[str, Any], Panel, Panel]] = []
    for name, group in GROUPS.items():
        count = given.pairs // (2 * len(GROUPS))
        for kind, pairs in ((REAL, real_pairs(group, data)), (MADE, made_pairs(group, data, given, count))):
            rng = stream(given.seed, 0, f"benchmark/blind_sheet/{name}/{kind}")
            for pair in chosen(pairs, count, rng):
                before, after = crops(pair, group, rng)
                about = {"group": name, "kind": kind, "pair": pair.name}
                entries.append((about, Panel("", before), Panel("", after)))
    order = stream(given.seed, 0, "benchmark/blind_sheet/order").permutation(len(entries))
    shuffled = [entries[position] for position in order]
    strips = [
        [replace(before, title=str(number)), after] for number, (_, before, after) in enumerate(shuffled, 1)
    ]
    rows = [list(chain(*strips[at : at + ACROSS])) for at in range(0, len(strips), ACROSS)]
    write_png(sheet(rows), folder / "sheet.png")
    (folder / "key.json").write_text(json.dumps([about for about, _, _ in shuffled], indent=1), "utf-8")
    figures = {"sheet": str(folder / "sheet.png"), "key": str(folder / "key.json"), "pairs": len(shuffled)}
    asked = {"recipe": given.recipe, "overrides": given.overrides, "seed": given.seed}
    bench.show({**figures, **asked}, as_json=given.json)


def real_pairs(group: Group, data: str) -> PairSet:
    """Return the real pairs of a group."""
    name, _, place = group.real.partition(":")
    return open_pairs(f"{name}:{data}/{place}")


def made_pairs(group: Group, data: str, given: Any, count: int) -> list[LabelledPair]:
    """Return more made pairs than are shown, so that they can be chosen as the real ones are."""
    recipe = load_recipe(given.recipe, [f"acquisition.preset={group.preset}", *given.overrides])
    sources = [
        SourceOptions(
            images=f"{data}/{images}",
            labels=f"{data}/{labels}",
            schema=schema,
            gsd_m=gsd_m,
            resample_m=group.gsd_m,
            licence="research use",
        )
        for images, labels, schema, gsd_m in group.sources
    ]
    with tempfile.TemporaryDirectory() as folder:
        made = make_pairs(recipe, sources, 4 * count, given.seed, Path(folder))
        return [pair for pairs in pairs_of(made, None) for pair in pairs]


def chosen(pairs: Any, count: int, rng: np.random.Generator) -> list[LabelledPair]:
    """Return that many pairs with change, drawn without a look at anything else."""
    found: list[LabelledPair] = []
    for position in rng.permutation(len(pairs)):
        pair = pairs[int(position)]
        if len(found) < count and (pair.change == 1).any():
            found.append(pair)
    if len(found) < count:
        raise SystemExit(f"only {len(found)} pairs with change for {count} places on the sheet")
    return found


def crops(pair: LabelledPair, group: Group, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
    """Return both dates around one of the changed pixels, (H, W, 3) uint8."""
    side = min(group.crop_px, *pair.shape)
    spots = np.argwhere(pair.change == 1)
    middle = spots[rng.integers(len(spots))] + rng.integers(-side // 4, side // 4 + 1, 2)
    row, col = np.clip(middle - side // 2, 0, np.array(pair.shape) - side)

    def shown(image: NDArray[np.float32]) -> Pixels:
        cut = np.rint(255 * image[:, row : row + side, col : col + side].transpose(1, 2, 0))
        picture = Image.fromarray(cut.astype(np.uint8))
        full = group.zoom * group.crop_px
        return np.asarray(picture.resize((full, full), Image.Resampling.NEAREST))

    first, last = unit_dates(pair)
    return shown(first), shown(last)


def score(path: Path, guesses: str) -> dict[str, object]:
    """Return the share of right guesses, in all and by group, and how often chance does as well."""
    key = json.loads(path.read_text(encoding="utf-8"))
    said = [{"r": REAL, "m": MADE}.get(letter) for letter in guesses.lower() if not letter.isspace()]
    if len(said) != len(key) or None in said:
        raise SystemExit(f"--guesses: give {len(key)} letters r or m, one a pair; got {len(said)}")
    right = np.array([guess == about["kind"] for guess, about in zip(said, key, strict=True)])
    groups = np.array([about["group"] for about in key])
    hits = int(right.sum())
    return {
        "hit_rate": round(hits / len(key), 4),
        **{f"hit_rate_{name}": round(float(right[groups == name].mean()), 4) for name in GROUPS},
        "made_taken_for_real": sum(g == REAL and a["kind"] == MADE for g, a in zip(said, key, strict=True)),
        "real_taken_for_made": sum(g == MADE and a["kind"] == REAL for g, a in zip(said, key, strict=True)),
        "p_by_chance": round(float(binomtest(hits, len(key), 0.5, alternative="greater").pvalue), 4),
    }


if __name__ == "__main__":
    main()
