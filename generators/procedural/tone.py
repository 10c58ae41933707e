"""From reflectance to the numbers of a picture: a film-like curve for 8 bits, reflectance for the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diachron.generators.procedural.spectra import wavelengths_of

Picture = NDArray[np.float32]

# Reflectance that fills the scale of 8 bits, by wavelength in nanometres; a soft shoulder keeps a white roof
# below it. Orthophotos are stretched so that pale concrete comes near white, and balanced so that roads are
# grey, which reflect less blue than red (means of NAIP and OpenAerialMap tiles: green > red > blue, 5 apart).
WHITE_NM = (443.0, 490.0, 560.0, 665.0, 705.0, 783.0, 1610.0)
WHITE = (0.345, 0.360, 0.385, 0.405, 0.50, 0.62, 0.62)
# Exponent of the curve: between a linear stretch and sRGB's 2.2, by eye and by the quantiles of real tiles.
GAMMA = 1.62
# Above this share of full scale the curve bends.
SHOULDER = 0.80
# Light that the air scatters into the picture, as reflectance at `WHITE_NM`: a clear day seen from an
# aircraft, falling with the wavelength as Rayleigh scattering and fine haze do.
AIR = (0.012, 0.009, 0.007, 0.005, 0.004, 0.003, 0.0)


def to_scale(
    reflectance: Picture, bands: Sequence[str], dtype: np.dtype[np.generic], full_scale: float
) -> NDArray[np.generic]:
    """Return (C, H, W) in a dtype: 8 bits through the curve, other integers and floats as reflectance.

    Args:
        reflectance: (C, H, W) float32, may exceed 1 where the sun is mirrored.
        bands: names.
        dtype: uint8, uint16 or float32.
        full_scale: value of white, or of reflectance 1.
    """
    if np.dtype(dtype) != np.uint8:
        unit = np.clip(reflectance, 0.0, 1.0)
        values = unit * np.float32(full_scale)
        if np.issubdtype(dtype, np.integer):
            # A pixel with data is not 0.
            return np.maximum(np.rint(values), 1.0).astype(dtype)
        return values.astype(dtype)
    white, air = (_by_band(table, bands) for table in (WHITE, AIR))
    unit = np.maximum(reflectance + air, 0.0) / white
    curve = unit ** np.float32(1.0 / GAMMA)
    above = curve > SHOULDER
    room = np.float32(1.0 - SHOULDER)
    curve[above] = np.float32(SHOULDER) + room * np.tanh(
        (curve[above] - np.float32(SHOULDER)) / (room * np.float32(1.25))
    )
    return np.clip(np.rint(curve * np.float32(full_scale)), 1.0, full_scale).astype(dtype)


def from_scale(image: NDArray[np.generic], bands: Sequence[str], full_scale: float) -> Picture:
    """Return (C, H, W) float32 reflectance of a picture: `to_scale` read backwards.

    Args:
        image: (C, H, W) uint8 through the curve; any other data type as reflectance.
        bands: names.
        full_scale: value of white, or of reflectance 1.
    """
    unit = image.astype(np.float32) / np.float32(full_scale)
    if image.dtype != np.uint8:
        return unit
    white, air = (_by_band(table, bands) for table in (WHITE, AIR))
    room = np.float32(1.0 - SHOULDER)
    above = unit > SHOULDER
    # White itself has no inverse: the shoulder only comes near it.
    part = np.minimum((unit[above] - np.float32(SHOULDER)) / room, np.float32(0.97))
    unit[above] = np.float32(SHOULDER) + room * np.float32(1.25) * np.arctanh(part)
    reflectance: Picture = unit ** np.float32(GAMMA) * white - air
    return reflectance


def _by_band(table: Sequence[float], bands: Sequence[str]) -> Picture:
    """Return (C, 1, 1) float32 values of a table over `WHITE_NM`."""
    values = [np.mean(np.interp(wavelengths_of(band), WHITE_NM, table)) for band in bands]
    return np.array(values, np.float32)[:, None, None]
