"""Make the pictures of procedural places: every style, pairs of the recipe `world`, and every process.

python docs/make_world_pictures.py styles --seed 5 --side 320        # styles.jpg
python docs/make_world_pictures.py styles --seed 2 --side 512 --out other.jpg
python docs/make_world_pictures.py pairs         # world-pairs.jpg
python docs/make_world_pictures.py processes     # processes.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diachron.core import registry
from diachron.core.schemes import schema_named
from diachron.outputs.panels import Panel, Pixels, map_pixels, sheet
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.sources.worlds import world_source
from diachron.pipelines.stages import look_at
from diachron.simulators.worlds import STYLES

IMAGES = Path(__file__).parent / "images"
# Panels: side in pixels, and how many places stand beside each other.
SIDE_PX, ACROSS = 256, 2
# Of the processes: pairs beside each other, window and crop in pixels of 0.5 m, events per km2 and year; a
# change of fewer pixels would not be seen. Most are looked for in the styles of the pairs.
PROCESSES_ACROSS, PROCESS_WINDOW_PX, CROP_PX, PROCESS_RATE, SMALLEST_SHOWN_PX = 4, 384, 176, 25, 60
# Places of a style that are tried before the next style.
PLACES = 4
PROCESS_STYLES = {
    "deforestation": ("forest-edge",),
    "felling": ("forest-edge",),
    "settlement": ("forest-edge", "village"),
    "water_level": ("village", "coast"),
    "crop_change": ("village",),
    "fields": ("village",),
    "solar_farm": ("village",),
    "parking": ("industrial",),
    "quarry": ("village", "forest-edge"),
}
# Of the pairs: these styles, at twice the sides.
PAIR_STYLES = ("suburb", "industrial", "village", "informal")


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("styles", "pairs", "processes"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", type=int, default=SIDE_PX, help="of a panel, in pixels of 0.5 m")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    if given.what == "styles":
        picture, name = styles(given.seed, given.side), "styles.jpg"
    elif given.what == "processes":
        picture, name = processes(given.seed), "processes.jpg"
    else:
        picture, name = pairs(given.seed, given.side), "world-pairs.jpg"
    Image.fromarray(picture).save(given.out or IMAGES / name, quality=84, optimize=True)


def styles(seed: int, side: int) -> Pixels:
    """Return picture, label map and height of a place of every style."""
    recipe = load_recipe("world", [f"window_px={side}", "acquisition=none"])
    plan = Plan(recipe, world_source(recipe.world_options(seed, len(STYLES))), seed, len(STYLES))
    colours = schema_named("hub").colour_table()
    found = []
    for number, style in enumerate(STYLES):
        scene = plan.scene(number)
        assert scene.height_m is not None
        found.append(
            [
                Panel(style, _rgb(scene.image)),
                Panel("", map_pixels(scene.labels, colours)),
                Panel(f"height, to {scene.height_m.max():.0f} m", _grey(scene.height_m)),
            ]
        )
    rows = [
        [panel for place in found[start : start + ACROSS] for panel in place]
        for start in range(0, len(found), ACROSS)
    ]
    return sheet(rows)


def pairs(seed: int, side: int) -> Pixels:
    """Return both dates and the change of a sample of some styles, acquisition and all."""
    rows = []
    for style in PAIR_STYLES:
        recipe = load_recipe(
            "world",
            [
                f"window_px={side}",
                f"world.styles=[{style}]",
                "processes.construction.rate_per_km2_year=150",
                "processes.demolition.rate_per_km2_year=60",
            ],
        )
        plan = Plan(recipe, world_source(recipe.world_options(seed, 1)), seed, 1)
        made = look_at(plan, 0).sample
        mask = map_pixels(made.change, {0: (0, 0, 0), 1: (255, 255, 255)})
        first, last = (_rgb(date.image) for date in made.dates)
        rows.append([Panel(style, first), Panel("", last), Panel("", mask)])
    return sheet([rows[0] + rows[1], rows[2] + rows[3]])


def processes(seed: int) -> Pixels:
    """Return before and after of every process that finds a place in one of some worlds, forward in time."""
    found = []
    for name in registry.entries("processes"):
        panels = _change_by(name, seed)
        if panels is None:
            click.echo(f"{name}: finds no place in these worlds, left out")
        else:
            found.append(panels)
    return sheet(
        [
            [panel for panels in found[start : start + PROCESSES_ACROSS] for panel in panels]
            for start in range(0, len(found), PROCESSES_ACROSS)
        ]
    )


def _change_by(process: str, seed: int) -> list[Panel] | None:
    """Return both dates around the largest change of a sample in which only this process is at work."""
    others = [f"processes.{name}=none" for name in ("construction", "demolition") if name != process]
    for style in PROCESS_STYLES.get(process, PAIR_STYLES):
        overrides = [
            f"window_px={PROCESS_WINDOW_PX}",
            "paint=t2",
            "acquisition=none",
            f"world.styles=[{style}]",
            f"processes.{process}.rate_per_km2_year={PROCESS_RATE}",
        ]
        recipe = load_recipe("world", [*others, *overrides])
        plan = Plan(recipe, world_source(recipe.world_options(seed, PLACES)), seed, PLACES)
        for place in range(PLACES):
            made = look_at(plan, place).sample
            if not made.visible or max(made.visible.values()) < SMALLEST_SHOWN_PX:
                continue
            largest = max(made.log, key=lambda event: made.visible.get(event.id, 0))
            box = largest.footprint
            middle = (box.row + box.mask.shape[0] // 2, box.col + box.mask.shape[1] // 2)
            row, col = (max(0, min(at - CROP_PX // 2, PROCESS_WINDOW_PX - CROP_PX)) for at in middle)
            crop = np.s_[:, row : row + CROP_PX, col : col + CROP_PX]
            first, last = (_rgb(date.image[crop]) for date in made.dates)
            return [Panel(process, first), Panel("", last)]
    return None


def _rgb(image: NDArray[Any]) -> Pixels:
    return np.ascontiguousarray(image[:3].transpose(1, 2, 0))


def _grey(height_m: NDArray[np.float32]) -> Pixels:
    """Return heights from black to white, by the square root: sheds and towers are both seen."""
    scaled = np.sqrt(np.clip(height_m, 0, None) / max(float(height_m.max()), 1e-6))
    grey = np.rint(255 * scaled).astype(np.uint8)
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


if __name__ == "__main__":
    main()
