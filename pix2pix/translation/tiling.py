"""Pictures of any size for a network that was trained on one: cut into pieces, and put together again."""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from pix2pix.core.choices import Fit
from pix2pix.pictures.images import RgbImage

Prepare = Callable[[RgbImage], RgbImage]

LEAST_WEIGHT = 1e-3  # so that a pixel that only one tile covers is that tile's


class Fitted(Protocol):
    """A picture on its way through the network.

    ``pieces`` are handed to the network in their order, the output of each goes to ``add``, and ``result`` is
    the whole afterwards, of the picture's size. All are (H, W, 3) uint8.

    Attributes:
        remaining: pieces whose outputs have not been added yet.
    """

    remaining: int

    def pieces(self) -> Iterator[RgbImage]:
        """Yield what the network is given."""

    def add(self, output: RgbImage) -> None:
        """Take the output of the next piece."""

    def result(self) -> RgbImage:
        """Return the whole."""


def fitted(image: RgbImage, fit: Fit, size: int, multiple: int, prepare: Prepare) -> Fitted:
    """Fit a picture to a network.

    Args:
        image: (H, W, 3) uint8.
        fit: ``tile``: overlapping squares of the size that the network was trained on, blended; ``full``: the
            whole picture at once; ``resize``: the whole picture, made to fit into one such square.
        size: side of the pictures that the network was trained on, in px.
        multiple: the sides that the network takes are multiples of it.
        prepare: makes the network's input; of the picture's own size for ``tile`` and ``full``, and of the
            resized picture for ``resize``.
    """
    if fit == "tile":
        return Tiled(prepare(image), size)
    if fit == "full":
        return Whole(prepare(image), multiple)
    return Resized(image, size, prepare)


class Tiled:
    """Overlapping squares, blended where they overlap.

    Beside the picture and the result, it needs the memory of one row of tiles.

    They lie on a grid, so that two tiles see a pixel at the same phase of the network's strides, and their
    textures agree where they are blended; what the picture lacks to the grid is filled up by reflection.

    Args:
        image: (H, W, 3) uint8.
        size: side of a tile in px, even.
    """

    def __init__(self, image: RgbImage, size: int) -> None:
        self._size, self._cut = size, image.shape[:2]
        self._tops, self._lefts = (tile_starts(length, size) for length in self._cut)
        height, width = self._tops[-1] + size, self._lefts[-1] + size
        self._image = reflected(image, height, width)
        window = tile_window(size, size // 2)
        self._weights = window[:, None, None] * window[None, :, None]
        self._row_sums = _sums(self._tops, window, height)
        self._column_sums = _sums(self._lefts, window, width)
        self._band = np.zeros((size, width, 3), np.float32)
        self._result = np.empty_like(self._image)
        self._count = self.remaining = len(self._tops) * len(self._lefts)

    def pieces(self) -> Iterator[RgbImage]:
        """Yield the tiles, row by row."""
        for top in self._tops:
            for left in self._lefts:
                yield self._image[top : top + self._size, left : left + self._size]

    def add(self, output: RgbImage) -> None:
        """Take the output of the next tile."""
        row, column = divmod(self._count - self.remaining, len(self._lefts))
        left = self._lefts[column]
        self._band[:, left : left + self._size] += self._weights * output
        self.remaining -= 1
        if column == len(self._lefts) - 1:
            self._finish_row(row)

    def result(self) -> RgbImage:
        """Return the whole."""
        return np.ascontiguousarray(self._result[: self._cut[0], : self._cut[1]])

    def _finish_row(self, row: int) -> None:
        """Write what no further row of tiles touches, and keep the rest."""
        top = self._tops[row]
        done = self._tops[row + 1] - top if row + 1 < len(self._tops) else self._size
        band = self._band[:done]
        band /= self._row_sums[top : top + done, None, None]
        band /= self._column_sums[None, :, None]
        self._result[top : top + done] = np.rint(band)
        self._band[: self._size - done] = self._band[done:].copy()
        self._band[self._size - done :] = 0


class Whole:
    """The picture in one piece, filled up by reflection to the sides that the network takes.

    Args:
        image: (H, W, 3) uint8.
        multiple: of which the sides must be, in px.
    """

    def __init__(self, image: RgbImage, multiple: int) -> None:
        self._height, self._width = image.shape[:2]
        self._image = reflected(
            image, -(-self._height // multiple) * multiple, -(-self._width // multiple) * multiple
        )
        self.remaining = 1

    def pieces(self) -> Iterator[RgbImage]:
        """Yield the one piece."""
        yield self._image

    def add(self, output: RgbImage) -> None:
        """Take its output."""
        self.remaining = 0
        self._image = np.ascontiguousarray(output[: self._height, : self._width])

    def result(self) -> RgbImage:
        """Return the whole."""
        return self._image


class Resized:
    """The picture scaled so that its longer side is the network's, and its output scaled back.

    Proportions stay; the shorter side is filled up by reflection.

    Args:
        image: (H, W, 3) uint8.
        size: side of what the network is given, in px.
        prepare: applied to the scaled picture.
    """

    def __init__(self, image: RgbImage, size: int, prepare: Prepare) -> None:
        self._height, self._width = image.shape[:2]
        longer = max(self._height, self._width)
        self._inner = (
            max(1, round(size * self._height / longer)),
            max(1, round(size * self._width / longer)),
        )
        self._image = reflected(prepare(_scaled(image, *self._inner)), size, size)
        self.remaining = 1

    def pieces(self) -> Iterator[RgbImage]:
        """Yield the one piece."""
        yield self._image

    def add(self, output: RgbImage) -> None:
        """Take its output."""
        self.remaining = 0
        inner = output[: self._inner[0], : self._inner[1]]
        self._image = _scaled(np.ascontiguousarray(inner), self._height, self._width)

    def result(self) -> RgbImage:
        """Return the whole."""
        return self._image


def reflected(image: RgbImage, height: int, width: int) -> RgbImage:
    """Fill a picture up at the bottom and at the right, by reflection, to a size not below its own."""
    below, right = height - image.shape[0], width - image.shape[1]
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="reflect") if below or right else image


def tile_starts(length: int, size: int) -> list[int]:
    """Where tiles start that cover ``length`` px: every half tile, as less overlap shows in flat regions."""
    step = size // 2
    return [i * step for i in range(1 + max(0, -(-(length - size) // step)))]


def tile_window(size: int, ramp: int) -> npt.NDArray[np.float32]:
    """The weight of a tile's pixels along a side: it rises over ``ramp`` px as a squared sine, and falls."""
    rise = np.sin(np.pi / 2 * (np.arange(ramp) + 0.5) / ramp) ** 2
    return np.concatenate([rise, np.ones(size - 2 * ramp), rise[::-1]]).clip(LEAST_WEIGHT).astype(np.float32)


def _sums(starts: list[int], window: npt.NDArray[np.float32], length: int) -> npt.NDArray[np.float32]:
    sums = np.zeros(length, np.float32)
    for start in starts:
        sums[start : start + len(window)] += window
    return sums


def _scaled(image: RgbImage, height: int, width: int) -> RgbImage:
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
