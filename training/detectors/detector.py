"""A trained detector: the probability of change of two pictures, and the folder it is kept in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from diachron.core.errors import GridError, PackageError, RecipeError
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.config import DetectorConfig
from diachron.training.detectors.networks import build_network
from diachron.training.detectors.normalisation import MEAN, STD, normalise, scale_to_unit
from diachron.training.detectors.windows import cut_windows

DESCRIPTION = "detector.json"
WEIGHTS = "weights.safetensors"
FORMAT = 1


@dataclass
class Detector:
    """A network with all that is needed to use it.

    Args:
        config: shape of the network.
        network: takes normalised dates, returns logits (`heads.Answer`).
        training: JSON-ready record of how it was trained.
    """

    config: DetectorConfig
    network: nn.Module
    training: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def untrained(cls, config: DetectorConfig, seed: int) -> Detector:
        """Return a detector whose weights are drawn from the seed."""
        return cls(config, build_network(config, seed))

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    @property
    def stride(self) -> int:
        """Sides of what the network is given are multiples of it."""
        return int(self.network.stride)  # type: ignore[arg-type]

    def to(self, device: str) -> Detector:
        """Move the network to `cpu` or `cuda`; return the detector."""
        self.network.to(device)
        return self

    def probability(
        self,
        t1: NDArray[np.generic],
        t2: NDArray[np.generic],
        full_scale: float,
        *,
        labels_t1: NDArray[np.uint8] | None = None,
        window_px: int = 512,
        overlap_px: int = 64,
    ) -> NDArray[np.float32]:
        """Return the probability of change, (H, W) float32 from 0 to 1.

        A picture larger than a window is read in overlapping windows of which the middles are kept; the
        result does not depend on what else is in the picture than what lies in the same window.

        Args:
            t1, t2: (C, H, W) in the sensor's scale; the first bands are used, fewer are repeated.
            full_scale: brightest value that the sensor can give.
            labels_t1: (H, W) label values of the first date, for the conditional head.
            window_px: longest side that the network is given at once.
            overlap_px: shared by neighbouring windows.

        Raises:
            GridError: the dates or the label map differ in size.
            RecipeError: the head needs a label map, or the window does not fit the network.
        """
        shape = self._common_size(t1, t2, labels_t1)
        found = np.empty(shape, np.float32)
        for window in cut_windows(shape, window_px, overlap_px, self.stride):
            labels = None if labels_t1 is None else window.cut(labels_t1)
            logits = self.logits(window.cut(t1), window.cut(t2), full_scale, labels)
            found[window.rows_and_cols] = torch.sigmoid(logits["change"][0]).numpy()[window.inside]
        return found

    def classes(
        self,
        t1: NDArray[np.generic],
        t2: NDArray[np.generic],
        full_scale: float,
        *,
        window_px: int = 512,
        overlap_px: int = 64,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the label maps of both dates, (H, W) uint8 each, from the semantic head.

        Arguments and errors are those of `probability`.

        Raises:
            RecipeError: the head is another.
        """
        if self.config.head != "semantic":
            raise RecipeError(
                f"a detector with the head '{self.config.head}' knows no classes; train 'semantic'"
            )
        shape = self._common_size(t1, t2, None)
        found = (np.empty(shape, np.uint8), np.empty(shape, np.uint8))
        for window in cut_windows(shape, window_px, overlap_px, self.stride):
            logits = self.logits(window.cut(t1), window.cut(t2), full_scale)
            for date, labels in enumerate(found, 1):
                best = logits[f"classes_t{date}"].argmax(0).to(torch.uint8).numpy()
                labels[window.rows_and_cols] = best[window.inside]
        return found

    def logits(
        self,
        t1: NDArray[np.generic],
        t2: NDArray[np.generic],
        full_scale: float,
        labels_t1: NDArray[np.uint8] | None = None,
    ) -> dict[str, Tensor]:
        """Return what the network answers for one window, (K, H, W) float32 each, on the CPU.

        A side that is no multiple of `stride` is continued by its mirror image. Arguments and errors are
        those of `probability`.
        """
        rows, cols = self._common_size(t1, t2, labels_t1)
        rim = ((0, -rows % self.stride), (0, -cols % self.stride))
        dates = []
        for image in (t1, t2):
            unit = scale_to_unit(choose_bands(image, (), self.config.bands), full_scale)
            padded = np.pad(unit, ((0, 0), *rim), mode="symmetric")
            dates.append(normalise(torch.from_numpy(padded).unsqueeze(0).to(self.device)))
        if self.config.head == "conditional":
            if labels_t1 is None:
                raise RecipeError(
                    "this detector is conditional: give the label map of the first date (labels_t1)"
                )
            labels = np.pad(labels_t1, rim, mode="symmetric")
            dates.append(torch.from_numpy(labels).unsqueeze(0).to(self.device))
        self.network.eval()
        with torch.inference_mode():
            answer = self.network(*dates)
        return {name: logits[0, :, :rows, :cols].float().cpu() for name, logits in answer.items()}

    def save(self, folder: str | Path) -> None:
        """Write `weights.safetensors` and, last, `detector.json`; what is there is replaced.

        Args:
            folder: made if it is missing.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        weights = {
            name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()
        }
        description = {
            "format": FORMAT,
            "config": self.config.to_json(),
            "normalisation": {"mean": MEAN, "std": STD},
            "versions": {name: version(name) for name in ("diachron", "torch")},
            "training": self.training,
        }
        save_file(weights, target / f".{WEIGHTS}")
        (target / f".{WEIGHTS}").replace(target / WEIGHTS)
        (target / f".{DESCRIPTION}").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        (target / f".{DESCRIPTION}").replace(target / DESCRIPTION)

    @classmethod
    def load(cls, path: str | Path) -> Detector:
        """Return a detector that `save` has written.

        Args:
            path: the folder, or one of its two files.

        Raises:
            PackageError: there is no detector, or one of another kind, or its weights do not fit.
        """
        folder = Path(path)
        folder = folder.parent if folder.name in (DESCRIPTION, WEIGHTS) else folder
        try:
            described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            if described["format"] != FORMAT:
                raise PackageError(
                    f"{folder}: a detector of format {described['format']}, this Diachron reads {FORMAT}; "
                    "use the version named in it"
                )
            if described["normalisation"] != {"mean": MEAN, "std": STD}:
                raise PackageError(f"{folder}: trained with the normalisation {described['normalisation']}")
            config = DetectorConfig(**described["config"])
            detector = cls(config, build_network(config, 0, pretrained=False))
            detector.network.load_state_dict(load_file(folder / WEIGHTS))
        except PackageError:
            raise
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise PackageError(
                f"{folder}: no detector can be read there ({error}); give the folder that "
                "`diachron train detector --out` has written"
            ) from None
        detector.training = described["training"]
        return detector

    @staticmethod
    def _common_size(
        t1: NDArray[np.generic], t2: NDArray[np.generic], labels_t1: NDArray[np.uint8] | None
    ) -> tuple[int, int]:
        sizes = {tuple(layer.shape[-2:]) for layer in (t1, t2, labels_t1) if layer is not None}
        if len(sizes) != 1:
            raise GridError(
                f"the dates and the label map differ in size: {sorted(sizes)}; give all on one grid"
            )
        rows, cols = sizes.pop()
        return int(rows), int(cols)
