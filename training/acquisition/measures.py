"""How two dates of unchanged ground differ, in numbers by which real and made pairs can be compared.

| name | what |
|---|---|
| `shift_down_px`, `shift_right_px` | by which the later date lies off, median over blocks |
| `field_px` | root mean square of what blocks shift beyond that |
| `offset_K` | mean of band K, later minus earlier, share of full scale |
| `gain_K` | natural logarithm of the ratio of the standard deviations of band K |
| `coherence_S` | correlation of luminance between the dates at a size of S pixels, 1 to 32 |
| `sharpness` | natural logarithm of finest (1 px) over coarser (4 px) detail, later date less the earlier |
| `dark`, `green` | what dark and green pixels gain beyond the curve of each band, share of full scale |
| `chroma` | spread of what is left of colour after these curves, share of full scale |

All but the shifts are taken after the later date is moved back by the shift, and on usable pixels only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.errors import GridError
from diachron.simulators.acquisition.fields import luminance

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Sizes of `coherence_S`, each the band between Gaussians of half of it and of it.
SIZES = (1, 2, 4, 8, 16, 32)
# Blocks that are registered by themselves, and how much of their gradients has to agree: below, the peak
# is as high for blocks of two places.
BLOCK, STEP, FARTHEST = 64, 48, 8
CLEAR_PEAK = 0.35
FEWEST_BLOCKS = 4
# A curve is read off at so many quantiles.
QUANTILES = 65
SOFT_PX = 1.5
DARK_SHARE = 0.12
# Excess green (2 g - r - b; Woebbecke et al. 1995) above which a pixel counts as green, share of full scale.
GREEN = 0.06
FEWEST_PIXELS = 200


def measure_difference(earlier: Picture, later: Picture, usable: Mask) -> dict[str, float]:
    """Return the numbers above; one that cannot be told (no clear block, no green pixel) is left out.

    Args:
        earlier, later: (C, H, W) float32 from 0 to 1, red, green, blue first.
        usable: (H, W) pixels of unchanged ground.

    Raises:
        GridError: the dates or the mask differ in size, or fewer than 200 pixels are usable.
    """
    if earlier.shape != later.shape or earlier.shape[1:] != usable.shape:
        raise GridError(
            f"dates of {earlier.shape} and {later.shape}, mask of {usable.shape}: expected one size"
        )
    if np.count_nonzero(usable) < FEWEST_PIXELS:
        raise GridError(f"{np.count_nonzero(usable)} usable pixels: expected {FEWEST_PIXELS} or more")
    found: dict[str, float] = {}
    blocks = block_shifts(luminance(earlier), luminance(later), usable)
    if len(blocks) >= FEWEST_BLOCKS:
        shift = np.median(blocks, axis=0)
        found["shift_down_px"], found["shift_right_px"] = (float(part) for part in shift)
        found["field_px"] = float(np.sqrt(((blocks - shift) ** 2).sum(axis=1).mean()))
        later = np.stack([ndimage.shift(band, -shift, order=3, mode="nearest") for band in later])
    found |= _tones(earlier, later, usable)
    found |= _coherences(luminance(earlier), luminance(later), usable)
    found |= _residuals(earlier, later, usable)
    return found


def measure_pairs(
    pairs: Sequence[tuple[Picture, Picture, Mask]],
) -> dict[str, NDArray[np.float64]]:
    """Return name -> value of every pair; NaN where it cannot be told."""
    rows = [measure_difference(*pair) for pair in pairs]
    names = sorted({name for row in rows for name in row})
    return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}


def summary(measured: Mapping[str, NDArray[np.float64]]) -> dict[str, dict[str, float]]:
    """Return name -> median, spread (half of the range from the 16th to the 84th hundredth) over pairs."""
    figures = {}
    for name, values in sorted(measured.items()):
        low, middle, high = np.nanquantile(values, (0.16, 0.5, 0.84))
        figures[name] = {"median": round(float(middle), 4), "spread": round(float(high - low) / 2, 4)}
    return figures


def block_shifts(earlier: Picture, later: Picture, usable: Mask) -> NDArray[np.float64]:
    """Return (n, 2) shifts, down and right, of the blocks whose gradients clearly agree at one place.

    Cross-correlation of gradient magnitudes under a Hann window, its peak to a part of a pixel by a parabola.
    Peaks 8 px away or more are not looked for.
    """
    one, other = (ndimage.gaussian_gradient_magnitude(date, 1.0) for date in (earlier, later))
    window = np.outer(np.hanning(BLOCK), np.hanning(BLOCK)).astype(np.float32)
    found = []
    rows, cols = earlier.shape
    for top in range(0, rows - BLOCK + 1, STEP):
        for left in range(0, cols - BLOCK + 1, STEP):
            at = np.s_[top : top + BLOCK, left : left + BLOCK]
            if usable[at].mean() < 0.8:
                continue
            first, second = ((date[at] - date[at].mean()) * window for date in (one, other))
            power = np.sqrt((first**2).sum() * (second**2).sum())
            if power <= 0:
                continue
            # The peak lies at the shift that brings the later block onto the earlier one.
            both = np.fft.fft2(first) * np.conj(np.fft.fft2(second))
            peak = _peak(np.fft.fftshift(np.fft.ifft2(both).real) / power)
            if peak is not None:
                found.append((-peak[0], -peak[1]))
    return np.array(found, np.float64).reshape(-1, 2)


def _peak(correlation: NDArray[np.floating]) -> tuple[float, float] | None:
    """Return where the highest value near the middle lies, off the middle; None where none is clear."""
    middle = BLOCK // 2
    near = correlation[middle - FARTHEST : middle + FARTHEST + 1, middle - FARTHEST : middle + FARTHEST + 1]
    row, col = (int(part) for part in np.unravel_index(int(near.argmax()), near.shape))
    last = 2 * FARTHEST
    if near[row, col] < CLEAR_PEAK or row in (0, last) or col in (0, last):
        return None
    return (
        row - FARTHEST + _vertex(near[row - 1 : row + 2, col]),
        col - FARTHEST + _vertex(near[row, col - 1 : col + 2]),
    )


def _vertex(three: NDArray[np.floating]) -> float:
    """Return where the parabola through three values is highest, from -0.5 to 0.5."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.0 if bend == 0 else float(0.5 * (three[0] - three[2]) / bend)


