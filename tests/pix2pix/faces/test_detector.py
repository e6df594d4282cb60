from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from pix2pix.faces.detector import FaceDetector

BICUBIC = Image.Resampling.BICUBIC


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


def test_boxes_are_those_of_the_library(face_photo: np.ndarray) -> None:
    from facenet_pytorch import MTCNN

    boxes, probabilities = MTCNN(keep_all=True, min_face_size=30).detect(face_photo)
    detector = FaceDetector(torch.device("cpu"), max_side_px=640, min_face_px=30)  # on the picture itself
    face = detector.detect([face_photo])[0][0]
    assert [face.left, face.top, face.right, face.bottom] == pytest.approx(boxes[0].tolist(), abs=0.2)
    assert face.probability == pytest.approx(probabilities[0], abs=1e-3)


def test_larger_faces_are_searched_in_a_smaller_copy(face_photo: np.ndarray) -> None:
    """The face is about 85 x 105 px."""
    boxes = []
    for min_face_px in (30, 60):
        detector = FaceDetector(torch.device("cpu"), max_side_px=640, min_face_px=min_face_px)
        face = detector.detect([face_photo])[0][0]
        boxes.append([face.left, face.top, face.right, face.bottom])
    assert boxes[0] != boxes[1] and boxes[1] == pytest.approx(boxes[0], abs=8)


def test_pictures_with_and_without_faces_share_a_batch(
    detector: FaceDetector, face_photo: np.ndarray
) -> None:
    found = detector.detect([np.zeros_like(face_photo), face_photo, np.zeros_like(face_photo)])
    assert [len(faces) > 0 for faces in found] == [False, True, False]


@pytest.mark.gpu
def test_faces_on_a_gpu_are_those_on_the_cpu(detector: FaceDetector, face_photo: np.ndarray) -> None:
    frames = [np.roll(face_photo, 3 * number, axis=1) for number in range(12)]
    on_gpu = FaceDetector(torch.device("cuda"), max_side_px=640, min_face_px=40).detect(frames)
    for found, expected in zip(on_gpu, detector.detect(frames), strict=True):
        box, box_on_cpu = ([face.left, face.top, face.right, face.bottom] for face in (found[0], expected[0]))
        assert box == pytest.approx(box_on_cpu, abs=1)


def test_pictures_may_differ_in_size(detector: FaceDetector, face_photo: np.ndarray) -> None:
    part = np.ascontiguousarray(face_photo[:300, 50:400])
    first, second, third = detector.detect([face_photo, part, face_photo])
    assert first == third
    assert second[0].left == pytest.approx(first[0].left - 50, abs=8)


def test_picture_smaller_than_a_face_has_none(detector: FaceDetector) -> None:
    assert detector.detect([np.zeros((30, 30, 3), dtype=np.uint8)]) == [[]]


def test_threads_share_a_detector(face_photo: np.ndarray) -> None:
    detector = FaceDetector(torch.device("cpu"), max_side_px=320, min_face_px=80)
    pictures = [face_photo, np.ascontiguousarray(face_photo[:300, 50:350])]  # each with another smallest face
    alone = [detector.detect([picture]) for picture in pictures]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda picture: detector.detect([picture]), pictures * 4))
    assert together == alone * 4


@pytest.mark.parametrize("clockwise_deg", [-20, 15])
def test_roll_is_the_clockwise_turn_of_the_eyes(
    detector: FaceDetector, face_photo: np.ndarray, clockwise_deg: float
) -> None:
    turned = np.asarray(Image.fromarray(face_photo).rotate(-clockwise_deg, BICUBIC, center=(222, 122)))
    upright, rolled = (detector.detect([picture])[0][0].roll_deg for picture in (face_photo, turned))
    assert rolled - upright == pytest.approx(clockwise_deg, abs=3)
