"""Pictures of any kind that Python programs hold, as (H, W, 3) uint8 RGB, and back to that kind."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pix2pix.core.errors import InputError
from pix2pix.pictures.images import RgbImage, to_rgb
from pix2pix.translation.photo_file import Alpha, Photo, alpha_of

AnyArray = npt.NDArray[Any]
MAX_OF_16_BITS = 65535


def to_photo(picture: AnyArray | Image.Image) -> Photo:
    """Take a picture as a Pillow image or as an array; both upright, and with transparency, as in files.

    Args:
        picture: a Pillow image of any mode, or an array, (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), grey, RGB
            or RGBA, uint8 or uint16.

    Raises:
        InputError: it is something else, or none of its pixels is a finite number.
    """
    if isinstance(picture, Image.Image):
        try:
            return Photo(to_rgb(picture), alpha_of(picture))
        except ValueError as error:
            raise InputError(f"a picture of mode {picture.mode} cannot be used: {error}") from error
    if not isinstance(picture, np.ndarray):
        raise InputError(f"a picture must be a NumPy array or a Pillow image, found {type(picture).__name__}")
    if picture.dtype not in (np.uint8, np.uint16) or picture.size == 0:
        raise InputError(
            f"an array must hold uint8 or uint16, found {picture.dtype} {picture.shape}; from floats in "
            "[0, 1] take (255 * array).round().astype('uint8')"
        )
    if picture.ndim == 2:
        picture = picture[:, :, None]
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4):
        raise InputError(
            f"an array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), found {picture.shape}; of several "
            "pictures, hand over a list"
        )
    eight_bit = _to_8_bit(picture)
    if picture.shape[2] == 4:
        return _over_white(eight_bit)
    return Photo(np.ascontiguousarray(np.broadcast_to(eight_bit, (*picture.shape[:2], 3))))


def as_kind_of(picture: AnyArray | Image.Image, image: RgbImage, alpha: Alpha | None) -> Any:
    """Return a result as the kind of picture that the input was; with ``alpha`` it is RGBA."""
    whole = image if alpha is None else np.dstack([image, alpha])
    return Image.fromarray(whole) if isinstance(picture, Image.Image) else whole


def _to_8_bit(array: AnyArray) -> npt.NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    return np.rint(array * (255 / MAX_OF_16_BITS)).astype(np.uint8)


def _over_white(rgba: npt.NDArray[np.uint8]) -> Photo:
    picture = Image.fromarray(np.ascontiguousarray(rgba))
    return Photo(to_rgb(picture), alpha_of(picture))
