"""The folder of a trained network: its weights, and last a card that says what they are."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from diachron.core.errors import PackageError
from diachron.generators.weights import located

WEIGHTS = "weights.safetensors"
FORMAT = 1


def save_weights(network: nn.Module, folder: str | Path, card_name: str, card: dict[str, Any]) -> None:
    """Write `weights.safetensors` and, last, the card; what is there is replaced.

    Args:
        network: whose weights are written.
        folder: made if it is missing.
        card_name: file name of the card.
        card: JSON-ready; format and versions are put before it.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    whole = {
        "format": FORMAT,
        "versions": {name: version(name) for name in ("diachron", "torch")},
        **card,
    }
    save_file(weights, target / f".{WEIGHTS}")
    (target / f".{WEIGHTS}").replace(target / WEIGHTS)
    write_card(target, card_name, whole)


def write_card(folder: Path, card_name: str, card: dict[str, Any]) -> None:
    """Write a card as JSON, in one piece: a folder that has one is whole."""
    (folder / f".{card_name}").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (folder / f".{card_name}").replace(folder / card_name)


def read_card(path: str | Path, card_name: str, expected: dict[str, Any], missing: str) -> dict[str, Any]:
    """Return the card of a folder.

    Args:
        path: the folder, one of its two files, or the name of weights that come along.
        card_name: file name of the card.
        expected: entries that it must have, with their values.
        missing: what to do where there is none, for the message.

    Raises:
        PackageError: there is none, or an entry is another one.
    """
    folder = folder_of(path, card_name)
    try:
        card: dict[str, Any] = json.loads((folder / card_name).read_text(encoding="utf-8"))
        for key, value in {"format": FORMAT, **expected}.items():
            if card[key] != value:
                raise PackageError(f"{folder}: {key} is {card[key]}, this Diachron reads {value}")
    except FileNotFoundError:
        raise PackageError(f"{folder}: there is no {card_name}; {missing}") from None
    except (OSError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, PackageError):
            raise
        raise PackageError(f"{folder}: no {card_name} can be read there ({error}); {missing}") from None
    return card


def read_weights(network: nn.Module, path: str | Path, card_name: str, missing: str) -> None:
    """Put the weights of a folder into a network.

    Args:
        network: of the size that the card tells.
        path, card_name, missing: as for `read_card`.

    Raises:
        PackageError: they cannot be read, or do not fit.
    """
    folder = folder_of(path, card_name)
    try:
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise PackageError(f"{folder}: no weights can be read there ({error}); {missing}") from None


def folder_of(path: str | Path, card_name: str) -> Path:
    """Return the folder, of which a file may have been named, or which comes along under its name."""
    given = located(path)
    return given.parent if given.name in (card_name, WEIGHTS) else given


def check_recorded(named: str, digest: str, recorded: str) -> None:
    """Check that weights are those of a record.

    Args:
        named: the folder or id, for the message.
        digest: SHA-256 of what is there.
        recorded: SHA-256 of what the record was made with.

    Raises:
        PackageError: they differ.
    """
    if digest != recorded:
        raise PackageError(
            f"{named}: its files are {digest[:12]}, the record was made with {recorded[:12]}; "
            "give the folder of those"
        )
