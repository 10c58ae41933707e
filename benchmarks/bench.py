"""What the benchmarks share: bench-only packages, the machine's name, and one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / ".bench"
NAMED = ("diachron", "numpy", "scipy", "scikit-image", "rasterio")


def install(name: str, version: str) -> Path:
    """Return the folder that holds a bench-only package, installed there without what it depends on.

    Raises:
        SystemExit: it cannot be had; a benchmark never leaves out a figure.
    """
    info = next(PACKAGES.glob(f"{name}-{version}.dist-info"), None)
    if info is None:
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(PACKAGES)]
        done = subprocess.run([*command, f"{name}=={version}"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{name} {version} cannot be installed to {PACKAGES}:\n{done.stderr.strip()}")
    return PACKAGES


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    cpuinfo = Path("/proc/cpuinfo")
    models = (
        [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        if cpuinfo.is_file()
        else []
    )
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in NAMED},
    }


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser that knows `--json`."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    return made


def show(figures: dict[str, object], *, as_json: bool) -> None:
    """Print the figures, as one object or a line each."""
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name}: {value}")
