"""Every example runs as it stands, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("[0-9]*.py"))


@pytest.mark.skipif(not EXAMPLES, reason="the examples stay in the repository; this is another tree")
def test_the_first_example_makes_a_picture_of_a_change(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES[0])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "years:" in done.stdout
    with Image.open(tmp_path / "first_pair.png") as picture:
        assert picture.size == (3 * 512, 512)
        first, marked = picture.crop((512, 0, 1024, 512)), picture.crop((1024, 0, 1536, 512))
        assert first.tobytes() != marked.tobytes()
