"""Cuts faces out of pictures as squares, never squashed; what lies outside the picture is its reflection."""

import numpy as np
import numpy.typing as npt

from pix2pix.faces.detector import Face
from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.opencv import cv2


def square_crop(image: RgbImage, face: Face, margin: float) -> RgbImage:
    """Cut a square around a face; each pixel is one of the picture's.

    Args:
        image: (H, W, 3) uint8.
        face: the box to cut around.
        margin: added on every side, as a share of the box's longer side.

    Returns:
        (S, S, 3) uint8 with S the longer side of the box times (1 + 2 margin).
    """
    left, top, side = _square(face, margin)
    height, width = image.shape[:2]
    columns = _reflected(np.arange(left, left + side), width)
    rows = _reflected(np.arange(top, top + side), height)
    return np.ascontiguousarray(image[rows[:, None], columns])


def level_crop(image: RgbImage, face: Face, margin: float) -> RgbImage:
    """Cut the square of ``square_crop``, turned about its centre so that the face's eyes are level.

    Arguments and result are those of ``square_crop``; the pixels are interpolated once (bicubic).
    """
    left, top, side = _square(face, margin)
    to_centre = (side - 1) / 2  # from the centre of the first pixel
    turn = cv2.getRotationMatrix2D((left + to_centre, top + to_centre), face.roll_deg, 1.0)
    turn[:, 2] -= (left, top)
    crop = cv2.warpAffine(image, turn, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return crop.astype(np.uint8, copy=False)


def _square(face: Face, margin: float) -> tuple[int, int, int]:
    """The left and top edge and the side of the square around a face, in px."""
    side = max(1, round(face.side_px * (1 + 2 * margin)))
    left = round((face.left + face.right - side) / 2)
    top = round((face.top + face.bottom - side) / 2)
    return left, top, side


def _reflected(index: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Fold positions outside [0, length) back into it, as a mirror at each border does."""
    period = 2 * length
    folded = np.mod(index, period)
    return np.asarray(np.where(folded < length, folded, period - 1 - folded))
