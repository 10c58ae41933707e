"""Fake packages, and a browser that is driven over plain HTTP."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diachron.core.grid import GeoGrid
from diachron.core.scene import Footprint
from diachron.core.schemes import schema_named
from diachron.outputs import layout
from diachron.outputs.rasters import encode
from diachron.outputs.readers import Dataset, schema_to_json

GSD_M = 0.5
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class FakePackage:
    """A package on disk, with every number chosen by the test."""

    def __init__(self, root: Path, *, bands: Sequence[str] = ("red", "green", "blue"), **info: Any) -> None:
        self.root = root
        self.schema = schema_named("building")
        self.info: dict[str, Any] = {
            "format": 1, "name": "building-change", "seed": 7, "n": 1, "dates": 2, "dtype": "uint8",
            "full_scale": 255, "nodata": None, "bands": list(bands), "schema": schema_to_json(self.schema),
            "recipe": {"name": "building-change", "processes": {"construction": {"rate_per_km2_year": 30}}},
            "source": {"root": "/data/tiles", "tiles": 3, "windows": 3, "licence": "CC-BY-4.0",
                       "fingerprint": "ab12"},
            "versions": {"diachron": "0.1.0"},
        }  # fmt: skip
        self.info.update(info)
        root.mkdir(parents=True, exist_ok=True)

    def add(
        self, index: int, pictures: Sequence[np.ndarray], events: Sequence[dict] = (), **more: Any
    ) -> None:
        """Write a sample: each event's footprint becomes change and, if it is a construction, a building."""
        shape = pictures[0].shape[1:]
        grid = GeoGrid.plain(shape, GSD_M)
        names = layout.date_names(len(pictures))
        labels = [np.zeros(shape, np.uint8) for _ in names]
        change = np.zeros(shape, np.uint8)
        for event in events:
            footprint = Footprint.from_json(event["footprint"])
            labels[-1 if event["kind"] == "construction" else 0][footprint.window][footprint.mask] = 1
            if event["visible_px"]:
                change[footprint.window][footprint.mask] = 1
        folder = self.root / layout.sample_folder(index)
        folder.mkdir(parents=True)
        layers = {"change": change, "edit": change}
        for name, picture, label in zip(names, pictures, labels, strict=True):
            layers |= {name: picture, f"label_{name}": label}
        for name in names[1:] if len(names) > 2 else ():
            layers |= {f"change_{name}": change, f"edit_{name}": change}
        for name, values in layers.items():
            (folder / f"{name}.tif").write_bytes(encode(values, grid))
        record = {
            "format": 1, "sample": index, "place": f"place-{index}", "source": f"tile-{index}.tif",
            "split": "train", "licence": "CC-BY-4.0",
            "grid": {"shape": list(shape), "transform": list(grid.transform), "crs": None, "gsd_m": GSD_M},
            "dates": [
                {"name": name, "time_years": 2.5 * k, "painted": k == len(names) - 1}
                for k, name in enumerate(names)
            ],
            "events": list(events),
            "counts": {"changed_px": int(change.sum()), "ignored_px": 0, "edit_px": int(change.sum()),
                       "pixels": change.size},
            "transitions": [{"from": 0, "to": 1, "pixels": int(change.sum())}] if change.any() else [],
            "class_pixels": {
                name: {str(v): int((label == v).sum()) for v in np.unique(label)}
                for name, label in zip(names, labels, strict=True)
            },
            "acquisition": [{"haze": {"opacity": [0.02, 0.03]}, "noise": {"read": 0.004}} for _ in names],
            "simulation": {"construction": {"drawn": 5, "placed": 4, "why": {"no_room": 1}}},
            "render": {"name": "copy_paste"}, "provenance": {"recipe": "building-change", "seed": 7},
        }  # fmt: skip
        (folder / layout.RECORD).write_text(json.dumps(record | more), "utf-8")

    def open(self, *rejections: dict[str, Any]) -> Dataset:
        """Write what belongs to the whole, and open the package."""
        (self.root / layout.DATASET).write_text(json.dumps(self.info), "utf-8")
        lines = "".join(json.dumps(entry) + "\n" for entry in rejections)
        (self.root / layout.REJECTED).write_text(lines, "utf-8")
        return Dataset(self.root)


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., FakePackage]:
    """Return a maker of packages below the test's folder."""
    return lambda name="set", **info: FakePackage(tmp_path / name, **info)


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    """Return a maker of event records: a rectangle that changes in year 2."""

    def make(
        event_id: int, row: int, col: int, height: int, width: int, *, kind: str = "construction", **more: Any
    ) -> dict[str, Any]:
        footprint = Footprint(row, col, np.ones((height, width), bool))
        area_m2 = height * width * GSD_M**2
        return {
            "id": event_id, "process": kind, "kind": kind,
            "phase": "built" if kind == "construction" else "demolished",
            "time_years": 2.0, "object_id": 100 + event_id,
            "before": {"object_id": 0, "surface": 1}, "after": {"object_id": 100 + event_id, "surface": None},
            "footprint": footprint.to_json(), "area_m2": area_m2,
            "parameters": {"origin": "donor", "donor_scene": "/data/tile-9.tif", "donor_object": 4,
                           "motion": {"turn_deg": 12.0, "scale": 1.1}},
            "causes": [], "visible_px": height * width, "visible_m2": area_m2,
        } | more  # fmt: skip

    return make


