"""A|B pairs: one picture twice as wide as high, the input A on the left and the target B on the right."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pix2pix.errors import UnreadableError
from pix2pix.images import Resize, RgbImage, edges, grayscale, read_image, sketch, to_square

PairTask = Literal["grayscale", "edges", "sketch", "none"]
Direction = Literal["AtoB", "BtoA"]


@dataclass(frozen=True)
class Recipe:
    """How a pair is made of a picture.

    Attributes:
        pair_task: what the input is made by, from the target; ``none``: the picture holds both already.
        direction: ``BtoA`` swaps the halves.
        image_size: side of each half, in px.
        resize: how a picture becomes a square, as in ``pix2pix.images.to_square``.
        edge_blur, edge_low, edge_high: as in ``pix2pix.images.edges``.
        sketch_line_px, sketch_strength: as in ``pix2pix.images.sketch``.
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


def make_pair(image: RgbImage, recipe: Recipe) -> RgbImage:
    """Make an A|B pair, (size, 2 size, 3) uint8, of a photo, or of an A|B picture where the task is ``none``.

    Raises:
        UnreadableError: the task is ``none`` and the picture is not twice as wide as high.
    """
    if recipe.pair_task == "none":
        height, width = image.shape[:2]
        if width != 2 * height:
            raise UnreadableError(f"no A|B pair: {width}x{height} is not twice as wide as high")
        halves = image[:, :height], image[:, height:]
        a, b = (to_square(half, recipe.image_size, recipe.resize) for half in halves)
    else:
        b = to_square(image, recipe.image_size, recipe.resize)
        a = input_of(b, recipe)
    return np.hstack([b, a] if recipe.direction == "BtoA" else [a, b])


def input_of(target: RgbImage, recipe: Recipe) -> RgbImage:
    """Make the input, grey, edges or a sketch, of a picture of any size, (H, W, 3) uint8."""
    if recipe.pair_task == "edges":
        return edges(target, recipe.edge_blur, recipe.edge_low, recipe.edge_high)
    if recipe.pair_task == "sketch":
        return sketch(target, recipe.sketch_line_px, recipe.sketch_strength)
    return grayscale(target)
