"""A set of pairs that holds names and paths, and reads a pair when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from diachron.core.pair import LabelledPair


class Named(Protocol):
    """What a set knows of a pair before it is read."""

    @property
    def name(self) -> str:
        """Name of the pair in its set."""
        ...


Entry = TypeVar("Entry", bound=Named)


class LazyPairs(Generic[Entry]):
    """Pairs read from their files at each call.

    Args:
        name: of the set, in tables and file names.
        entries: what is known of each pair, in order.
        read: returns the pair of an entry; a plain function or a `functools.partial` of one, so that a set
            can be sent to another process.
    """

    def __init__(self, name: str, entries: Sequence[Entry], read: Callable[[Entry], LabelledPair]) -> None:
        self.name = name
        self.entries = tuple(entries)
        self.read = read

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pairs, in order; nothing is read."""
        return tuple(entry.name for entry in self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, position: int) -> LabelledPair:
        """Return a pair, read from its files.

        Raises:
            IndexError: there is no such position.
            SourceError: a file cannot be read.
            GridError: the layers of the pair differ in size.
            LabelError: a label map holds a value or colour that its scheme does not know.
        """
        return self.read(self.entries[position])

    def __iter__(self) -> Iterator[LabelledPair]:
        return (self.read(entry) for entry in self.entries)
