"""A trained segmenter: the classes of a picture, and the folder it is kept in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from diachron.core.errors import PackageError, UnknownNameError, nearest_names
from diachron.training.detectors.bands import choose_bands
from diachron.training.detectors.normalisation import MEAN, STD, normalise, scale_to_unit
from diachron.training.detectors.windows import cut_windows
from diachron.training.segmenters.classes import CLASSES, UNSURE
from diachron.training.segmenters.roles import ROLES, require_role
from diachron.training.segmenters.unet import SegmentationUNet, build_unet

DESCRIPTION = "segmenter.json"
WEIGHTS = "weights.safetensors"
FORMAT = 1
# Top probability below which a pixel is not labelled.
UNSURE_BELOW = 0.6
# Windows that answer for 512 pixels, and see beyond them as far as the network does.
WINDOW_PX, OVERLAP_PX = 672, 160


@dataclass(frozen=True)
class Classified:
    """Classes of a picture.

    Args:
        labels: (H, W) uint8: position in `CLASSES`, or `UNSURE` (255).
        confidence: (H, W) float32: probability of the likeliest class, 1/6 to 1, on unsure pixels too.
    """

    labels: NDArray[np.uint8]
    confidence: NDArray[np.float32]


@dataclass
class Segmenter:
    """A network with all that is needed to use it.

    Args:
        network: takes normalised pictures, returns logits of `CLASSES`.
        role: a name of `roles.ROLES`.
        bands: how many bands it sees.
        training: JSON-ready record of how it was trained.
    """

    network: SegmentationUNet
    role: str
    bands: int = 3
    training: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def untrained(cls, role: str, seed: int, bands: int = 3) -> Segmenter:
        """Return a segmenter whose weights are drawn from the role and the seed.

        Raises:
            UnknownNameError: there is no such role.
        """
        if role not in ROLES:
            raise UnknownNameError(f"no role of a segmenter is called '{role}'; {nearest_names(role, ROLES)}")
        return cls(build_unet(bands, role, seed), role, bands)

    @property
    def gsd_m(self) -> tuple[float, float] | None:
        """Metres a pixel, finest and coarsest, that it was trained at; None before training."""
        options = self.training.get("plan", {}).get("options")
        return None if options is None else (float(options["gsd_m"][0]), float(options["gsd_m"][1]))

    def to(self, device: str) -> Segmenter:
        """Move the network to `cpu` or `cuda`; return the segmenter."""
        self.network.to(device)
        return self

    def classify(
        self,
        image: NDArray[np.generic],
        full_scale: float,
        *,
        bands: Sequence[str] = (),
        unsure_below: float = UNSURE_BELOW,
        window_px: int = WINDOW_PX,
        overlap_px: int = OVERLAP_PX,
    ) -> Classified:
        """Return the class of every pixel.

        A picture larger than a window is read in overlapping windows of which the middles are kept; with the
        default overlap the answer is the one that the whole picture at once would give.

        Args:
            image: (C, H, W) in the sensor's scale.
            full_scale: brightest value that the sensor can give.
            bands: names of the bands, from which red, green and blue are taken; without them the first are.
            unsure_below: pixels whose likeliest class has less probability become `UNSURE`; 0 labels all.
            window_px: longest side that the network is given at once, a multiple of 16.
            overlap_px: shared by neighbouring windows.

        Raises:
            RecipeError: the window does not fit the network.
        """
        shape = (int(image.shape[-2]), int(image.shape[-1]))
        labels, confidence = np.empty(shape, np.uint8), np.empty(shape, np.float32)
        seen = choose_bands(image, bands, self.bands)
        for window in cut_windows(shape, window_px, overlap_px, self.network.stride):
            rows, cols = window.inside
            found = self.probability(window.cut(seen), full_scale)[:, rows, cols]
            labels[window.rows_and_cols] = found.argmax(0)
            confidence[window.rows_and_cols] = found.max(0)
        labels[confidence < unsure_below] = UNSURE
        return Classified(labels, confidence)

    def probability(self, image: NDArray[np.generic], full_scale: float) -> NDArray[np.float32]:
        """Return (6, H, W) probabilities of `CLASSES` of one window, float32 on the CPU.

        A side that is no multiple of the network's stride is continued by its mirror image.

        Args:
            image: (C, H, W) with the network's bands.
            full_scale: as for `classify`.
        """
        rows, cols = image.shape[-2:]
        stride = self.network.stride
        unit = scale_to_unit(image, full_scale)
        padded = np.pad(unit, ((0, 0), (0, -rows % stride), (0, -cols % stride)), mode="symmetric")
        self.network.eval()
        with torch.inference_mode():
            device = next(self.network.parameters()).device
            logits = self.network(normalise(torch.from_numpy(padded).unsqueeze(0).to(device)))
            found: NDArray[np.float32] = torch.softmax(logits[0, :, :rows, :cols].float(), 0).cpu().numpy()
        return found

    def save(self, folder: str | Path) -> None:
        """Write `weights.safetensors` and, last, `segmenter.json`; what is there is replaced.

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
            "role": self.role,
            "bands": self.bands,
            "classes": list(CLASSES),
            "normalisation": {"mean": MEAN, "std": STD},
            "versions": {name: version(name) for name in ("diachron", "torch")},
            "training": self.training,
        }
        save_file(weights, target / f".{WEIGHTS}")
        (target / f".{WEIGHTS}").replace(target / WEIGHTS)
        (target / f".{DESCRIPTION}").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        (target / f".{DESCRIPTION}").replace(target / DESCRIPTION)

    @classmethod
    def load(cls, path: str | Path, *, role: str) -> Segmenter:
        """Return a segmenter that `save` has written.

        Args:
            path: the folder, or one of its two files.
            role: that the work needs: `labeller` to make or filter labels, `scorer` to judge them.

        Raises:
            PackageError: there is no segmenter, or one of another kind, or its weights do not fit.
            RecipeError: it has the other role.
        """
        folder = Path(path)
        folder = folder.parent if folder.name in (DESCRIPTION, WEIGHTS) else folder
        try:
            described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            made_for = {key: described[key] for key in ("format", "classes", "normalisation")}
            wanted = {
                "format": FORMAT,
                "classes": list(CLASSES),
                "normalisation": {"mean": MEAN, "std": STD},
            }
            for key, value in wanted.items():
                if made_for[key] != value:
                    raise PackageError(
                        f"{folder}: a segmenter with {key} {made_for[key]}, this Diachron reads {value}"
                    )
            segmenter = cls.untrained(described["role"], 0, described["bands"])
            segmenter.network.load_state_dict(load_file(folder / WEIGHTS))
            segmenter.training = described["training"]
        except PackageError:
            raise
        except (OSError, LookupError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise PackageError(
                f"{folder}: no segmenter can be read there ({error}); give the folder that "
                "`diachron train segmenter --out` has written"
            ) from None
        require_role(segmenter.role, role, str(folder))
        return segmenter
