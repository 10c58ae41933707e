"""A network paints over a sketch of the procedural picture, and gives it the texture that it has learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diachron.core.distributions import draw_quantity
from diachron.core.sample import Painted, RenderRequest, Snapshot
from diachron.core.streams import noise_seed
from diachron.generators import inpainting, procedural
from diachron.generators.weights import SEMANTIC

if TYPE_CHECKING:
    from diachron.generators.inpainting.painter import Manner
    from diachron.generators.semantic.painter import SemanticPainter

REGISTERED = True
NEEDS_DONORS = False


@dataclass(frozen=True)
class Parameters(inpainting.NetworkParameters):
    """Whose hand, and how far it may leave the sketch.

    Args:
        weights: name of weights that come with Diachron, or folder that `diachron train semantic` has
            written, relative to where the command runs. What decides the samples is the hash of the weights,
            not where they lie.
        strength: share of noise that the sketch is buried in, 0.05 to 1, drawn once a sample, and once a
            place for worlds: the noise is what texture is made of. Weights know the range of their training.
        steps, solver, guidance, precision: as of `inpainting`.
    """

    weights: str = SEMANTIC
    strength: Any = 0.5


def weights_hash(parameters: Parameters) -> str:
    """Return the SHA-256 of the network's weights and of what it reads.

    Raises:
        PackageError: there are none, or they cannot be read; the text says how to get some.
        RecipeError: they were not trained with such a strength.
    """
    from diachron.generators.semantic.painter import load_painter

    painter, digest = load_painter(parameters.weights)
    painter.check_strength(parameters.strength)
    return digest


def draw(
    rng: np.random.Generator, request: RenderRequest, parameters: Parameters | None = None
) -> dict[str, object]:
    """Return the random part of a painting: the noise by its seed, and the strength.

    A made-up place that has been gone over keeps noise and strength, so that ground which is painted anew
    has the texture that it had.

    Args:
        rng: everything is drawn from it.
        request: of which the place is looked at.
        parameters: of the recipe; None for the defaults.

    Raises:
        PackageError: as `weights_hash`.
        RecipeError: the weights were not trained with such a strength.
    """
    drawn = draw_look(rng, parameters or Parameters())
    place = request.scene.model
    if place is not None and place.look is not None:
        drawn |= {key: place.look[key] for key in ("noise_seed", "strength")}
    return drawn


def paint(request: RenderRequest, params: Mapping[str, object]) -> Painted:
    """Return the scene's picture in the target state.

    `procedural` makes a proposal, and the network paints over the sketch of it where that has touched the
    picture, and nowhere else: `edit` and `effects` are those of the proposal. Bands beyond red, green and
    blue stay as proposed. In a photograph each new object is painted by itself and the ground last, as in
    `inpainting`; in a made-up place that has been gone over, everything as there: `whole.paint_parts`.

    Args:
        request: scene, target state and log.
        params: from `draw`.

    Raises:
        PackageError: the weights are gone, or are not those of the record.
    """
    proposal = procedural.paint(request, params)
    if not proposal.edit.any():
        return proposal
    from diachron.generators.inpainting.layers import repaint
    from diachron.generators.models.hub_map import hub_map
    from diachron.generators.models.pixels import colour_bands, from_network, put_colours
    from diachron.generators.semantic.sketch import regions_of, steps_of
    from diachron.generators.semantic.whole import Brush, Content, paint_parts, sketched

    painter, manner, seed = _hand(params)
    scene, target = request.scene, request.target
    shown = hub_map(target.surface, target.instances, target.objects)
    if scene.model is not None and scene.model.look is not None:
        content = Content(shown, target.instances, scene.bands, scene.full_scale, scene.grid.gsd_m)
        image = paint_parts(proposal.image, proposal.edit, content, Brush(painter, manner, seed))
        return Painted(image, proposal.edit, proposal.effects)
    regions = regions_of(shown, target.instances, scene.void)
    image, detail_px = proposal.image.copy(), painter.reading.detail_px
    for box, touched in _pieces(proposal.edit, steps_of(detail_px)):
        part = proposal.image[:, box[0], box[1]]
        sketch = sketched(part, scene.full_scale, scene.bands, regions[box], detail_px)
        put_colours(image, box, touched, from_network(sketch, scene.full_scale), colour_bands(scene.bands))
    over = Painted(image, proposal.edit, proposal.effects)
    return Painted(repaint(request, over, painter, manner, seed=seed), proposal.edit, proposal.effects)


def dressed(
    image: NDArray[np.generic],
    state: Snapshot,
    look: Mapping[str, object],
    *,
    full_scale: float,
    bands: Sequence[str],
    gsd_m: float,
) -> NDArray[np.generic]:
    """Return the first date of a made-up place with the look that the network has learned.

    Args:
        image: (C, H, W) procedural picture.
        state: what it shows.
        look: from `draw_look`.
        full_scale: brightest value of the picture's scale.
        bands: C names.
        gsd_m: metres a pixel.

    Raises:
        PackageError: as `paint`.
    """
    from diachron.generators.models.hub_map import hub_map
    from diachron.generators.semantic.whole import Brush, Content, paint_over

    labels = hub_map(state.surface, state.instances, state.objects)
    content = Content(labels, state.instances, tuple(bands), full_scale, gsd_m)
    return paint_over(image, content, Brush(*_hand(look)))


def _pieces(
    edit: NDArray[np.bool_], reach_px: int
) -> Iterator[tuple[tuple[slice, slice], NDArray[np.bool_]]]:
    """Yield windows around the parts of an edit with all that their sketch hangs on, and the parts in them.

    Args:
        edit: (H, W).
        reach_px: how far a sketch looks.
    """
    numbers, _ = ndimage.label(edit, np.ones((3, 3), bool))
    for number, (rows, cols) in enumerate(ndimage.find_objects(numbers), start=1):
        box = (
            slice(max(rows.start - reach_px, 0), rows.stop + reach_px),
            slice(max(cols.start - reach_px, 0), cols.stop + reach_px),
        )
        yield box, numbers[box] == number


def draw_look(rng: np.random.Generator, how: Parameters) -> dict[str, object]:
    """Return how a picture is gone over.

    Args:
        rng: noise, by its seed, and strength are drawn from it.
        how: parameters of the recipe.

    Raises:
        PackageError: as `weights_hash`.
        RecipeError: as `draw`.
    """
    return {
        "noise_seed": noise_seed(rng),
        "strength": min(1.0, max(0.05, draw_quantity(rng, how.strength))),
        "steps": how.steps,
        "solver": how.solver,
        "guidance": how.guidance,
        "precision": how.precision,
        "weights": how.weights,
        "sha256": weights_hash(how),
    }


def _hand(params: Mapping[str, object]) -> tuple[SemanticPainter, Manner, int]:
    """Return who paints, how, and the seed of the noise, of a record."""
    from diachron.generators.inpainting.painter import Manner
    from diachron.generators.models.weights_folder import check_recorded
    from diachron.generators.semantic.painter import load_painter

    given: Any = params
    painter, digest = load_painter(given["weights"])
    check_recorded(given["weights"], digest, given["sha256"])
    manner = Manner(given["strength"], given["steps"], given["solver"], given["guidance"], given["precision"])
    return painter, manner, given["noise_seed"]
