"""Finding a user's tiles: from options to a `Source`, with a reason for every image that is left out."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from diachron.core.errors import RecipeError, SourceError
from diachron.core.labels import LabelSchema
from diachron.pipelines.sources.dates import Dated, PlaceRow, places_of, read_places, single_pictures
from diachron.pipelines.sources.drafts import Draft, Examiner
from diachron.pipelines.sources.instance_maps import check_options
from diachron.pipelines.sources.layout import Candidate, Folders, bare_stem
from diachron.pipelines.sources.listing import find_candidates
from diachron.pipelines.sources.model_objects import object_model
from diachron.pipelines.sources.radiometry import band_names, derive_full_scale
from diachron.pipelines.sources.resampling import resampled
from diachron.pipelines.sources.scheme_choice import (
    building_class,
    choose_schema,
    ground_class,
    stated_schema,
)
from diachron.pipelines.sources.source import Source
from diachron.pipelines.sources.tables import read_tables
from diachron.pipelines.sources.tiles import Refusal, SourceOptions, Tile, place_of
from diachron.pipelines.sources.unlabelled import check_objects, check_unlabelled, is_unlabelled
from diachron.pipelines.sources.vectors import read_polygons

_ADD_GSD = "add --gsd METRES"


def discover(options: SourceOptions) -> Source:
    """Return the usable tiles of a source, sorted by path; only headers are read, and a few pixels.

    Where pictures of several dates belong together (`options.dates`), a tile is a labelled date of a place,
    and the source tells the other dates of it.

    Raises:
        RecipeError: options that contradict each other, a scheme that is missing or not valid.
        LabelError: a scheme file whose classes contradict each other.
        UnknownNameError: no built-in scheme has the name.
        SourceError: no image at all can be used; the text counts the reasons and gives the first.
    """
    _check(options)
    check_options(options)
    folders = Folders()
    root, listed = find_candidates(options, folders)
    candidates = list({candidate.image: candidate for candidate in reversed(listed)}.values())[::-1]
    if options.dates is not None:
        candidates = single_pictures(candidates)
    homes = {root} | {c.home for c in candidates} | {c.image.parent for c in candidates}
    schema = stated_schema(options.schema, candidates, root)
    check_objects(options, schema)
    if is_unlabelled(schema):
        check_unlabelled(options)
    if schema is None and options.panoptic is not None:
        raise RecipeError(
            f"--panoptic {options.panoptic}: say what its categories are with --schema NAME|FILE"
        )
    objects = None if options.objects is None else object_model(options.objects)
    examiner = Examiner(
        root,
        folders,
        read_tables(homes),
        frozenset(bare_stem(candidate.image).lower() for candidate in candidates),
        schema,
        Path(options.footprints) if options.footprints is not None else None,
        options.gsd_m,
        len(options.bands) if options.bands else None,
        needs_label=options.dates is None,
        with_instances=options.instances is not None,
    )
    drafts: list[Draft] = []
    refused: dict[Path, SourceError] = {}
    for candidate in candidates:
        try:
            drafts.append(examiner.examine(candidate))
        except SourceError as err:
            refused[candidate.image] = err
    if options.dates is not None and drafts and not any(draft.labelled for draft in drafts):
        raise _no_labels_at_all(options, drafts)
    if drafts and schema is None:
        schema = choose_schema(drafts, root)
    if schema is not None:
        drafts = _fit_footprints(drafts, schema, options, refused)
    drafts = _with_gsd(drafts, refused)
    if options.resample_m is not None:
        drafts = _resampled(drafts, options.resample_m, refused)
    drafts = _of_one_kind(drafts, refused)
    places: list[tuple[Dated, ...]] = []
    rows = {} if options.dates is None else read_places(homes)
    if options.dates is not None:
        places = places_of(drafts, rows, options.dates, refused)
        drafts = sorted((e.draft for place in places for e in place), key=lambda d: d.candidate.image)
    refusals = tuple(_refusal(path, err, root) for path, err in sorted(refused.items()))
    if not drafts or schema is None:
        raise _nothing_usable(options, refusals)
    if options.footprints is not None and not any(draft.footprints for draft in drafts):
        raise SourceError(
            f"--footprints {options.footprints}: the polygons reach none of {len(drafts)} tiles; "
            "check the CRS of both",
            "no_label",
        )
    headers = [draft.header for draft in drafts]
    bands = band_names(headers[0], options.bands)
    full_scale = options.full_scale if options.full_scale is not None else derive_full_scale(headers)
    tiles = tuple(
        _tile(draft, name) for draft, name in zip(drafts, _names(drafts, candidates, root), strict=True)
    )
    others: tuple[tuple[Tile, ...], ...] = ()
    if options.dates is not None:
        tiles, others = _by_date({tile.image: tile for tile in tiles}, places, rows, root)
    return Source(
        str(root),
        tiles,
        refusals,
        schema,
        options.licence,
        bands,
        full_scale,
        options.sun,
        options.resample_m,
        others,
        objects,
    )


def _by_date(
    tiles: dict[Path, Tile], places: Sequence[tuple[Dated, ...]], rows: Mapping[str, PlaceRow], root: Path
) -> tuple[tuple[Tile, ...], tuple[tuple[Tile, ...], ...]]:
    """Return the labelled dates of all places, sorted by path, and the other dates of each, in order of time.

    Dates of a place share their place and their split.
    """
    found = []
    for dates in places:
        files = [entry.draft.candidate.image for entry in dates]
        split = rows.get(dates[0].place, PlaceRow()).split
        splits = [split or entry.draft.split for entry in dates]
        called = next((entry.draft.place for entry in dates if entry.draft.place), None)
        place = called or _relative(files[0].with_name(dates[0].place), root)
        shared = next((s for s in splits if s), None)
        of_place = [
            replace(tiles[file], date=entry.date, time_years=entry.years, place=place, split=shared)
            for file, entry in zip(files, dates, strict=True)
        ]
        found += [(tile, tuple(o for o in of_place if o is not tile)) for tile in of_place if tile.labelled]
    found.sort(key=lambda entry: entry[0].image)
    return tuple(tile for tile, _ in found), tuple(others for _, others in found)


def _no_labels_at_all(options: SourceOptions, drafts: Sequence[Draft]) -> SourceError:
    where = options.source if options.source is not None else options.images
    return SourceError(
        f"{where}: none of {len(drafts)} pictures has a label map, and one date of a place needs one; make "
        "them with `diachron segment IMAGES --weights LABELLER --out LABELLED`, then give --labels LABELLED "
        "--schema segmenter",
        "no_label",
    )


def _check(options: SourceOptions) -> None:
    """Refuse numbers that are no lengths, and footprints that cannot serve, before a tile is opened."""
    for name, value in (
        ("--gsd", options.gsd_m),
        ("--resample", options.resample_m),
        ("--full-scale", options.full_scale),
    ):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise RecipeError(f"{name} {value}: give a positive number")
    if options.sun is not None:
        azimuth, elevation = options.sun
        if not 0 <= azimuth <= 360 or (elevation is not None and not 0 < elevation <= 90):
            raise RecipeError(
                f"--sun {azimuth},{elevation}: give an azimuth of 0-360 degrees clockwise from north and, "
                "if it is known, an elevation above 0 and up to 90"
            )
    if options.footprints is not None:
        problem = read_polygons(Path(options.footprints)).problem
        if problem:
            raise SourceError(f"--footprints {options.footprints}: {problem}", "no_label")


def _fit_footprints(
    drafts: list[Draft], schema: LabelSchema, options: SourceOptions, refused: dict[Path, SourceError]
) -> list[Draft]:
    """Return the drafts that can be labelled in the scheme; polygons are buildings and nothing else."""
    building, ground = building_class(schema), ground_class(schema)
    if building is None and options.footprints is not None:
        raise RecipeError(
            f"--footprints {options.footprints}: polygons are buildings, and scheme '{schema.name}' has no "
            "class of buildings; choose another with --schema NAME|FILE"
        )
    kept = []
    for draft in drafts:
        if not draft.labelled:
            kept.append(draft)
        elif draft.label is None and (building is None or ground is None):
            missing = "buildings" if building is None else "ground of unknown kind"
            refused[draft.candidate.image] = SourceError(
                f"polygons without a label map, and scheme '{schema.name}' has no class of {missing}; "
                "use --schema building",
                "no_label",
            )
        elif building is None:
            kept.append(replace(draft, footprints=None))
        else:
            kept.append(draft)
    return kept


def _with_gsd(drafts: list[Draft], refused: dict[Path, SourceError]) -> list[Draft]:
    for draft in drafts:
        if draft.gsd_m is None:
            problem = draft.gsd_problem or "no ground sampling distance in the file"
            refused[draft.candidate.image] = SourceError(f"{problem}; {_ADD_GSD}", "no_gsd")
    return [draft for draft in drafts if draft.gsd_m is not None]


def _resampled(drafts: list[Draft], resample_m: float, refused: dict[Path, SourceError]) -> list[Draft]:
    kept = []
    for draft in drafts:
        try:
            factor, grid = resampled(draft.grid, resample_m)
        except SourceError as err:
            refused[draft.candidate.image] = err
        else:
            kept.append(replace(draft, factor=factor, resampled=grid))
    return kept


def _of_one_kind(drafts: list[Draft], refused: dict[Path, SourceError]) -> list[Draft]:
    """Return the drafts with the most frequent band count and data type; the first kind wins a draw."""
    kinds = Counter((len(draft.header.indexes), draft.header.dtype) for draft in drafts)
    if len(kinds) < 2:
        return drafts
    (count, dtype), tiles = kinds.most_common(1)[0]
    kept = []
    for draft in drafts:
        own = (len(draft.header.indexes), draft.header.dtype)
        if own == (count, dtype):
            kept.append(draft)
            continue
        refused[draft.candidate.image] = SourceError(
            f"{own[0]} x {own[1]}, while {tiles} tiles of the source are {count} x {dtype} (bands x data "
            "type); make it a source of its own",
            "band_mismatch",
        )
    return kept


def _names(drafts: Sequence[Draft], candidates: Sequence[Candidate], root: Path) -> list[str]:
    """Return one unique name a draft; it does not depend on which other images were refused."""
    plain = Counter(_relative(c.image.with_name(bare_stem(c.image)), root) for c in candidates)
    names = []
    for draft in drafts:
        image = draft.candidate.image
        name = _relative(image.with_name(bare_stem(image)), root)
        names.append(name if plain[name] == 1 else _relative(image, root))
    return names


def _tile(draft: Draft, name: str) -> Tile:
    header = draft.header
    return Tile(
        name,
        draft.place or place_of(name),
        header.path,
        draft.label.path if draft.label else None,
        draft.footprints,
        draft.grid,
        len(header.indexes),
        header.dtype,
        header.nodata,
        draft.split,
        draft.gsd_from,
        header.alpha,
        draft.factor,
        instances=draft.instances,
        segments=draft.candidate.segments,
    )


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _refusal(path: Path, err: SourceError, root: Path) -> Refusal:
    return Refusal(_relative(path, root), err.reason, str(err).removeprefix(f"{path}: "))


def _nothing_usable(options: SourceOptions, refusals: Sequence[Refusal]) -> SourceError:
    where = options.source if options.source is not None else options.images
    counts = Counter(refusal.reason for refusal in refusals)
    reason = counts.most_common(1)[0][0]
    details = {refusal.detail for refusal in refusals}
    if set(counts) == {"no_gsd"} and len(details) == 1 and details.pop().endswith(_ADD_GSD):
        return SourceError(f"{where}: no ground sampling distance in the files; {_ADD_GSD}", "no_gsd")
    listed = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    first = next(refusal for refusal in refusals if refusal.reason == reason)
    return SourceError(
        f"{where}: none of {len(refusals)} images can be used ({listed}); {first.path}: {first.detail}",
        reason,
    )
