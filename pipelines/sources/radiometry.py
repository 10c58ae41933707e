"""Band names and the value of white, where the user does not give them. Pixels are never rescaled here."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rasterio.enums import Resampling

from diachron.core.errors import RecipeError
from diachron.pipelines.sources.rasters import Header, open_raster

# Full scale of common sensors and products: 10, 11, 12 bits, reflectance x 10 000, 14 and 16 bits.
_UINT16_SCALES = (1023.0, 2047.0, 4095.0, 10000.0, 16383.0, 65535.0)

# Reflectance and [0, 1] pictures overshoot 1 on bright roofs, but not by a factor of two.
_REFLECTANCE_LIMIT = 2.0

_LOOK_PX = 512
_COLOURS = frozenset({"red", "green", "blue", "nir"})


def band_names(header: Header, given: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return one name a band without alpha: given, described in the file, by colour, or by number.

    Raises:
        RecipeError: the number of given names is not that of the bands.
    """
    indexes = header.indexes
    if given is not None:
        if len(given) != len(indexes):
            raise RecipeError(
                f"--bands {','.join(given)}: {len(given)} names, but {header.path} has {len(indexes)} bands; "
                "give one name a band, in file order"
            )
        return given
    for words in (header.descriptions, header.colours):
        names = [(words[i - 1] or "").strip().lower().replace(" ", "_") for i in indexes]
        distinct = all(names) and len(set(names)) == len(names)
        if distinct and (words is header.descriptions or set(names) <= _COLOURS):
            return tuple(names)
    plain = {3: ("red", "green", "blue"), 4: ("red", "green", "blue", "nir")}
    return plain.get(len(indexes), tuple(f"band{i + 1}" for i in range(len(indexes))))


def derive_full_scale(headers: Sequence[Header]) -> float:
    """Return the value of white for a source whose images share a data type.

    8 bits: 255. 16 bits: from the bits that the file states, else the smallest usual scale that holds the
    maximum of the first, middle and last image. Float: 1 up to a maximum of 2, else the maximum rounded up
    to a power of ten. The images are looked at in at most 512 x 512 pixels each.

    Raises:
        SourceError: an image cannot be decoded.
    """
    first = headers[0]
    if first.dtype == "uint8":
        return 255.0
    if first.dtype == "uint16" and first.bits:
        return float(2**first.bits - 1)
    looked_at = {0, len(headers) // 2, len(headers) - 1}
    brightest = max(_maximum(headers[i]) for i in sorted(looked_at))
    if first.dtype == "uint16":
        return next(scale for scale in _UINT16_SCALES if brightest <= scale)
    if brightest <= _REFLECTANCE_LIMIT:
        return 1.0
    return 10.0 ** math.ceil(math.log10(brightest))


def _maximum(header: Header) -> float:
    rows, cols = (min(length, _LOOK_PX) for length in header.shape)
    with open_raster(header.path) as dataset:
        values = dataset.read(
            list(header.indexes),
            out_shape=(len(header.indexes), rows, cols),
            resampling=Resampling.nearest,
            masked=True,
        )
    known = np.ma.masked_invalid(values).compressed()
    return float(known.max()) if known.size else 0.0
