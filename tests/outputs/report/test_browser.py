"""The report in a real browser: keys, pointer, hash, overlays and themes do what they say."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from diachron.outputs.report import report

RIGHT, LEFT, TAB, ESCAPE, HOME, END, ENTER = (
    "\ue014",
    "\ue012",
    "\ue004",
    "\ue00c",
    "\ue011",
    "\ue010",
    "\ue007",
)

FOCUS = (
    "return document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
)
IS_OPEN = "return document.querySelector('#viewer').open"
AT = "return document.querySelector('#at').value"


@pytest.fixture
def page(browser, package, event, picture, tmp_path):
    """Return the browser and the address of a report with a pair of plain colours and two more samples."""
    made = package(n=5)
    red, green = (np.zeros((3, 96, 96), np.uint8) for _ in range(2))
    red[0], green[1] = 220, 200
    made.add(0, [red, green], [event(1, 20, 30, 12, 16), event(2, 60, 60, 8, 8, kind="demolition")])
    made.add(2, [picture(0), picture(1)])
    made.add(4, [picture(2), picture(3), picture(4)], [event(1, 4, 4, 6, 6)])
    browser.size(1200, 800)
    return browser, report(made.open(), tmp_path / "report.html").as_uri()


def pixels(browser) -> np.ndarray:
    """Return the visible page, (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(browser.screenshot())).convert("RGB")).astype(int)


def share_of_green(browser) -> float:
    """Return which share of the picture shows the second date."""
    shown = pixels(browser)
    green = (shown[..., 1] > 150) & (shown[..., 0] < 60) & (shown[..., 2] < 60)
    red = (shown[..., 0] > 150) & (shown[..., 1] < 60) & (shown[..., 2] < 60)
    return green.sum() / (green.sum() + red.sum())


def test_the_slider_uncovers_the_second_date(page):
    browser, url = page
    for at in (20, 70):
        browser.open(f"{url}#sample-0&at={at}")
        # One percent for the divider, its knob and the badges.
        assert share_of_green(browser) == pytest.approx(1 - at / 100, abs=0.02)
    browser.press(HOME)
    assert share_of_green(browser) > 0.99
    browser.press(END)
    assert share_of_green(browser) < 0.01
    browser.press(LEFT, LEFT)
    assert browser.run(AT) == "98"
    browser.drag("#stage", 0.9, 0.3)
    assert share_of_green(browser) == pytest.approx(0.7, abs=0.02)
    assert "at=30" in browser.run("return location.hash")
    assert browser.errors() == []


def test_the_divider_lies_under_the_pointer(page):
    browser, url = page
    browser.open(f"{url}#sample-0")
    for share in (0.02, 0.25, 0.97):
        browser.drag("#stage", 0.5, share)
        box = browser.run(
            "const s = document.querySelector('#stage').getBoundingClientRect();"
            "const d = document.querySelector('.divider').getBoundingClientRect();"
            "return (d.left + d.width / 2 - s.left) / s.width"
        )
        assert box == pytest.approx(share, abs=0.012)


def test_enter_opens_escape_closes_and_the_focus_returns(page):
    browser, url = page
    browser.open(url)
    browser.run("document.querySelectorAll('.card')[1].focus()")
    browser.press(ENTER)
    assert browser.run(IS_OPEN)
    assert browser.run(FOCUS) == "at"
    assert browser.run("return location.hash") == "#sample-2&at=50"
    for _ in range(25):
        browser.press(TAB)
        assert browser.run(
            "return document.activeElement === document.body || !!document.activeElement.closest('#viewer')"
        )
    browser.press("n")
    assert "Sample 4" in browser.run("return document.querySelector('#viewer-title').textContent")
    browser.press("n", "n", "p")
    assert "Sample 0" in browser.run("return document.querySelector('#viewer-title').textContent")
    browser.press(ESCAPE)
    assert not browser.run(IS_OPEN)
    assert browser.run("return document.activeElement.closest('li').dataset.sample") == "0"
    assert browser.run("return location.hash") == ""
    assert browser.errors() == []


