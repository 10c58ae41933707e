"""A fit finds what made pairs were made with, and writes it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from diachron.core.errors import SourceError
from diachron.core.pair import LabelledPair
from diachron.core.streams import stream
from diachron.pipelines.recipes.presets import load_preset
from diachron.simulators.acquisition.apply import apply_date, draw_date
from diachron.simulators.acquisition.context import Context
from diachron.training.acquisition.fit import DIALS, fit_preset, scaled, spread_over
from diachron.training.acquisition.two_days import preset_steps
from tests.pairs import Listed
from tests.tiles import call
from tests.training.acquisition.test_measures import picture

TONE = {"gain": 1.0, "gain_spread": 0.0, "offset_spread": 0.0, "gamma": 1.0}
BASE: dict[str, dict[str, Any]] = {
    "texture": {"fine": 0.1, "coarse": 0.05},
    "radiometry": {**TONE, "offset": {"normal": [0, 0.02]}},
}
TRUE: dict[str, dict[str, Any]] = {
    "texture": {"fine": 0.4, "coarse": 0.2},
    "radiometry": {**TONE, "offset": {"normal": [0, 0.06]}},
}


def pairs_of(preset: dict[str, dict[str, Any]], count: int) -> list[LabelledPair]:
    """Return pairs of which both dates went through a layer."""
    steps = preset_steps(preset)
    modules = {name: module for name, module, _ in steps}
    pairs = []
    for number in range(count):
        ground = np.round(picture(number) * 255).astype(np.uint8)
        dates = [
            apply_date(
                ground,
                draw_date(stream(9, number, f"t{date}"), steps, Context(("red", "green", "blue"), 0.5)),
                modules,
                full_scale=255.0,
            )
            for date in (1, 2)
        ]
        pairs.append(LabelledPair(str(number), *dates, 255.0, 0.5, np.zeros((160, 160), np.uint8)))
    return pairs


def test_the_dials_come_to_where_the_pairs_were_made() -> None:
    fit = fit_preset(BASE, pairs_of(TRUE, 4), rounds=5)
    assert fit.preset["texture"]["fine"] == pytest.approx(0.4, abs=0.12)
    assert fit.made["coherence_1"]["median"] == pytest.approx(fit.real["coherence_1"]["median"], abs=0.06)
    assert fit.preset["radiometry"]["offset"]["normal"][1] > 0.02
    assert set(fit.turns) == {"detail", "grain", "contrast", "level"}
    assert BASE["texture"]["fine"] == 0.1


def test_changed_pairs_do_not_count() -> None:
    pair = pairs_of(TRUE, 1)[0]
    changed = LabelledPair("0", pair.t1, pair.t2, 255.0, 0.5, np.ones((160, 160), np.uint8))
    with pytest.raises(SourceError, match="unchanged over half"):
        fit_preset(BASE, [changed])
    (kept,) = spread_over([Listed([changed], "one")], 3, use_labels=False)
    assert not kept.change.any()


@pytest.mark.parametrize(
    ("quantity", "dial", "wanted"),
    [
        (0.2, "level", 0.4),
        ([-0.1, 0.3], "level", [-0.2, 0.6]),
        ([0.3, 0.6], "detail", [0.6, 0.8]),
        ({"normal": [0, 0.5]}, "shift", {"normal": [0, 1.0]}),
        ({"lognormal": [0.2, 0.5]}, "patchwork", {"lognormal": [0.4, 0.5]}),
        ([0.5, 2.0], "contrast", [0.25, 4.0]),
    ],
)
def test_quantities_keep_their_form(quantity: Any, dial: str, wanted: Any) -> None:
    (chosen,) = (each for each in DIALS if each.name == dial)
    assert scaled(quantity, 2.0, chosen) == wanted


def test_the_command_writes_a_preset_that_loads(tmp_path: Path) -> None:
    for number, pair in enumerate(pairs_of(TRUE, 2)):
        for folder, layer in (("t1", pair.t1), ("t2", pair.t2), ("change", pair.change[None])):
            (tmp_path / "pairs" / folder).mkdir(parents=True, exist_ok=True)
            image = np.moveaxis(np.asarray(layer), 0, -1).squeeze()
            Image.fromarray(image).save(tmp_path / "pairs" / folder / f"{number}.png")
    base, out = tmp_path / "base.yaml", tmp_path / "presets" / "mine.yaml"
    base.write_text(yaml.safe_dump(BASE))
    arguments = ("train", "acquisition", "--pairs", f"pairs:{tmp_path / 'pairs'}", "--rounds", "1", "--json")
    code, printed, said = call(*arguments, "--base", base, "--out", out, "--gsd", "0.5")
    assert code == 0, said
    assert json.loads(printed)["pairs"] == 2
    assert load_preset(str(out))["texture"]["fine"] > 0.1
    assert "coherence_1" in out.read_text()
    code, _, said = call(*arguments, "--base", "nowhere", "--out", out)
    assert code == 2 and "nowhere" in said
