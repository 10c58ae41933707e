"""The error tree: one root, and each leaf is also the builtin that a caller expects.

A message says what is wrong with the value, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class DiachronError(Exception):
    """Root of every error that Diachron raises on purpose."""


class SourceError(DiachronError, OSError):
    """An input file or folder cannot be used. `reason` is a word of `REJECTION_REASONS`."""

    def __init__(self, message: str, reason: str = "unreadable") -> None:
        super().__init__(message)
        self.reason = reason


class LabelError(DiachronError, ValueError):
    """A label map and its scheme do not fit."""


class GridError(DiachronError, ValueError):
    """Two layers of one scene lie on different grids."""


class RecipeError(DiachronError, ValueError):
    """A recipe or an option is not valid."""


class UnknownNameError(DiachronError, LookupError):
    """A name is not registered."""


class PackageError(DiachronError, ValueError):
    """A data set on disk is not what it says it is."""


class RunRefusedError(DiachronError, FileExistsError):
    """The output folder belongs to another run, or another process writes to it."""


class RenderError(DiachronError, RuntimeError):
    """A date cannot be painted with the pixels at hand."""

    reason = "no_texture"


# Every word that may stand in rejected.jsonl, with what it means.
REJECTION_REASONS: dict[str, str] = {
    "unreadable": "the file cannot be opened or decoded",
    "empty": "the file has no bytes, or every pixel is nodata or ignore",
    "not_an_image": "the raster holds heights or another single float layer, not a picture",
    "no_label": "no label map and no footprints were found for this image",
    "size_mismatch": "image and label map differ in size",
    "crs_mismatch": "image and label map differ in CRS or transform",
    "label_outside_scheme": "the label map holds a value that the scheme does not know",
    "no_gsd": "the ground sampling distance is neither in the file nor given",
    "not_coarser": "the tile is coarser than the gsd asked for, or smaller than one such pixel",
    "band_mismatch": "the number of bands or the data type differs from the rest of the source",
    "no_date": "real dates are asked for, and the name tells no date, or one that another picture has",
    "one_date": "the place has one usable date, or its others lie on another grid",
    "really_changed": "more has really changed between two dates of the place than the recipe allows",
    "no_texture": "no clear ground pixels to paint a removed object with",
    "filtered": "a filter of the recipe refused the sample",
}


def nearest_names(name: str, names: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for a name close to `name`, or the sorted list of all names."""
    choices = sorted(names)
    close = get_close_matches(name, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return "known: " + (", ".join(choices) if choices else "none")
