"""What it costs to repaint an edit through a network, beside the whole tile through the same network."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import bench
import numpy as np
import torch
from numpy.typing import NDArray

from diachron.core import hub
from diachron.core.events import EventLog
from diachron.core.grid import GeoGrid
from diachron.core.sample import Painted, RenderRequest, Snapshot
from diachron.core.scene import Scene
from diachron.core.schemes import schema_named
from diachron.core.streams import stream
from diachron.generators import copy_paste, inpainting
from diachron.generators.hub.frames import frames_of
from diachron.generators.hub.layers import Hole
from diachron.generators.hub.machine import Machine
from diachron.generators.hub.pipeline import Manner as HubManner
from diachron.generators.hub.pipeline import Model, PipelineBrush, load_pipeline
from diachron.generators.inpainting.layers import repaint
from diachron.generators.inpainting.painter import Holes, Manner, Painter
from diachron.generators.models.threads import one_thread

sys.path.append(str(bench.ROOT))
from tests.generators.hub.tiny import pipeline_folder

SIDE_PX = 1024
CHANGED = 0.05
CLUSTERS = 4
HOUSES, HOUSE_PX = 20, (12, 18)
# As the renderer does it by default.
USUAL = inpainting.Parameters()
MANNER = Manner(strength=0.2, steps=USUAL.steps, detail=USUAL.detail, most_shift=USUAL.most_shift)
WHITE = 255.0
# A process that has not begun, or not ended, by then has failed.
STARTED_S = 300
# Of the SD-type network, which knows no smaller windows.
HUB_STRENGTH, HUB_STEPS, HUB_WINDOW_PX = 0.6, 4, 256


def neural_costs(requests: Sequence[RenderRequest], weights: str, rounds: int) -> dict[str, Any]:
    """Return the cost of `inpainting` on clusters, single houses and real requests.

    Args:
        requests: 512 x 512, with a twentieth of the ground changed.
        weights: name of those that come along, or folder of others.
        rounds: of each.
    """
    painter = Painter.load(weights)
    request, picture = place()
    clusters, houses = in_clusters(), single_houses()
    whole = median(timed(lambda: whole_tile(painter, picture), rounds))
    figures: dict[str, Any] = {"ms_whole_tile_1024": round(whole, 0)}
    outside = 0.0
    for name, edit in (("cost_ratio_vs_full_tile", clusters), ("cost_ratio_single_houses", houses)):
        proposal = Painted(proposed(picture, edit), edit)
        times = timed(lambda proposal=proposal: repaint(request, proposal, painter, MANNER, seed=1), rounds)
        found = repaint(request, proposal, painter, MANNER, seed=1)
        outside = max(outside, float(np.abs(found.astype(int) - picture)[:, ~edit].max()))
        figures[name] = round(median(times) / whole, 4)
        figures[f"{name}_changed"] = round(float(edit.mean()), 4)
    figures["max_abs_outside_edit"] = outside
    figures |= of_the_hub(picture, clusters, rounds)
    figures |= at_512(requests, painter, weights, rounds)
    # Of this process, all parts of it: kilobytes on Linux.
    figures["peak_rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return figures


def timed(call: Callable[[], Any], rounds: int) -> list[float]:
    """Return the milliseconds of the processor of each call, after one that is not counted."""
    call()
    found = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        found.append(1000 * (time.process_time() - start))
    return found


def place() -> tuple[RenderRequest, NDArray[np.uint8]]:
    """Return a made-up place without objects, and its picture."""
    picture = stream(0, 0, "benchmark/neural").integers(60, 160, (3, SIDE_PX, SIDE_PX)).astype(np.uint8)
    surface = np.full((SIDE_PX, SIDE_PX), hub.GRASS, np.uint8)
    nothing = np.zeros(surface.shape, np.int32)
    grid = GeoGrid(surface.shape, (0.5, 0.0, 0.0, 0.0, -0.5, 0.0), None, 0.5)
    scene = Scene(
        image=picture,
        bands=("red", "green", "blue"),
        full_scale=WHITE,
        nodata=None,
        surface=surface,
        instances=nothing,
        objects={},
        height_m=None,
        grid=grid,
        labels=surface,
        schema=schema_named("hub"),
        source="made-up",
    )
    state = Snapshot(1.0, surface, nothing, {})
    return RenderRequest(scene, state, EventLog(()), {"made-up": scene}), picture


def in_clusters() -> NDArray[np.bool_]:
    """Return the edit: a twentieth of the tile, in four squares."""
    edit = np.zeros((SIDE_PX, SIDE_PX), bool)
    side = round((CHANGED * SIDE_PX**2 / CLUSTERS) ** 0.5)
    for row in (150, 650):
        for col in (200, 700):
            edit[row : row + side, col : col + side] = True
    return edit


def single_houses() -> NDArray[np.bool_]:
    """Return the edit of twenty houses that stand apart."""
    edit = np.zeros((SIDE_PX, SIDE_PX), bool)
    for number in range(HOUSES):
        row, col = 90 + 240 * (number // 5), 90 + 190 * (number % 5)
        edit[row : row + HOUSE_PX[0], col : col + HOUSE_PX[1]] = True
    return edit


def proposed(picture: NDArray[np.uint8], edit: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the picture with other pixels in the edit."""
    return np.where(edit, np.roll(picture, 40, axis=2), picture)


