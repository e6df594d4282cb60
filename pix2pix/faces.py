"""Faces: found by MTCNN (arXiv:1604.02878), cut out as squares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import torch
from facenet_pytorch import MTCNN

from pix2pix.images import RgbImage, read_image, write_png
from pix2pix.manifest import KEPT, SKIPPED, Row
from pix2pix.opencv import cv2
from pix2pix.progress import Progress

SMALLEST_FACE_PX = 20  # of the detector, on the copy that it sees
FRAMES_PER_BATCH = 16


@dataclass(frozen=True)
class FaceRow(Row):
    """A face, or a frame without one.

    Attributes:
        person, split, recording, frame, time_ms: as in the manifest of the frames.
        left, top, right, bottom: the face's box in the frame, in px.
        probability: the detector's, in [0, 1].
    """

    person: str = ""
    split: str = ""
    recording: str = ""
    frame: str = ""
    time_ms: str = ""
    left: float | str = ""
    top: float | str = ""
    right: float | str = ""
    bottom: float | str = ""
    probability: float | str = ""


@dataclass(frozen=True)
class Face:
    """A face's box in px of the frame, and the detector's probability in [0, 1]."""

    left: float
    top: float
    right: float
    bottom: float
    probability: float

    @property
    def side_px(self) -> float:
        """The longer side of the box."""
        return max(self.right - self.left, self.bottom - self.top)


class FaceDetector:
    """MTCNN with the weights that its package carries, on a smaller copy of the picture.

    Args:
        device: where it runs.
        max_side_px: pictures with a longer side are scaled down to it before detection.
        min_face_px: faces with a shorter box than this, in the full picture, need not be found.
    """

    def __init__(self, device: torch.device, max_side_px: int, min_face_px: int) -> None:
        self._mtcnn = MTCNN(keep_all=True, device=device).eval()
        self._max_side_px, self._min_face_px = max_side_px, min_face_px

    def detect(self, images: Sequence[RgbImage]) -> list[list[Face]]:
        """Find the faces in pictures of one size, (H, W, 3) uint8; in each the largest face first."""
        height, width = images[0].shape[:2]
        scale = min(1.0, self._max_side_px / max(height, width))
        smallest = max(SMALLEST_FACE_PX, int(self._min_face_px * scale))
        if min(height, width) * scale <= smallest:
            return [[] for _ in images]
        size = (round(width * scale), round(height * scale))
        copies = [
            cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image for image in images
        ]
        self._mtcnn.min_face_size = smallest
        all_boxes, all_probabilities = self._mtcnn.detect(np.stack(copies))
        return [
            _largest_first(boxes, probabilities, scale)
            for boxes, probabilities in zip(all_boxes, all_probabilities, strict=True)
        ]


def _largest_first(
    boxes: Sequence[Sequence[float]] | None, probabilities: Sequence[float], scale: float
) -> list[Face]:
    if boxes is None:
        return []
    edges = np.round(np.asarray(boxes, dtype=np.float64)[:, :4] / scale, 1).tolist()
    faces = [
        Face(left, top, right, bottom, round(float(probability), 4))
        for (left, top, right, bottom), probability in zip(edges, probabilities, strict=True)
    ]
    return sorted(faces, key=lambda face: face.side_px, reverse=True)


def square_crop(image: RgbImage, face: Face, margin: float) -> RgbImage:
    """Cut a square around a face, never squashed; what lies outside the picture is its reflection.

    Args:
        image: (H, W, 3) uint8.
        face: the box to cut around.
        margin: added on every side, as a share of the box's longer side.

    Returns:
        (S, S, 3) uint8 with S the longer side of the box times (1 + 2 margin).
    """
    side = max(1, round(face.side_px * (1 + 2 * margin)))
    left = round((face.left + face.right - side) / 2)
    top = round((face.top + face.bottom - side) / 2)
    height, width = image.shape[:2]
    columns = _reflected(np.arange(left, left + side), width)
    rows = _reflected(np.arange(top, top + side), height)
    return np.ascontiguousarray(image[rows[:, None], columns])


def _reflected(index: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Fold positions outside [0, length) back into it, as a mirror at each border does."""
    period = 2 * length
    folded = np.mod(index, period)
    return np.asarray(np.where(folded < length, folded, period - 1 - folded))


def crop_faces(
    frames: Path,
    rows: Sequence[Mapping[str, str]],
    out: Path,
    detector: FaceDetector,
    *,
    margin: float,
    min_probability: float,
    min_face_px: int,
) -> list[FaceRow]:
    """Write the largest face of every frame to ``out/<person>/<clip>_<frame>.png``.

    Args:
        frames: the folder of the frames.
        rows: rows of its manifest.
        out: an empty folder.
        detector: finds the faces.
        margin: as in ``square_crop``.
        min_probability: faces below it are left out.
        min_face_px: faces whose box has a shorter longer side are left out.

    Returns:
        a row per frame, with the reason where it gave no crop.
    """
    progress = Progress(len(rows), "crop_faces", "frame")
    result = []
    for batch in _batches(rows):
        images = [read_image(frames / row["path"]) for row in batch]
        for row, image, faces in zip(batch, images, detector.detect(images), strict=True):
            face, reason = _choose(faces, min_probability, min_face_px)
            path = ""
            if face is not None and not reason:
                path = _crop_path(row)
                write_png(out / path, square_crop(image, face, margin))
            result.append(_face_row(row, path, reason, face))
        progress.advance(len(batch))
    progress.close()
    return result


def _batches(rows: Sequence[Mapping[str, str]]) -> Iterator[list[Mapping[str, str]]]:
    """Batches within a clip, whose frames are of one size."""
    for _, clip in groupby(rows, key=lambda row: PurePosixPath(row["path"]).parent):
        clip_rows = list(clip)
        for start in range(0, len(clip_rows), FRAMES_PER_BATCH):
            yield clip_rows[start : start + FRAMES_PER_BATCH]


def _choose(faces: Sequence[Face], min_probability: float, min_face_px: int) -> tuple[Face | None, str]:
    """The largest face that is sure enough; where none will do, the largest of all and the reason."""
    if not faces:
        return None, "no face found"
    sure = [face for face in faces if face.probability >= min_probability]
    if not sure:
        return faces[0], f"probability below {min_probability}"
    if sure[0].side_px < min_face_px:
        return sure[0], f"face smaller than {min_face_px} px"
    return sure[0], ""


def _crop_path(row: Mapping[str, str]) -> str:
    frame = PurePosixPath(row["path"])
    return str(PurePosixPath(frame.parent.parent, f"{frame.parent.name}_{frame.stem}.png"))


def _face_row(row: Mapping[str, str], path: str, reason: str, face: Face | None) -> FaceRow:
    origin = {name: row[name] for name in ("person", "split", "recording", "frame", "time_ms")}
    box = {}
    if face is not None:
        box = {name: getattr(face, name) for name in ("left", "top", "right", "bottom", "probability")}
    return FaceRow(path, row["path"], KEPT if path else SKIPPED, reason, **origin, **box)
