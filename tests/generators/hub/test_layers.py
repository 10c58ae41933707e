"""What a brush paints comes into the hole and nowhere else, in the light of what is around it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import stream
from diachron.generators import copy_paste
from diachron.generators.hub.layers import Hole, level, repaint
from tests.worlds import Case, World


@dataclass
class Darkener:
    """A brush whose every picture is half as bright; it remembers what it was asked."""

    multiple: int = 16
    asked: list[Hole] = field(default_factory=list)

    def paint(self, hole: Hole) -> NDArray[np.float32]:
        self.asked.append(hole)
        return np.where(hole.hole, hole.proposal, hole.picture) * np.float32(0.5)


def request(**world: object) -> RenderRequest:
    play = Case(World(rows=90, cols=90, seed=2, **world), 5).play(4.0)  # type: ignore[arg-type]
    return RenderRequest(play.scene, play.states[-1], play.log, {play.scene.source: play.scene})


def proposed(asked: RenderRequest) -> Painted:
    return copy_paste.paint(asked, copy_paste.draw(stream(0, 0, "render"), asked))


def test_only_the_edit_is_written_and_all_of_it() -> None:
    asked = request()
    proposal = proposed(asked)
    found = repaint(asked, proposal, Darkener(), seed=3, window_px=64)
    kept = ~proposal.edit
    assert found[:, kept].tobytes() == asked.scene.image[:, kept].tobytes()
    assert (found != proposal.image).any(axis=0)[proposal.edit].mean() > 0.9


def test_the_light_around_a_hole_is_kept() -> None:
    rng = stream(0, 0, "light")
    picture = (0.3 + 0.2 * rng.random((3, 32, 32))).astype(np.float32)
    inside = np.zeros((32, 32), bool)
    inside[8:20, 8:20] = True
    hole = Hole(picture, picture, inside, np.ones((32, 32), np.uint8), 0.5, 0)
    known = np.ones((32, 32), bool)
    # An autoencoder that is a tenth darker, and bluer: nothing of it is left.
    off = np.float32([-0.1, -0.1, 0.05])[:, None, None]
    np.testing.assert_allclose(level(picture + off, hole, known), picture, atol=1e-6)
    # Where nothing is known around it, nothing is done.
    np.testing.assert_allclose(level(picture + off, hole, inside), picture + off, atol=1e-6)
    # Ground without data does not count.
    known[:, 24:] = False
    painted = picture + off
    painted[:, :, 24:] = 0.0
    np.testing.assert_allclose(level(painted, hole, known)[:, :, :24], picture[:, :, :24], atol=1e-6)


def test_a_brush_sees_colours_from_0_to_1_and_the_labels_that_are_asked_for() -> None:
    for dtype in ("uint8", "uint16", "float32"):
        brush = Darkener()
        asked = request(dtype=dtype)
        repaint(asked, proposed(asked), brush, seed=3, window_px=64)
        assert len(brush.asked) > 2
        for hole in brush.asked:
            assert hole.picture.shape == hole.proposal.shape == (3, *hole.hole.shape)
            assert hole.hole.shape == hole.labels.shape >= (64, 64)
            assert 0 <= hole.picture.min() < hole.picture.max() <= 1
            assert hole.gsd_m == asked.scene.grid.gsd_m
            assert 0 <= hole.seed < 2**63


def test_an_object_is_painted_from_the_same_noise_whatever_else_changes() -> None:
    asked = request()
    new = sorted(asked.target.objects.keys() - asked.scene.objects.keys())
    assert len(new) > 1
    gone = new[-1]
    target = dataclasses.replace(
        asked.target,
        objects={number: entry for number, entry in asked.target.objects.items() if number != gone},
        instances=np.where(asked.target.instances == gone, 0, asked.target.instances).astype(np.int32),
    )
    proposal = proposed(asked)
    all_of_them, one_less = Darkener(), Darkener()
    repaint(asked, proposal, all_of_them, seed=3, window_px=64)
    repaint(dataclasses.replace(asked, target=target), proposal, one_less, seed=3, window_px=64)
    first, again = all_of_them.asked[0], one_less.asked[0]
    assert first.seed == again.seed
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.picture, again.picture)
    other = Darkener()
    repaint(asked, proposal, other, seed=4, window_px=64)
    assert other.asked[0].seed != first.seed
