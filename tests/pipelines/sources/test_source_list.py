"""Lists of sources: the command line's words, paths beside the file, mistakes named."""

from __future__ import annotations

from pathlib import Path

import pytest

from diachron.core.errors import RecipeError
from diachron.pipelines.sources import SourceOptions
from diachron.pipelines.sources.source_list import ListedSource, read_entries, read_source_list


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


def test_every_option_of_a_source_can_be_said(tmp_path: Path) -> None:
    text = """
- images: a/*.tif
  labels: b/*.tif
  footprints: houses.geojson
  schema: own.yaml
  gsd: 0.5
  resample: 2.0
  licence: CC0-1.0
  bands: [red, green, blue, nir]
  full_scale: 4095
  sun: [135, 40]
"""
    (options,) = read_source_list(written(tmp_path, text))
    assert options == SourceOptions(
        images=str(tmp_path / "a/*.tif"),
        labels=str(tmp_path / "b/*.tif"),
        footprints=str(tmp_path / "houses.geojson"),
        schema=str(tmp_path / "own.yaml"),
        gsd_m=0.5,
        licence="CC0-1.0",
        bands=("red", "green", "blue", "nir"),
        full_scale=4095.0,
        sun=(135.0, 40.0),
        resample_m=2.0,
    )


def test_a_verb_may_add_keys(tmp_path: Path) -> None:
    class Weighed(ListedSource):
        weight: float = 1.0

    (entry,) = read_entries(written(tmp_path, "- {source: a, weight: 2}"), Weighed)
    assert (entry.source, entry.weight) == ("a", 2.0)


def test_a_whole_path_stays_what_it_is(tmp_path: Path) -> None:
    assert read_source_list(written(tmp_path, "- source: /tiles/a"))[0].source == "/tiles/a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {source: a, gds: 1}", "source 1: unknown key 'gds'; did you mean 'gsd'"),
        ("- {source: a}\n- {gsd: 1}", "source 2: give one of `source` and `images`"),
        ("- {source: a, images: b/*.png}", "give one of `source` and `images`"),
        ("- {source: a, gsd: 0}", "source 1: gsd: .*greater than 0, got 0"),
        ("- {source: a, weight: 2}", "unknown key 'weight'"),
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
