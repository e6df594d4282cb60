from pathlib import Path

import numpy as np
import pytest

from pix2pix.pictures.images import write_png
from pix2pix.pictures.pairs import are_unpaired


@pytest.mark.parametrize(
    ("names", "width", "expected"),
    [
        (("A/x/1.png", "B/y/1.png"), 32, True),
        (("A/1.png", "B/1.png"), 64, False),  # pairs, of classes A and B
        (("A/1.png", "C/1.png"), 32, False),
        (("x/1.png",), 64, False),
        ((), 32, False),
    ],
)
def test_two_folders_of_squares_are_no_pairs(
    tmp_path: Path, names: tuple[str, ...], width: int, expected: bool
) -> None:
    for name in names:
        write_png(tmp_path / "train" / name, np.zeros((32, width, 3), np.uint8))
    assert are_unpaired(tmp_path) == expected
