"""A|B pairs: one picture twice as wide as high, the input A on the left and the target B on the right."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from pix2pix.core.choices import Direction, ImageSize, PairTask, Resize
from pix2pix.core.options import Options
from pix2pix.pictures.images import RgbImage, read_image

TRAIN = "train"
VAL = "val"
TEST = "test"
SPLITS = (TRAIN, VAL, TEST)


@dataclass(frozen=True, kw_only=True)
class PairOptions(Options):
    """How a pair is made of a picture.

    Attributes:
        pair_task: what the input is made by, from the target; ``none``: the picture holds both already.
        direction: ``BtoA`` swaps the halves.
        image_size: side of each half, in px.
        resize: how a picture becomes a square: its middle, all of it on white, or all out of proportion.
        edge_blur: of ``edges``: standard deviation of the blur before the detector, in px; 0 is none.
        edge_low, edge_high: of ``edges``: hysteresis thresholds, as multiples of Otsu's.
        sketch_line_px: of ``sketch``: standard deviation of the narrower Gaussian, in px.
        sketch_strength: of ``sketch``: how dark a difference of tones is drawn.
    """

    pair_task: PairTask
    direction: Direction = "AtoB"
    image_size: ImageSize
    resize: Resize = "crop"
    edge_blur: Annotated[float, Field(ge=0, le=20)] = 1.0
    edge_low: Annotated[float, Field(gt=0, le=10)] = 0.5
    edge_high: Annotated[float, Field(gt=0, le=10)] = 1.0
    sketch_line_px: Annotated[float, Field(gt=0, le=20)] = 1.0
    sketch_strength: Annotated[float, Field(gt=0, le=1000)] = 40.0


def read_pair(path: Path) -> tuple[RgbImage, RgbImage]:
    """Read an A|B pair as A and B, each (H, W, 3) uint8."""
    a, b = np.hsplit(read_image(path), 2)
    return np.ascontiguousarray(a), np.ascontiguousarray(b)
