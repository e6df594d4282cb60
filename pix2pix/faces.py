"""Faces: found by MTCNN (arXiv:1604.02878), cut out as squares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from facenet_pytorch import MTCNN

from pix2pix.images import RgbImage, read_image, write_png
from pix2pix.manifest import KEPT, SKIPPED, Row
from pix2pix.opencv import cv2
from pix2pix.progress import Progress

FacesPerFrame = Literal["largest", "all"]

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
    faces_per_frame: FacesPerFrame,
) -> list[FaceRow]:
    """Write the faces of every frame to ``out/<person>/<clip>_<frame>.png``, numbered where all are taken.

    Args:
        frames: the folder of the frames.
        rows: rows of its manifest.
        out: an empty folder.
        detector: finds the faces.
        margin: as in ``square_crop``.
        min_probability: faces below it are left out.
        min_face_px: faces whose box has a shorter longer side are left out.
        faces_per_frame: ``largest``: the largest that is not left out; or ``all``.

    Returns:
        a row per face, and per frame without one; with the reason where there is no crop.
    """
    progress = Progress(len(rows), "crop_faces", "frame")
    result = []
    for batch in _batches(rows):
        images = [read_image(frames / row["path"]) for row in batch]
        for row, image, faces in zip(batch, images, detector.detect(images), strict=True):
            judged = [(face, _reason_to_skip(face, min_probability, min_face_px)) for face in faces]
            for number, (face, reason) in enumerate(_choose(judged, faces_per_frame)):
                path = _crop_path(row, number if faces_per_frame == "all" else None)
                if not reason:
                    write_png(out / path, square_crop(image, face, margin))
                result.append(_face_row(row, path, reason, face))
            if not faces:
                result.append(_face_row(row, "", "no face found", None))
        progress.advance(len(batch))
    progress.close()
    return result


def _batches(rows: Sequence[Mapping[str, str]]) -> Iterator[list[Mapping[str, str]]]:
    """Batches within a clip, whose frames are of one size."""
    for _, clip in groupby(rows, key=lambda row: PurePosixPath(row["path"]).parent):
        clip_rows = list(clip)
        for start in range(0, len(clip_rows), FRAMES_PER_BATCH):
            yield clip_rows[start : start + FRAMES_PER_BATCH]


def _reason_to_skip(face: Face, min_probability: float, min_face_px: int) -> str:
    if face.probability < min_probability:
        return f"probability below {min_probability}"
    return f"face smaller than {min_face_px} px" if face.side_px < min_face_px else ""


def _choose(judged: Sequence[tuple[Face, str]], faces_per_frame: FacesPerFrame) -> Sequence[tuple[Face, str]]:
    """All faces, or the largest that is not to be skipped, or where there is none the largest of all."""
    if faces_per_frame == "all" or not judged:
        return judged
    return [next((item for item in judged if not item[1]), judged[0])]


def _crop_path(row: Mapping[str, str], number: int | None) -> str:
    frame = PurePosixPath(row["path"])
    name = f"{frame.parent.name}_{frame.stem}" + ("" if number is None else f"_{number}")
    return str(PurePosixPath(frame.parent.parent, f"{name}.png"))


def _face_row(row: Mapping[str, str], path: str, reason: str, face: Face | None) -> FaceRow:
    origin = {name: row[name] for name in ("person", "split", "recording", "frame", "time_ms")}
    box = {} if face is None else asdict(face)
    return FaceRow("" if reason else path, row["path"], SKIPPED if reason else KEPT, reason, **origin, **box)
