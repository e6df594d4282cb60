import numpy as np
import pytest
from PIL import Image

from pix2pix.core.errors import InputError
from pix2pix.pictures.images import RgbImage, grayscale
from pix2pix.translation.input_kinds import to_photo


def test_arrays_of_any_channels_and_bits_are_one(photo: RgbImage) -> None:
    grey = grayscale(photo)
    for array in (grey, grey[:, :, :1], grey[:, :, 0], grey.astype(np.uint16) * 257):
        assert np.array_equal(to_photo(array).image, grey) and to_photo(array).alpha is None


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "CMYK", "1", "YCbCr"])
def test_pillow_images_of_any_mode_are_read_as_pillow_does(photo: RgbImage, mode: str) -> None:
    picture = Image.fromarray(photo).convert(mode)
    assert np.array_equal(to_photo(picture).image, np.asarray(picture.convert("RGB")))


def test_transparency_lies_on_white_and_is_kept_aside(photo: RgbImage) -> None:
    rgba = np.dstack([photo, np.full(photo.shape[:2], 51, np.uint8)])
    for picture in (rgba, Image.fromarray(rgba)):
        taken = to_photo(picture)
        assert np.abs(taken.image - (255 - (255 - photo.astype(float)) * 0.2)).max() <= 1
        assert taken.alpha is not None and (taken.alpha == 51).all()


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((4, 4, 3)), r"uint8 or uint16, found float64 \(4, 4, 3\); from floats"),
        (np.zeros((0, 4, 3), np.uint8), r"found uint8 \(0, 4, 3\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), "hand over a list"),
        (np.zeros((3, 4, 4), np.uint8).transpose(1, 2, 0)[:, :, :2], r"found \(4, 4, 2\)"),
        ("photo.jpg", "a NumPy array or a Pillow image, found str"),
    ],
)
def test_something_else_is_refused(picture: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        to_photo(picture)  # type: ignore[arg-type]


def test_float_picture_without_any_number_is_refused() -> None:
    nothing = Image.fromarray(np.full((32, 32), np.nan, dtype=np.float32))
    with pytest.raises(InputError, match="mode F cannot be used: none of its pixels is a finite number"):
        to_photo(nothing)
