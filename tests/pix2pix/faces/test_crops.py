from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix.faces.crops import level_crop, square_crop
from pix2pix.faces.detector import Face, FaceDetector


def rotated(photo: np.ndarray, clockwise_deg: float) -> np.ndarray:
    """Turn the photo about the middle of its face."""
    return np.asarray(
        Image.fromarray(photo).rotate(-clockwise_deg, Image.Resampling.BICUBIC, center=(222.5, 122.5))
    )


def test_crop_is_square_and_not_squashed() -> None:
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    image[40:60, 45:55] = 255  # 20 high, 10 wide
    crop = square_crop(image, Face(45, 40, 55, 60, 1.0), margin=0.0)
    assert crop.shape == (20, 20, 3)
    assert (crop[:, 5:15] == 255).all() and (crop[:, :5] == 0).all()


def test_margin_is_a_share_of_the_longer_side() -> None:
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    assert square_crop(image, Face(40, 40, 60, 50, 1.0), margin=0.25).shape == (30, 30, 3)


def test_crop_over_the_border_is_reflected() -> None:
    image = np.arange(50, dtype=np.uint8)[None, :, None].repeat(50, 0).repeat(3, 2)
    crop = square_crop(image, Face(-5, 20, 5, 30, 1.0), margin=0.0)
    assert crop[0, :, 0].tolist() == [4, 3, 2, 1, 0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("crop", [square_crop, level_crop])
def test_crop_much_larger_than_the_picture_still_works(crop) -> None:
    image = np.full((20, 20, 3), 7, dtype=np.uint8)
    assert (crop(image, Face(-30, -30, 50, 50, 1.0, roll_deg=10.0), margin=0.5) == 7).all()


@pytest.mark.parametrize("face", [Face(180, 70, 265, 176, 1.0), Face(-20.4, 400.3, 61, 530, 1.0)])
def test_level_crop_of_a_level_face_is_the_square_crop(face_photo: np.ndarray, face: Face) -> None:
    assert np.array_equal(level_crop(face_photo, face, 0.2), square_crop(face_photo, face, 0.2))


@pytest.mark.parametrize("clockwise_deg", [-25, 20])
def test_eyes_of_a_turned_photo_are_level_in_the_crop(face_photo: np.ndarray, clockwise_deg: float) -> None:
    detector = FaceDetector(torch.device("cpu"), max_side_px=640, min_face_px=40)
    turned = rotated(face_photo, clockwise_deg)
    face = detector.detect([turned])[0][0]
    assert abs(face.roll_deg) > 10
    crop = level_crop(turned, face, margin=0.4)
    side = round(face.side_px * 1.8)
    assert crop.shape == (side, side, 3)
    levelled = detector.detect([crop])[0][0]
    assert abs(levelled.roll_deg) < 3
    centre = (levelled.left + levelled.right) / 2, (levelled.top + levelled.bottom) / 2
    assert centre == pytest.approx((side / 2, side / 2), abs=0.1 * side)


def test_levelled_crop_is_that_of_the_upright_photo(face_photo: np.ndarray) -> None:
    face = Face(180, 70, 265, 175, 1.0)
    turned = rotated(face_photo, 20)
    upright = square_crop(face_photo, face, 0.2).astype(int)
    again = level_crop(turned, replace(face, roll_deg=20.0), 0.2).astype(int)
    assert np.abs(again - upright).mean() < 4
    assert np.abs(square_crop(turned, face, 0.2).astype(int) - upright).mean() > 20
