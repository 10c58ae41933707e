"""Where workers write: a local folder in which nothing half-written counts."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from diachron.core.errors import RunRefusedError
from diachron.outputs import layout


class LocalStorage:
    """A data set's folder.

    A sample is written to a staging folder and moved into place by one rename, its record last: a folder
    under `samples/` is complete, whatever happened to the process.

    Args:
        root: made if it is missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def commit(
        self, index: int, files: Mapping[str, bytes], record: Mapping[str, object], owner: str
    ) -> None:
        """Write a sample's files and its record, then make it count.

        Args:
            index: of the sample.
            files: name -> content.
            record: goes to `sample.json`, written last.
            owner: label of the shard, under which leftovers are found.

        Raises:
            OSError: as the file system has it; nothing of the sample is left under `samples/`.
        """
        target = self.root / layout.sample_folder(index)
        staged = self.root / layout.STAGING / owner / f"{os.getpid()}-{index}"
        staged.mkdir(parents=True, exist_ok=True)
        try:
            for name, content in files.items():
                (staged / name).write_bytes(content)
            (staged / layout.RECORD).write_bytes(json_bytes(record))
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                staged.rename(target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                if self.is_done(index):
                    # Made meanwhile by a worker that outlived its killed parent: the same bytes.
                    shutil.rmtree(staged)
                else:
                    shutil.rmtree(target)
                    staged.rename(target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise

    def is_done(self, index: int) -> bool:
        """Return whether a sample is complete."""
        return (self.root / layout.sample_folder(index) / layout.RECORD).is_file()

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the data set by rename, so that readers see the old one or the new one whole.

        The caller holds the lock under which this name is written, so a partial file that stands there is
        one that a killed run left.
        """
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{target.name}.*"):
            left.unlink(missing_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            partial.write_bytes(content)
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    @contextmanager
    def lock(self, name: str, *, wait: bool = False) -> Iterator[None]:
        """Hold a lock that dies with the process that holds it.

        Raises:
            RunRefusedError: another living process holds it.
        """
        folder = self.root / layout.LOCKS
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError:
                raise RunRefusedError(
                    f"{self.root}: another run is at work there ({name}); wait for its end, or choose "
                    "another --out"
                ) from None
            yield

    @contextmanager
    def all_locks(self) -> Iterator[None]:
        """Hold every lock that the folder knows.

        Raises:
            RunRefusedError: another living process holds one of them.
        """
        folder = self.root / layout.LOCKS
        with ExitStack() as held:
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                held.enter_context(self.lock(path.name))
            yield

    def remove_leftovers(self) -> None:
        """Remove staging folders of runs that no longer live."""
        staging = self.root / layout.STAGING
        for folder in sorted(staging.iterdir()) if staging.is_dir() else []:
            if folder.name in self._held:
                continue
            try:
                with self.lock(folder.name):
                    shutil.rmtree(folder, ignore_errors=True)
            except RunRefusedError:
                continue

    _held: frozenset[str] = frozenset()

    @contextmanager
    def shard(self, label: str) -> Iterator[None]:
        """Hold a shard's lock for a run, with leftovers of dead runs removed at both ends.

        Raises:
            RunRefusedError: another living process works on the same shard.
        """
        with self.lock(label):
            try:
                shutil.rmtree(self.root / layout.STAGING / label, ignore_errors=True)
                self._held = frozenset({label})
                self.remove_leftovers()
                yield
            finally:
                staging = self.root / layout.STAGING
                shutil.rmtree(staging / label, ignore_errors=True)
                with suppress(OSError):
                    staging.rmdir()


def json_bytes(record: object) -> bytes:
    """Return JSON with sorted keys, one line a top-level key, so that equal records are equal bytes."""
    if not isinstance(record, Mapping):
        return json.dumps(record, sort_keys=True, allow_nan=False).encode() + b"\n"
    lines = [
        f"  {json.dumps(key)}: {json.dumps(record[key], sort_keys=True, allow_nan=False)}"
        for key in sorted(record)
    ]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()
