"""Examining one candidate by its headers: is it a picture, what labels it, how large is a pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rasterio.enums import Resampling

from diachron.core.errors import SourceError
from diachron.core.grid import GeoGrid
from diachron.core.labels import LabelSchema
from diachron.core.schemes import SCHEMES
from diachron.pipelines.sources.footprints import reaches
from diachron.pipelines.sources.instance_maps import check_ids
from diachron.pipelines.sources.layout import (
    Candidate,
    Folders,
    bare_stem,
    rank_vectors,
    says_building,
    vector_files,
)
from diachron.pipelines.sources.rasters import (
    Header,
    crs_text,
    ground_gsd,
    open_raster,
    read_header,
    same_georeference,
)
from diachron.pipelines.sources.tables import TABLE_NAME, Row
from diachron.pipelines.sources.unlabelled import is_unlabelled
from diachron.pipelines.sources.vectors import read_polygons

_PICTURE_TYPES = ("uint8", "uint16", "float32")
_LOOK_PX = 512


@dataclass(frozen=True)
class Draft:
    """A picture with labels, whose scheme is still open.

    Args:
        label: header of the label map that will be read, None where polygons stand for it, where a further
            date of a place has none, or where it is made from the picture.
        instances: raster of object ids, None without one.
        gsd_m: None where nobody states it; then `gsd_problem` may say more.
        factor, resampled: of the grid with larger pixels that the user asks for; 1 and None without.
    """

    candidate: Candidate
    header: Header
    label: Header | None
    footprints: Path | None
    gsd_m: float | None
    gsd_from: str
    gsd_problem: str | None
    split: str | None
    place: str | None
    factor: float = 1.0
    resampled: GeoGrid | None = None
    instances: Path | None = None

    @property
    def grid(self) -> GeoGrid:
        """Grid that the tile is read on; 1 m a pixel where nobody states it."""
        return self.resampled or _grid(self.header, self.gsd_m or 1.0)

    @property
    def labelled(self) -> bool:
        """Whether anything says what stands there."""
        return self.label is not None or self.footprints is not None


@dataclass
class Examiner:
    """What is known of the whole source while its candidates are examined one by one.

    Args:
        root: of the source.
        folders: listings.
        tables: every tiles.csv by its folder.
        stems: bare stems of all candidates, lower case.
        schema: as given by the user; None to find out.
        footprints: as given by the user: then no other polygon file is looked at.
        gsd_m: as given by the user.
        all_bands: number of band names that the user gave, None without.
        needs_label: whether a picture that nothing labels is refused.
        with_instances: whether a labelled picture without a map of ids is refused.
    """

    root: Path
    folders: Folders
    tables: dict[Path, dict[str, Row]]
    stems: frozenset[str]
    schema: LabelSchema | None
    footprints: Path | None
    gsd_m: float | None
    all_bands: int | None
    needs_label: bool = True
    with_instances: bool = False

    def examine(self, candidate: Candidate) -> Draft:
        """Return what the headers say about a candidate.

        Raises:
            SourceError: the candidate cannot be used; `reason` says why, in a word.
        """
        header = self._with_all_bands(read_header(candidate.image))
        _check_picture(header)
        guessed = is_unlabelled(self.schema)
        # Who brings ids of objects wants no others.
        told = bool(candidate.instances) or candidate.segments is not None
        polygons, note = (None, "") if guessed or told else self._polygons_for(candidate, header)
        # In a scheme of buildings polygons say everything, so that a raster beside them is not needed.
        polygons_suffice = polygons is not None and self.schema in (None, SCHEMES["building"])
        label = None if polygons_suffice or guessed else self._label_for(candidate, header)
        if label is None and polygons is None and self.needs_label and not guessed:
            raise SourceError(self._near_miss(candidate, header, note), "no_label")
        row = self._row(candidate)
        gsd_m, gsd_from = ground_gsd(header), "file"
        if self.gsd_m is not None:
            gsd_m, gsd_from = self.gsd_m, "given"
        elif row.gsd_m is not None:
            gsd_m, gsd_from = row.gsd_m, TABLE_NAME
        return Draft(
            candidate,
            header,
            label,
            polygons,
            gsd_m,
            gsd_from,
            row.gsd_problem,
            row.split or candidate.split,
            row.place,
            instances=self._instances_for(candidate, header, label),
        )

    def _with_all_bands(self, header: Header) -> Header:
        """Return the header without alpha where the user names every band of the file."""
        if header.alpha is None or header.count != self.all_bands:
            return header
        return replace(header, alpha=None)

    def _label_for(self, candidate: Candidate, image: Header) -> Header | None:
        if not candidate.labels:
            return None
        if len(candidate.labels) > 1:
            names = ", ".join(path.name for path in candidate.labels)
            raise SourceError(f"several label maps: {names}; name one with --labels", "no_label")
        label = read_header(candidate.labels[0])
        _check_label(image, label, panoptic=candidate.segments is not None)
        return label

    def _instances_for(self, candidate: Candidate, image: Header, label: Header | None) -> Path | None:
        if not self.with_instances or label is None:
            return None
        if len(candidate.instances) != 1:
            names = ", ".join(path.name for path in candidate.instances) or "none"
            raise SourceError(f"maps of ids that pair with it: {names}; it needs one", "no_label")
        ids = read_header(candidate.instances[0])
        _check_place(image, ids)
        check_ids(ids)
        return ids.path

    def _polygons_for(self, candidate: Candidate, header: Header) -> tuple[Path | None, str]:
        """Return the polygon file of a tile, or None and why those nearby do not serve."""
        if self.footprints is not None:
            groups = [[self.footprints]]
        else:
            files = vector_files(candidate, self.root, self.folders)
            groups = rank_vectors(candidate.image, [f for f in files if says_building(f)], self.stems)
        grid, notes = _grid(header), []
        for group in groups:
            hits = []
            for path in group:
                polygons = read_polygons(path)
                if polygons.problem:
                    notes.append(polygons.problem)
                elif reaches(polygons, grid):
                    hits.append(path)
                elif grid.crs is None:
                    notes.append(f"the image has no CRS, so that {path.name} cannot be placed on it")
                else:
                    notes.append(f"no label map, and {path.name} does not reach it")
            if len(hits) > 1:
                names = ", ".join(path.name for path in hits)
                raise SourceError(
                    f"several polygon files reach it: {names}; give one with --footprints", "no_label"
                )
            if hits:
                return hits[0], ""
        return None, "; ".join(notes[:1])

    def _near_miss(self, candidate: Candidate, header: Header, note: str) -> str:
        """Return why nothing labels a tile, with the polygon file that a user may have meant."""
        first_word = bare_stem(candidate.image).split("_")[0].lower()
        files = vector_files(candidate, self.root, self.folders)
        unnamed = [path for path in files if not says_building(path)]
        namesakes = [path for path in unnamed if path.stem.split("_")[0].lower() == first_word]
        if namesakes or not note:
            for path in namesakes or unnamed:
                polygons = read_polygons(path)
                if path in namesakes or reaches(polygons, _grid(header)):
                    return "no label map; " + (
                        polygons.problem
                        or f"the name of {path.name} does not say that it holds buildings, "
                        "give it with --footprints if it does"
                    )
        return note or (
            "no label map and no footprints found; see docs/your-own-tiles.md for the layouts, or add "
            "--schema segments to have things guessed from the pictures"
        )

    def _row(self, candidate: Candidate) -> Row:
        for folder in (candidate.image.parent, candidate.home, self.root):
            table = self.tables.get(folder, {})
            for stem in (candidate.image.stem, bare_stem(candidate.image), candidate.image.name):
                if stem in table:
                    return table[stem]
        return Row()


def _grid(header: Header, gsd_m: float = 1.0) -> GeoGrid:
    transform = header.transform
    if transform is None:
        return GeoGrid.plain(header.shape, gsd_m)
    a, b, c, d, e, f = (float(value) for value in transform[:6])
    return GeoGrid(header.shape, (a, b, c, d, e, f), crs_text(header.crs), gsd_m)


def _check_picture(header: Header) -> None:
    """Raise where a raster is no picture: heights, a mask, a palette, or a data type without a scale."""
    bands = len(header.indexes)
    if bands == 1 and header.dtype not in ("uint8", "uint16"):
        raise SourceError(
            f"one band of {header.dtype} holds heights or another measure, not a picture", "not_an_image"
        )
    if header.dtype not in _PICTURE_TYPES:
        raise SourceError(
            f"{bands} bands of {header.dtype}; pictures are uint8, uint16 or float32, so convert it",
            "not_an_image",
        )
    if header.colours[0] == "palette":
        raise SourceError("a palette holds indices, not brightness; save it as RGB", "not_an_image")
    if bands == 1 and header.bits == 1:
        raise SourceError("one bit a pixel is a mask, not a picture", "not_an_image")


def _check_place(image: Header, label: Header) -> None:
    """Raise where a map of labels or ids does not lie on the pixels of its image."""
    name = label.path.name
    if label.shape != image.shape:
        raise SourceError(
            f"the image has {image.shape[0]} x {image.shape[1]} pixels (rows x columns), "
            f"{name} has {label.shape[0]} x {label.shape[1]}",
            "size_mismatch",
        )
    if not same_georeference(image, label):
        raise SourceError(
            f"{name} lies elsewhere: {crs_text(label.crs)} {tuple(label.transform or ())[:6]}, "
            f"the image {crs_text(image.crs)} {tuple(image.transform or ())[:6]}",
            "crs_mismatch",
        )


def _check_label(image: Header, label: Header, *, panoptic: bool) -> None:
    """Raise where a label map does not fit its image, or does not hold class ids or coded segments."""
    _check_place(image, label)
    name = label.path.name
    if panoptic:
        if label.count < 3 or label.dtype != "uint8":
            raise SourceError(
                f"{name} has {label.count} bands of {label.dtype}; segments are coded in three of uint8",
                "label_outside_scheme",
            )
        return
    if not label.dtype.startswith(("uint", "int")):
        raise SourceError(
            f"{name} holds {label.dtype}, not class ids; save it as uint8", "label_outside_scheme"
        )
    if len(label.indexes) > 1 and not _is_grey(label):
        raise SourceError(
            f"{name} is colour-coded ({len(label.indexes)} bands); turn its colours to class ids, one band",
            "label_outside_scheme",
        )


def _is_grey(label: Header) -> bool:
    """Return whether all bands of a label map are equal, in at most 512 x 512 of its pixels."""
    rows, cols = (min(length, _LOOK_PX) for length in label.shape)
    indexes = list(label.indexes)
    with open_raster(label.path) as dataset:
        values = dataset.read(indexes, out_shape=(len(indexes), rows, cols), resampling=Resampling.nearest)
    return bool(np.all(values == values[:1]))
