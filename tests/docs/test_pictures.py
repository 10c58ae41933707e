"""Pictures of the documentation: what a page shows is there, and what is there is shown."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from diachron.core.registry import entries, load

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
# A checkout stays small.
MOST_BYTES = 4_000_000


def test_pages_show_the_pictures_that_are_there() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    there = {path.resolve() for path in (ROOT / "docs" / "images").iterdir()}
    assert shown == there
    assert sum(path.stat().st_size for path in there) < MOST_BYTES
    for path in there:
        Image.open(path).verify()


def test_the_page_has_a_picture_of_every_stage_that_has_a_step() -> None:
    page = (ROOT / "docs" / "what-differs-between-two-dates.md").read_text(encoding="utf-8")
    stages = {load("acquisition", name).STAGE for name in entries("acquisition")}
    assert {f"step-{stage}.jpg" for stage in stages} == set(re.findall(r"step-\w+\.jpg", page))
