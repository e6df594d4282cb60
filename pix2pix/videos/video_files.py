"""Video files: frames in order of presentation, upright, with square pixels, as (H, W, 3) uint8 RGB."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import JPEG_QUALITY, MIN_SIDE_PX, RgbImage, resized
from pix2pix.pictures.opencv import cv2
from pix2pix.videos.presentation_clock import PresentationClock

VIDEO_SUFFIXES = frozenset(
    {
        ".3gp",
        ".avi",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".ts",  # some are programs in TypeScript, which cannot be opened as a video
        ".webm",
        ".wmv",
    }
)
ANIMATION = ".gif"  # a video among videos, where it has several frames, and a photo elsewhere

# A damaged stretch and the end of a file look the same to OpenCV: `grab` fails. Go on for as many frames as
# the header still promises, within these bounds (the header is a guess).
FEWEST_FAILURES_AT_END = 50
MOST_FAILURES_AT_END = 5000
TIME_TOLERANCE_MS = 1.0

# Of a pixel's width to its height: what is nearer to 1 than this is a matter of rounding, and what is further
# away than this, an error in the header.
SQUARE_WITHIN = 0.01
MOST_ASPECT = 4.0

GreyImage = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """A frame with its number among those decoded (from 0) and its presentation time."""

    number: int
    time_ms: float
    _bgr: RgbImage

    @property
    def image(self) -> RgbImage:
        """The picture, (H, W, 3) uint8 RGB."""
        return cv2.cvtColor(self._bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)

    def write_jpeg(self, path: Path | str, quality: int = JPEG_QUALITY) -> None:
        """Write the picture as JPEG, the same bytes as ``pix2pix.pictures.images.write_jpeg`` but faster."""
        with open(path, "wb") as file:  # noqa: PTH123 -- Path's ways take a hundredth of a frame's time
            file.write(cv2.imencode(".jpg", self._bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].data)

    def thumbnail(self, side: int) -> GreyImage:
        """The picture small, square and grey, (side, side) uint8: a pixel is the mean of 4 by 4 points."""
        points = cv2.resize(self._bgr, (4 * side, 4 * side), interpolation=cv2.INTER_LINEAR)
        grey = cv2.cvtColor(points, cv2.COLOR_BGR2GRAY)
        return cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


class VideoReader:
    """The frames of a video, decoded one after the other; seeking is not exact in OpenCV.

    Args:
        path: the video.
        interval_ms: keep a frame each time that so much of the film has passed; 0 keeps all.
        max_frames: stop after so many kept frames; 0 for no limit.

    Attributes:
        decoded: frames decoded so far.
        failed: frames that could not be decoded, with others decoded after them.
        clock: when they are shown.

    Raises:
        UnreadableError: OpenCV cannot open the file as a video, it is a GIF of one frame, or its pictures are
            smaller than 16 px.
    """

    def __init__(self, path: Path, interval_ms: float = 0, max_frames: int = 0) -> None:
        # One thread: damaged streams decode the same each time, and clips are spread over processes instead.
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._capture.isOpened():
            raise UnreadableError("cannot be opened as a video")
        if path.suffix.lower() == ANIMATION and self._capture.get(cv2.CAP_PROP_FRAME_COUNT) <= 1:
            raise UnreadableError("a GIF of one frame, which is a photo and no video")
        width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if min(width, height) < MIN_SIDE_PX:
            raise UnreadableError(f"smaller than {MIN_SIDE_PX} px: {width}x{height}")
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self._pixel_aspect = self._read_pixel_aspect()
        self._interval_ms = interval_ms
        self._max_frames = max_frames
        self.decoded = 0
        self.failed = 0
        self.clock = PresentationClock(self._capture.get(cv2.CAP_PROP_FPS))

    def __iter__(self) -> Iterator[Frame]:
        kept = 0
        due_ms = float("-inf")
        for time_ms in self.times_ms():
            if time_ms + TIME_TOLERANCE_MS < due_ms:
                continue
            retrieved, bgr = self._capture.retrieve()
            if not retrieved:
                self.decoded -= 1
                self.failed += 1
                continue
            due_ms = self._next_due_ms(due_ms, time_ms)
            yield Frame(self.decoded - 1, time_ms, self._with_square_pixels(bgr.astype(np.uint8, copy=False)))
            kept += 1
            if kept == self._max_frames:
                return

    def _read_pixel_aspect(self) -> float:
        """The width of a pixel by its height, as frames are shown; 1 where the file does not say."""
        across, down = self._capture.get(cv2.CAP_PROP_SAR_NUM), self._capture.get(cv2.CAP_PROP_SAR_DEN)
        aspect = across / down if across > 0 and down > 0 else 1.0
        if abs(aspect - 1) < SQUARE_WITHIN or not 1 / MOST_ASPECT <= aspect <= MOST_ASPECT:
            return 1.0
        lies_on_its_side = self._capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180 == 90
        return 1 / aspect if lies_on_its_side else aspect

    def _with_square_pixels(self, bgr: RgbImage) -> RgbImage:
        """Scale a frame so that it shows things in their proportions: a side becomes larger, and even."""
        height, width = bgr.shape[:2]
        aspect = self._pixel_aspect
        if aspect > 1:
            width = 2 * round(width * aspect / 2)
        elif aspect < 1:
            height = 2 * round(height / aspect / 2)
        return resized(bgr, height, width)

    def _next_due_ms(self, due_ms: float, time_ms: float) -> float:
        if self._interval_ms == 0:
            return due_ms
        if due_ms == float("-inf"):
            return time_ms + self._interval_ms
        passed = (time_ms + TIME_TOLERANCE_MS - due_ms) // self._interval_ms
        return due_ms + (passed + 1) * self._interval_ms

    def times_ms(self) -> Iterator[float]:
        """Decode frame after frame, past damaged stretches, and yield the time of each in ms, ever later."""
        promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        failures = 0
        while failures <= max(FEWEST_FAILURES_AT_END, min(promised - self.decoded, MOST_FAILURES_AT_END)):
            if not self._capture.grab():
                failures += 1
                continue
            self.failed += failures
            failures = 0
            self.decoded += 1
            yield self.clock.time_ms(self._capture.get(cv2.CAP_PROP_POS_MSEC))


def write_video(path: Path, frames: Iterable[RgbImage], fps: float, codec: str) -> None:
    """Write frames of one size as a video; ``codec`` is a FourCC such as ``mp4v`` or ``MJPG``.

    Raises:
        OSError: OpenCV has no encoder for this codec and container.
    """
    writer = None
    for frame in frames:
        height, width = frame.shape[:2]
        if writer is None:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
            if not writer.isOpened():
                raise OSError(f"could not open {path} for writing with codec {codec}")
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    if writer is not None:
        writer.release()
