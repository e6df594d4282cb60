"""Recordings: clips that show the same film are one recording, whose frames stay in one split."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pix2pix.videos.video_files import TIME_TOLERANCE_MS, Frame

FIRST_STEP_MS = 50.0
MOST_THUMBNAILS = 16
THUMBNAIL_PX = 16
SAME_FILM_LEVELS = 3.0


@dataclass
class Signature:
    """What a clip looks like: thumbnails of frames spread evenly over its time, taken as it is read.

    Whenever there are too many, every other one goes and the step doubles. So a clip of any length has 8 to
    16 of them (fewer below 0.4 s), and those of two clips are of the same times.

    Attributes:
        step_ms: film time from one thumbnail to the next.
        start_ms: time of the first frame.
        thumbnails: grey, (16, 16) float32 in [0, 255].
    """

    step_ms: float = FIRST_STEP_MS
    start_ms: float | None = None
    thumbnails: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def add(self, frame: Frame) -> None:
        """Take the next frame into account."""
        if self.start_ms is None:
            self.start_ms = frame.time_ms
        passed_ms = frame.time_ms - self.start_ms + TIME_TOLERANCE_MS
        if passed_ms < self._due_ms():
            return
        thumbnail = frame.thumbnail(THUMBNAIL_PX).astype(np.float32)
        while passed_ms >= self._due_ms():
            if len(self.thumbnails) == MOST_THUMBNAILS:
                del self.thumbnails[1::2]
                self.step_ms *= 2
            self.thumbnails.append(thumbnail)

    def _due_ms(self) -> float:
        return len(self.thumbnails) * self.step_ms

    def every(self, step_ms: float) -> list[npt.NDArray[np.float32]]:
        """The thumbnails that are ``step_ms`` apart, a multiple of the signature's own step."""
        return self.thumbnails[:: round(step_ms / self.step_ms)]


def same_film(signatures: Mapping[str, Signature]) -> dict[str, str]:
    """Find the clips that show the same film.

    Two clips do when they are of about the same length and their thumbnails differ by no more than 3 of 255
    levels in the mean: about three times what another codec or size changes, and much less than what another
    take of the same scene does.

    Args:
        signatures: of each clip, by a key that depends on the clip's content.

    Returns:
        the key of the recording of each clip: the lowest key among those of the same film.
    """
    recording: dict[str, str] = {}
    for key in sorted(signatures):
        originals = [other for other in sorted(recording) if recording[other] == other]
        matches = [other for other in originals if _is_same_film(signatures[key], signatures[other])]
        recording[key] = matches[0] if matches else key
    return recording


def _is_same_film(one: Signature, other: Signature) -> bool:
    step_ms = max(one.step_ms, other.step_ms)
    ones = one.every(step_ms)
    others = other.every(step_ms)
    common = min(len(ones), len(others))
    if max(len(ones), len(others)) > common + 1:
        return False
    return float(np.abs(np.stack(ones[:common]) - np.stack(others[:common])).mean()) <= SAME_FILM_LEVELS
