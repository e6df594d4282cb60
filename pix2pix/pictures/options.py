"""How a pair is made, as settings; no OpenCV, no torch: the check of all settings waits for neither."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from pix2pix.core.choices import Direction, ImageSize, PairTask, Resize
from pix2pix.core.options import Options


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
