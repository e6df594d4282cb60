"""ffmpeg: what it knows of a video, and a film written through a pipe, with the sound of another file."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.outputs import words_of_the_disk
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.matroska import stream_frame, stream_header

# H.264 and its like store colours at half the size, so sides are even.
EVEN_SIDES = "crop=trunc(iw/2)*2:trunc(ih/2)*2"
BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
H264 = ("-c:v", "libx264", "-crf", "17")
VP9 = ("-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-deadline", "good", "-cpu-used", "4", "-row-mt", "1")
FINE_TICK = "1/90000"


@dataclass(frozen=True)
class Container:
    """How a film is written into a kind of file.

    Attributes:
        muxer: ffmpeg's name of it.
        video: options of the encoder.
        sound: the encoder of sound that cannot be copied into it.
        matrix: of the colours: players take BT.601 where the file does not say.
        has_times: whether each frame has a time of its own.
    """

    muxer: str
    video: tuple[str, ...] = H264
    sound: str = "aac"
    matrix: Literal["bt709", "bt601"] = "bt709"
    has_times: bool = True


CONTAINERS = {
    ".mp4": Container("mp4", (*H264, "-movflags", "+faststart")),
    ".m4v": Container("mp4", (*H264, "-movflags", "+faststart")),
    ".mov": Container("mov"),
    ".mkv": Container("matroska"),
    ".webm": Container("webm", VP9, "libopus"),
    ".avi": Container("avi", ("-c:v", "mpeg4", "-q:v", "2"), "libmp3lame", "bt601", has_times=False),
}


@dataclass(frozen=True)
class Clock:
    """When a video's frames are shown.

    Attributes:
        rates: frames per second that its header names, the likeliest first.
        offset_s: how long after the file's start its first frame is shown; sound may come before.
    """

    rates: tuple[Fraction, ...]
    offset_s: float


def require_ffmpeg() -> None:
    """Check that ffmpeg is there.

    Raises:
        InputError: it is not.
    """
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        raise InputError(
            "videos are written by ffmpeg, and ffmpeg or ffprobe is not on PATH; install it (apt-get install "
            "ffmpeg, brew install ffmpeg, or ffmpeg.org)"
        )


def read_clock(path: Path) -> Clock:
    """Ask ffprobe when the frames of a video are shown.

    Raises:
        UnreadableError: it finds no video in the file.
    """
    entries = "stream=avg_frame_rate,r_frame_rate,start_time:format=start_time"
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "json"]
    answer = subprocess.run([*command, _file(path)], capture_output=True, check=False)
    found = json.loads(answer.stdout or b"{}")
    if not found.get("streams"):
        raise UnreadableError("ffprobe finds no video in it")
    stream = found["streams"][0]
    rates = [_fraction(stream.get(key)) for key in ("avg_frame_rate", "r_frame_rate")]
    offset_s = _seconds(stream.get("start_time")) - _seconds(found.get("format", {}).get("start_time"))
    return Clock(tuple(rate for rate in rates if rate), max(0.0, offset_s))


class FilmWriter(AbstractContextManager["FilmWriter"]):
    """Writes frames as a film, with the sound and the description of another one.

    Args:
        path: of the film.
        container: how it is written.
        source: the file that sound, chapters and description come from.
        rate: frames per second, or None where the frames' times are all there is to know.
        offset_s: of the first frame, after the start of the sound.

    Raises:
        UnreadableError: ffmpeg gave up, with its reason.
    """

    def __init__(
        self, path: Path, container: Container, source: Path, rate: Fraction | None, offset_s: float
    ) -> None:
        # A file, because a pipe that nobody reads would fill up.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        command = _command(path, container, source, rate, offset_s)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
        )
        self._begun = False

    def write(self, image: RgbImage, time_ms: float) -> None:
        """Write the next frame, (H, W, 3) uint8, all of one size."""
        assert self._process.stdin is not None
        try:
            if not self._begun:
                height, width = image.shape[:2]
                self._process.stdin.write(stream_header(width, height))
                self._begun = True
            self._process.stdin.write(stream_frame(image, time_ms))
        except BrokenPipeError:
            self._process.wait()
            raise UnreadableError(self._reason()) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the film; after an error, end ffmpeg."""
        with self._errors:
            if error is not None:
                self._process.kill()
            self._process.communicate()
            # ffmpeg 5 ends with status 0 where the disk is full at the end of the film.
            if error is None and (self._process.returncode != 0 or words_of_the_disk(str(self._lines()))):
                raise UnreadableError(self._reason())

    def _lines(self) -> list[str]:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip().splitlines()

    def _reason(self) -> str:
        lines = self._lines()
        lines = [line for line in lines if words_of_the_disk(line)] or lines
        return f"ffmpeg failed: {lines[-1] if lines else f'status {self._process.returncode}'}"


def _command(
    path: Path, container: Container, source: Path, rate: Fraction | None, offset_s: float
) -> Sequence[str]:
    # fmt: off
    return [
        "ffmpeg", "-v", "error", "-nostdin", "-y",
        "-itsoffset", f"{offset_s:.6f}", "-f", "matroska", "-i", "pipe:0",
        "-vn", "-i", _file(source),
        "-map", "0:v", "-map", "1:a?", "-map_metadata", "1", "-map_chapters", "1",
        "-vf", f"{EVEN_SIDES},scale=out_color_matrix={container.matrix}:out_range=tv,format=yuv420p",
        *(BT709 if container.matrix == "bt709" else ()), *container.video,
        *(["-r", str(rate)] if rate else ["-enc_time_base", FINE_TICK, _mode_option(), "vfr"]),
        "-c:a", _sound(source, container),
        "-f", container.muxer, _file(path),
    ]
    # fmt: on


def _sound(source: Path, container: Container) -> str:
    """``copy`` where the container can hold the source's sound as it is, which a second of it shows."""
    trial = ["-map", "0:a?", "-c", "copy", "-t", "1", "-f", container.muxer, os.devnull]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-vn", "-i", _file(source), *trial]
    can_copy = subprocess.run(command, capture_output=True, check=False).returncode == 0
    return "copy" if can_copy else container.sound


def _mode_option() -> str:
    """The option that lets frames keep their times, which has another name in ffmpeg before 5.1."""
    options = subprocess.run(
        ["ffmpeg", "-hide_banner", "-h", "long"], capture_output=True, check=False
    ).stdout
    return "-fps_mode" if b"-fps_mode" in options else "-vsync"


def _file(path: Path) -> str:
    """A path that ffmpeg does not take for an address, as it does ``12:30.mp4``."""
    return f"file:{path}"


def _fraction(text: str | None) -> Fraction | None:
    numerator, _, denominator = (text or "0/1").partition("/")
    return Fraction(int(numerator), int(denominator or 1)) if int(denominator or 1) else None


def _seconds(text: str | None) -> float:
    return float(text) if text and text != "N/A" else 0.0
