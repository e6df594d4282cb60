"""Video in, video out: every frame translated, with the sound, the times and the rotation of the source."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pix2pix.core.errors import UnreadableError
from pix2pix.core.outputs import whole_file
from pix2pix.core.progress import Progress
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.ffmpeg import CONTAINERS, Clock, Container, FilmWriter, read_clock
from pix2pix.translation.smoothing import Smoothing, TemporalDifference
from pix2pix.translation.translator import TranslateOptions, Translator
from pix2pix.videos.video_files import Frame, VideoReader

TIME_TOLERANCE = 0.1  # of the time between frames, within which times are those of a constant rate


@dataclass(frozen=True)
class Film:
    """What became of a video.

    Attributes:
        frames: translated frames.
        failed: frames that could not be decoded, in the middle of others.
        note: what is to be said of the frames' times, or empty.
        difference_input: mean absolute difference of consecutive frames of the source, in 255ths.
        difference_output: that of consecutive translated frames, before they are smoothed.
        difference_smoothed: that of consecutive smoothed frames, or None without smoothing.
    """

    frames: int
    failed: int
    note: str
    difference_input: float
    difference_output: float
    difference_smoothed: float | None


def translate_film(
    translator: Translator, source: Path, target: Path, options: TranslateOptions, smooth_frames: float = 0
) -> Film:
    """Translate a video, in memory for a few frames.

    Frames are shown upright at the times of the source; a constant rate stays exact. Sound is copied, or
    encoded anew where the container of the target cannot hold it as it is.

    Args:
        translator: the model.
        source: the video.
        target: where it goes; its suffix, one of ``CONTAINERS``, names the container.
        options: how frames are translated.
        smooth_frames: over about how many frames outputs are averaged where nothing moves; 0 leaves it out.

    Raises:
        UnreadableError: the video cannot be decoded, or ffmpeg cannot write the result.
        InputError: the model cannot do what is asked for.
    """
    clock = read_clock(source)
    times_ms = list(VideoReader(source).times_ms())
    if not times_ms:
        raise UnreadableError("no frame can be decoded")
    container = CONTAINERS[target.suffix.lower()]
    rate = _rate_to_write(times_ms, clock, container)
    smoothing = Smoothing(smooth_frames) if smooth_frames else None
    before = TemporalDifference()
    after = TemporalDifference()
    smoothed = TemporalDifference()
    reader = VideoReader(source)
    progress = Progress(len(times_ms), f"translate {source.name}", "frame")
    with (
        whole_file(target) as partial,
        FilmWriter(partial, container, source, rate, clock.offset_s) as writer,
    ):
        for frame, image, output in _translated(translator, reader, options):
            before.add(image)
            after.add(output)
            if smoothing is not None:
                output = smoothing.add(image, output)
                smoothed.add(output)
            writer.write(output, frame.time_ms)
            progress.advance()
    progress.close()
    difference_smoothed = smoothed.value if smoothing is not None else None
    note = reader.clock.note
    return Film(progress.done, reader.failed, note, before.value, after.value, difference_smoothed)


def constant_rate(times_ms: Sequence[float], rates: Sequence[Fraction]) -> Fraction | None:
    """The first of the rates, in frames per second, that the frames' times keep, or None."""
    for rate in rates:
        interval_ms = 1000 / float(rate)
        if all(
            abs(time_ms - times_ms[0] - number * interval_ms) < TIME_TOLERANCE * interval_ms
            for number, time_ms in enumerate(times_ms)
        ):
            return rate
    return None


def _rate_to_write(times_ms: Sequence[float], clock: Clock, container: Container) -> Fraction | None:
    """The frames per second of the film, or None where each frame is written with its own time."""
    rate = constant_rate(times_ms, clock.rates)
    if rate is None and not container.has_times:
        return clock.rates[-1] if clock.rates else _mean_rate(times_ms)
    return rate


def _mean_rate(times_ms: Sequence[float]) -> Fraction:
    span_ms = times_ms[-1] - times_ms[0]
    return Fraction(1000 * (len(times_ms) - 1) / span_ms).limit_denominator(1001) if span_ms else Fraction(25)


def _translated(
    translator: Translator, reader: VideoReader, options: TranslateOptions
) -> Iterator[tuple[Frame, RgbImage, RgbImage]]:
    """Yield each frame with its picture and its output."""
    waiting: deque[tuple[Frame, RgbImage]] = deque()

    def images() -> Iterator[RgbImage]:
        for frame in reader:
            waiting.append((frame, frame.image))
            yield waiting[-1][1]

    for output in translator.stream(images(), options):
        yield *waiting.popleft(), output
