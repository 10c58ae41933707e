"""How materials reflect: a table by wavelength, from which any band is read.

The values are typical ones, rounded to what a picture can tell: written down from memory of the laboratory
and field spectra in the USGS Spectral Library (Kokaly et al. 2017, splib07: asphalt, concrete, roofing, lawn
grass, soils, water), the ECOSTRESS library (Meerdink et al. 2019: roofing tiles, metals, conifers) and the
urban spectra of Herold et al. (2004, "Spectrometry for urban area remote sensing"), not copied from a record.
Canopies are whole canopies with their inner shade, not single leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Nanometres of the columns: middles of Sentinel-2's bands 1-5, 7, 8, 11 and 12.
WAVELENGTHS_NM = (443.0, 490.0, 560.0, 665.0, 705.0, 783.0, 842.0, 1610.0, 2190.0)
# fmt: off
MATERIALS: dict[str, tuple[float, ...]] = {
    "grass":          (0.035, 0.048, 0.092, 0.065, 0.130, 0.340, 0.370, 0.250, 0.140),
    "lush_grass":     (0.026, 0.034, 0.078, 0.042, 0.115, 0.400, 0.430, 0.230, 0.110),
    "straw":          (0.080, 0.110, 0.160, 0.205, 0.230, 0.290, 0.320, 0.380, 0.280),
    "scrub":          (0.030, 0.040, 0.066, 0.058, 0.105, 0.260, 0.285, 0.200, 0.120),
    "broadleaf":      (0.024, 0.032, 0.066, 0.045, 0.105, 0.350, 0.390, 0.200, 0.095),
    "conifer":        (0.022, 0.028, 0.048, 0.036, 0.070, 0.230, 0.260, 0.120, 0.055),
    "palm":           (0.026, 0.034, 0.064, 0.048, 0.100, 0.300, 0.330, 0.190, 0.100),
    "spring_leaf":    (0.028, 0.038, 0.090, 0.056, 0.140, 0.390, 0.420, 0.220, 0.110),
    "yellow_leaf":    (0.036, 0.050, 0.125, 0.135, 0.195, 0.320, 0.345, 0.260, 0.150),
    "autumn_leaf":    (0.030, 0.042, 0.085, 0.120, 0.170, 0.300, 0.330, 0.280, 0.170),
    "bare_twigs":     (0.050, 0.060, 0.086, 0.108, 0.124, 0.175, 0.195, 0.230, 0.170),
    "litter":         (0.050, 0.058, 0.074, 0.096, 0.115, 0.170, 0.195, 0.230, 0.170),
    "crop":           (0.030, 0.040, 0.078, 0.050, 0.128, 0.410, 0.440, 0.230, 0.115),
    "young_crop":     (0.045, 0.058, 0.098, 0.090, 0.150, 0.330, 0.360, 0.280, 0.180),
    "soil":           (0.065, 0.083, 0.118, 0.160, 0.178, 0.212, 0.232, 0.320, 0.290),
    "dark_soil":      (0.045, 0.054, 0.072, 0.096, 0.108, 0.130, 0.144, 0.210, 0.190),
    "pale_soil":      (0.130, 0.165, 0.222, 0.275, 0.295, 0.330, 0.350, 0.430, 0.390),
    "red_soil":       (0.050, 0.065, 0.110, 0.205, 0.230, 0.265, 0.280, 0.370, 0.320),
    "sand":           (0.180, 0.225, 0.295, 0.350, 0.370, 0.400, 0.420, 0.500, 0.470),
    "rock":           (0.110, 0.125, 0.150, 0.172, 0.180, 0.192, 0.200, 0.240, 0.230),
    "gravel":         (0.150, 0.168, 0.193, 0.212, 0.220, 0.230, 0.236, 0.265, 0.250),
    "fresh_asphalt":  (0.056, 0.060, 0.066, 0.071, 0.073, 0.077, 0.080, 0.100, 0.100),
    "asphalt":        (0.094, 0.101, 0.113, 0.122, 0.126, 0.132, 0.137, 0.170, 0.170),
    "worn_asphalt":   (0.130, 0.141, 0.158, 0.172, 0.177, 0.186, 0.192, 0.230, 0.225),
    "concrete":       (0.195, 0.220, 0.254, 0.278, 0.286, 0.297, 0.304, 0.330, 0.300),
    "paving":         (0.140, 0.158, 0.186, 0.213, 0.221, 0.234, 0.241, 0.275, 0.255),
    "paint":          (0.430, 0.470, 0.500, 0.510, 0.510, 0.510, 0.510, 0.450, 0.400),
    "yellow_paint":   (0.090, 0.130, 0.330, 0.440, 0.450, 0.460, 0.460, 0.420, 0.370),
    "clear_water":    (0.040, 0.044, 0.040, 0.022, 0.014, 0.006, 0.004, 0.002, 0.001),
    "green_water":    (0.038, 0.047, 0.068, 0.042, 0.032, 0.014, 0.010, 0.003, 0.002),
    "silty_water":    (0.060, 0.078, 0.115, 0.112, 0.098, 0.056, 0.045, 0.006, 0.003),
    "sea_water":      (0.055, 0.054, 0.042, 0.017, 0.010, 0.005, 0.003, 0.001, 0.001),
    "foam":           (0.420, 0.430, 0.430, 0.420, 0.410, 0.380, 0.360, 0.100, 0.050),
    "pool_water":     (0.240, 0.300, 0.310, 0.130, 0.070, 0.030, 0.020, 0.004, 0.002),
    "reed":           (0.042, 0.054, 0.082, 0.085, 0.120, 0.230, 0.255, 0.190, 0.110),
    "red_tile":       (0.068, 0.078, 0.108, 0.205, 0.235, 0.275, 0.290, 0.340, 0.310),
    "orange_tile":    (0.075, 0.090, 0.140, 0.270, 0.300, 0.340, 0.350, 0.390, 0.350),
    "brown_tile":     (0.058, 0.065, 0.082, 0.118, 0.132, 0.156, 0.166, 0.220, 0.210),
    "slate":          (0.074, 0.079, 0.086, 0.090, 0.092, 0.097, 0.100, 0.120, 0.120),
    "grey_shingle":   (0.118, 0.126, 0.138, 0.147, 0.151, 0.160, 0.165, 0.195, 0.195),
    "metal":          (0.290, 0.310, 0.330, 0.340, 0.340, 0.345, 0.350, 0.400, 0.380),
    "old_metal":      (0.150, 0.164, 0.182, 0.196, 0.200, 0.210, 0.216, 0.260, 0.250),
    "blue_metal":     (0.200, 0.210, 0.140, 0.085, 0.088, 0.130, 0.160, 0.240, 0.210),
    "green_metal":    (0.070, 0.090, 0.125, 0.090, 0.095, 0.160, 0.190, 0.240, 0.210),
    "rust":           (0.050, 0.058, 0.082, 0.150, 0.180, 0.225, 0.240, 0.320, 0.290),
    "bitumen":        (0.052, 0.055, 0.060, 0.064, 0.066, 0.070, 0.072, 0.090, 0.090),
    "membrane":       (0.420, 0.460, 0.490, 0.505, 0.510, 0.515, 0.515, 0.430, 0.360),
    "thatch":         (0.070, 0.084, 0.112, 0.142, 0.156, 0.185, 0.200, 0.270, 0.220),
    "glass":          (0.170, 0.185, 0.200, 0.200, 0.205, 0.240, 0.250, 0.200, 0.150),
    "solar_panel":    (0.050, 0.050, 0.042, 0.038, 0.038, 0.040, 0.042, 0.060, 0.060),
    "clay_court":     (0.070, 0.090, 0.130, 0.240, 0.265, 0.290, 0.300, 0.360, 0.330),
    "green_court":    (0.050, 0.066, 0.100, 0.068, 0.075, 0.120, 0.140, 0.200, 0.180),
    "rubbish":        (0.130, 0.145, 0.160, 0.180, 0.186, 0.200, 0.210, 0.260, 0.240),
    "snow":           (0.860, 0.880, 0.880, 0.860, 0.850, 0.820, 0.800, 0.120, 0.100),
}
# fmt: on
# Band names as sources write them -> middle in nanometres.
BANDS_NM: dict[str, float] = {
    "coastal": 443.0,
    "blue": 490.0,
    "green": 560.0,
    "yellow": 605.0,
    "red": 665.0,
    "rededge": 705.0,
    "rededge1": 705.0,
    "rededge2": 740.0,
    "rededge3": 783.0,
    "nir": 842.0,
    "nir1": 842.0,
    "nir2": 865.0,
    "nir08": 865.0,
    "swir1": 1610.0,
    "swir16": 1610.0,
    "swir2": 2190.0,
    "swir22": 2190.0,
}
# A band of unknown name is taken for a panchromatic one: the mean of blue, green and red.
PAN_NM = (490.0, 560.0, 665.0)


def wavelengths_of(band: str) -> tuple[float, ...]:
    """Return the wavelengths whose mean a band is, by its name without case, spaces, `_` and `-`."""
    name = band.lower().replace("_", "").replace("-", "").replace(" ", "")
    return (BANDS_NM[name],) if name in BANDS_NM else PAN_NM


def spectrum(material: str, bands: Sequence[str]) -> NDArray[np.float32]:
    """Return (C,) float32 reflectance of a material in the named bands, 0-1."""
    table = MATERIALS[material]
    return np.array(
        [np.mean(np.interp(wavelengths_of(band), WAVELENGTHS_NM, table)) for band in bands], np.float32
    )


def spectra(materials: Sequence[str], bands: Sequence[str]) -> NDArray[np.float32]:
    """Return (C, M) float32 reflectance of materials, in their order."""
    return np.stack([spectrum(material, bands) for material in materials], axis=1)
