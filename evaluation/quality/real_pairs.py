"""Real pairs as the measures read them: where they lie, and which lie close to each other."""

from __future__ import annotations

from pathlib import Path

from diachron.core.pair import PairSet
from diachron.evaluation.datasets import open_pairs
from diachron.outputs import layout


def open_real(text: str) -> PairSet:
    """Return the real pairs of `FORMAT:DIR[@PART]`, or of a plain folder with t1, t2 and change.

    Raises:
        Those of `open_pairs`.
    """
    folder = Path(text).expanduser()
    if folder.is_dir():
        made = (folder / layout.DATASET).is_file()
        return open_pairs(f"{'diachron' if made else 'pairs'}:{folder}")
    return open_pairs(text)


def place_of(name: str) -> str:
    """Return the place of a real pair: the first two words of its name, or the first of a name of numbers.

    `test_102_0512_0000` belongs to `test_102`, `30_64` to row `30`: windows that lie close together stay on
    one side of a split.
    """
    words = name.replace("/", "_").split("_")
    return words[0] if all(word.isdecimal() for word in words) else "_".join(words[:2])
