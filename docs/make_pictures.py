"""Make the pictures of the documentation.

python docs/make_pictures.py pairs demo     # README, from the demo data set
python docs/make_pictures.py steps          # every acquisition step, on a demo tile
python docs/make_pictures.py looks TILES    # 24 pairs; TILES is the set oam_banepa
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter

from diachron import Dataset
from diachron.core import registry
from diachron.core.sample import Snapshot
from diachron.core.scene import Scene
from diachron.core.streams import stream
from diachron.outputs.panels import Panel, Pixels, map_pixels, sheet
from diachron.pipelines.acquiring import acquire
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.recipes.presets import load_preset
from diachron.pipelines.recipes.reading import recipe_tiles
from diachron.pipelines.run import RunOptions, generate
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.workshop import Workshop
from diachron.simulators.acquisition.apply import STAGES, Step

IMAGES = Path(__file__).parent / "images"
# Of the README: samples of the demo data set, and the side of a crop.
SAMPLES, CROP_PX = (2, 12), 300
# Of the steps: tile, side of a panel, draws of which the strongest is shown, strips beside each other.
TILE, SIDE_PX, DRAWS, ACROSS = "banepa_r1c0", 176, 9, 2
# The ranges of a step are those of the first preset that knows it, else its own.
PRESETS = ("aerial", "google_earth", "gf1", "planetscope", "sentinel2")
# Off unless somebody asks for it: an amount at which it can be seen.
ASKED_FOR: dict[str, dict[str, object]] = {"quantisation": {"bits": 4}}
# Letters that stand above a strip.
LONGEST = 2 * SIDE_PX // 6
# What acts over whole pictures is shown reduced, what acts on single pixels enlarged.
REDUCED, ENLARGED, ZOOM = ("field",), ("geometry", "optics", "noise", "coding"), 4
# Of the looks: pairs, seed, side of a crop, recipe.
PAIRS, SEED, LOOK_PX, LOOK_RECIPE = 24, 0, 192, "pretraining"


def main() -> None:
    """Write the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("pairs", "steps", "looks"))
    parser.add_argument("where", nargs="?", help="the demo data set, or the tiles of oam_banepa")
    given = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    if given.what == "steps":
        steps()
    elif given.where is None:
        parser.error(f"{given.what}: say where the pictures are")
    elif given.what == "pairs":
        pairs(Dataset(given.where))
    else:
        looks(Path(given.where))


def pairs(dataset: Dataset) -> None:
    """Write pairs.png: crops around the largest change of two samples."""
    picture = Image.fromarray(np.vstack([_row(dataset, index) for index in SAMPLES]))
    adapted = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=256)
    adapted.save(IMAGES / "pairs.png", optimize=True)


