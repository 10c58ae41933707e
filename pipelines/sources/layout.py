"""Where images, label maps, polygon files and tables lie in a folder. Nothing is opened here.

A level is the source's folder, or `train`, `val` or `test` in it. Images lie in `image/` or `images/` of a
level, else in the level itself; label maps in `label/`, `labels/`, `mask/`, `masks/`, or beside the image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

IMAGE_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".webp"})
VECTOR_SUFFIXES = frozenset({".geojson", ".gpkg"})
IMAGE_FOLDERS = ("image", "images")
LABEL_FOLDERS = ("label", "labels", "mask", "masks")
VECTOR_FOLDERS = ("vector",)
SPLITS = ("train", "val", "test")

# `_building` is a label ending only where the image without it exists: a picture may be called so too.
_LABEL_ENDINGS = ("_label", "_labels", "_mask", "_masks")
_BUILDING_ENDINGS = ("_building", "_buildings")

_SAYS_BUILDING = re.compile(r"building|footprint|roof", re.IGNORECASE)
_VECTOR_ENDING = re.compile(r"_?(buildings?|footprints?|roofs?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Segment:
    """A segment of a panoptic label map.

    Args:
        id: of its pixels.
        category: class id in the source's scheme.
        crowd: whether it is several objects that nobody has told apart.
    """

    id: int
    category: int
    crowd: bool = False


@dataclass(frozen=True)
class Candidate:
    """An image file that may become a tile.

    Args:
        image: the file.
        home: the level it belongs to, which holds its label folder and its tables.
        split: where a folder name says so.
        labels: label maps that may be its own; more than one is ambiguous.
        instances: maps of object ids that may be its own; empty without such maps.
        segments: what the ids of a panoptic label map mean; None for plain class ids.
    """

    image: Path
    home: Path
    split: str | None = None
    labels: tuple[Path, ...] = ()
    instances: tuple[Path, ...] = ()
    segments: tuple[Segment, ...] | None = None


@dataclass
class Folders:
    """Directory listings, each read once; sorted by name, hidden entries left out."""

    _entries: dict[Path, tuple[Path, ...]] = field(default_factory=dict)
    _files: dict[tuple[Path, frozenset[str]], list[Path]] = field(default_factory=dict)
    _stems: dict[Path, dict[str, list[Path]]] = field(default_factory=dict)

    def entries(self, folder: Path) -> tuple[Path, ...]:
        """Return what lies in a folder; nothing where there is none."""
        if folder not in self._entries:
            found = folder.iterdir() if folder.is_dir() else iter(())
            self._entries[folder] = tuple(sorted(path for path in found if not path.name.startswith(".")))
        return self._entries[folder]

    def files(self, folder: Path, suffixes: frozenset[str]) -> list[Path]:
        """Return the files of a folder that end like one of `suffixes`, in any case of letters."""
        key = (folder, suffixes)
        if key not in self._files:
            near = (path for path in self.entries(folder) if path.suffix.lower() in suffixes)
            self._files[key] = [path for path in near if path.is_file()]
        return self._files[key]

    def images(self, folder: Path) -> dict[str, list[Path]]:
        """Return stem in lower case -> the image files of a folder with that stem."""
        if folder not in self._stems:
            stems: dict[str, list[Path]] = {}
            for path in self.files(folder, IMAGE_SUFFIXES):
                stems.setdefault(path.stem.lower(), []).append(path)
            self._stems[folder] = stems
        return self._stems[folder]

    def children(self, folder: Path, names: tuple[str, ...]) -> list[Path]:
        """Return the sub-folders that are called one of `names`, in the order of `names`."""
        return [
            path
            for name in names
            for path in self.entries(folder)
            if path.name.lower() == name and path.is_dir()
        ]


def bare_stem(path: Path) -> str:
    """Return the name of an image without suffix and without an `_rgb` ending."""
    return re.sub(r"(?i)(?<=.)_rgb$", "", path.stem)


def images_below(root: Path, folders: Folders) -> list[Candidate]:
    """Return every image of a folder, sorted by path, each with its label maps."""
    levels: list[tuple[Path, str | None]] = [(root, None)]
    levels += [(folder, folder.name.lower()) for folder in folders.children(root, SPLITS)]
    return [
        Candidate(image, level, split, labels_for(image, folders))
        for level, split in levels
        for folder in folders.children(level, IMAGE_FOLDERS) or [level]
        for image in folders.files(folder, IMAGE_SUFFIXES)
        if not is_label(image, folders)
    ]


def home_of(image: Path) -> Path:
    """Return the level of an image: its folder, or the one above where that is called `image`."""
    folder = image.parent
    return folder.parent if folder.name.lower() in IMAGE_FOLDERS else folder


def is_label(path: Path, folders: Folders) -> bool:
    """Return whether a file's name says that it is a label map of another file."""
    stem = path.stem.lower()
    if stem.endswith(_LABEL_ENDINGS):
        return True
    if not stem.endswith(_BUILDING_ENDINGS):
        return False
    base = stem.rpartition("_")[0]
    siblings = folders.images(path.parent)
    return base in siblings or f"{base}_rgb" in siblings


def labels_for(image: Path, folders: Folders) -> tuple[Path, ...]:
    """Return the label maps of an image, from the first folder that has one: beside it, then `label/` ..."""
    stems = list(dict.fromkeys((image.stem.lower(), bare_stem(image).lower())))
    ended = [stem + ending for stem in stems for ending in (*_LABEL_ENDINGS, *_BUILDING_ENDINGS)]
    places = [(image.parent, ended)]
    places += [(folder, stems + ended) for folder in folders.children(home_of(image), LABEL_FOLDERS)]
    for folder, wanted in places:
        siblings = folders.images(folder)
        found = [path for stem in wanted for path in siblings.get(stem, ()) if path != image]
        if found:
            return tuple(found)
    return ()


def vector_files(candidate: Candidate, root: Path, folders: Folders) -> list[Path]:
    """Return the polygon files near an image: in its level, its own folder, `vector/`, and at the root."""
    near: dict[Path, None] = {}
    for level in (candidate.home, candidate.image.parent, root):
        for folder in (level, *folders.children(level, VECTOR_FOLDERS)):
            near.update(dict.fromkeys(folders.files(folder, VECTOR_SUFFIXES)))
    return list(near)


def says_building(path: Path) -> bool:
    """Return whether a polygon file's name says that it holds buildings."""
    return _SAYS_BUILDING.search(path.stem) is not None


def rank_vectors(image: Path, files: list[Path], others: frozenset[str]) -> list[list[Path]]:
    """Return polygon files in groups, the closest first: own, of its scene by prefix, shared by all.

    Args:
        image: the image.
        files: polygon files that say building.
        others: bare stems of all images in lower case; a file called like one of them is not shared.
    """
    stem = bare_stem(image).lower()
    cores = {path: _VECTOR_ENDING.sub("", path.stem).lower() for path in files}
    own = [path for path, core in cores.items() if core in {stem, image.stem.lower()}]
    scene = [path for path, core in cores.items() if core and stem.startswith(core + "_")]
    scene.sort(key=lambda path: -len(cores[path]))
    near = {*own, *scene}
    shared = [path for path, core in cores.items() if path not in near and core not in others]
    return [own, *([path] for path in scene), shared]
