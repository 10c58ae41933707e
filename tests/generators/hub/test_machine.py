"""Device, precision and attention: what is missing is named with what to do."""

from __future__ import annotations

import sys
import types

import pytest
import torch

from diachron.core.errors import RecipeError
from diachron.core.streams import stream
from diachron.generators.hub import machine
from diachron.generators.hub.machine import Machine, check_switches, machine_of
from diachron.generators.models.attention import attended


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("tpu0", "fp32", "sdpa"), r"device: 'tpu0'; known: auto, cpu, cuda"),
        (("cpu", "bf61", "sdpa"), r"precision: 'bf61'; did you mean 'bf16'\?"),
        (("cpu", "fp32", "xformer"), r"attention: 'xformer'; did you mean 'xformers'\?"),
        (("cpu", "fp32", "xformers"), r"xformers computes on a GPU only; add device=cuda"),
    ],
)
def test_switches_that_are_none_are_refused(given: tuple[str, str, str], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        check_switches(*given)


def test_xformers_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda _: None)
    with pytest.raises(RecipeError, match=r"`pip install 'diachron\[xformers\]'`, or take sdpa"):
        machine_of("auto", "fp32", "xformers")


@pytest.mark.parametrize(("there", "found"), [(True, "cuda"), (False, "cpu")])
def test_auto_is_what_there_is(monkeypatch: pytest.MonkeyPatch, there: bool, found: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert machine_of("auto", "bf16", "sdpa") == Machine(found, "bf16", "sdpa")
    assert machine_of("cpu", "fp32", "sdpa").device == "cpu"


def test_a_gpu_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RecipeError, match="torch finds no GPU here; take cpu or auto"):
        machine_of("cuda", "fp32", "sdpa")
    monkeypatch.setattr(machine, "find_spec", lambda _: True)
    with pytest.raises(RecipeError, match="there is none here; take sdpa"):
        machine_of("auto", "fp32", "xformers")


def test_xformers_gets_heads_after_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    # What xformers documents: (N, T, heads, width) in and out.
    def memory_efficient_attention(*parts: torch.Tensor) -> torch.Tensor:
        query, key, value = (part.transpose(1, 2) for part in parts)
        weights = (query @ key.transpose(2, 3) * query.shape[-1] ** -0.5).softmax(-1)
        return (weights @ value).transpose(1, 2)

    ops = types.SimpleNamespace(memory_efficient_attention=memory_efficient_attention)
    monkeypatch.setitem(sys.modules, "xformers", types.SimpleNamespace(ops=ops))  # type: ignore[arg-type]
    parts = torch.from_numpy(stream(0, 0, "parts").standard_normal((3, 2, 4, 7, 8))).unbind(0)
    torch.testing.assert_close(attended(*parts, "xformers"), attended(*parts, "sdpa"))
