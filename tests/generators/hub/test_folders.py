"""Published models: where they are looked for, how to get them, and the hash of what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from diachron.core.errors import PackageError
from diachron.generators.hub.folders import files_hash, model_folder

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the hub with one model in it, laid out as huggingface_hub does."""
    from huggingface_hub import constants

    home = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home))
    model = home / "models--town--painter"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(COMMIT)
    inner = model / "snapshots" / COMMIT / "inner"
    inner.mkdir(parents=True)
    (inner / "weights.safetensors").write_bytes(b"weights")
    return home


def test_a_folder_is_itself(tmp_path: Path) -> None:
    assert model_folder(str(tmp_path), key="weights") == tmp_path


@pytest.mark.usefixtures("cache")
def test_a_model_of_the_hub_is_found_in_the_cache_and_nothing_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import socket

    def never(*_: object, **__: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(socket.socket, "connect", never)
    assert model_folder("town/painter", key="weights").name == COMMIT
    assert model_folder(f"town/painter@{COMMIT}", key="weights").name == COMMIT
    assert model_folder("town/painter/inner", key="weights").name == "inner"
    with pytest.raises(PackageError, match="nothing is downloaded while data is made"):
        model_folder("town/nobody", key="weights")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("town/nobody", "`hf download town/nobody`"),
        ("town/nobody@v2", "`hf download town/nobody --revision v2`"),
        ("town/painter/outer", r"`hf download town/painter --include 'outer/\*'`"),
    ],
)
def test_a_missing_model_tells_how_to_get_it_and_where_it_was_looked_for(
    cache: Path, name: str, command: str
) -> None:
    with pytest.raises(PackageError, match=command) as caught:
        model_folder(name, key="controlnet")
    assert str(caught.value).startswith(f"controlnet: {name} is neither a folder here")
    assert str(cache) in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere", "./a/b", "/a/b", "../a/b", "a b"])
def test_a_missing_folder_is_named(name: str) -> None:
    with pytest.raises(PackageError, match=r"weights: there is no folder .*; give one, or an id of the hub"):
        model_folder(name, key="weights")


def test_the_hash_is_of_what_is_read_and_not_of_where_it_lies(tmp_path: Path) -> None:
    def written(name: str, **files: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for stem, text in {"config_json": "{}", "weights_safetensors": "abc", **files}.items():
            (folder / stem.replace("_", ".", 1)).write_text(text)
        return folder

    def hash_of(folder: Path) -> str:
        return files_hash([("unet", folder)])

    first = hash_of(written("one"))
    assert hash_of(written("two")) == first
    # Another form of the same weights, and pickles, are not read.
    assert hash_of(written("three", **{"weights_fp16.safetensors": "x", "weights_bin": "y"})) == first
    assert hash_of(written("four", weights_safetensors="abd")) != first
    assert hash_of(written("five", config_json="{ }")) != first


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_text("one")
    before = files_hash([("unet", tmp_path)])
    (tmp_path / "weights.safetensors").write_text("three")
    assert files_hash([("unet", tmp_path)]) != before


def test_pickles_alone_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_text("abc")
    with pytest.raises(PackageError, match=r"holds no \.safetensors; pickled weights are not opened"):
        files_hash([("unet", tmp_path)])
