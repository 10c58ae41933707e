"""What a network is told of a hole: a prompt, and a map in colours for a ControlNet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.schemes import SCHEMES


@dataclass(frozen=True)
class Profile:
    """How a network was taught to be told.

    Args:
        scheme: whose colours the ControlNet knows.
        openings: of a prompt; one is drawn for a sample.
        names: class id -> word; a class without one is not named.
        joint: between two words.
        ending: of a prompt.
        usual: class id -> share, 0 to 1, above which a class is named.
        otherwise: share for the classes that are not in `usual`.
    """

    scheme: str
    openings: tuple[str, ...]
    names: dict[int, str]
    joint: str
    ending: str
    usual: dict[int, float]
    otherwise: float


# Shares of FLAIR's classes 1 to 12, percent: a class is named where a hole holds more of it. Those of the
# rest are not published; with 0, as in the published code, a single pixel names them. Here the rarest of the
# others stands for them.
_FLAIR_PERCENT = (8.14, 8.25, 13.72, 3.47, 4.88, 2.74, 15.38, 6.95, 3.13, 17.84, 10.98, 3.88)
_FLAIR_WORDS = (
    "building",
    "pervious surface",
    "road",
    "bare soil",
    "water",
    "coniferous trees",
    "deciduous trees",
    "brushwood",
    "vineyard",
    "grass",
    "agricultural vegetation",
    "plowed land",
    "swimming pool",
    "snow",
    "cut",
    "mixed",
    "lignous",
    "greenhouse",
)

PROFILES: dict[str, Profile] = {
    # For any network that knows pictures and words.
    "plain": Profile(
        scheme="hub",
        openings=("aerial photograph of ",),
        names={
            **{number: name for number, name in hub.NAMES.items() if number != hub.IGNORE},
            hub.BARE: "bare soil",
            hub.TREE: "trees",
            hub.CROP: "a field with crops",
            hub.DEVELOPED: "paved ground",
            hub.BUILDING: "a building with a roof",
            hub.SPORTS: "a sports pitch",
            hub.POOL: "a swimming pool",
            hub.GREENHOUSE: "a greenhouse",
            hub.RAIL: "a railway",
        },
        joint=", ",
        ending=", seen from straight above, high resolution",
        usual={},
        otherwise=0.05,
    ),
    # Source: Benidir et al. 2025, "The Change You Want To Detect", and its public code: colours of FLAIR,
    # words and openings as trained with. All three openings are drawn; the published draw never takes the
    # third.
    "hyscdg": Profile(
        scheme="flair",
        openings=("aerial view of ", "top view of ", "satellite view of "),
        names=dict(enumerate(_FLAIR_WORDS, start=1)),
        joint=" and ",
        ending=", high resolution, highly detailed",
        usual={number: percent / 100 for number, percent in enumerate(_FLAIR_PERCENT, start=1)},
        otherwise=min(_FLAIR_PERCENT) / 100,
    ),
}


def prompt_of(
    profile: str, labels: NDArray[np.uint8], hole: NDArray[np.bool_], *, opening: int, text: str
) -> str:
    """Return the prompt of a hole: what there is much of in it, then a text.

    Args:
        profile: name in `PROFILES`.
        labels: (S, S) hub ids.
        hole: (S, S) what is painted; at least one pixel.
        opening: number of one of the profile's.
        text: of the user, on the place or the season; may be empty.
    """
    how = PROFILES[profile]
    classes = _classes(how)[labels[hole]]
    shares = np.bincount(classes, minlength=256) / classes.size
    named = [number for number in how.names if shares[number] > how.usual.get(number, how.otherwise)]
    if not named:
        # A hole of many kinds, none of which stands out.
        named = [number for number in how.names if shares[number] == shares[list(how.names)].max() > 0]
    words = how.joint.join(how.names[number] for number in named) or "land"
    return how.openings[opening] + words + (f" {text}" if text else "") + how.ending


def control_map(profile: str, labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (3, S, S) float32 the label map in the colours that a ControlNet knows, 0 to 1.

    Args:
        profile: name in `PROFILES`.
        labels: (S, S) hub ids; what is not known has the colour of the scheme's ignore.
    """
    how = PROFILES[profile]
    colours = np.zeros((256, 3), np.float32)
    for number, colour in SCHEMES[how.scheme].colour_table().items():
        colours[number] = np.asarray(colour, np.float32) / 255.0
    return np.moveaxis(colours[_classes(how)[labels]], -1, 0)


def _classes(profile: Profile) -> NDArray[np.uint8]:
    """Return the scheme's class of each hub id, as a table of 256."""
    scheme = SCHEMES[profile.scheme]
    table = np.full(256, scheme.ignore or 0, np.uint8)
    for hub_id, number in scheme.draws.items():
        table[hub_id] = number
    return table