def _row(dataset: Dataset, index: int) -> Pixels:
    events = [event for event in dataset.record(index)["events"] if event["visible_px"]]
    shape = dataset.record(index)["grid"]["shape"]
    middle = max(events, key=lambda event: event["visible_px"])["footprint"]
    row = _start(middle["row"] + middle["shape"][0] // 2, shape[0])
    col = _start(middle["col"] + middle["shape"][1] // 2, shape[1])
    box = (slice(row, row + CROP_PX), slice(col, col + CROP_PX))
    first, last = (_rgb(dataset.layer(index, name))[box] for name in ("t1", "t2"))
    marked = last // 2
    marked[dataset.layer(index, "edit")[box] > 0] += np.array([70, 70, 0], np.uint8)
    marked[dataset.layer(index, "change")[box] == 1] += np.array([50, 0, 0], np.uint8)
    gap = np.full((CROP_PX, 8, 3), 255, np.uint8)
    return np.vstack(
        [np.hstack([first, gap, last, gap, marked]), np.full((8, 3 * CROP_PX + 16, 3), 255, np.uint8)]
    )


def _start(middle: int, length: int) -> int:
    return max(0, min(middle - CROP_PX // 2, length - CROP_PX))


def steps() -> None:
    """Write step-STAGE.jpg: before and after of every registered step of a stage, with what was drawn."""
    recipe = load_recipe("demo")
    source = discover(SourceOptions(source=str(recipe_home()), licence=recipe.licence))
    plan = Plan(recipe, source, 0, 1)
    unit = next(n for n, unit in enumerate(plan.units) if source.tiles[unit.tile].name == TILE)
    scene = Workshop(plan).prepared(unit).scene
    presets = [load_preset(name) for name in PRESETS]
    strips: dict[str, list[list[Panel]]] = {stage: [] for stage in STAGES}
    for name in registry.entries("acquisition"):
        module = registry.load("acquisition", name)
        given = next((preset[name] for preset in presets if preset.get(name)), ASKED_FOR.get(name, {}))
        if "chance" in module.Parameters.__dataclass_fields__:
            given = {**given, "chance": 1}
        parameters = TypeAdapter(module.Parameters).validate_python(given)
        found = _strongest(scene, (name, module, parameters))
        if found is None:
            click.echo(f"{name}: finds nothing to act on in {TILE}, left out")
            continue
        image, record = found
        moved = np.abs(image.astype(int) - scene.image.astype(int)).mean(axis=0)
        before, after = (_view(_rgb(each), moved, module.STAGE) for each in (scene.image, image))
        strips[module.STAGE].append([Panel(_title(name, record), before), Panel("", after)])
    for stage, listed in strips.items():
        picture = Image.fromarray(sheet(_rows(listed)))
        picture.save(IMAGES / f"step-{stage}.jpg", quality=86, optimize=True)


def _strongest(scene: Scene, step: Step) -> tuple[NDArray[Any], Any] | None:
    """Return the picture that a step changes most in some draws, and its numbers; None if it changes none."""
    # Where the latitude is known, a warm place has no snow: without one, every step is seen.
    for place in (scene, replace(scene, grid=replace(scene.grid, crs=None))):
        state = Snapshot(0.0, place.surface, place.instances, place.objects, place.height_m)
        made = acquire(
            place,
            [state] * DRAWS,
            [place.image] * DRAWS,
            [step],
            lambda stage: stream(0, 0, f"{step[0]}/{stage}"),
            keep_displacement=False,
        )
        assert made.drawn is not None
        sizes = [np.abs(image.astype(int) - place.image.astype(int)).mean() for image in made.images]
        strongest = int(np.argmax(sizes))
        if sizes[strongest]:
            return made.images[strongest], made.drawn[strongest][step[0]]
    return None


def _rows(strips: list[list[Panel]]) -> list[list[Panel]]:
    """Return rows of some strips each."""
    return [
        [panel for strip in strips[start : start + ACROSS] for panel in strip]
        for start in range(0, len(strips), ACROSS)
    ]


def _view(picture: Pixels, moved: NDArray[np.floating], stage: str) -> Pixels:
    """Return what is shown of a picture: all of it, or the part in which the step shows most."""
    if stage in REDUCED:
        return np.asarray(Image.fromarray(picture).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
    zoom = ZOOM if stage in ENLARGED else 1
    side = SIDE_PX // zoom
    summed = np.pad(moved, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    inside = summed[side:, side:] - summed[:-side, side:] - summed[side:, :-side] + summed[:-side, :-side]
    row, col = np.unravel_index(int(inside.argmax()), inside.shape)
    return picture[row : row + side, col : col + side].repeat(zoom, axis=0).repeat(zoom, axis=1)


def _title(name: str, record: Any) -> str:
    """Return the name of a step and as many of its numbers as find room."""
    title = f"{name}:"
    for amount in _amounts(record):
        if len(title) + len(amount) + 2 > LONGEST:
            break
        title += f"{'' if title.endswith(':') else ','} {amount}"
    return title


def _amounts(record: Any) -> Iterator[str]:
    """Return the drawn numbers in words; seeds and long lists say nothing to a reader."""
    for key, value in record.items():
        if key == "seed" or value is None:
            continue
        if isinstance(value, (list, tuple)):
            if 0 < len(value) <= 3 and all(isinstance(part, (int, float)) for part in value):
                yield f"{key} {' '.join(f'{part:.3g}' for part in value)}"
            elif value:
                yield f"{len(value)} {key}"
        elif isinstance(value, float):
            yield f"{key} {value:.3g}"
        elif isinstance(value, (int, str)):
            yield f"{key} {value}"


def looks(tiles: Path) -> None:
    """Write looks.jpg: before, after and change mask of 24 pairs, in the order in which they were made.

    The tiles are those that have outlines and do not come with the package.
    """
    outlines = next(tiles.glob("*.geojson"))
    shipped = {path.stem.removeprefix("banepa_") for path in recipe_home().glob("*.tif")}
    with tempfile.TemporaryDirectory() as folder:
        held_out = Path(folder) / "tiles"
        held_out.mkdir()
        for path in sorted(tiles.glob("banepa_train_*_rgb.tif")):
            if path.stem.removeprefix("banepa_train_") not in shipped:
                (held_out / path.name).symlink_to(path.resolve())
        options = SourceOptions(images=str(held_out / "*.tif"), footprints=str(outlines), licence="CC-BY-4.0")
        recipe = load_recipe(LOOK_RECIPE)
        out = Path(folder) / "made"
        generate(Plan(recipe, discover(recipe.source_options(options)), SEED, PAIRS), RunOptions(out))
        dataset = Dataset(out)
        found = [_look(dataset, index) for index in dataset.ids]
    Image.fromarray(sheet(_rows(found))).save(IMAGES / "looks.jpg", quality=82, optimize=True)


def recipe_home() -> Path:
    """Return the folder of the tiles that come with the package."""
    home = recipe_tiles("demo", load_recipe("demo"))
    assert home is not None
    return home


def _look(dataset: Dataset, index: int) -> list[Panel]:
    """Return both dates and the mask of a sample, where one of its changed pixels, drawn at random, lies."""
    rng = stream(SEED, index, "looks")
    change = dataset.layer(index, "change") == 1
    pixels = np.argwhere(change) if change.any() else np.argwhere(~change)
    middle = pixels[rng.integers(len(pixels))] + rng.integers(-LOOK_PX // 4, LOOK_PX // 4, 2)
    row, col = np.clip(middle - LOOK_PX // 2, 0, np.array(change.shape) - LOOK_PX)
    box = (slice(row, row + LOOK_PX), slice(col, col + LOOK_PX))
    mask = map_pixels(dataset.layer(index, "change")[box], {0: (0, 0, 0), 1: (255, 255, 255)})
    dates = [_rgb(dataset.layer(index, name))[box] for name in ("t1", "t2")]
    return [
        Panel(f"{index}", dates[0]),
        Panel("", dates[1]),
        # Half its size: it only says where to look.
        Panel("", mask[::2, ::2]),
    ]


def _rgb(image: NDArray[Any]) -> Pixels:
    return np.ascontiguousarray(image[:3].transpose(1, 2, 0))


if __name__ == "__main__":
    main()
