import numpy as np

from pix2pix.pictures.contact_sheet import TRIPTYCH, contact_sheet


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