def test_overlays_show_and_hide(page):
    browser, url = page
    browser.open(f"{url}#sample-0&at=0")
    plain = pixels(browser)
    for key, name in (("c", "change"), ("e", "edit"), ("l", "label"), ("f", "shapes")):
        browser.press(key)
        with_layer = pixels(browser)
        assert (with_layer != plain).any(), name
        assert f"show={name}" in browser.run("return location.hash")
        browser.press(key)
    # The focus ring is the slider's own: with every layer off the page is as it was.
    np.testing.assert_array_equal(pixels(browser), plain)
    browser.open(f"{url}#sample-0&at=0&show=change")
    magenta = pixels(browser)
    assert ((magenta[..., 0] > 140) & (magenta[..., 1] < 130) & (magenta[..., 2] > 70)).sum() > 500


def test_an_event_lights_its_footprint(page):
    browser, url = page
    browser.open(f"{url}#sample-0")
    lit = "return [...document.querySelectorAll('.over g.lit')].map((g) => g.dataset.shape).join()"
    assert browser.run(lit) == ""
    browser.run("document.querySelectorAll('.locate')[1].focus()")
    assert browser.run(lit) == "1"
    browser.press(ENTER)
    browser.run("document.querySelector('#at').focus()")
    assert browser.run("return new Promise((go) => setTimeout(go, 50))") is None
    assert browser.run(lit) == "1"  # Enter keeps it lit


def test_a_series_compares_the_chosen_dates(page):
    browser, url = page
    browser.open(f"{url}#sample-4&show=change")
    badges = (
        "return [...document.querySelectorAll('.stage .badge')].map((b) => b.textContent.slice(0, 2)).join()"
    )
    assert browser.run(badges) == "t1,t3"
    browser.open(f"{url}#sample-4&show=change&dates=t2,t3")
    assert browser.run(badges) == "t2,t3"
    browser.run(
        "const s = document.querySelector('#after'); s.value = 't1';"
        "s.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    assert browser.run(badges) == "t2,t1"
    assert "No change mask is stored from t2 to t1" in browser.run(
        "return document.querySelector('#note').textContent"
    )
    assert browser.run("return document.querySelector('[name=change]').disabled")


def test_the_theme_follows_the_system_until_it_is_chosen(page):
    browser, url = page
    ground = "return getComputedStyle(document.body).backgroundColor"
    browser.size(1200, 800, prefers_color_scheme="light")
    browser.open(url)
    light = browser.run(ground)
    browser.size(1200, 800, prefers_color_scheme="dark")
    dark = browser.run(ground)
    assert light != dark
    browser.run("document.querySelector('#theme').click()")
    assert browser.run(ground) == light
    browser.send("refresh")
    assert browser.run(ground) == light


@pytest.mark.parametrize("width", [380, 700, 1000, 1900])
def test_nothing_is_wider_than_the_screen(page, width):
    browser, url = page
    for address in (url, f"{url}#sample-0"):
        browser.size(width, 800)
        browser.open(address)
        assert browser.run("return document.documentElement.scrollWidth") <= width
        assert (
            browser.run("const v = document.querySelector('.viewer'); return v.scrollWidth - v.clientWidth")
            == 0
        )


def test_words_from_files_do_not_run(browser, package, event, picture, tmp_path):
    attack = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    made = package()
    made.info["name"] = attack
    made.add(0, [picture(0), picture(1)], [event(1, 4, 4, 6, 6, kind=attack)], place=attack, source=attack)
    browser.open(report(made.open(), tmp_path / "r.html").as_uri() + "#sample-0")
    assert browser.run(IS_OPEN)
    assert browser.run("return document.title") != "run"
    assert attack in browser.run("return document.querySelector('#viewer-title').textContent")
    assert browser.errors() == []
