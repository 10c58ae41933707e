"""From options to candidate images: a folder, a glob, a list, or two globs that pair images and labels."""

from __future__ import annotations

import csv
import glob
import os
import re
from dataclasses import replace
from pathlib import Path

from diachron.core.errors import RecipeError, SourceError, nearest_names
from diachron.pipelines.sources.instance_maps import with_instances
from diachron.pipelines.sources.layout import (
    IMAGE_SUFFIXES,
    SPLITS,
    Candidate,
    Folders,
    bare_stem,
    home_of,
    images_below,
    is_label,
    labels_for,
)
from diachron.pipelines.sources.panoptic import with_panoptic
from diachron.pipelines.sources.tiles import SourceOptions

_WILD = re.compile(r"[*?\[]")
_SUFFIX = re.compile("|".join(re.escape(s) + "$" for s in sorted(IMAGE_SUFFIXES)), re.IGNORECASE)
_PIECES = re.compile(r"\*\*/|\*+|\?|\[!?\]?[^\]]*\]")


def find_candidates(options: SourceOptions, folders: Folders) -> tuple[Path, list[Candidate]]:
    """Return the source's root and its images, sorted by path.

    Raises:
        RecipeError: no source is given, or two.
        SourceError: the folder, list or glob holds no image.
    """
    if options.source is not None and options.images is not None:
        raise RecipeError(
            f"two sources: --source {options.source} and --images {options.images}; give one of them"
        )
    text = options.source if options.source is not None else options.images
    if not text:
        raise RecipeError("no source of images; give --source DIR|GLOB|LIST, or --images GLOB --labels GLOB")
    path = Path(text)
    if options.images is None and path.is_dir():
        root, found = path, images_below(path, folders)
    elif options.images is None and path.is_file() and path.suffix.lower() not in IMAGE_SUFFIXES:
        root, found = path.parent, _from_list(path, folders)
    else:
        root, found = _from_glob(text, options.labels, folders)
    if options.labels is not None:
        found = pair_by_globs(found, text, _glob_of_labels(options.labels))
    if options.instances is not None:
        ids = _glob_of_labels(options.instances)
        found = with_instances(found, pair_by_globs(found, text, ids, option="--instances"))
    if options.panoptic is not None:
        found = with_panoptic(found, Path(options.panoptic))
    if not found:
        raise SourceError(f"{text}: no image found; {_what_is_there(root, folders)}", "unreadable")
    return root, sorted(found, key=lambda candidate: candidate.image.as_posix())


def pair_by_globs(
    found: list[Candidate], images: str, labels: str, *, option: str = "--labels"
) -> list[Candidate]:
    """Return the candidates with the label maps that a glob matched, and without any where none fits.

    Two files pair when the text behind the `*` of both globs is equal, else when an image's stem is the text
    behind the `*` of the label glob, else when their stems are equal. An image's stem is the one without
    `_rgb`, else the whole one.

    Raises:
        SourceError: the label glob matches nothing, or no pair fits.
    """
    paths = _matches(labels)
    if not paths:
        raise SourceError(f"{option} {labels}: no file matches; check the pattern and its quotes", "no_label")
    image_stars = {c.image: stars(images, c.image) for c in found}
    label_stars = {path: stars(labels, path) for path in paths}
    image_stems: dict[Path, tuple[str, ...]] = {c.image: (bare_stem(c.image),) for c in found}
    whole_stems: dict[Path, tuple[str, ...]] = {c.image: (c.image.stem,) for c in found}
    label_stems: dict[Path, tuple[str, ...]] = {path: (path.stem,) for path in paths}
    ways = [(image_stars, label_stars), (image_stems, label_stars), (image_stems, label_stems)]
    for image_keys, label_keys in ways:
        by_key: dict[tuple[str, ...], list[Path]] = {}
        for path, key in label_keys.items():
            if key:
                by_key.setdefault(key, []).append(path)
        paired = [
            replace(
                c, labels=tuple(by_key.get(image_keys[c.image]) or by_key.get(whole_stems[c.image]) or ())
            )
            for c in found
        ]
        if any(candidate.labels for candidate in paired):
            return paired
    what = "label maps" if option == "--labels" else "maps"
    raise SourceError(
        f"{option} {labels}: none of {len(paths)} {what} pairs with one of {len(found)} images "
        f"(such as {paths[0].name} and {found[0].image.name if found else 'none'}); the text behind "
        "the * of both patterns, or the file stems, must be equal",
        "no_label",
    )


