"""`diachron predict`: find change in two rasters."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="predict")
@click.argument("t1", type=click.Path(path_type=Path))
@click.argument("t2", type=click.Path(path_type=Path))
@click.option("--weights", type=click.Path(path_type=Path), required=True, help="Folder of the detector.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the GeoTIFFs.")
@click.option("--threshold", type=float, default=0.5, show_default=True, help="Probability of change.")
@click.option("--labels", type=click.Path(path_type=Path), help="Label map of T1, for conditional detectors.")
@click.option("--full-scale", type=float, help="Brightest value of the sensor; 255 for 8 bits.")
@click.option("--window", "window_px", type=int, default=576, show_default=True, help="Pixels read at once.")
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--overwrite", is_flag=True, help="Replace the files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    t1: Path,
    t2: Path,
    weights: Path,
    out: Path,
    threshold: float,
    labels: Path | None,
    full_scale: float | None,
    window_px: int,
    device: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Find change between two rasters on one grid, T1 the earlier, of any size.

    Writes probability.tif and mask.tif, with 255 where a date has no data.
    """
    from diachron.cli.progress import progress_bar
    from diachron.training.detectors.detector import Detector
    from diachron.training.detectors.predict_raster import predict_raster

    detector = Detector.load(weights).to(device)
    with progress_bar("windows", quiet=as_json) as progress:
        done = predict_raster(
            detector,
            t1,
            t2,
            out,
            threshold=threshold,
            labels_t1=labels,
            full_scale=full_scale,
            overwrite=overwrite,
            window_px=window_px,
            progress=progress,
        )
    if as_json:
        files = {name: str(path) for name, path in done.files.items()}
        click.echo(json.dumps({"files": files, "known_px": done.known_px, "changed_px": done.changed_px}))
        return
    share = done.changed_px / max(done.known_px, 1)
    click.echo(f"{done.changed_px} of {done.known_px} pixels changed ({share:.2%}): {out}")
