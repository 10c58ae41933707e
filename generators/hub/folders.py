"""Where a published model lies, and the hash of the files that are read of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from diachron.core.errors import PackageError

# What is read of a folder. Pickles (.bin, .ckpt, .pt) are not, since opening one runs what is in it.
READ = (".json", ".safetensors", ".txt", ".model")
# A second copy of the weights in another form, as in stem.fp16.safetensors.
_VARIANT = re.compile(r"\.(fp16|bf16|non_ema)(-\d+-of-\d+)?\.safetensors$|\.(fp16|bf16|non_ema)\.json$")
_HUB_ID = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.-]+))?(/(?P<inner>[\w./-]+))?")


def model_folder(name: str, *, key: str) -> Path:
    """Return the folder of a model; nothing is downloaded.

    Args:
        name: a folder, or an id of the hub as `ORG/MODEL`, with a revision as `ORG/MODEL@REVISION` and with
            a folder in it as `ORG/MODEL/FOLDER`; it must lie in the cache of the hub.
        key: parameter that names it, for the error.

    Raises:
        PackageError: there is none; the text says how to get it and where it was looked for.
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    found = _HUB_ID.fullmatch(name)
    # What begins with a dot or a slash can only be meant as a path.
    if found is None or name.startswith((".", "/")):
        raise PackageError(f"{key}: there is no folder {name}; give one, or an id of the hub as ORG/MODEL")
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repo, revision, inner = found["repo"], found["revision"], found["inner"]
    command = f"hf download {repo}" + (f" --revision {revision}" if revision else "")
    command += f" --include '{inner}/*'" if inner else ""
    try:
        cached = Path(snapshot_download(repo, revision=revision, local_files_only=True)) / (inner or "")
    except LocalEntryNotFoundError:
        cached = Path()
    if cached == Path() or not cached.is_dir():
        raise PackageError(
            f"{key}: {name} is neither a folder here nor in the hub's cache ({constants.HF_HUB_CACHE}); get "
            f"it with `{command}`, or give its folder: nothing is downloaded while data is made"
        )
    return cached


def files_hash(folders: Iterable[tuple[str, Path]]) -> str:
    """Return the SHA-256 of all files that are read of some folders or files, and of their names.

    Args:
        folders: each with the name that it counts under, so that it may lie elsewhere tomorrow.

    Raises:
        PackageError: a folder holds no weights that can be read without unpickling.
    """
    digest = hashlib.sha256()
    for name, folder in folders:
        inside = [folder] if folder.is_file() else model_files(folder)
        if folder.is_dir() and not any(path.suffix == ".safetensors" for path in inside):
            raise PackageError(
                f"{folder}: holds no .safetensors; pickled weights are not opened, save them anew with "
                "`save_pretrained(..., safe_serialization=True)`"
            )
        for path in inside:
            inner = "" if folder.is_file() else path.relative_to(folder).as_posix()
            status = path.stat()
            digest.update(f"{name}/{inner} {_file_hash(path, status.st_size, status.st_mtime_ns)}\n".encode())
    return digest.hexdigest()


def model_files(folder: Path) -> list[Path]:
    """Return the files of a folder, and of those in it, that are read: no pickles, no second copies."""
    return sorted(path for path in folder.rglob("*") if _read(path))


def _read(path: Path) -> bool:
    return path.is_file() and path.suffix in READ and _VARIANT.search(path.name) is None


@cache
def _file_hash(path: Path, size: int, changed_ns: int) -> str:
    """Return the SHA-256 of a file, read again if it has changed."""
    del size, changed_ns  # only part of the key
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**22):
            digest.update(block)
    return digest.hexdigest()
