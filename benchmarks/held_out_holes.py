"""Does a painter mend faults in holes at places that it has not seen?

DIACHRON_DATA=... python benchmarks/held_out_holes.py --json

Crops of Banepa's row r3 and of NAIP's `val` and `test` places, which the weights that ship have not learned
from (others may have), get holes as in the training of `inpainting`. Mean absolute errors in the holes,
spread over seeds of the crops. `error_ratio`: after painting as the renderer does by default, but for
`--steps`, over that of what was proposed; `fault`: the latter in grey levels of 255; `untouched_error`: what
it brings in grey levels where the real picture was proposed; `…_unbounded`: the same as the network paints
(`detail` 0 and no `most_shift`).
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import bench
import numpy as np
import yaml
from numpy.typing import NDArray
from shipped_weights import source_list

from diachron.generators.inpainting import Parameters
from diachron.generators.inpainting.painter import Holes, Manner, Painter
from diachron.generators.models.pixels import SPREAD
from diachron.generators.weights import INPAINTING
from diachron.pipelines.labelling.places import SourcePlaces
from diachron.pipelines.labelling.source_list import read_tile_sets
from diachron.pipelines.labelling.tiles import WINDOW_PX
from diachron.training.inpainting.examples import Batch, Examples
from diachron.training.inpainting.options import InpaintingOptions

PARAMETERS = Parameters()
# The middle of what the renderer draws.
STRENGTH = 0.2
CROP_PX, BATCH = 64, 24


def main() -> None:
    """Paint holes in crops of places that were held out."""
    options = bench.parser(__doc__ or "")
    options.add_argument("--weights", default=INPAINTING, help="a name, or a folder")
    options.add_argument("--crops", type=int, default=96, help="a seed")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--steps", type=int, default=PARAMETERS.steps, help="of the solver")
    given = options.parse_args()
    data = os.environ.get("DIACHRON_DATA")
    if not data:
        raise SystemExit("DIACHRON_DATA is not set: it names the folder of the real sets")
    painter = Painter.load(given.weights)
    places = held_out(Path(data))
    rows = [measured(painter, places, seed, given.crops, given.steps) for seed in range(given.seeds)]
    figures: dict[str, Any] = {
        "weights": given.weights,
        "steps": given.steps,
        "crops": given.crops,
        "windows": sum(map(len, places)),
    }
    for key in rows[0]:
        values = [row[key] for row in rows]
        figures[key], figures[f"{key}_std"] = (
            round(float(np.mean(values)), 4),
            round(float(np.std(values)), 4),
        )
    figures["machine"] = bench.machine()
    bench.show(figures, as_json=given.json)


def held_out(data: Path) -> list[SourcePlaces]:
    """Return the windows that the training of the shipped weights left out."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "sources.yaml"
        listed.write_text(yaml.safe_dump(source_list(data, "inpainting")), encoding="utf-8")
        sets = read_tile_sets(listed)
    found = []
    for tiles in sets:
        units = zip(tiles.source.units(WINDOW_PX), tiles.facts, strict=True)
        kept = tuple(unit for unit, facts in units if facts.held_out)
        found.append(SourcePlaces(tiles.name, tiles.source, kept, tiles.weight))
    return found


def measured(
    painter: Painter, places: list[SourcePlaces], seed: int, crops: int, steps: int
) -> dict[str, float]:
    """Return the errors of the crops of one seed."""
    as_painted = Manner(STRENGTH, steps)
    usual = replace(as_painted, detail=PARAMETERS.detail, most_shift=PARAMETERS.most_shift)
    trained = painter.training["plan"]["options"]
    options = InpaintingOptions(
        network=painter.network.config,
        batch=BATCH,
        crop_px=CROP_PX,
        gsd_m=None if trained["gsd_m"] is None else tuple(trained["gsd_m"]),
        without_labels=0.0,
        without_proposal=0.0,
        seed=1000 + seed,
    )
    examples = Examples(places, options)
    faults, bounded, free, kept, kept_free = [], [], [], [], []
    for step in range(-(-crops // BATCH)):
        batch = examples[step]
        for number in range(BATCH):
            real, hole = batch.picture[number].numpy(), batch.hole[number, 0].numpy() > 0
            proposal = np.where(hole, batch.proposal[number].numpy(), real)

            def off(shown: NDArray[np.float32], real: Any = real, hole: Any = hole) -> float:
                return float(np.abs(shown - real)[:, hole].mean())

            faults.append(off(proposal))
            for given, (within, without) in ((proposal, (bounded, free)), (real, (kept, kept_free))):
                within.append(off(painted_hole(painter, batch, number, given, usual)))
                without.append(off(painted_hole(painter, batch, number, given, as_painted)))
    fault = float(np.mean(faults))
    grey = 255.0 * SPREAD
    return {
        "error_ratio": float(np.mean(bounded)) / fault,
        "error_ratio_unbounded": float(np.mean(free)) / fault,
        "untouched_error": grey * float(np.mean(kept)),
        "untouched_error_unbounded": grey * float(np.mean(kept_free)),
        "fault": grey * fault,
    }


def painted_hole(
    painter: Painter, batch: Batch, number: int, proposal: NDArray[np.float32], manner: Manner
) -> NDArray[np.float32]:
    """Return (3, S, S) a crop with its holes painted."""
    one = slice(number, number + 1)
    picture, hole = batch.picture[one].numpy(), batch.hole[number].numpy() > 0
    labels, noise = batch.labels[one].numpy(), batch.noise[one].numpy()
    gsd_m = float(batch.gsd_m[number])
    holes = Holes(picture, proposal[None].astype(np.float32), hole, labels, noise, gsd_m)
    return painter.paint(holes, manner)[0]


if __name__ == "__main__":
    main()
