"""The brightness of one picture with the colours of another."""

import numpy as np
import numpy.typing as npt

from pix2pix.pictures.images import LUMA, RgbImage, grayscale

Floats = npt.NDArray[np.float32]
LUMA_WEIGHTS = np.array(LUMA, np.float32)[:, None]
ROWS_AT_ONCE = 256  # so that a large picture needs little memory in floating point


def with_luminance_of(image: RgbImage, colours: RgbImage) -> RgbImage:
    """Return the luma of ``image`` with the colours of ``colours``, both (H, W, 3) uint8.

    A colour is its difference from its own luma (ITU-R 601). Where that does not fit between black and white
    at the other luma, it is made paler, so that the luma stays.
    """
    result = np.empty_like(colours)
    for top in range(0, len(image), ROWS_AT_ONCE):
        rows = slice(top, top + ROWS_AT_ONCE)
        luma = grayscale(np.ascontiguousarray(image[rows]))[:, :, :1].astype(np.float32)
        result[rows] = np.rint(_recoloured(luma, colours[rows].astype(np.float32))).clip(0, 255)
    return result


def _recoloured(luma: Floats, colours: Floats) -> Floats:
    chroma = colours - colours @ LUMA_WEIGHTS
    room = np.full_like(chroma, np.inf)  # how often a colour's channel fits beside the luma
    np.divide(np.where(chroma > 0, 255 - luma, luma), np.abs(chroma), out=room, where=chroma != 0)
    recoloured: Floats = luma + np.minimum(room.min(axis=2, keepdims=True), 1) * chroma
    return recoloured
