"""Contact sheets of the errors of a trial: the pairs with the most missed and the most alarmed ground."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from diachron.core.pair import UNKNOWN, LabelledPair
from diachron.evaluation.zero_shot.colours import as_colours

# Pairs of each kind on a sheet, and the side of each picture.
SHOWN = 6
SIDE_PX = 256
GAP_PX = 4
TITLE_PX = 16
HIT, MISS, ALARM = (70, 200, 70), (255, 60, 40), (60, 120, 255)


@dataclass(frozen=True)
class _Entry:
    error_px: int
    caption: str
    pictures: tuple[Image.Image, ...]


@dataclass
class ErrorSheet:
    """Keeps the worst pairs while a test set goes by.

    Args:
        title: written above the sheet.
    """

    title: str
    _missed: list[_Entry] = field(default_factory=list)
    _alarmed: list[_Entry] = field(default_factory=list)

    def add(self, pair: LabelledPair, found: NDArray[np.bool_]) -> None:
        """Take note of a pair and what was found in it."""
        known = pair.change != UNKNOWN
        missed = (pair.change == 1) & ~found
        alarmed = (pair.change != 1) & known & found
        for kept, errors, word in (
            (self._missed, missed, "missed"),
            (self._alarmed, alarmed, "false alarm"),
        ):
            count = int(np.count_nonzero(errors))
            if not count or (len(kept) >= SHOWN and count <= kept[-1].error_px):
                continue
            area_m2 = count * pair.gsd_m**2
            kept.append(_Entry(count, f"{pair.name}: {word} {area_m2:,.0f} sq m", _pictures(pair, found)))
            # The sort is stable: of equals, the pair that came first stays.
            kept.sort(key=lambda entry: -entry.error_px)
            del kept[SHOWN:]

    def write(self, path: Path) -> None:
        """Write the sheet as PNG: misses left, false alarms right; each t1, t2, and hits over t2.

        Hits are green, misses red, false alarms blue.
        """
        columns = [self._missed, self._alarmed]
        rows = max(1, *(len(column) for column in columns))
        block = 3 * (SIDE_PX + GAP_PX)
        size = (2 * block + 2 * GAP_PX, TITLE_PX + rows * (SIDE_PX + TITLE_PX + GAP_PX))
        sheet = Image.new("RGB", size, (20, 20, 20))
        draw = ImageDraw.Draw(sheet)
        draw.text((GAP_PX, 2), f"{self.title}: green hit, red miss, blue false alarm", (255, 255, 255))
        for number, column in enumerate(columns):
            left = number * (block + 2 * GAP_PX)
            for row, entry in enumerate(column):
                top = TITLE_PX + row * (SIDE_PX + TITLE_PX + GAP_PX)
                draw.text((left + GAP_PX, top + 2), entry.caption, (230, 230, 230))
                for place, picture in enumerate(entry.pictures):
                    sheet.paste(picture, (left + place * (SIDE_PX + GAP_PX), top + TITLE_PX))
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(path)


def _pictures(pair: LabelledPair, found: NDArray[np.bool_]) -> tuple[Image.Image, ...]:
    dates = [_eight_bits(image, pair.full_scale) for image in as_colours(pair)]
    marked = dates[1].astype(np.float32)
    changed = pair.change == 1
    for mask, colour in (
        (changed & found, HIT),
        (changed & ~found, MISS),
        ((pair.change == 0) & found, ALARM),
    ):
        marked[mask] = 0.45 * marked[mask] + 0.55 * np.array(colour, np.float32)
    return tuple(_shown(picture) for picture in (*dates, marked.astype(np.uint8)))


def _eight_bits(image: NDArray[np.generic], full_scale: float) -> NDArray[np.uint8]:
    scaled = np.clip(np.moveaxis(image, 0, -1).astype(np.float32) * (255.0 / full_scale), 0, 255)
    return np.rint(scaled).astype(np.uint8)


def _shown(picture: NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(picture)
    image.thumbnail((SIDE_PX, SIDE_PX))
    return image
