from pathlib import Path

import numpy as np
import pytest

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.pictures.pairs import are_unpaired, middle_of


def picture(path: Path, width: int) -> None:
    write_png(path, np.zeros((32, width, 3), dtype=np.uint8))


def test_squares_in_two_sides_are_unpaired(tmp_path: Path) -> None:
    for side in "AB":
        picture(tmp_path / "train" / side / "all/1.png", 32)
    assert are_unpaired(tmp_path)


def test_classes_named_a_and_b_hold_pairs(tmp_path: Path) -> None:
    for side in "AB":
        picture(tmp_path / "train" / side / "1.png", 64)
    assert not are_unpaired(tmp_path)


@pytest.mark.parametrize(
    "names", [(), ("train/A/1.png",), ("train/B/1.png",), ("train/rose/1.png",), ("A/1.png", "B/1.png")]
)
def test_other_folders_are_not_unpaired(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        picture(tmp_path / name, 32)
    assert not are_unpaired(tmp_path)


def test_only_the_header_is_read(tmp_path: Path) -> None:
    for side in "AB":
        picture(tmp_path / "train" / side / "1.png", 32)
    first = tmp_path / "train/A/1.png"
    first.write_bytes(first.read_bytes()[:50])
    with pytest.raises(UnreadableError):
        read_image(first)
    assert are_unpaired(tmp_path)


def test_middle_is_a_step_where_two_pictures_meet_and_even_in_a_photo(photo: RgbImage) -> None:
    grey = np.repeat(photo[:, :, :1], 3, axis=2)
    assert middle_of(np.hstack([grey, photo])) == "step"
    assert middle_of(photo[:, :100]) == "even"
    assert middle_of(np.full((40, 80, 3), 255, np.uint8)) == "plain"
    assert middle_of(np.zeros((16, 32, 3), np.uint8)) == "plain"  # the smallest that is read as a pair
