"""Real pixels only: ground is grown from the same ground, buildings are moved whole with their shadow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from diachron.core.hub import NETWORKS
from diachron.core.sample import Painted, RenderRequest
from diachron.core.streams import noise_seed
from diachron.generators.copy_paste.canvas import Canvas
from diachron.generators.copy_paste.clearing import clear_plot, remove_object, undo_site
from diachron.generators.copy_paste.edits import plan_edits
from diachron.generators.copy_paste.fields import paint_field
from diachron.generators.copy_paste.paste import paste_object
from diachron.generators.copy_paste.roads import paint_road
from diachron.generators.copy_paste.rubble import clear_block
from diachron.generators.copy_paste.sites import paint_site
from diachron.generators.copy_paste.surfaces import paint_surface
from diachron.generators.copy_paste.wings import paint_part

REGISTERED = True
NEEDS_DONORS = True

# A pasted roof is lighter or darker than its donor by up to this share: no two roofs weather alike.
ROOF_GAIN = 0.06


def draw(rng: np.random.Generator, request: RenderRequest) -> dict[str, object]:
    """Return the random part of a painting: one seed, from which every edit takes its own stream by id.

    The same seed for all dates of a series gives an object the same look at each of them, whichever date it
    is painted on first.
    """
    return {"texture_seed": noise_seed(rng)}


def paint(request: RenderRequest, params: Mapping[str, object]) -> Painted:
    """Return the scene's picture in the target state.

    Objects that are gone leave first, then blocks and plots are cleared, then building sites and new objects
    come with their shadows, in order of id. On a date that was painted before only what differs from it is
    painted; ground and light are still those of real pixels. Outside `edit` every band keeps its bytes; the
    dtype is the source's.

    Args:
        request: scene, target state, log and donors.
        params: from `draw`.

    Raises:
        RenderError: no clear ground in the scene or its donors to fill a hole with, or a donor is missing.
    """
    edits = plan_edits(request)
    canvas = Canvas(request, seed=int(params["texture_seed"]))  # type: ignore[call-overload]
    for entry, ground in edits.removed:
        remove_object(canvas, entry, ground)
    for site in edits.undone:
        undo_site(canvas, site)
    for block in edits.blocks:
        (paint_field if "rows_deg" in block.event.parameters else clear_block)(canvas, block)
    for surface in edits.surfaces:
        paint_surface(canvas, surface)
    for part in edits.parts:
        paint_part(canvas, part)
    for event in edits.cleared:
        clear_plot(canvas, event)
    for event in edits.sites:
        paint_site(canvas, event)
    # Roads first: the shadows of new houses fall on them.
    for entry, event in edits.added:
        if entry.object_class in NETWORKS:
            paint_road(canvas, entry, event)
    for entry, event in edits.added:
        if entry.object_class in NETWORKS:
            continue
        paste_object(
            canvas, entry, event, gain=1.0 + float(canvas.rng(entry.id).uniform(-ROOF_GAIN, ROOF_GAIN))
        )
    return canvas.finish()
