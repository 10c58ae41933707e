"""A kept probe: there and back to the bit, refused where it is none; probabilities mean what they say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from diachron.core.errors import PackageError
from diachron.training.probes import probe as probe_module
from diachron.training.probes.calibration import Calibration, calibrate
from diachron.training.probes.network import logits_of, new_network
from diachron.training.probes.probe import Probe, ProbeFacts, load_probe, save_probe


def kept(kind: str = "seam", seed: int = 0) -> Probe:
    """Return a probe that nobody trained."""
    facts = ProbeFacts(
        kind=kind,
        data={"name": "town", "plan": "0" * 64, "samples": 8, "licences": ["CC-BY-4.0"]},
        gsd_m=(0.3, 0.5),
        seed=seed,
        auc=0.7,
        chance_std=0.05,
        bad_case="set in hard",
        bad_auc=0.9,
        sound=True,
    )
    return Probe(new_network(3, np.random.default_rng(seed)).eval(), Calibration(0.5, -0.1), facts)


def test_a_probe_reads_back_as_it_was_kept(tmp_path: Path) -> None:
    before = kept()
    digest = save_probe(before, tmp_path / "new" / "seam.safetensors")
    after, found = load_probe(tmp_path / "new" / "seam.safetensors")
    assert found == digest == hashlib.sha256((tmp_path / "new" / "seam.safetensors").read_bytes()).hexdigest()
    assert (after.facts, after.calibration) == (before.facts, before.calibration)
    crops = np.random.default_rng(1).random((5, 3, 32, 32), np.float32)
    np.testing.assert_array_equal(logits_of(after.network, crops), logits_of(before.network, crops))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["seam.safetensors"]
    assert (tmp_path / "new" / "seam.safetensors").stat().st_size < 300_000


def test_the_same_probe_is_the_same_file(tmp_path: Path) -> None:
    one, other = (save_probe(kept(), tmp_path / f"{n}.safetensors") for n in range(2))
    assert one == other
    assert save_probe(kept(seed=1), tmp_path / "2.safetensors") != one


def test_what_is_no_probe_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "seam.safetensors"
    with pytest.raises(PackageError, match=r"no probe can be read there .* --keep-probes"):
        load_probe(path)
    path.write_bytes(b"no weights")
    with pytest.raises(PackageError, match="no probe can be read there"):
        load_probe(path)
    save_probe(kept(), path)
    save_file(load_file(path), tmp_path / "bare.safetensors")
    with pytest.raises(PackageError, match="no probe can be read there"):
        load_probe(tmp_path / "bare.safetensors")


@pytest.mark.parametrize(("key", "value"), [("crop_px", 48), ("format", 2), ("bands", 4)])
def test_a_probe_for_other_crops_is_refused(tmp_path: Path, key: str, value: int) -> None:
    path = tmp_path / "seam.safetensors"
    save_probe(kept(), path)
    with safe_open(path, framework="pt") as file:
        described = json.loads(file.metadata()[probe_module.DESCRIPTION])
    save_file(load_file(path), path, {probe_module.DESCRIPTION: json.dumps({**described, key: value})})
    with pytest.raises(PackageError, match=f"a probe 'seam' with {key} {value}"):
        load_probe(path)


def test_calibration_gives_back_a_known_line() -> None:
    rng = np.random.default_rng(0)
    real, made = rng.normal(-1.0, 1.0, 20_000), rng.normal(1.0, 1.0, 20_000)
    line = calibrate(made, real)
    # log N(x; 1, 1) - log N(x; -1, 1) = 2 x.
    assert line.slope == pytest.approx(2.0, abs=0.08)
    assert line.offset == pytest.approx(0.0, abs=0.06)


def test_sides_of_unlike_size_count_the_same() -> None:
    rng = np.random.default_rng(0)
    line = calibrate(rng.normal(1.0, 1.0, 500), rng.normal(-1.0, 1.0, 40_000))
    assert line.offset == pytest.approx(0.0, abs=0.3)


def test_a_probe_that_knows_nothing_says_a_half() -> None:
    rng = np.random.default_rng(0)
    alike = calibrate(rng.normal(3.0, 1.0, 4000), rng.normal(3.0, 1.0, 4000))
    np.testing.assert_allclose(alike.probability(np.linspace(1, 5, 9)), 0.5, atol=0.1)
    turned = calibrate(rng.normal(-1.0, 1.0, 400), rng.normal(1.0, 1.0, 400))
    assert turned.slope == 0.0
    np.testing.assert_allclose(turned.probability(np.linspace(-5, 5, 9)), 0.5, atol=0.01)


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=30),
    st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=30),
)
def test_probabilities_are_finite_and_rise_with_the_logit(made: list[float], real: list[float]) -> None:
    line = calibrate(np.array(made), np.array(real))
    found = line.probability(np.linspace(-30, 30, 61))
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()
