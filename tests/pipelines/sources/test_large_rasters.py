"""A raster larger than memory should be: only windows of it are read."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

SIDE = 20_000

READ = """
import resource, sys, time
from diachron.pipelines.sources import SourceOptions, discover
start = time.perf_counter()
resample_m = float(sys.argv[2]) or None
source = discover(
    SourceOptions(source=sys.argv[1], schema="landcover-ai", gsd_m=0.5, resample_m=resample_m)
)
units = source.units(512)
found = [source.read(units[i]).labels.any() for i in (0, len(units) // 2, len(units) - 1)]
print(len(units), any(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("resample_m", "windows"), [(0, 40 * 40), (10, 2 * 2)])
def test_windows_of_a_large_raster_need_little_memory(tmp_path, resample_m, windows):
    profile = {
        "driver": "GTiff", "height": SIDE, "width": SIDE, "dtype": "uint8", "tiled": True,
        "compress": "deflate", "SPARSE_OK": True, "BIGTIFF": "YES",
    }  # fmt: skip
    for name, count in (("big.tif", 3), ("big_label.tif", 1)):
        with rasterio.open(tmp_path / name, "w", count=count, **profile) as dataset:
            block = np.full((count, 512, 512), 2, np.uint8)
            dataset.write(block, window=Window(0, 0, 512, 512))
            dataset.write(block, window=Window(SIDE - 512, SIDE - 512, 512, 512))
    run = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path), str(resample_m)],
        capture_output=True,
        text=True,
        timeout=250,
        check=True,
    )
    units, found, peak_gib = run.stdout.split()
    assert int(units) == windows
    assert found == "True"
    assert float(peak_gib) < 1.5
