"""Contact sheets of crops: nobody should trust a probe whose crops they have not seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from diachron.evaluation.quality.crop_shelf import Crops

ACROSS, ROWS = 16, 3
GAP_PX, TITLE_PX = 2, 16


def write_sheet(sides: Mapping[str, Crops], path: Path) -> None:
    """Write up to 48 crops of each side below its name, evenly taken from all; of pairs, both dates.

    Args:
        sides: title -> crops of 3 or 6 bands from 0 to 1.
        path: PNG file; its folder is made if it is missing.
    """
    blocks = [_block(title, crops) for title, crops in sides.items()]
    width = max(block.width for block in blocks)
    sheet = Image.new("RGB", (width, sum(block.height for block in blocks)), "white")
    top = 0
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _block(title: str, crops: Crops) -> Image.Image:
    shown = np.linspace(0, len(crops) - 1, min(len(crops), ACROSS * ROWS)).round().astype(int)
    pictures = [_picture(crops.pixels[index]) for index in shown]
    high = max((picture.height for picture in pictures), default=0) + GAP_PX
    wide = crops.pixels.shape[3] + GAP_PX
    rows = -(-len(pictures) // ACROSS)
    block = Image.new("RGB", (ACROSS * wide, TITLE_PX + rows * high), "white")
    ImageDraw.Draw(block).text((2, 2), f"{title}: {len(crops)}", fill="black")
    for number, picture in enumerate(pictures):
        row, col = divmod(number, ACROSS)
        block.paste(picture, (col * wide, TITLE_PX + row * high))
    return block


def _picture(crop: NDArray[np.float32]) -> Image.Image:
    dates = np.concatenate([crop[band : band + 3] for band in range(0, len(crop), 3)], axis=1)
    return Image.fromarray(np.round(np.clip(dates, 0.0, 1.0) * 255.0).astype(np.uint8).transpose(1, 2, 0))
