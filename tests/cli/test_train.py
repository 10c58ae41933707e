"""`diachron train detector` and `diachron predict` as they are called: from a made data set to GeoTIFFs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tiles import call, generate, refusal, run, write_source

SMALL = ("--steps", 2, "--batch", 2, "--crop", 32, "--device", "cpu")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small data set."""
    home = tmp_path_factory.mktemp("made")
    out = home / "out"
    assert generate(write_source(home / "town", 2), out, samples=2).returncode == 0
    return out


def test_the_installed_command_trains_resumes_and_predicts(made: Path, tmp_path: Path) -> None:
    """The whole path, each verb in a process of its own."""
    weights = tmp_path / "detector"
    train = ("train", "detector", "--data", made, "--split", "all", "--out", weights, *SMALL)
    trained = run(*train)
    assert trained.returncode == 0, trained.stderr
    assert "2 steps on 2 pairs" in trained.stdout
    again = run(*train, "--resume", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["plan"]["sets"] == [["out", 2]]

    sample = made / "samples" / "00000" / "000000000"
    predicted = run(
        "predict",
        sample / "t1.tif",
        sample / "t2.tif",
        "--weights",
        weights,
        "--out",
        tmp_path / "found",
        "--json",
    )
    assert predicted.returncode == 0, predicted.stderr
    facts = json.loads(predicted.stdout)
    assert set(facts["files"]) == {"probability", "mask"}
    assert all(Path(path).is_file() for path in facts["files"].values())
    assert 0 <= facts["changed_px"] <= facts["known_px"]


def test_heads_take_their_classes_from_the_scheme(made: Path, tmp_path: Path) -> None:
    code, printed, said = call(
        "train", "detector", "--data", made, "--split", "all", "--out", tmp_path / "out",
        "--head", "semantic", *SMALL, "--gsd", 1.0, 2.0, "--json",
    )  # fmt: skip
    assert code == 0, said
    record = json.loads(printed)
    assert record["plan"]["config"]["classes"] == 9, "openearthmap: 0 to 8"
    assert record["schema"] == "openearthmap"
    assert record["plan"]["gsd_m"] == [1.0, 2.0]


def test_what_is_wrong_is_said_in_one_line(made: Path, tmp_path: Path) -> None:
    data = ("train", "detector", "--data", made, "--split", "all")
    out = ("--out", tmp_path / "out")
    code, _, said = call(*data, *out, "--architecture", "siamese-unet-smal", *SMALL)
    assert "did you mean 'siamese-unet-small'" in refusal(code, said, expected=2)
    code, _, said = call(*data, *out, "--precision", "bf61", *SMALL)
    assert "did you mean 'bf16'" in refusal(code, said, expected=2)
    code, _, said = call("train", "detector", "--data", tmp_path / "none", *out)
    refusal(code, said)
    code, _, said = call("train", "detectors", "--data", made, *out)
    refusal(code, said, expected=2)
    assert call(*data, *out, *SMALL)[0] == 0
    code, _, said = call(*data, *out, *SMALL)
    assert "a detector is there already" in refusal(code, said)
