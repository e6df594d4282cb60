"""Finds faces in pictures: MTCNN (arXiv:1604.02878), with the weights that facenet-pytorch carries."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from facenet_pytorch import MTCNN

from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.opencv import cv2

SMALLEST_FACE_PX = 20  # of the detector, on the copy that it sees
SHOWN_FACE_PX = 32  # of the smallest face that is wanted, on the copy: enough to find its eyes, too


@dataclass(frozen=True)
class Face:
    """A face in a picture.

    Attributes:
        left, top, right, bottom: its box, in px.
        probability: the detector's, in [0, 1].
        roll_deg: how far the line through the eyes is turned clockwise from level, in degrees.
    """

    left: float
    top: float
    right: float
    bottom: float
    probability: float
    roll_deg: float = 0.0

    @property
    def side_px(self) -> float:
        """The longer side of the box."""
        return max(self.right - self.left, self.bottom - self.top)


class FaceDetector:
    """MTCNN on a smaller copy of the picture.

    Args:
        device: where it runs.
        max_side_px: pictures with a longer side are scaled down to it before detection.
        min_face_px: faces with a shorter box than this, in the full picture, need not be found; so the copy
            is no larger than it takes to show them well.
    """

    def __init__(self, device: torch.device, max_side_px: int, min_face_px: int) -> None:
        # Channels last: the networks' max-pooling is several times as fast on a CPU.
        self._mtcnn = MTCNN(keep_all=True, device=device).eval().to(memory_format=torch.channels_last)
        self._max_side_px, self._min_face_px = max_side_px, min_face_px

    def detect(self, images: Sequence[RgbImage]) -> list[list[Face]]:
        """Find the faces in pictures, (H, W, 3) uint8; in each the largest face first.

        Neighbours of one size are a batch.
        """
        return [faces for _, batch in groupby(images, key=np.shape) for faces in self._detect(list(batch))]

    def _detect(self, images: Sequence[RgbImage]) -> list[list[Face]]:
        height, width = images[0].shape[:2]
        scale = min(1.0, self._max_side_px / max(height, width), SHOWN_FACE_PX / self._min_face_px)
        smallest = max(SMALLEST_FACE_PX, int(self._min_face_px * scale))
        if min(height, width) * scale <= smallest:
            return [[] for _ in images]
        size = (round(width * scale), round(height * scale))
        copies = np.stack([_scaled(image, size) for image in images])
        mtcnn = copy.copy(self._mtcnn)  # the networks are shared, also with other threads; the size is not
        mtcnn.min_face_size = smallest
        # The colours apart in memory: torch scales such pictures twice as fast.
        planes = np.ascontiguousarray(copies.transpose(0, 3, 1, 2))  # NHWC => NCHW
        found = mtcnn.detect(torch.from_numpy(planes).permute(0, 2, 3, 1), landmarks=True)
        return [
            _largest_first(boxes, probabilities, landmarks, scale)
            for boxes, probabilities, landmarks in zip(*found, strict=True)
        ]


def _scaled(image: RgbImage, size: tuple[int, int]) -> RgbImage:
    """Scale a picture down to (width, height), antialiased."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _largest_first(
    boxes: Sequence[Sequence[float]] | None,
    probabilities: Sequence[float],
    landmarks: Sequence[Sequence[Sequence[float]]],
    scale: float,
) -> list[Face]:
    """The faces of a picture, from what was found in its copy: n boxes, probabilities and 5 points each."""
    if boxes is None:
        return []
    edges = np.round(np.asarray(boxes, dtype=np.float64)[:, :4] / scale, 1).tolist()
    faces = [
        Face(left, top, right, bottom, round(float(probability), 4), _roll_deg(points[0], points[1]))
        for (left, top, right, bottom), probability, points in zip(
            edges, probabilities, landmarks, strict=True
        )
    ]
    return sorted(faces, key=lambda face: face.side_px, reverse=True)


def _roll_deg(left_eye: Sequence[float], right_eye: Sequence[float]) -> float:
    """The turn of the line through the eyes, named as the viewer sees them, each (x, y) with y downwards."""
    (x0, y0), (x1, y1) = left_eye, right_eye
    return round(math.degrees(math.atan2(y1 - y0, x1 - x0)), 2)
