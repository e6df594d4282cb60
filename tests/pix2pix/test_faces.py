from pathlib import Path

import numpy as np
import pytest
import torch

from pix2pix.faces import Face, FaceDetector, crop_faces, square_crop
from pix2pix.images import read_image, write_jpeg


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(torch.device("cpu"), max_side_px=640, min_face_px=40)


def test_the_face_of_a_photo_is_found(detector: FaceDetector, face_photo: np.ndarray) -> None:
    face = detector.detect([face_photo])[0][0]
    assert face.probability > 0.99
    assert 160 < face.left < 200 and 245 < face.right < 285 and 50 < face.top < 90 and 155 < face.bottom < 195


def test_box_is_in_pixels_of_the_full_picture(detector: FaceDetector, face_photo: np.ndarray) -> None:
    small = FaceDetector(torch.device("cpu"), max_side_px=256, min_face_px=40)
    full, copy = detector.detect([face_photo])[0][0], small.detect([face_photo])[0][0]
    assert [copy.left, copy.top, copy.right, copy.bottom] == pytest.approx(
        [full.left, full.top, full.right, full.bottom], abs=15
    )


def test_pictures_with_and_without_faces_share_a_batch(
    detector: FaceDetector, face_photo: np.ndarray
) -> None:
    found = detector.detect([np.zeros_like(face_photo), face_photo, np.zeros_like(face_photo)])
    assert [len(faces) > 0 for faces in found] == [False, True, False]


def test_picture_smaller_than_a_face_has_none(detector: FaceDetector) -> None:
    assert detector.detect([np.zeros((30, 30, 3), dtype=np.uint8)]) == [[]]


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


def test_crop_much_larger_than_the_picture_still_works() -> None:
    image = np.full((20, 20, 3), 7, dtype=np.uint8)
    assert (square_crop(image, Face(-30, -30, 50, 50, 1.0), margin=0.5) == 7).all()


def test_every_frame_gives_a_crop_or_a_reason(
    tmp_path: Path, detector: FaceDetector, face_photo: np.ndarray
) -> None:
    write_jpeg_frames(tmp_path / "frames" / "ann" / "clip", [face_photo, np.zeros_like(face_photo)])
    common = {"person": "ann", "split": "", "recording": "r", "time_ms": "0"}
    rows = [{"path": f"ann/clip/{i:06}.jpg", "frame": str(i), **common} for i in range(2)]
    out = tmp_path / "faces"
    with_face, without = crop_faces(
        tmp_path / "frames", rows, out, detector, margin=0.2, min_probability=0.9, min_face_px=40
    )
    assert (with_face.path, with_face.status, with_face.recording) == ("ann/clip_000000.png", "kept", "r")
    height, width = read_image(out / with_face.path).shape[:2]
    assert height == width == pytest.approx((float(with_face.bottom) - float(with_face.top)) * 1.4, abs=2)
    assert (without.path, without.status, without.reason) == ("", "skipped", "no face found")


@pytest.mark.parametrize(
    ("min_probability", "min_face_px", "reason"),
    [(1.1, 40, "probability below 1.1"), (0.5, 300, "face smaller than 300 px")],
)
def test_faces_too_unsure_or_too_small_are_listed(
    tmp_path: Path,
    detector: FaceDetector,
    face_photo: np.ndarray,
    min_probability: float,
    min_face_px: int,
    reason: str,
) -> None:
    write_jpeg_frames(tmp_path / "ann" / "clip", [face_photo])
    row = {
        "path": "ann/clip/000000.jpg",
        "person": "a",
        "split": "",
        "recording": "",
        "frame": "0",
        "time_ms": "0",
    }
    result = crop_faces(
        tmp_path,
        [row],
        tmp_path,
        detector,
        margin=0,
        min_probability=min_probability,
        min_face_px=min_face_px,
    )
    assert result[0].reason == reason and result[0].left != ""


def write_jpeg_frames(folder: Path, frames: list[np.ndarray]) -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        write_jpeg(folder / f"{number:06}.jpg", frame)
