"""Prompts and control maps: published colours and words, without their faults."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from diachron.core import hub
from diachron.generators.hub.prompts import PROFILES, control_map, prompt_of


def ground(*shares: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a map of 10 x 10 pixels with so many of each hub id."""
    return (
        np.repeat([number for number, _ in shares], [count for _, count in shares])
        .reshape(10, 10)
        .astype(np.uint8)
    )


def told(profile: str, labels: NDArray[np.uint8], opening: int = 0, text: str = "") -> str:
    return prompt_of(profile, labels, np.ones((10, 10), bool), opening=opening, text=text)


def test_what_a_hole_holds_more_of_than_usual_is_named_in_the_published_order() -> None:
    labels = ground((hub.TREE, 50), (hub.BUILDING, 20), (hub.GRASS, 10), (hub.ROAD, 20))
    assert told("hyscdg", labels, text="in Metz, June") == (
        "aerial view of building and road and deciduous trees in Metz, June, high resolution, highly detailed"
    )


def test_only_the_hole_counts() -> None:
    labels = ground((hub.TREE, 50), (hub.BUILDING, 50))
    upper = np.zeros((10, 10), bool)
    upper[:5] = True
    assert "building" not in prompt_of("hyscdg", labels, upper, opening=0, text="")


def test_a_pixel_of_a_pool_names_no_pool() -> None:
    few, many = ground((hub.GRASS, 99), (hub.POOL, 1)), ground((hub.GRASS, 90), (hub.POOL, 10))
    assert "swimming pool" not in told("hyscdg", few)
    assert "swimming pool" in told("hyscdg", many)


def test_every_opening_is_used_and_nothing_is_doubled() -> None:
    labels = ground((hub.WATER, 100))
    found = {told("hyscdg", labels, opening) for opening in range(len(PROFILES["hyscdg"].openings))}
    assert {text.partition(" of ")[0] for text in found} == {"aerial view", "top view", "satellite view"}
    assert not any("  " in text for text in found)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_hole_of_anything_has_a_prompt(profile: str) -> None:
    for hub_id in hub.NAMES:
        text = told(profile, ground((hub_id, 100)))
        assert text.startswith(PROFILES[profile].openings[0])
        assert text.endswith(PROFILES[profile].ending)
    mixed = ground(
        *((hub_id, 4) for hub_id in hub.SURFACES), *((hub_id, 10) for hub_id in hub.OBJECTS), (0, 4)
    )
    assert told(profile, mixed)


@pytest.mark.parametrize(
    ("hub_id", "colour"),
    # Of FLAIR's published table: classes 1, 3, 7, 10, 13, 18 and 19.
    [
        (hub.BUILDING, "db0e9a"),
        (hub.ROAD, "f80c00"),
        (hub.TREE, "46e483"),
        (hub.GRASS, "55ff00"),
        (hub.POOL, "3de6eb"),
        (hub.GREENHOUSE, "9999ff"),
        (hub.IGNORE, "000000"),
    ],
)
def test_the_control_map_has_the_colours_of_flair(hub_id: int, colour: str) -> None:
    found = control_map("hyscdg", np.full((4, 4), hub_id, np.uint8))
    assert found.shape == (3, 4, 4)
    assert found.dtype == np.float32
    wanted = np.frombuffer(bytes.fromhex(colour), np.uint8) / 255
    np.testing.assert_allclose(found[:, 0, 0], wanted, atol=1e-6)
