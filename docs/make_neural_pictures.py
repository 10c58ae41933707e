"""Make the pictures of docs/neural-rendering.md: what the weights that ship paint, beside what they got.

python docs/make_neural_pictures.py inpainting TILES    # inpainting.jpg; TILES is the set oam_banepa
python docs/make_neural_pictures.py semantic            # semantic.jpg

Nothing is chosen: samples in the order in which they are made, each cut around a changed pixel drawn at
random, before acquisition. `--weights` shows others, such as those of a run, and `--seed` other samples.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diachron.core.schemes import schema_named
from diachron.core.streams import stream
from diachron.generators.models.hub_map import hub_map
from diachron.generators.weights import INPAINTING, SEMANTIC
from diachron.outputs.panels import Panel, Pixels, map_pixels, sheet, tinted
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.sources.worlds import world_source
from diachron.pipelines.stages import Stages, look_at

IMAGES = Path(__file__).parent / "images"
# Samples, how many stand beside each other, side of a crop in pixels, and how often each is enlarged.
PAIRS, ACROSS, CROP_PX, ZOOM = 12, 2, 80, 2
PLAIN = ("paint=t2", "acquisition=none")
EDIT_TINT = (255, 255, 0)
# Of the places: these styles, at the gsd of the rows in docs/benchmarks.md.
STYLES, PLACE_PX, PLACE_GSD_M = ("suburb", "industrial", "village", "informal"), 192, 0.6


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("inpainting", "semantic"))
    parser.add_argument("tiles", nargs="?", type=Path, help="the set oam_banepa")
    parser.add_argument("--weights", help="folder of other weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.what == "semantic":
        picture = semantic(given.weights or SEMANTIC, given.seed)
    elif given.tiles is None:
        parser.error("inpainting: say where the tiles are")
    else:
        picture = inpainting(given.tiles, given.weights or INPAINTING, given.seed)
    Image.fromarray(picture).save(given.out or IMAGES / f"{given.what}.jpg", quality=84, optimize=True)


def inpainting(tiles: Path, weights: str, seed: int) -> Pixels:
    """Return before, edit, asked labels, proposal and repainted proposal of samples on row r3 of the town."""
    source = discover(
        SourceOptions(
            images=str(tiles / "banepa_train_r3c*_rgb.tif"),
            footprints=str(tiles / "banepa_osm_buildings_train.geojson"),
            licence="CC-BY-4.0",
        )
    )
    ways = ([], ["renderer=inpainting", f"renderer.weights={weights}"])
    plans = [Plan(load_recipe("pretraining", [*PLAIN, *way]), source, seed, 4 * PAIRS) for way in ways]
    colours = schema_named("hub").colour_table()
    found: list[list[Panel]] = []
    for index in count():
        proposed, painted = (look_at(plan, index) for plan in plans)
        change = proposed.sample.change == 1
        if not change.any():
            continue
        box = _around(change, stream(seed, index, "pictures/crop"))
        before, after, again = (_rgb(image) for image in (*proposed.painted, painted.painted[1]))
        state = proposed.states[1]
        panels = (
            before[box],
            tinted(before, proposed.edits[1], EDIT_TINT)[box],
            map_pixels(hub_map(state.surface, state.instances, state.objects), colours)[box],
            after[box],
            again[box],
        )
        titles = (f"{index}: before", "edit", "labels", "copy_paste", "inpainting")
        found.append([Panel(title, _larger(each)) for title, each in zip(titles, panels, strict=True)])
        if len(found) == PAIRS:
            break
    return _in_columns(found)


def semantic(weights: str, seed: int) -> Pixels:
    """Return places as `procedural` and as `semantic` paint them, at both dates; each has its own events."""
    look = ["world.renderer=semantic", f"renderer={{name: semantic, weights: {weights}}}"]
    found = []
    for style in STYLES:
        shown: list[Stages] = []
        for way in ([], look):
            overrides = [f"world={{styles: [{style}], gsd_m: {PLACE_GSD_M}}}", "donor_scenes=0"]
            recipe = load_recipe("pretraining", [f"window_px={PLACE_PX}", *overrides, *PLAIN, *way])
            shown.append(look_at(Plan(recipe, world_source(recipe.world_options(seed, 1)), seed, 1), 0))
        panels = []
        for stages, name in zip(shown, ("procedural", "semantic"), strict=True):
            first, last = (_rgb(image) for image in stages.painted)
            mask = map_pixels(stages.sample.change, {0: (0, 0, 0), 1: (255, 255, 255)})
            # Half its size: it only says where to look.
            panels += [Panel(f"{style}: {name}", first), Panel("later", last), Panel("", mask[::2, ::2])]
        found.append(panels)
    return sheet(found)


def _around(change: NDArray[np.bool_], rng: np.random.Generator) -> tuple[slice, slice]:
    """Return a crop in which one of the changed pixels lies."""
    pixels = np.argwhere(change)
    middle = pixels[rng.integers(len(pixels))]
    row, col = np.clip(middle - CROP_PX // 2, 0, np.array(change.shape) - CROP_PX)
    return slice(row, row + CROP_PX), slice(col, col + CROP_PX)


def _larger(pixels: Pixels) -> Pixels:
    return pixels.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


def _in_columns(rows: Sequence[Sequence[Panel]]) -> Pixels:
    return sheet(
        [
            [panel for row in rows[start : start + ACROSS] for panel in row]
            for start in range(0, len(rows), ACROSS)
        ]
    )


def _rgb(image: NDArray[Any]) -> Pixels:
    return np.ascontiguousarray(image[:3].transpose(1, 2, 0))


if __name__ == "__main__":
    main()
