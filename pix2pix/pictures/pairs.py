"""A|B pairs: one picture twice as wide as high, the input A on the left and the target B on the right.

Where A and B are no pairs, each picture is a square of its own, in the folder of its side below its split's.
"""

from pathlib import Path

import numpy as np

from pix2pix.pictures.images import RgbImage, image_size, read_image

TRAIN = "train"
VAL = "val"
TEST = "test"
SPLITS = (TRAIN, VAL, TEST)
SIDES = ("A", "B")
LEAST_VALIDATED = 2  # validation pictures of each side: sets are compared


def read_pair(path: Path) -> tuple[RgbImage, RgbImage]:
    """Read an A|B pair as A and B, each (H, W, 3) uint8."""
    a, b = np.hsplit(read_image(path), 2)
    return np.ascontiguousarray(a), np.ascontiguousarray(b)


def are_unpaired(pairs: Path) -> bool:
    """Whether the folder that ``build_pairs`` wrote holds two sides, A and B, that are no pairs.

    It does where ``train/A/`` and ``train/B/`` are folders, and the first picture of ``train/A/`` is as wide
    as high; where A and B are classes, it is a pair, twice as wide.
    """
    a, b = (pairs / TRAIN / side for side in SIDES)
    first = min(a.rglob("*.png"), default=None)
    if first is None or not b.is_dir():
        return False
    width, height = image_size(first) or (0, 1)
    return width == height
