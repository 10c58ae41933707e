"""A network that paints over sketches, and the folder it is kept in."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diachron.core.errors import PackageError
from diachron.generators.inpainting.painter import PIXELS, Holes, Manner, Painter, network_size
from diachron.generators.models.unet import UNetConfig, build_unet
from diachron.generators.models.weights_folder import (
    WEIGHTS,
    folder_of,
    read_card,
    read_weights,
    save_weights,
)
from diachron.generators.weights import SEMANTIC

DESCRIPTION = "semantic.json"
_MISSING = (
    f"'{SEMANTIC}' comes with Diachron; train others with `diachron train semantic --source TILES "
    "--out DIR`, and name the folder with --set 'renderer={name: semantic, weights: DIR}'"
)


@dataclass(frozen=True)
class Reading:
    """What a painter has learned to read, and what it is given therefore.

    Args:
        detail_px: sigma of the sketches, see `sketch.sketch_of`.
        labels: whether it has seen label maps; else they are hidden from it.
    """

    detail_px: float = 2.0
    labels: bool = True


@dataclass
class SemanticPainter(Painter):
    """A network that leads from a sketch in noise to a picture.

    Args:
        network, training: as of `Painter`.
        reading: what it is given.
    """

    reading: Reading = Reading()

    @classmethod
    def untrained(cls, config: UNetConfig, seed: int, reading: Reading | None = None) -> SemanticPainter:
        """Return a painter whose weights are drawn from the seed."""
        return cls(build_unet(config, seed), reading=reading or Reading())

    def paint(self, holes: Holes, manner: Manner) -> NDArray[np.float32]:
        """Return (N, 3, S, S) pictures with the holes painted; `holes.proposal` holds sketches."""
        if not self.reading.labels:
            holes = replace(holes, labels=np.zeros_like(holes.labels))
            # With labels that it is not shown and without, it would answer the same twice.
            manner = replace(manner, guidance=1.0)
        return super().paint(holes, manner)

    def save(self, folder: str | Path) -> None:
        """Write `weights.safetensors` and, last, `semantic.json`; what is there is replaced.

        Args:
            folder: made if it is missing.
        """
        card = {
            "network": {"name": "unet", **self.network.config.to_json()},
            "pixels": PIXELS,
            "reading": asdict(self.reading),
            "training": self.training,
        }
        save_weights(self.network, folder, DESCRIPTION, card)

    @classmethod
    def load(cls, path: str | Path) -> SemanticPainter:
        """Return a painter that `save` has written.

        Args:
            path: the folder, one of its two files, or the name of weights that come along.

        Raises:
            PackageError: there is none, it is of another kind, or its weights do not fit.
        """
        card = read_card(path, DESCRIPTION, {"pixels": PIXELS}, _MISSING)
        try:
            reading = Reading(**card["reading"])
        except (LookupError, TypeError) as error:
            raise PackageError(f"{path}: {DESCRIPTION} cannot be read ({error}); {_MISSING}") from None
        painter = cls.untrained(network_size(card, path), 0, reading)
        painter.training = dict(card.get("training", {}))
        read_weights(painter.network, path, DESCRIPTION, _MISSING)
        painter.network.eval()
        return painter


@cache
def load_painter(path: str) -> tuple[SemanticPainter, str]:
    """Return a painter and the SHA-256 of its weights; read once a process, which paints thousands of dates.

    Raises:
        PackageError: as `SemanticPainter.load`.
    """
    painter = SemanticPainter.load(path)
    digest = hashlib.sha256((folder_of(path, DESCRIPTION) / WEIGHTS).read_bytes())
    # The same weights paint otherwise from other sketches.
    digest.update(repr(painter.reading).encode())
    return painter, digest.hexdigest()
