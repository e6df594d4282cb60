from pathlib import Path

import numpy as np
import pytest

from pix2pix.pictures.contact_sheet import TRIPTYCH, contact_sheet, write_sheet
from pix2pix.pictures.images import RgbImage, read_image


def tile(value: int, size: int = 64) -> np.ndarray:
    return np.full((size, size, 3), value, dtype=np.uint8)


def test_each_row_shows_its_pictures_in_order() -> None:
    sheet = contact_sheet([("one", [tile(0), tile(100), tile(200)])], TRIPTYCH)
    line = sheet[-30, :, 0]
    order = [value for i, value in enumerate(line) if value != 255 and (i == 0 or line[i - 1] != value)]
    assert order == [0, 100, 200]


def test_many_rows_stand_in_two_columns() -> None:
    few = contact_sheet([("x", [tile(0)] * 3)] * 3, TRIPTYCH)
    many = contact_sheet([("x", [tile(0)] * 3)] * 6, TRIPTYCH)
    assert many.shape[0] == few.shape[0] and many.shape[1] > 2 * few.shape[1] - 1


def test_large_pictures_are_shown_at_their_size() -> None:
    sheet = contact_sheet([("x", [tile(0, 512)] * 3)], TRIPTYCH)
    assert (np.count_nonzero(sheet[-100, :, 0] == 0)) == 3 * 512


def test_captions_grow_with_the_pictures() -> None:
    def first_line(size: int) -> int:
        """The height of the caption."""
        inked = (contact_sheet([("Xx", [tile(255, size)])], [""])[:, :, 0] < 255).any(axis=1)
        return int(inked.sum())

    assert first_line(640) == pytest.approx(4 * first_line(160), abs=4)


def test_sheet_is_written_at_its_size_and_looks_the_same(tmp_path: Path, face_photo: RgbImage) -> None:
    sheet = contact_sheet([("face", [face_photo])], ["input"])
    write_sheet(tmp_path / "sheet.jpg", sheet)
    written = read_image(tmp_path / "sheet.jpg")
    assert written.shape == sheet.shape
    assert np.abs(written.astype(int) - sheet).mean() < 2.5


@pytest.mark.parametrize("shape", [(856, 1364, 3), (2500, 4000, 3), (6000, 200, 3)])
def test_sheet_is_smaller_than_300_kb_whatever_it_shows(tmp_path: Path, shape: tuple[int, ...]) -> None:
    write_sheet(tmp_path / "sheet.jpg", np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    assert (tmp_path / "sheet.jpg").stat().st_size < 300_000
    height, width = read_image(tmp_path / "sheet.jpg").shape[:2]
    assert height * width < 1_202_000 and height / width == pytest.approx(shape[0] / shape[1], rel=0.01)
