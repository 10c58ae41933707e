"""Lists of sources: the command line's words, paths beside the file, mistakes named."""

from __future__ import annotations

from pathlib import Path

import pytest

from diachron.core.errors import RecipeError
from diachron.evaluation.zero_shot.source_list import read_source_list
from diachron.pipelines.sources import SourceOptions


def written(folder: Path, text: str) -> Path:
    """Write a list and return its path."""
    path = folder / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_options_have_the_words_of_the_command_line(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "- {source: tiles/a, gsd: 0.5, schema: building}\n- {images: b/*.jpg, bands: [red, green, blue]}\n",
    )
    assert read_source_list(path) == [
        SourceOptions(source=str(tmp_path / "tiles/a"), gsd_m=0.5, schema="building"),
        SourceOptions(images=str(tmp_path / "b/*.jpg"), bands=("red", "green", "blue")),
    ]


def test_a_whole_path_stays_what_it_is(tmp_path: Path) -> None:
    assert read_source_list(written(tmp_path, "- source: /tiles/a"))[0].source == "/tiles/a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {source: a, gds: 1}", "source 1: unknown key 'gds'; did you mean 'gsd'"),
        ("- {source: a}\n- {gsd: 1}", "source 2: neither `source` nor `images`"),
        ("source: a", "expected a list of sources"),
        ("[]", "expected a list of sources"),
        ("- {source: [", "cannot be read"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        read_source_list(written(tmp_path, text))


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.yaml: cannot be read"):
        read_source_list(tmp_path / "nowhere.yaml")
