"""A|B pairs: one picture twice as wide as high, the input A on the left and the target B on the right."""

from pathlib import Path

import numpy as np

from pix2pix.pictures.images import RgbImage, image_size, read_image

TRAIN = "train"
VAL = "val"
TEST = "test"
SPLITS = (TRAIN, VAL, TEST)


def read_pair(path: Path) -> tuple[RgbImage, RgbImage]:
    """Read an A|B pair as A and B, each (H, W, 3) uint8."""
    a, b = np.hsplit(read_image(path), 2)
    return np.ascontiguousarray(a), np.ascontiguousarray(b)


def are_unpaired(pairs: Path) -> bool:
    """Whether a folder of splits holds single pictures of two sets, ``A`` and ``B``, instead of pairs."""
    sets = [pairs / TRAIN / name for name in ("A", "B")]
    first = min(sets[0].rglob("*.png"), default=None)
    if first is None or not sets[1].is_dir():
        return False
    size = image_size(first)
    return size is not None and size[0] == size[1]
