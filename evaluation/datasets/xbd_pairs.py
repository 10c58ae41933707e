"""Windows of xBD: `{t1,t2,damage}/EVENT_SCENE_ROW_COL.*`, 512 px, about 0.5 m.

Damage, change and label maps as in `xbd.py`; `change/` is derived from the damage and not read. Pictures
without a damage map are left out: nothing is known of them. Parts: the events, `hurricane-florence` and so
on.

`socal-fire_00000000` has burnt hills without a building, so nothing "changed"; `socal-fire_00000031` is a
true pair without damage; the left windows of `guatemala-volcano` are black in a quarter of t1.

Terms: CC BY-NC-SA 4.0; no weights learnt from it may be passed on under other terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diachron.core.pair import LabelledPair, PairSet
from diachron.evaluation.datasets.files import (
    check_partners,
    chosen_part,
    pictures,
    read_image,
    read_values,
    set_name,
    white_of,
)
from diachron.evaluation.datasets.lazy import LazyPairs
from diachron.evaluation.datasets.xbd import damage_pair

GSD_M = 0.5
# Shrunk by its source (inferred).
COARSER_M = {"santa-rosa-intro": 0.85}


@dataclass(frozen=True)
class DamageFiles:
    """The files of a window.

    Args:
        name: event, scene, row and column.
        t1, t2, damage: files.
        gsd_m: metres a pixel.
    """

    name: str
    t1: Path
    t2: Path
    damage: Path
    gsd_m: float

    @property
    def event(self) -> str:
        """The disaster."""
        return self.name.partition("_")[0]


def open_set(folder: Path, part: str | None, gsd_m: float | None) -> PairSet:
    """Return the labelled windows of an event; see the top of this file."""
    damage, t1, t2 = (pictures(folder / name) for name in ("damage", "t1", "t2"))
    check_partners(t1, t2, folder / "t2")
    check_partners(damage, {name: path for name, path in t1.items() if name in damage}, folder / "t1")
    files = []
    for name, path in damage.items():
        gsd = COARSER_M.get(name.partition("_")[0], GSD_M) if gsd_m is None else gsd_m
        files.append(DamageFiles(name, t1[name], t2[name], path, gsd))
    chosen_part(part, sorted({entry.event for entry in files}), folder)
    kept = [entry for entry in files if part in (None, entry.event)]
    return LazyPairs(set_name(folder, part), kept, read_damaged)


def read_damaged(files: DamageFiles) -> LabelledPair:
    """Return a window with its damage."""
    t1, t2 = read_image(files.t1), read_image(files.t2)
    return damage_pair(files.name, t1, t2, white_of(t1, t2, files.t1), files.gsd_m, read_values(files.damage))
