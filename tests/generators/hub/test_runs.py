"""Data sets painted through published kinds of networks: bytes, provenance, and what is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.generators.hub.tiny import pipeline_folder, rsdit_folder
from tests.tiles import LIVELY, digests, generate, refusal, write_source

KINDS = {"rsdit": rsdit_folder, "diffusers_inpainting": pipeline_folder}


def asked(name: str, weights: object) -> list[str]:
    settings = {"name": name, "weights": weights, "steps": 2, "window_px": 32}
    return [word for key, value in settings.items() for word in ("--set", f"renderer.{key}={value}")]


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_bytes_are_the_same_for_any_number_of_workers(tmp_path: Path, name: str) -> None:
    source = write_source(tmp_path / "town", 3)
    weights = KINDS[name](tmp_path / "weights", levels=2)
    found = []
    for workers in (1, 3):
        out = tmp_path / f"out{workers}"
        line = [*LIVELY, *asked(name, weights), "--workers", str(workers)]
        done = generate(source, out, *line, samples=3)
        assert done.returncode == 0, done.stderr
        found.append(digests(out))
    assert found[0] == found[1]
    described = json.loads((tmp_path / "out1" / "dataset.json").read_text())
    (entry,) = described["weights"]
    assert entry["renderer"] == name
    assert len(entry["sha256"]) == 64
    assert described["recipe"]["renderer"]["precision"] == "fp32"


@pytest.mark.parametrize("offline", ["0", "1"])
def test_a_model_that_is_not_there_ends_in_one_line_before_anything_is_made(
    tmp_path: Path, offline: str
) -> None:
    pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
    source = write_source(tmp_path / "town", 2)
    environment = {**os.environ, "HF_HUB_OFFLINE": offline, "HF_HOME": str(tmp_path / "home")}
    line = asked("diffusers_inpainting", "town/nobody")
    done = generate(source, tmp_path / "out", *line, env=environment)
    said = refusal(done.returncode, done.stderr)
    assert f"weights: town/nobody is neither a folder here nor in the hub's cache ({tmp_path}" in said
    assert "`hf download town/nobody`" in said
    assert not list((tmp_path / "out").rglob("*.tif"))
