import numpy as np
import pytest

from pix2pix.pictures.images import RgbImage, grayscale
from pix2pix.translation.luminance import with_luminance_of


def luma(image: RgbImage) -> np.ndarray:
    return grayscale(image)[:, :, 0].astype(int)


@pytest.mark.parametrize("seed", range(3))
def test_brightness_is_the_pictures_for_any_colours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image, colours = rng.integers(0, 256, (2, 300, 20, 3)).astype(np.uint8)
    image[:10], image[10:20] = 0, 255
    result = with_luminance_of(image, colours)
    assert np.abs(luma(result) - luma(image)).max() <= 1


def test_colours_stay_where_they_fit() -> None:
    colours = np.array([[[140, 100, 90]]], np.uint8)
    brighter = np.full((1, 1, 3), luma(colours)[0, 0] + 20, np.uint8)
    assert np.abs(with_luminance_of(brighter, colours).astype(int) - (colours.astype(int) + 20)).max() <= 1


def test_black_white_and_grey_take_no_harm() -> None:
    image = np.array([[[0, 0, 0], [255, 255, 255], [128, 128, 128]]], np.uint8)
    assert np.array_equal(with_luminance_of(image, image[:, ::-1]), image)
    red = np.full((1, 3, 3), (255, 0, 0), np.uint8)
    result = with_luminance_of(image, red)
    assert (result[0, 0] == 0).all() and (result[0, 1] == 255).all() and result[0, 2, 0] > 200
