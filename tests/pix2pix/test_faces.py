from pathlib import Path
from typing import Any

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


def frame_rows(folder: Path, frames: list[np.ndarray]) -> list[dict[str, str]]:
    """Write frames as a clip of one person, and return their rows of a manifest."""
    (folder / "ann" / "clip").mkdir(parents=True)
    rows = []
    for number, frame in enumerate(frames):
        write_jpeg(folder / "ann" / "clip" / f"{number:06}.jpg", frame)
        path = f"ann/clip/{number:06}.jpg"
        rows.append(
            {
                "path": path,
                "person": "ann",
                "split": "",
                "recording": "r",
                "frame": str(number),
                "time_ms": "0",
            }
        )
    return rows


LIMITS: dict[str, Any] = {
    "margin": 0.2,
    "min_probability": 0.9,
    "min_face_px": 40,
    "faces_per_frame": "largest",
}


def test_every_frame_gives_a_crop_or_a_reason(
    tmp_path: Path, detector: FaceDetector, face_photo: np.ndarray
) -> None:
    rows = frame_rows(tmp_path, [face_photo, np.zeros_like(face_photo)])
    with_face, without = crop_faces(tmp_path, rows, tmp_path / "out", detector, **LIMITS)
    assert (with_face.path, with_face.status, with_face.recording) == ("ann/clip_000000.png", "kept", "r")
    height, width = read_image(tmp_path / "out" / with_face.path).shape[:2]
    assert height == width == pytest.approx((float(with_face.bottom) - float(with_face.top)) * 1.4, abs=2)
    assert (without.path, without.status, without.reason) == ("", "skipped", "no face found")


@pytest.mark.parametrize(
    ("limit", "reason"),
    [({"min_probability": 1.1}, "probability below 1.1"), ({"min_face_px": 300}, "face smaller than 300 px")],
)
def test_faces_too_unsure_or_too_small_are_listed(
    tmp_path: Path, detector: FaceDetector, face_photo: np.ndarray, limit: dict[str, float], reason: str
) -> None:
    rows = frame_rows(tmp_path, [face_photo])
    result = crop_faces(tmp_path, rows, tmp_path / "out", detector, **{**LIMITS, **limit})
    assert [(row.path, row.reason) for row in result] == [("", reason)]
    assert result[0].left != ""


def test_largest_face_or_all_of_them(tmp_path: Path, detector: FaceDetector, face_photo: np.ndarray) -> None:
    two = np.hstack([face_photo, np.zeros_like(face_photo)])
    small = face_photo[::2, ::2]
    two[: small.shape[0], 600 : 600 + small.shape[1]] = small
    rows = frame_rows(tmp_path, [two])
    (largest,) = crop_faces(tmp_path, rows, tmp_path / "one", detector, **LIMITS)
    both = crop_faces(tmp_path, rows, tmp_path / "all", detector, **{**LIMITS, "faces_per_frame": "all"})
    assert largest.path == "ann/clip_000000.png" and float(largest.left) < 512
    assert [row.path for row in both] == ["ann/clip_000000_0.png", "ann/clip_000000_1.png"]
    sides = [read_image(tmp_path / "all" / row.path).shape[0] for row in both]
    assert sides[0] == pytest.approx(2 * sides[1], rel=0.15)


def test_real_photos_of_several_people_give_several_faces(
    datasets: Path, tmp_path: Path, detector: FaceDetector
) -> None:
    image = read_image(datasets / "photos/multi_face/fr_two_people.jpg")
    rows = crop_faces(
        tmp_path,
        frame_rows(tmp_path, [image]),
        tmp_path / "out",
        detector,
        **{**LIMITS, "faces_per_frame": "all"},
    )
    assert sum(row.status == "kept" for row in rows) >= 2
