"""The LEVIR layout, read the way its readers read it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diachron.core.errors import PackageError, RunRefusedError
from diachron.outputs import layout
from diachron.outputs.exporters import levir
from diachron.outputs.exporters.folder import rgb8
from diachron.outputs.readers import Dataset
from tests.tiles import call


@pytest.fixture(scope="module")
def exported(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("export") / "levir"
    code, printed, said = call("export", made, "--format", "levir", "--to", to)
    assert (code, said) == (0, "")
    assert printed.startswith("6 samples: ")
    return to


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_folders_lists_and_names_agree(exported: Path, made: Path) -> None:
    expected: dict[str, list[str]] = {split: [] for split in layout.SPLITS}
    for record in Dataset(made).records():
        expected[record["split"]].append(f"{record['sample']:07d}.png")
    assert sum(map(len, expected.values())) == 6
    for split, names in expected.items():
        assert (exported / "list" / f"{split}.txt").read_text().split() == names
        for folder in ("A", "B", "label"):
            assert sorted(path.name for path in (exported / split / folder).iterdir()) == names
    listed = [name for names in expected.values() for name in names]
    assert len(set(listed)) == len(listed), "BIT_CD puts the splits into one folder"


def test_files_are_png_of_the_modes_that_loaders_expect(exported: Path) -> None:
    for path in exported.rglob("*.png"):
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.mode == ("L" if path.parent.name == "label" else "RGB")


def test_masks_decode_as_their_readers_do(exported: Path, made: Path) -> None:
    dataset = Dataset(made)
    changed = 0
    for path in sorted(exported.glob("*/label/*.png")):
        truth = dataset.layer(int(path.stem), "change") == 1
        mask = pixels(path)
        assert set(np.unique(mask)) <= {0, 255}
        changed += truth.sum()
        np.testing.assert_array_equal(mask >= 128, truth)  # open-cd, format_seg_map 'to_binary'
        np.testing.assert_array_equal(mask // 255, truth)  # BIT_CD
        np.testing.assert_array_equal(np.clip(mask, 0, 1), truth)  # torchgeo
    assert changed > 0


def test_pictures_are_the_dates_with_unknown_pixels_black(exported: Path, made: Path) -> None:
    dataset = Dataset(made)
    for path in exported.glob("*/A/*.png"):
        index = int(path.stem)
        unknown = dataset.layer(index, "change") == 255
        assert unknown.any()
        for folder, date in (("A", "t1"), ("B", "t2")):
            picture = pixels(path.parents[1] / folder / path.name)
            expected = dataset.layer(index, date).transpose(1, 2, 0).copy()
            expected[unknown] = 0
            np.testing.assert_array_equal(picture, expected)


def test_a_series_gives_its_first_and_last_date(series: Path, tmp_path: Path) -> None:
    assert levir.export(Dataset(series), tmp_path / "to") == 2
    last = Dataset(series).layer(0, "t3").transpose(1, 2, 0)
    (path,) = (tmp_path / "to").glob("*/B/0000000.png")
    known = Dataset(series).layer(0, "change") != 255
    np.testing.assert_array_equal(pixels(path)[known], last[known])


def test_a_folder_that_holds_something_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(RunRefusedError, match="is not an empty folder"):
        levir.export(Dataset(made), tmp_path)


def test_sixteen_bits_are_divided_by_their_full_scale() -> None:
    image = np.array([0, 500, 1000, 2000], np.uint16).reshape(1, 1, 4)
    np.testing.assert_array_equal(rgb8(image, ("pan",), 1000.0)[0, :, 0], [0, 128, 255, 255])


def test_bands_are_taken_by_name() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(4, 1, 1)
    assert rgb8(image, ("blue", "green", "red", "nir"), 255.0).ravel().tolist() == [2, 1, 0]
    with pytest.raises(PackageError, match=r"bands red, nir: no red, green and blue"):
        rgb8(image[:2], ("red", "nir"), 255.0)
