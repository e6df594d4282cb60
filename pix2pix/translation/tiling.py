"""Pictures of any size for a network that was trained on one: cut into pieces, and put together again."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice

import numpy as np
import numpy.typing as npt

from pix2pix.core.choices import Fit
from pix2pix.pictures.images import RgbImage, resized

Prepare = Callable[[RgbImage], RgbImage]
Network = Callable[[list[RgbImage]], list[RgbImage]]

OVERLAP = 4  # tiles share a side's 4th part: less shows in flat regions, and half would take twice the time
LEAST_WEIGHT = 1e-3  # so that a pixel that only one tile covers is that tile's


class Fitted(ABC):
    """A picture on its way through the network; all pictures are (H, W, 3) uint8.

    Attributes:
        remaining: pieces whose outputs have not been added yet.
    """

    remaining: int

    @abstractmethod
    def pieces(self) -> Iterator[RgbImage]:
        """Yield what the network is given."""

    @abstractmethod
    def add(self, output: RgbImage) -> None:
        """Take the network's output of a piece; the outputs come in the order of the pieces."""

    @abstractmethod
    def result(self) -> RgbImage:
        """Return the whole translation, of the picture's size, once the outputs of all pieces are added."""


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
        height, width = (-(-side // multiple) * multiple for side in image.shape[:2])
        return Whole(prepare(image), height, width)
    return Resized(image, size, prepare)


def translate_fitted(
    images: Iterable[RgbImage],
    fit_one: Callable[[RgbImage], Fitted],
    network: Network,
    batch_size: Callable[[int, int], int],
    on_progress: Callable[[int], object],
) -> Iterator[tuple[RgbImage, RgbImage]]:
    """Send pictures through a network in batches of pieces, and yield each with its translation.

    Args:
        images: (H, W, 3) uint8, asked for one by one, at most a batch ahead of the outputs.
        fit_one: makes pieces of a picture.
        network: translates pieces of equal shape.
        batch_size: how many pieces of a height and a width, in px, it is given at once.
        on_progress: is told after every batch how many pieces the picture at work still lacks.
    """
    waiting: deque[tuple[RgbImage, Fitted]] = deque()

    def pieces() -> Iterator[tuple[Fitted, RgbImage]]:
        for image in images:
            picture = fit_one(image)
            waiting.append((image, picture))
            yield from ((picture, piece) for piece in picture.pieces())

    for batch in _batches(pieces(), batch_size):
        outputs = network([piece for _, piece in batch])
        for (picture, _), output in zip(batch, outputs, strict=True):
            picture.add(output)
        while waiting and waiting[0][1].remaining == 0:
            image, picture = waiting.popleft()
            yield image, picture.result()
        on_progress(waiting[0][1].remaining if waiting else 0)


def _batches(
    pieces: Iterator[tuple[Fitted, RgbImage]], batch_size: Callable[[int, int], int]
) -> Iterator[list[tuple[Fitted, RgbImage]]]:
    """Put pieces that follow each other and have one shape together."""
    for (height, width), alike in groupby(pieces, key=lambda item: item[1].shape[:2]):
        while batch := list(islice(alike, batch_size(height, width))):
            yield batch


class Tiled(Fitted):
    """Overlapping squares, blended where they overlap.

    Beside the picture and the result, it needs the memory of one row of tiles.

    They lie on a grid, so that two tiles see a pixel at the same phase of the network's strides, and their
    textures agree where they are blended; what the picture lacks to the grid is filled up by reflection.

    Args:
        image: (H, W, 3) uint8.
        size: side of a tile in px, a multiple of 4.
    """

    def __init__(self, image: RgbImage, size: int) -> None:
        self._size = size
        self._height, self._width = image.shape[:2]
        self._tops = tile_starts(self._height, size)
        self._lefts = tile_starts(self._width, size)
        height = self._tops[-1] + size
        width = self._lefts[-1] + size
        self._image = reflected(image, height, width)
        window = tile_window(size, size // OVERLAP)
        self._weights = window[:, None, None] * window[None, :, None]
        self._row_sums = _sums(self._tops, window, height)
        self._column_sums = _sums(self._lefts, window, width)
        self._band = np.zeros((size, width, 3), np.float32)
        self._result = np.empty_like(self._image)
        self._count = len(self._tops) * len(self._lefts)
        self.remaining = self._count

    def pieces(self) -> Iterator[RgbImage]:
        """Yield the tiles, row by row."""
        for top in self._tops:
            for left in self._lefts:
                yield self._image[top : top + self._size, left : left + self._size]

    def add(self, output: RgbImage) -> None:
        """Blend the output of the next tile into its row."""
        row, column = divmod(self._count - self.remaining, len(self._lefts))
        left = self._lefts[column]
        self._band[:, left : left + self._size] += self._weights * output
        self.remaining -= 1
        if column == len(self._lefts) - 1:
            self._finish_row(row)

    def result(self) -> RgbImage:
        """Return the blended tiles, without what was filled up."""
        return np.ascontiguousarray(self._result[: self._height, : self._width])

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


class Whole(Fitted):
    """The picture in one piece, filled up by reflection to the sides that the network is given.

    Args:
        image: (H, W, 3) uint8.
        height: of the piece, in px, H or more.
        width: of the piece, in px, W or more.
    """

    def __init__(self, image: RgbImage, height: int, width: int) -> None:
        self._height, self._width = image.shape[:2]
        self._image = reflected(image, height, width)
        self.remaining = 1

    def pieces(self) -> Iterator[RgbImage]:
        """Yield the one piece."""
        yield self._image

    def add(self, output: RgbImage) -> None:
        """Keep the output of the picture itself, and drop that of what was filled up."""
        self.remaining = 0
        self._image = np.ascontiguousarray(output[: self._height, : self._width])

    def result(self) -> RgbImage:
        """Return the output as it came."""
        return self._image


class Resized(Whole):
    """The picture scaled so that its longer side is the network's, and its output scaled back.

    Proportions stay; the shorter side is filled up by reflection.

    Args:
        image: (H, W, 3) uint8.
        size: side of what the network is given, in px.
        prepare: applied to the scaled picture.
    """

    def __init__(self, image: RgbImage, size: int, prepare: Prepare) -> None:
        self._own_height, self._own_width = image.shape[:2]
        longer = max(self._own_height, self._own_width)
        height = max(1, round(size * self._own_height / longer))
        width = max(1, round(size * self._own_width / longer))
        super().__init__(prepare(resized(image, height, width)), size, size)

    def result(self) -> RgbImage:
        """Return the output, scaled to the picture's own size."""
        return resized(super().result(), self._own_height, self._own_width)


def reflected(image: RgbImage, height: int, width: int) -> RgbImage:
    """Fill a picture up at the bottom and at the right, by reflection, to a size not below its own."""
    below, right = height - image.shape[0], width - image.shape[1]
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="reflect") if below or right else image


def tile_starts(length: int, size: int) -> list[int]:
    """Where tiles start that cover ``length`` px."""
    step = size - size // OVERLAP
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
