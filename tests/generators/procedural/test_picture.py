"""Pictures of a procedural place: the same twice, the same in every window, alike at every gsd."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diachron.core.errors import RenderError
from diachron.core.light import shadow_direction
from diachron.generators.procedural import picture_of
from diachron.generators.procedural.frame import Frame
from diachron.generators.procedural.light import Sunlight, facing_sun, shaded
from diachron.generators.procedural.noise import bell, field, uniform
from diachron.generators.procedural.spectra import BANDS_NM, MATERIALS, spectrum
from tests.generators.procedural.place import pictured, place


def test_the_same_place_is_the_same_picture():
    model, state = place(side_m=32.0)
    again, same = place(side_m=32.0)
    assert pictured(model, state).tobytes() == pictured(again, same).tobytes()


def test_neighbouring_windows_agree_where_they_overlap():
    whole = pictured(*place(side_m=96.0))
    part = pictured(*place(side_m=64.0, corner_m=(-32.0, -24.0)))
    cut = whole[:, 48 : 48 + 128, 32 : 32 + 128]
    # What stands beyond a window casts no shadow into it, and its walls are cut: 16 m are left out.
    inner = np.s_[:, 32:-32, 32:-32]
    off = np.abs(part[inner].astype(int) - cut[inner])
    assert (off > 0).mean() < 0.001
    assert off.max() <= 1


@pytest.mark.parametrize("band", range(4))
def test_the_mean_colour_is_the_same_at_every_gsd(band):
    fine, coarse = (pictured(*place(gsd_m=gsd), dtype="float32", full_scale=1.0)[band] for gsd in (0.5, 1.0))
    pooled = fine.reshape(96, 2, 96, 2).mean(axis=(1, 3))
    assert coarse.mean() == pytest.approx(pooled.mean(), rel=0.03)
    assert np.corrcoef(coarse.ravel(), pooled.ravel())[0, 1] > 0.93


def test_a_sun_on_the_other_side_moves_the_shade():
    model, state = place(trees=False)
    morning, evening = (
        pictured(model, state, sun=(azimuth, 40.0))[:3].mean(axis=0) for azimuth in (90.0, 270.0)
    )
    house = state.instances == 3
    west, east = (np.roll(house, shift, 1) & (state.instances == 0) for shift in (-8, 8))
    assert morning[west].mean() < 0.7 * evening[west].mean()
    assert evening[east].mean() < 0.7 * morning[east].mean()


def test_shadows_keep_some_light_and_are_bluer():
    model, state = place(trees=False)
    dark, lit = (
        pictured(model, state, sun=(azimuth, 40.0), dtype="float32", full_scale=1.0)
        for azimuth in (180.0, 0.0)
    )
    shade = np.roll(state.instances == 3, -8, 0) & (state.instances == 0)
    red, green, blue, nir = dark[:, shade].mean(axis=1) / lit[:, shade].mean(axis=1)
    assert 0.1 < nir < red < green < blue < 0.45


@given(
    azimuth=st.integers(0, 359).map(float),
    elevation=st.integers(25, 70).map(float),
    top=st.integers(-500, 500),
    left=st.integers(-500, 500),
)
@settings(max_examples=25)
def test_a_block_casts_the_shadow_of_the_formula(azimuth, elevation, top, left):
    frame = Frame(0.5, top, left, (140, 140))
    height = np.zeros(frame.shape, np.float32)
    height[60:80, 60:80] = 8.0
    hidden = shaded(height, frame, Sunlight(azimuth, elevation)) > 0.5
    hidden[60:80, 60:80] = False
    rows, cols = np.nonzero(hidden)
    down, right = shadow_direction(azimuth)
    reach = ((rows - 69.5) * down + (cols - 69.5) * right).max() - 10 * (abs(down) + abs(right))
    # Pixels of half a metre; the tip of a corner's shadow is thinner than one.
    assert reach * 0.5 == pytest.approx(8.0 / np.tan(np.radians(elevation)), abs=1.4)
    # Nothing on the side of the sun.
    assert ((rows - 69.5) * down + (cols - 69.5) * right).min() > -10 * (abs(down) + abs(right)) - 1.5


def test_slopes_that_face_the_sun_are_lighter():
    frame = Frame(0.5, 0, 0, (20, 20))
    rising_south = np.broadcast_to(np.arange(20, dtype=np.float32)[:, None] * 0.25, (20, 20))
    # The sun in the north sees the slope that rises southwards.
    lit, dark = (
        facing_sun(np.ascontiguousarray(rising_south), frame, Sunlight(a, 45.0)) for a in (0.0, 180.0)
    )
    assert lit[10, 10] > 1.2
    assert dark[10, 10] < 0.6


@given(
    seed=st.integers(0, 2**62), top=st.integers(-(10**6), 10**6), wavelength=st.sampled_from((0.9, 5.9, 41.0))
)
@settings(max_examples=20)
def test_fields_agree_between_windows(seed, top, wavelength):
    whole = field(Frame(0.25, top, 7, (40, 50)), wavelength, seed)
    part = field(Frame(0.25, top + 9, 20, (20, 20)), wavelength, seed)
    np.testing.assert_array_equal(whole[9:29, 13:33], part)


def test_chance_numbers_are_spread_as_they_say():
    # 10^5 numbers: means stray by five standard errors once in two million runs, and the seed is fixed.
    numbers = np.arange(100_000)
    flat, round_ = uniform(5, numbers), bell(5, numbers)
    assert abs(flat.mean() - 0.5) < 5 * 0.2887 / 100_000**0.5
    assert abs(round_.std() - 1.0) < 0.02
    assert 0 <= flat.min() < flat.max() < 1


def test_materials_reflect_between_nothing_and_all_in_every_band():
    for material in MATERIALS:
        values = spectrum(material, (*BANDS_NM, "band1"))
        assert ((values > 0) & (values < 1)).all()
    green = spectrum("grass", ("red", "green", "nir"))
    assert green[2] > 3 * green[1] > 3 * green[0]


def test_a_place_at_night_is_refused():
    model, state = place(side_m=16.0)
    with pytest.raises(RenderError, match=r"elevation -3\.0"):
        picture_of(
            model, state, sun_azimuth_deg=150.0, sun_elevation_deg=-3.0, bands=("red",), dtype="uint8",
            full_scale=255.0,
        )  # fmt: skip