def noise(seed: int, shape: tuple[int, int, int] = (3, 48, 48), top: int = 255) -> np.ndarray:
    """Return a picture of smooth random ground, 0 to `top`, uint8 or uint16 as needed."""
    coarse = np.random.default_rng(seed).integers(0, top + 1, (shape[0], 6, 6))
    picture = np.kron(coarse, np.ones((1, -(-shape[1] // 6), -(-shape[2] // 6)), int))
    return picture[:, : shape[1], : shape[2]].astype(np.uint8 if top < 256 else np.uint16)


@pytest.fixture
def picture() -> Callable[..., np.ndarray]:
    """Return the maker of pictures."""
    return noise


class Browser:
    """A page in headless Chromium, over the WebDriver protocol (W3C)."""

    def __init__(self, address: str, session: str) -> None:
        self.base = f"{address}/session/{session}"

    def send(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        """Return the value that the driver answers with."""
        return call(f"{self.base}/{path}", body, method)

    def open(self, url: str) -> None:
        """Load a page; one that differs in the hash only is loaded anew."""
        self.send("url", {"url": "about:blank"})
        self.send("url", {"url": url})

    def size(self, width: int, height: int, **media: str) -> None:
        """Set screen size, also narrower than a window can be, and media features by name."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", screen)
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.command("Emulation.setEmulatedMedia", {"features": features})

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """Send a command of the DevTools protocol through the driver."""
        return self.send("goog/cdp/execute", {"cmd": name, "params": parameters})

    def run(self, script: str) -> Any:
        """Return what a function body returns in the page."""
        return self.send("execute/sync", {"script": script, "args": []})

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def drag(self, selector: str, start: float, end: float) -> None:
        """Drag the pointer across an element, from one share of its width to another."""
        box = self.run(f"const b = document.querySelector('{selector}').getBoundingClientRect();"
                       "return [b.left, b.top + b.height / 2, b.width]")  # fmt: skip
        at = [
            {"type": "pointerMove", "duration": 20, "x": int(box[0] + box[2] * s), "y": int(box[1])}
            for s in (start, end)
        ]
        steps = [at[0], {"type": "pointerDown", "button": 0}, at[1], {"type": "pointerUp", "button": 0}]
        self.send("actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": steps}]})

    def screenshot(self) -> bytes:
        """Return the visible page as PNG."""
        return base64.b64decode(self.send("screenshot", method="GET"))

    def errors(self) -> list[dict[str, Any]]:
        """Return what the console has complained about since the last call."""
        return [e for e in self.send("se/log", {"type": "browser"}) if e["level"] in ("SEVERE", "WARNING")]


def call(url: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
    """Return the value of a WebDriver answer; its error text is part of what is raised."""
    data = None if method == "GET" else json.dumps(body or {}).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{method} {url}: {error.read().decode()[:400]}") from error


@pytest.fixture(scope="session")
def driver() -> Iterator[str]:
    """Return the address of a running chromedriver."""
    path = shutil.which("chromedriver")
    if path is None or CHROMIUM is None:
        pytest.skip("no chromium and chromedriver here; Debian: apt-get install chromium chromium-driver")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([path, f"--port={port}", "--log-level=OFF"], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                call(f"{address}/status", method="GET")
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def browser(driver: str, tmp_path: Path) -> Iterator[Browser]:
    """Return a browser with a fresh profile."""
    arguments = [
        "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]  # fmt: skip
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    }
    answer = call(f"{driver}/session", {"capabilities": {"alwaysMatch": wanted}})
    opened = Browser(driver, answer["sessionId"])
    try:
        yield opened
    finally:
        call(opened.base, method="DELETE")
