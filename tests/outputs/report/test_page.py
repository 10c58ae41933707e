"""The page is whole, self-contained, safe and of a size that can be sent around."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from diachron.core.errors import RecipeError
from diachron.outputs.report import report
from diachron.outputs.report.pictures import map_uri, picture_uri

ATTACK = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


class Reader(HTMLParser):
    """Collects tags, and checks that they close in order."""

    VOID = frozenset({"meta", "link", "img", "input", "path", "line", "rect", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        # HTML lets <rect ...><title> stay open in our list: the void ones that do close are not tracked.
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def three(package, event, picture):
    """A set of three samples: a construction, a demolition, and nothing."""
    made = package(n=4)
    made.add(0, [picture(0), picture(1)], [event(1, 4, 4, 6, 10)])
    made.add(
        2,
        [picture(2), picture(3)],
        [event(1, 9, 9, 5, 5, kind="demolition", parameters={"origin": "standing"})],
    )
    made.add(3, [picture(4), picture(4)], acquisition=None)
    return made.open({"sample": 1, "source": "a.tif", "reason": "no_texture", "detail": "at (3, 4)"})


def test_the_page_says_what_the_set_is(three, tmp_path):
    path = report(three, tmp_path / "deep" / "page.html")
    assert path == tmp_path / "deep" / "page.html"
    page = Reader(path.read_text("utf-8"))
    assert page.open == []
    for words in (
        "building-change", "3 of 4", "1 refused", "t1 at year 0, t2 at year 2.5", "CC-BY-4.0", "0.5 m",
        "3 of 3 shown", "Sample 2", "place-2", "1 demolition", "rate_per_km2_year: 30", "no texture",
        "at (3, 4)", "tile-9.tif #4", "turned 12°, scaled 1.10", "No acquisition was simulated",
        "no room 3",
    ):  # fmt: skip
        assert words in page.text, words


def test_a_folder_gets_report_html(three):
    assert report(three, three.root) == three.root / "report.html"


def test_equal_data_give_equal_bytes(three, tmp_path):
    first = report(three, tmp_path / "a.html").read_bytes()
    assert report(three, tmp_path / "b.html").read_bytes() == first


def test_nothing_is_loaded_from_outside(three, tmp_path):
    text = report(three, tmp_path / "r.html").read_text("utf-8")
    for _, attrs in Reader(text).tags:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert (attrs.get(name) or "#").startswith(("#", "data:"))
    assert not re.search(r"https?://|@import|url\((?!\$)", text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("field", ["place", "source", "licence", "split"])
def test_words_from_files_stay_words(package, event, picture, tmp_path, field):
    made = package()
    made.info |= {
        "name": ATTACK,
        "recipe": {ATTACK: ATTACK},
        "bands": [ATTACK, "b", "c"],
        "versions": {ATTACK: ATTACK},
    }
    made.info["source"] |= {"root": ATTACK, "fingerprint": ATTACK}
    spiked = event(
        1, 4, 4, 6, 6, kind=ATTACK, phase=ATTACK, parameters={"donor_scene": ATTACK, "origin": ATTACK}
    )
    more = {
        field: ATTACK,
        "acquisition": [{ATTACK: {ATTACK: ATTACK}}] * 2,
        "simulation": {ATTACK: {"drawn": 1, "placed": 0, "why": {ATTACK: 1}}},
        "provenance": {ATTACK: [ATTACK]},
    }
    made.add(0, [picture(0), picture(1)], [spiked], **more)
    dataset = made.open({"sample": None, "source": ATTACK, "reason": ATTACK, "detail": ATTACK})
    page = Reader(report(dataset, tmp_path / "r.html").read_text("utf-8"))
    assert len(page.all("script")) == 1
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert not any(attrs.get("src") == "x" for attrs in page.all("img"))


def test_an_empty_set_has_a_report(package, tmp_path):
    text = Reader(report(package(n=0).open(), tmp_path / "r.html").read_text("utf-8")).text
    assert "0 of 0" in text
    assert "holds no finished sample" in text


@pytest.mark.parametrize(("limit", "shown"), [(0, 0), (1, 1), (2, 2), (9, 3)])
def test_the_gallery_is_limited_and_the_statistics_are_not(three, tmp_path, limit, shown):
    page = Reader(report(three, tmp_path / "r.html", limit=limit).read_text("utf-8"))
    assert sum("data-sample" in attrs for attrs in page.all("li")) == shown
    assert f"{shown} of 3 shown" in page.text
    assert "Over all 3 samples" in page.text


def test_a_negative_limit_is_refused(three, tmp_path):
    with pytest.raises(RecipeError, match=r"-1 samples.*give 0 or more"):
        report(three, tmp_path / "r.html", limit=-1)


def test_a_failure_leaves_no_file_and_keeps_the_old_one(three, tmp_path):
    path = report(three, tmp_path / "r.html")
    before = path.read_bytes()
    next(three.root.glob("samples/*/*/edit.tif")).unlink()
    with pytest.raises(Exception, match=r"edit\.tif"):
        report(three, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["r.html"]


@pytest.mark.parametrize(
    ("bands", "top"), [(("grey",), 255), (("blue", "green", "red", "nir"), 10000), (("a", "b"), 255)]
)
def test_any_bands_and_depth_can_be_shown(package, picture, tmp_path, bands, top):
    made = package(bands=bands, dtype="uint8" if top < 256 else "uint16")
    shape = (len(bands), 20, 30)
    made.add(0, [picture(0, shape, top), picture(1, shape, top)])
    page = Reader(report(made.open(), tmp_path / "r.html").read_text("utf-8"))
    assert [attrs["width"] for attrs in page.all("img") if "width" in attrs] == ["30", "30"]
    assert ("shown: red, green, blue" in page.text) == (len(bands) == 4)


def test_a_series_has_every_date_and_every_stored_mask(package, picture, tmp_path):
    made = package(dates=4)
    made.add(0, [picture(k) for k in range(4)])
    page = Reader(report(made.open(), tmp_path / "r.html").read_text("utf-8"))
    assert {a["data-date"] for a in page.all("img") if "data-date" in a} == {"t1", "t2", "t3", "t4"}
    masks = [a["data-dates"] for a in page.all("img") if a.get("data-part") == "change"]
    assert masks == ["t1 t4", "t1 t2", "t2 t3", "t3 t4"]


def test_24_samples_of_512_pixels_stay_below_six_megabytes(package, picture, tmp_path):
    made = package(n=24)
    rng = np.random.default_rng(0)
    # Blocks and noise of 10 grey levels take 100 kB as WebP, like LEVIR-CD (107 kB, 0.5 m, trees), the most
    # detailed of four sets that were measured; the others take 30-60 kB.
    ground = np.kron(rng.integers(30, 220, (3, 64, 64)), np.ones((1, 8, 8)))
    first, second = (
        np.clip(ground + rng.normal(0, 10, (512, 512)), 0, 255).astype(np.uint8) for _ in range(2)
    )
    assert len(picture_uri(np.ascontiguousarray(np.moveaxis(first, 0, -1)))) > 95e3
    for index in range(24):
        made.add(index, [first, second])
    assert report(made.open(), tmp_path / "r.html").stat().st_size < 6e6


def test_a_mask_costs_little():
    mask = np.zeros((512, 512), np.uint8)
    mask[100:140, 200:260] = 1
    assert len(map_uri(mask, {1: (255, 0, 0, 255)})) < 600
