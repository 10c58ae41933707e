"""Make one labelled pair in Python and save it as a picture: `python examples/01_first_pair.py`.

Writes first_pair.png to the current folder: first date, second date, and the second with the change in red.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from diachron import ChangeSample
from diachron.pipelines.plan import Plan
from diachron.pipelines.recipes import load_recipe
from diachron.pipelines.recipes.reading import recipe_tiles
from diachron.pipelines.sources import SourceOptions, discover
from diachron.pipelines.workshop import Workshop


def main() -> None:
    """Make sample 2 of the demo recipe, print its events, save the picture."""
    recipe = load_recipe("demo", ["acquisition=none"])
    source = discover(SourceOptions(source=str(recipe_tiles("demo", recipe))))
    sample = Workshop(Plan(recipe, source, seed=0, samples=16)).make(2)
    if not isinstance(sample, ChangeSample):
        raise SystemExit(f"{sample.source}: {sample.reason}: {sample.detail}")
    for event in sample.log:
        pixels = sample.visible.get(event.id, 0)
        what = f"{event.kind}, {event.phase}, {event.area_m2:.0f} m2"
        print(f"{event.time_years:5.2f} years: {what}, {pixels} px of the change")
    first, last = (date.image.transpose(1, 2, 0) for date in sample.dates)
    marked = last.copy()
    marked[sample.change == 1] = marked[sample.change == 1] // 2 + np.array([127, 0, 0], np.uint8)
    Image.fromarray(np.hstack([first, last, marked])).save("first_pair.png")


if __name__ == "__main__":
    main()
