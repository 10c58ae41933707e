"""A run whose dates a network paints: the same bytes for any worker, and its weights in the provenance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.generators.inpainting.painter import Holes, Manner, Painter, load_painter
from diachron.generators.semantic.painter import SemanticPainter
from tests.generators.models.nets import tiny_unet
from tests.tiles import LIVELY, OPTIONS, call, write_source

RUN = (*OPTIONS, *LIVELY, "-n", 3, "--set", "renderer.name=inpainting", "--set", "renderer.steps=2")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "town", 2)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    Painter(tiny_unet()).save(folder)
    return folder


def made(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes() for path in sorted((out / "samples").rglob("*.tif"))
    }


def generate(town: Path, out: Path, *more: object) -> tuple[int, str]:
    code, _, said = call("generate", "building-change", "--source", town, "--out", out, *RUN, *more)
    return code, said


@pytest.mark.slow
def test_two_workers_write_the_bytes_of_one(town: Path, weights: Path, tmp_path: Path) -> None:
    named = ("--set", f"renderer.weights={weights}")
    for workers in (1, 2):
        code, said = generate(town, tmp_path / str(workers), *named, "--workers", workers)
        assert code == 0, said
    assert made(tmp_path / "1") == made(tmp_path / "2")
    assert made(tmp_path / "1")


@pytest.mark.slow
def test_two_workers_dress_worlds_in_the_bytes_of_one(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    SemanticPainter(tiny_unet()).save(folder)
    look = f"renderer={{name: semantic, weights: {folder}, steps: 2}}"
    small = "world={gsd_m: 1.0, styles: [suburb]}"
    for workers in (1, 2):
        code, _, said = call(
            *("generate", "world", "--out", tmp_path / str(workers), "-n", 3, "--workers", workers),
            *("--set", small, "--set", "world.renderer=semantic", "--set", look, "--set", "window_px=128"),
        )
        assert code == 0, said
    assert made(tmp_path / "1") == made(tmp_path / "2")
    assert made(tmp_path / "1")


def test_both_dates_of_a_made_up_place_are_painted_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told of holes in painted ground the network draws other outlines than where all is to be painted."""
    SemanticPainter(tiny_unet()).save(tmp_path / "weights")
    paint, holes = SemanticPainter.paint, []

    def told(self: SemanticPainter, asked: Holes, manner: Manner) -> NDArray[np.float32]:
        holes.append(asked.hole)
        return paint(self, asked, manner)

    monkeypatch.setattr(SemanticPainter, "paint", told)
    look = f"renderer={{name: semantic, weights: {tmp_path / 'weights'}, steps: 1}}"
    code, _, said = call(
        *("generate", "world", "--out", tmp_path / "out", "-n", 1, "--set", "window_px=128"),
        *("--set", "world={gsd_m: 1.0, styles: [suburb], renderer: semantic}", "--set", look),
    )
    assert code == 0, said
    assert len(holes) > 1
    assert all(hole.all() for hole in holes)


def test_the_hash_of_the_weights_travels(town: Path, weights: Path, tmp_path: Path) -> None:
    code, said = generate(town, tmp_path / "out", "--set", f"renderer.weights={weights}")
    assert code == 0, said
    wanted = [{"renderer": "inpainting", "sha256": load_painter(str(weights))[1]}]
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["weights"] == wanted
    sample = next((tmp_path / "out" / "samples").rglob("sample.json"))
    told = json.loads(sample.read_text())
    assert told["provenance"]["weights"] == wanted
    assert {"torch", "diffusers"} <= set(told["provenance"]["versions"])
    # How it was painted is told, and not where on this machine the weights lay.
    assert told["render"]["drawn"]["precision"] == "fp32"
    assert 0.1 <= told["render"]["drawn"]["strength"] <= 0.3
    assert str(weights) not in sample.read_text()
    # The same weights elsewhere are the same plan, and others are not.
    moved, other = tmp_path / "moved", tmp_path / "other"
    Painter(tiny_unet()).save(moved)
    Painter(tiny_unet(seed=1)).save(other)
    code, said = generate(town, tmp_path / "out", "--set", f"renderer.weights={moved}")
    assert code == 0, said
    code, said = generate(town, tmp_path / "out", "--set", f"renderer.weights={other}")
    assert code == 1
    assert "another plan" in said


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("renderer.weights=gone", "train others with `diachron train inpainting"),
        ("renderer.step=3", "unknown key 'step'; did you mean 'steps'?"),
        ("renderer.strength=2", "strength: 2 is not between 0.05 and 1"),
        ("renderer={name: copy_paste, steps: 3}", "renderer 'copy_paste' takes no parameter 'steps'"),
    ],
)
def test_what_cannot_be_painted_is_said_before_work_starts(
    town: Path, tmp_path: Path, change: str, text: str
) -> None:
    code, said = generate(town, tmp_path / "out", "--set", change)
    assert code in (1, 2)
    assert text in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out" / "samples").exists()
