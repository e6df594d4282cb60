"""Flicker of translated films: how large it is, and less of it."""

import numpy as np
import numpy.typing as npt

from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.opencv import cv2

MOVES = 16.0  # a change of the input, in 255ths, from which on a pixel shows something else
NEIGHBOURS_PX = 5


class Smoothing:
    """A mean over time of what does not move.

    Each pixel is a running mean of the outputs; the more the input changes around it, the more the newest
    output counts, so that what moves leaves no trail.

    Args:
        frames: over about how many frames the mean goes; 1 changes nothing.
    """

    def __init__(self, frames: float) -> None:
        self._least = 2 / (frames + 1)
        self._input: RgbImage | None = None
        self._mean: npt.NDArray[np.float32] = np.zeros(0, np.float32)

    def add(self, image: RgbImage, output: RgbImage) -> RgbImage:
        """Take the next input and output, and return the smoothed output; all (H, W, 3) uint8."""
        if self._input is None:
            self._mean = output.astype(np.float32)
        else:
            change = cv2.absdiff(image, self._input).max(axis=2).astype(np.float32)
            around = cv2.blur(change, (NEIGHBOURS_PX, NEIGHBOURS_PX))[:, :, None]
            share = np.clip(self._least + around / MOVES, None, 1)
            self._mean += share * (output - self._mean)
        self._input = image
        return np.rint(self._mean).astype(np.uint8)


class TemporalDifference:
    """The mean absolute difference of consecutive frames."""

    def __init__(self) -> None:
        self._last: RgbImage | None = None
        self._sum = 0.0
        self._count = 0

    def add(self, image: RgbImage) -> None:
        """Take the next frame, (H, W, 3) uint8."""
        if self._last is not None:
            self._sum += cv2.norm(image, self._last, cv2.NORM_L1) / image.size
            self._count += 1
        self._last = image

    @property
    def value(self) -> float:
        """In 255ths; 0 for fewer than two frames."""
        return round(self._sum / max(self._count, 1), 3)
