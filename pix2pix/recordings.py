"""Recordings: clips that show the same film in two files are one recording, and must not part."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pix2pix.opencv import cv2

FRAMES_COMPARED = 8
THUMBNAIL_PX = 16
SAME_FILM_LEVELS = 3.0

Signature = npt.NDArray[np.float32]


def clip_signature(frames: Sequence[Path]) -> Signature:
    """Return small grey thumbnails of frames spread over a clip, (8, 16, 16) float32 in [0, 255]."""
    positions = np.linspace(0, len(frames) - 1, FRAMES_COMPARED).round().astype(int)
    thumbnails = [_thumbnail(frames[position]) for position in positions]
    return np.stack(thumbnails).astype(np.float32)


def _thumbnail(path: Path) -> npt.NDArray[np.uint8]:
    grey = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_4)  # JPEG can be decoded smaller, and faster
    if grey is None:
        raise OSError(f"could not read {path} back")
    return cv2.resize(grey, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA).astype(np.uint8)


def same_film(signatures: Mapping[str, Signature]) -> dict[str, str]:
    """Find the clips that show the same film.

    Two clips do when their thumbnails differ by no more than 3 of 255 levels in the mean: about three times
    what another codec changes, and much less than what another take of the same scene does.

    Args:
        signatures: of each clip, by a key that depends on the clip's content.

    Returns:
        the key of the recording of each clip: the lowest key among those of the same film.
    """
    recording: dict[str, str] = {}
    for key in sorted(signatures):
        originals = [other for other in sorted(recording) if recording[other] == other]
        matches = [
            other for other in originals if _mean_difference(signatures, key, other) <= SAME_FILM_LEVELS
        ]
        recording[key] = matches[0] if matches else key
    return recording


def _mean_difference(signatures: Mapping[str, Signature], key: str, other: str) -> float:
    return float(np.abs(signatures[key] - signatures[other]).mean())
