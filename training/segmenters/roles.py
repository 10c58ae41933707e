"""Who may do what: a labeller makes label maps, a scorer judges; neither does the other's work.

A scorer that had labelled or filtered training data would find its own mistakes in them and call them right.
"""

from __future__ import annotations

import hashlib

from diachron.core.errors import RecipeError

# Role -> what it is for.
ROLES: dict[str, str] = {
    "labeller": "makes label maps",
    "scorer": "judges labels, and never makes or filters them",
}
# Half of the training places -> the role of who learns there.
HALVES: dict[str, str] = {"A": "labeller", "B": "scorer"}


def half_of(place: str) -> str:
    """Return `A` or `B`: the half of all places that one belongs to, by the hash of its name alone."""
    return "AB"[hashlib.sha256(place.encode("utf-8")).digest()[0] % 2]


def require_role(role: str, wanted: str, where: str) -> None:
    """Refuse a segmenter of another role.

    Args:
        role: that it has.
        wanted: that the work needs.
        where: its folder.

    Raises:
        RecipeError: the two differ.
    """
    if role != wanted:
        half = next(half for half, of in HALVES.items() if of == wanted)
        raise RecipeError(
            f"{where}: this segmenter is a {role} ({ROLES[role]}), and a {wanted} is needed; "
            f"train one with `diachron train segmenter --places {half}`"
        )