def whole_tile(painter: Painter, picture: NDArray[np.uint8]) -> None:
    """Paint a tile of which everything is a hole."""
    pixels = (picture[np.newaxis] / WHITE).astype(np.float32)
    hole = np.ones((1, SIDE_PX, SIDE_PX), bool)
    labels = np.full(hole.shape, hub.GRASS, np.uint8)
    painter.paint(Holes(pixels, pixels, hole, labels, pixels, 0.5), MANNER)


def of_the_hub(picture: NDArray[np.uint8], edit: NDArray[np.bool_], rounds: int) -> dict[str, Any]:
    """Return the cost of an SD-type network in windows, over that of diffusers' own call on the tile.

    Random weights, a few million, in a pipeline of the published class.
    """
    brush = PipelineBrush(
        random_pipeline(), Machine(), HubManner(HUB_STRENGTH, HUB_STEPS, 1.0, 1.0, "plain", 0, "", "")
    )
    unit = (picture / WHITE).astype(np.float32)
    labels = np.full(edit.shape, hub.GRASS, np.uint8)
    frames = frames_of(edit, multiple=brush.multiple, least_px=HUB_WINDOW_PX)

    def sparse() -> None:
        for window in frames:
            pixels = window.cut(unit)
            brush.paint(Hole(pixels, pixels, window.hole, window.cut(labels), 0.5, 1))

    def whole() -> None:
        with one_thread(), torch.inference_mode():
            brush.pipe(
                prompt="an aerial photograph",
                image=torch.from_numpy(unit)[np.newaxis],
                mask_image=torch.from_numpy(edit.astype(np.float32))[np.newaxis, np.newaxis],
                height=SIDE_PX,
                width=SIDE_PX,
                strength=HUB_STRENGTH,
                num_inference_steps=HUB_STEPS,
                guidance_scale=1.0,
                generator=torch.Generator().manual_seed(0),
                output_type="np",
            )

    times = [timed(call, 1 if rounds < 3 else 2) for call in (sparse, whole)]
    return {"cost_ratio_vs_diffusers": round(median(times[0]) / median(times[1]), 4)}


def random_pipeline() -> Any:
    """Return a Stable Diffusion inpainting pipeline with random weights."""
    from diffusers import AutoencoderKL, UNet2DConditionModel

    with tempfile.TemporaryDirectory() as folder:
        pipe, _ = load_pipeline(Model(str(pipeline_folder(Path(folder)))), Machine())
    pipe.vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 16, 32, 32),
        norm_num_groups=8,
        latent_channels=4,
    )
    pipe.unet = UNet2DConditionModel(
        in_channels=9,
        out_channels=4,
        block_out_channels=(32, 64, 128, 128),
        layers_per_block=2,
        cross_attention_dim=8,
        attention_head_dim=8,
    )
    return pipe


def at_512(requests: Sequence[RenderRequest], painter: Painter, weights: str, rounds: int) -> dict[str, Any]:
    """Return what a date of 512 x 512 with a twentieth changed costs, proposal and network."""
    proposals, repaints = [], []
    for number, request in enumerate(requests):
        params = copy_paste.draw(stream(0, number, "render"), request)
        proposal = copy_paste.paint(request, params)
        proposals += timed(lambda r=request, p=params: copy_paste.paint(r, p), rounds)
        repaints += timed(
            lambda r=request, p=proposal: repaint(r, p, painter, MANNER, seed=1), max(1, rounds // 2)
        )
    if not proposals:
        return {}
    each = median(proposals) + median(repaints)
    return {
        "ms_inpainting_512_5pct": round(each, 1),
        "ms_inpainting_512_5pct_network": round(median(repaints), 1),
        "samples_per_second_512": round(by_two(requests, weights, 2 * rounds), 3),
    }


def by_two(requests: Sequence[RenderRequest], weights: str, rounds: int) -> float:
    """Return the dates a second, by the clock, that two processes paint beside each other."""
    context = get_context("spawn")
    ready, ended = context.Barrier(3), context.Barrier(3)
    sides = [requests[::2], requests[1::2] or requests[::2]]
    painters = [
        context.Process(target=_painting, args=(side, weights, rounds, ready, ended)) for side in sides
    ]
    for each in painters:
        each.start()
    ready.wait(STARTED_S)
    start = time.perf_counter()
    ended.wait(STARTED_S)
    seconds = time.perf_counter() - start
    for each in painters:
        each.join()
    return rounds * sum(map(len, sides)) / seconds


def _painting(requests: Sequence[RenderRequest], weights: str, rounds: int, ready: Any, ended: Any) -> None:
    """Paint all requests some times; what is kept with a scene is filled before."""
    parameters = inpainting.Parameters(weights=weights, strength=MANNER.strength)
    drawn = [
        inpainting.draw(stream(0, number, "render"), request, parameters)
        for number, request in enumerate(requests)
    ]
    for request, params in zip(requests, drawn, strict=True):
        inpainting.paint(request, params)
    ready.wait(STARTED_S)
    for _ in range(rounds):
        for request, params in zip(requests, drawn, strict=True):
            inpainting.paint(request, params)
    ended.wait(STARTED_S)
