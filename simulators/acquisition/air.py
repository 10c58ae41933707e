"""How strongly a veil of air shows in each band."""

from __future__ import annotations

from collections.abc import Sequence

# Centre wavelengths in nanometres; a band of unknown name is taken at the green one.
WAVELENGTH_NM = {"blue": 480.0, "green": 560.0, "red": 660.0, "rededge": 710.0, "nir": 840.0}


def opacity_by_band(bands: Sequence[str], opacity: float, exponent: float) -> list[float]:
    """Return the opacity of each band, at most 1: opacity (560 nm / wavelength)^exponent.

    Args:
        bands: names.
        opacity: at 560 nm, 0-1.
        exponent: 4 is clear air (Rayleigh), 1 is haze (Chavez 1988, 0.5 to 4), 0 is cloud.
    """
    return [
        round(min(1.0, opacity * (560.0 / WAVELENGTH_NM.get(band, 560.0)) ** exponent), 6) for band in bands
    ]