def stars(pattern: str, path: Path) -> tuple[str, ...]:
    """Return the text that each `*` of a glob stands for in a path; nothing where the pattern has no `*`.

    Example:
        >>> stars("a/*_rgb.*", Path("a/dubai_1_rgb.jpg"))
        ('dubai_1',)
    """
    if "*" not in pattern:
        return ()
    pattern = Path(pattern).as_posix()
    parts, last = [], 0
    for piece in _PIECES.finditer(pattern):
        parts.append(re.escape(pattern[last : piece.start()]))
        token = piece[0]
        if token == "**/":
            parts.append("((?:.*/)?)")
        elif token.startswith("*"):
            parts.append("([^/]*)")
        elif token == "?":
            parts.append("[^/]")
        else:
            parts.append(token.replace("[!", "[^"))
        last = piece.end()
    match = re.fullmatch("".join(parts) + re.escape(pattern[last:]), path.as_posix())
    # The suffix says nothing: `image/*` and `label/*` pair a.jpg with a.png.
    texts = [_SUFFIX.sub("", text) for text in (match.groups() if match else (path.stem,))]
    return tuple(text for text in texts if f".{text.lower()}" not in IMAGE_SUFFIXES)


def _glob_of_labels(labels: str) -> str:
    """Return a glob for a folder of label maps, also one that `diachron segment` wrote; a glob stays."""
    folder = Path(labels)
    if not folder.is_dir():
        return labels
    inner = folder / "label"
    return f"{glob.escape(str(inner if inner.is_dir() else folder))}/*"


def _matches(pattern: str) -> list[Path]:
    # Path.glob takes no absolute pattern, and a user gives those.
    found = (Path(text) for text in glob.glob(pattern, recursive=True))  # noqa: PTH207
    return sorted(
        p for p in found if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file() and not p.name.startswith(".")
    )


def _from_glob(pattern: str, labels: str | None, folders: Folders) -> tuple[Path, list[Candidate]]:
    if not _WILD.search(pattern) and not Path(pattern).exists():
        raise SourceError(f"{pattern}: there is no such file or folder; {_near(Path(pattern))}", "unreadable")
    fixed = []
    for part in Path(pattern).parts[:-1]:
        if _WILD.search(part):
            break
        fixed.append(part)
    taken = set(_matches(labels)) if labels else set()
    found = [
        Candidate(image, home_of(image), _split_of(image), labels_for(image, folders))
        for image in _matches(pattern)
        if image not in taken and not (labels is None and is_label(image, folders))
    ]
    return Path(*fixed), found


def _from_list(path: Path, folders: Folders) -> list[Candidate]:
    """Return the images of a text file; raises `SourceError` where it is not text."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as err:
        raise SourceError(f"{path}: not an image and not a text list (byte {err.start})") from err
    found: list[Candidate] = []
    for row in csv.reader(line for line in lines if line.strip() and not line.lstrip().startswith("#")):
        cells = [cell.strip() for cell in row]
        if not found and cells[0].lower() == "image":
            continue
        image = Path(os.path.normpath(path.parent / cells[0]))
        given = len(cells) > 1 and cells[1]
        labels = (Path(os.path.normpath(path.parent / cells[1])),) if given else labels_for(image, folders)
        found.append(Candidate(image, home_of(image), _split_of(image), labels))
    return found


def _split_of(image: Path) -> str | None:
    name = home_of(image).name.lower()
    return name if name in SPLITS else None


def _near(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"nor a folder {folder}"
    return nearest_names(path.name, (p.name for p in folder.iterdir() if not p.name.startswith(".")))


def _what_is_there(root: Path, folders: Folders) -> str:
    below = [path.name for path in folders.entries(root) if path.is_dir()]
    if {"t1", "t2"} <= set(below):
        return "the folder holds pairs (t1, t2), and a source is single dates with label maps or footprints"
    looked = (
        "looked for .tif, .png, .jpg and .webp in the folder, image/, images/ and those of train/val/test"
    )
    return looked + (f"; its sub-folders are {', '.join(below[:6])}" if below else "")
