"""A|B pairs: one picture twice as wide as high, the input A on the left and the target B on the right."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pix2pix.core.choices import Direction, PairTask, Resize
from pix2pix.pictures.images import RgbImage, read_image

TRAIN, VAL, TEST = "train", "val", "test"
SPLITS = (TRAIN, VAL, TEST)


@dataclass(frozen=True)
class PairOptions:
    """How a pair is made of a picture.

    Attributes:
        pair_task: what the input is made by, from the target; ``none``: the picture holds both already.
        direction: ``BtoA`` swaps the halves.
        image_size: side of each half, in px.
        resize: how a picture becomes a square, as in ``pix2pix.pictures.images.to_square``.
        edge_blur, edge_low, edge_high: as in ``pix2pix.pairs.making.edges``.
        sketch_line_px, sketch_strength: as in ``pix2pix.pairs.making.sketch``.
    """

    pair_task: PairTask
    direction: Direction
    image_size: int
    resize: Resize = "crop"
    edge_blur: float = 1.0
    edge_low: float = 0.5
    edge_high: float = 1.0
    sketch_line_px: float = 1.0
    sketch_strength: float = 40.0


def read_pair(path: Path) -> tuple[RgbImage, RgbImage]:
    """Read an A|B pair as A and B, each (H, W, 3) uint8."""
    a, b = np.hsplit(read_image(path), 2)
    return np.ascontiguousarray(a), np.ascontiguousarray(b)
