"""The weights that come with Diachron: small ones, each version a folder under a name of its own.

A version is never written over: what was made with it can be made again. Beside the weights lie a card for
programs and, in `README.md`, one for people: what they were trained on, under which terms, how good they are.
"""

from __future__ import annotations

from pathlib import Path

INPAINTING = "inpainting-3"
SEMANTIC = "semantic-1"
NAMES = (INPAINTING, SEMANTIC)


def located(named: str | Path) -> Path:
    """Return the folder of weights: of those that come along by their name, else the one that is named.

    A folder of one's own that is called like weights that come along is meant by `./NAME`.
    """
    # A path drops the `./` that tells them apart.
    return Path(__file__).parent / str(named) if str(named) in NAMES else Path(named)
