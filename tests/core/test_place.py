"""What a procedural place is made of: rasters of one shape, in a season that there is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from diachron.core.errors import GridError, UnknownNameError
from diachron.core.place import SEASONS
from tests.generators.procedural.place import place


def test_a_place_has_a_season_that_there_is() -> None:
    model, _ = place(side_m=8.0)
    assert model.season == "summer"
    for season in SEASONS:
        assert dataclasses.replace(model, season=season).season == season
    with pytest.raises(UnknownNameError, match="'autum'; did you mean 'autumn'"):
        dataclasses.replace(model, season="autum")


def test_rasters_of_another_shape_are_refused() -> None:
    model, _ = place(side_m=8.0)
    with pytest.raises(GridError, match="patch"):
        dataclasses.replace(model, patch=np.zeros((3, 3), np.int32))
