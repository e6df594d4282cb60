"""A|B pairs: one picture twice as wide as high, the input A on the left and the target B on the right.

Where A and B are no pairs, each picture is a square of its own, in the folder of its side below its split's.
"""

from pathlib import Path
from typing import Literal

import numpy as np

from pix2pix.pictures.images import RgbImage, grayscale, image_size, read_image

TRAIN = "train"
VAL = "val"
TEST = "test"
SPLITS = (TRAIN, VAL, TEST)
SIDES = ("A", "B")
LEAST_VALIDATED = 2  # validation pictures of each side: sets are compared
BESIDE_MIDDLE = range(3, 12)  # columns from the middle; JPEG and scaling spread a step over those before
LEAST_STEP = 1.5  # times the mean difference of neighbours beside the middle
PLAIN_LEVELS = 4.0  # the most standard deviation of a plain column, of 255 levels

Middle = Literal["step", "plain", "even"]


def read_pair(path: Path) -> tuple[RgbImage, RgbImage]:
    """Read an A|B pair as A and B, each (H, W, 3) uint8."""
    a, b = np.hsplit(read_image(path), 2)
    return np.ascontiguousarray(a), np.ascontiguousarray(b)


def middle_of(image: RgbImage) -> Middle:
    """Say what is in the middle of a picture: where two pictures meet, there is mostly a ``step``.

    The two columns in the middle then differ more than others beside them do. Where they do not, the middle
    is ``plain``, such as a white border, or ``even``: the picture goes on, as a photo does.

    Args:
        image: (H, W, 3) uint8, of 32 columns or more.
    """
    luma = grayscale(image)[:, :, 0].astype(np.int16)
    middle = luma.shape[1] // 2
    steps = np.abs(np.diff(luma, axis=1)).mean(axis=0)
    beside = [steps[middle - 1 + sign * columns] for columns in BESIDE_MIDDLE for sign in (-1, 1)]
    if steps[middle - 1] > LEAST_STEP * np.mean(beside):
        return "step"
    return "plain" if luma[:, middle - 1 : middle + 1].std(axis=0).max() < PLAIN_LEVELS else "even"


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