def _tones(earlier: Picture, later: Picture, usable: Mask) -> dict[str, float]:
    found = {}
    for number, (one, other) in enumerate(zip(earlier[:3], later[:3], strict=True)):
        found[f"offset_{number}"] = float(other[usable].mean() - one[usable].mean())
        spread, spread_after = float(one[usable].std()), float(other[usable].std())
        if min(spread, spread_after) > 0:
            found[f"gain_{number}"] = float(np.log(spread_after / spread))
    return found


def _coherences(earlier: Picture, later: Picture, usable: Mask) -> dict[str, float]:
    found, detail = {}, []
    for size, one, other in zip(SIZES, _bands(earlier), _bands(later), strict=True):
        first, second = one[usable], other[usable]
        spreads = float(first.std()), float(second.std())
        detail.append(spreads)
        if min(spreads) > 0:
            found[f"coherence_{size}"] = float(np.corrcoef(first, second)[0, 1])
    (fine, fine_after), (coarse, coarse_after) = detail[0], detail[SIZES.index(4)]
    if min(fine, fine_after, coarse, coarse_after) > 0:
        found["sharpness"] = float(np.log(fine_after / coarse_after) - np.log(fine / coarse))
    return found


def _bands(grey: Picture) -> list[Picture]:
    blurred = [grey, *(ndimage.gaussian_filter(grey, float(size)) for size in SIZES)]
    return [fine - coarse for fine, coarse in pairwise(blurred)]


def _residuals(earlier: Picture, later: Picture, usable: Mask) -> dict[str, float]:
    """What one curve a band cannot explain. Pictures are softened first: shifts are measured elsewhere."""
    soft, soft_after = (
        np.stack([ndimage.gaussian_filter(band, SOFT_PX) for band in date[:3]]) for date in (earlier, later)
    )
    at = np.linspace(0.0, 1.0, QUANTILES)
    left = np.empty_like(soft)
    for band, (one, other) in enumerate(zip(soft, soft_after, strict=True)):
        levels = np.quantile(one[usable], at)
        # Levels have to rise for the curve to be read; where many pixels share one they do not.
        levels = np.maximum.accumulate(levels + np.arange(QUANTILES) * 1e-7)
        left[band] = other - np.interp(one, levels, np.quantile(other[usable], at))
    found = {}
    grey = luminance(soft)
    masks = {
        "dark": usable & (grey < np.quantile(grey[usable], DARK_SHARE)),
        "green": usable & (2 * soft[1] - soft[0] - soft[2] > GREEN) if len(soft) == 3 else None,
    }
    for name, mask in masks.items():
        if mask is not None and np.count_nonzero(mask) >= FEWEST_PIXELS:
            found[name] = float(left[:, mask].mean())
    colour = left - left.mean(axis=0)
    found["chroma"] = float(np.sqrt((colour[:, usable] ** 2).mean()))
    return found
