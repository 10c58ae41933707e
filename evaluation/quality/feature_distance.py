"""Feature distance: how far painted crops are from their source's, and made dates from a real set.

Beside each distance stands its floor, two halves of the real crops by place, and a bad case, the same crops
blurred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.pair import UNKNOWN, LabelledPair, PairSet
from diachron.core.streams import stream
from diachron.evaluation.quality.crop_shelf import Crops, Shelf, matched
from diachron.evaluation.quality.distances import distances, kid
from diachron.evaluation.quality.made import MadePair
from diachron.evaluation.quality.probe import split_places
from diachron.evaluation.quality.real_pairs import place_of
from diachron.evaluation.quality.spots import painted_spots, untouched_spots
from diachron.training.detectors.averaging import average_down
from diachron.training.features.encoder import FeatureEncoder
from diachron.training.probes.edited_crops import cut
from diachron.training.unit_colours import unit_dates

SIDE = 64
BLUR_PX = 1.5
# Windows that one pair gives to the comparison with a real set.
WINDOWS = 4
FEWEST = 24


@dataclass
class FeatureDistance:
    """A measure; see `diachron.evaluation.quality`.

    Args:
        encoder: of the features.
        real_pairs: to compare with, None for the source alone.
        gsd_m: metres a pixel of the comparison with real pairs: the coarser of both sets.
    """

    encoder: FeatureEncoder
    real_pairs: PairSet | None = None
    gsd_m: float | None = None
    made: Shelf = field(default_factory=lambda: Shelf(SIDE))
    real: Shelf = field(default_factory=lambda: Shelf(SIDE))
    windows: Shelf = field(default_factory=lambda: Shelf(SIDE))
    targets: Shelf = field(default_factory=lambda: Shelf(SIDE))

    def add(self, pair: MadePair, rng: np.random.Generator) -> None:
        """Take crops of one pair."""
        date = pair.painted_date
        if date is not None:
            for spot in painted_spots(pair, date, rng):
                self.made.add(cut(pair.dates[date], spot.centre, SIDE), pair.place, spot.kind)
            for spot in untouched_spots(pair, SIDE, rng):
                self.real.add(cut(pair.dates[1 - date], spot.centre, SIDE), pair.place, spot.kind)
        if self.gsd_m is not None:
            for image in pair.dates:
                for crop in windows_at(image, pair.gsd_m, self.gsd_m, rng):
                    self.windows.add(crop, pair.place)

    def figures(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return `painted` against the source's own crops, and `dates` against the real set."""
        self._read_targets()
        made, real = matched(self.made, self.real, stream(0, 0, "quality/distance/match"))
        result: dict[str, Any] = {"features": self.encoder.name, "sha256": self.encoder.sha256}
        result["painted"] = self._against(made, real, seeds)
        if self.real_pairs is not None:
            figures = self._against(self.windows.crops(), self.targets.crops(), seeds)
            result["dates"] = {"real": self.real_pairs.name, "gsd_m": self.gsd_m, **figures}
        return result

    def crops(self) -> dict[str, Crops]:
        """Return the crops of each side."""
        made, real = matched(self.made, self.real, stream(0, 0, "quality/distance/match"))
        shown = {"made": made, "real": real}
        if self.real_pairs is not None:
            self._read_targets()
            shown |= {"made dates": self.windows.crops(), "real set": self.targets.crops()}
        return shown

    def _read_targets(self) -> None:
        if self.real_pairs is None or self.gsd_m is None or self.targets.count():
            return
        for position, pair in enumerate(self.real_pairs):
            rng = stream(0, position, "quality/distance/real")
            for image in unit_dates(pair):
                for crop in windows_at(image, pair.gsd_m, self.gsd_m, rng, _unknown(pair)):
                    self.targets.add(crop, place_of(pair.name))

    def _against(self, made: Crops, real: Crops, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the distances over several seeds, which draw halves and subsets."""
        if min(len(made), len(real)) < FEWEST or len(set(real.places)) < 2:
            why = f"{len(made)} made and {len(real)} real crops; needed are {FEWEST} of each, of two places"
            return {"valid": False, "why": why}
        of_made, of_real = self.encoder.features(made.pixels), self.encoder.features(real.pixels)
        of_bad = self.encoder.features(blurred(real.pixels))
        runs, floors, bads = [], [], []
        for seed in seeds:
            rng = stream(seed, 0, "quality/distance")
            runs.append(distances(of_made, of_real, rng))
            one, other = split_places(list(real.places), rng)
            halves = [of_real[np.isin(real.places, sorted(names))] for names in (one, other)]
            if min(map(len, halves)) >= 2:
                floors.append(kid(halves[0], halves[1], rng)[0])
            bads.append(kid(of_bad, of_real, rng)[0])
        result: dict[str, Any] = {}
        for name in runs[0]:
            values = [run[name] for run in runs]
            result[name] = round(float(np.mean(values)), 4)
        result["crops"] = runs[0]["crops"]
        result["kid_per_seed"] = [run["kid"] for run in runs]
        floor, bad = float(np.mean(floors)) if floors else 0.0, float(np.mean(bads))
        result |= {
            "kid_floor": round(floor, 4),
            "bad_case": "the real crops blurred",
            "bad_kid": round(bad, 4),
        }
        result["valid"] = bad > 3 * result["kid_std"]
        if not result["valid"]:
            result["why"] = (
                f"blurred crops lie at KID {bad:.4f}, within three deviations ({result['kid_std']}) of 0"
            )
        return result


def blurred(crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N, C, S, S) crops blurred by 1.5 pixels."""
    soft: NDArray[np.float32] = ndimage.gaussian_filter(crops, (0, 0, BLUR_PX, BLUR_PX))
    return soft


def windows_at(
    image: NDArray[np.float32],
    gsd_m: float,
    wanted_m: float,
    rng: np.random.Generator,
    void: NDArray[np.bool_] | None = None,
) -> list[NDArray[np.float32]]:
    """Return up to four random windows of a date, averaged down to a ground sampling distance.

    A picture that spans less than a window at that distance is shown whole, at what distance that gives.

    Args:
        image: (3, H, W) from 0 to 1.
        gsd_m: metres a pixel of the image.
        wanted_m: metres a pixel of the windows, no finer than the image's.
        rng: chooses.
        void: (H, W) pixels that no window may hold.
    """
    rows, cols = image.shape[1:]
    side = min(max(SIDE, round(SIDE * wanted_m / gsd_m)), rows, cols)
    found: list[NDArray[np.float32]] = []
    if side < SIDE:
        return found
    for row, col in rng.random((WINDOWS, 2)) * (rows - side + 1, cols - side + 1):
        at = (slice(int(row), int(row) + side), slice(int(col), int(col) + side))
        if void is None or not void[at].any():
            found.append(average_down(image[:, at[0], at[1]], SIDE))
    return found


def _unknown(pair: LabelledPair) -> NDArray[np.bool_]:
    unknown: NDArray[np.bool_] = pair.change == UNKNOWN
    return unknown
