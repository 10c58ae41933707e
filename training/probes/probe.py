"""A trained probe with all that is known about it, and the one file that it is kept in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from diachron.core.errors import PackageError
from diachron.training.detectors.normalisation import MEAN, STD
from diachron.training.probes.calibration import Calibration
from diachron.training.probes.edited_crops import CROP_PX, edited_crops
from diachron.training.probes.network import ProbeNet, logits_of

FORMAT = 1
BANDS = 3
# The one entry of the file's metadata: several would be written in any order.
DESCRIPTION = "probe"


@dataclass(frozen=True)
class ProbeFacts:
    """Where a probe comes from and what it is worth.

    Args:
        kind: a key of `CROP_PX`.
        data: JSON-ready: the data set that it learnt from, by name and hash of its plan.
        gsd_m: finest and coarsest metres a pixel of that data set.
        seed: of the split of places and the training.
        auc: on places that it did not learn from; the larger of a and 1 - a.
        chance_std: by which an AUC that knows nothing strays from 0.5.
        bad_case: the known fault that the same training must find.
        bad_auc: how well it was found, mean over seeds; None where it could not be asked.
        sound: whether it was found; the scores of a probe that missed it mean nothing.
    """

    kind: str
    data: Mapping[str, Any]
    gsd_m: tuple[float, float]
    seed: int
    auc: float
    chance_std: float
    bad_case: str
    bad_auc: float | None
    sound: bool


@dataclass(frozen=True)
class Probe:
    """A trained probe.

    Args:
        network: in `eval` mode.
        calibration: from its logits to probabilities.
        facts: about it.
    """

    network: ProbeNet
    calibration: Calibration
    facts: ProbeFacts

    def made(
        self,
        image: NDArray[np.float32],
        instances: tuple[NDArray[np.integer], NDArray[np.integer]],
        edit: NDArray[np.bool_],
    ) -> list[float]:
        """Return for each painted thing the probability that it is made, the mean over its crops.

        Without any hint it is 0.5. Under `one_thread` its last bits do not depend on the number of cores.

        Args:
            image, instances, edit: as for `edited_crops`.
        """
        things = edited_crops(self.facts.kind, image, instances, edit)
        if not things:
            return []
        found = self.calibration.probability(logits_of(self.network, np.concatenate(things)))
        parts = np.split(found, np.cumsum([len(crops) for crops in things])[:-1])
        return [float(part.mean()) for part in parts]


def save_probe(probe: Probe, path: str | Path) -> str:
    """Write a probe, replacing what is there; return the SHA-256 of the file.

    Args:
        probe: to keep.
        path: `.safetensors`; its folder is made if it is missing.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous() for name, value in probe.network.state_dict().items()}
    described = {
        "format": FORMAT,
        "bands": BANDS,
        "crop_px": CROP_PX[probe.facts.kind],
        "normalisation": {"mean": MEAN, "std": STD},
        "calibration": asdict(probe.calibration),
        "facts": asdict(probe.facts),
    }
    partial = target.with_name(f".{target.name}")
    save_file(weights, partial, {DESCRIPTION: json.dumps(described, sort_keys=True)})
    partial.replace(target)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def load_probe(path: str | Path) -> tuple[Probe, str]:
    """Return the probe of `save_probe` and the SHA-256 of its file, sound or not.

    Raises:
        PackageError: there is no probe, it cannot be read, or it was made for other crops than this Diachron
            cuts.
    """
    try:
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        with safe_open(path, framework="pt") as file:
            described = json.loads((file.metadata() or {})[DESCRIPTION])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        facts = described["facts"]
        kind = str(facts["kind"])
        _require(described, kind, path)
        network = ProbeNet(BANDS)
        network.load_state_dict(tensors)
        facts = ProbeFacts(**{**facts, "gsd_m": _range(facts["gsd_m"])})
        probe = Probe(network.eval(), Calibration(**described["calibration"]), facts)
    except PackageError:
        raise
    except (OSError, LookupError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise PackageError(
            f"{path}: no probe can be read there ({error}); give a file that "
            "`diachron evaluate quality --keep-probes` has written"
        ) from None
    return probe, digest


def _require(described: Mapping[str, Any], kind: str, path: str | Path) -> None:
    """Check that a probe was made for what is cut here."""
    wanted: dict[str, Any] = {
        "format": FORMAT,
        "bands": BANDS,
        "crop_px": CROP_PX.get(kind),
        "normalisation": {"mean": MEAN, "std": STD},
    }
    for key, value in wanted.items():
        if described[key] != value:
            raise PackageError(
                f"{path}: a probe '{kind}' with {key} {described[key]}, this Diachron reads {value}"
            )


def _range(given: Sequence[float]) -> tuple[float, float]:
    low, high = given
    return float(low), float(high)
