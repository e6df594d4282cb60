import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import write_jpeg
from pix2pix.videos.video_files import VIDEO_SUFFIXES, VideoReader, write_video

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="needs ffmpeg: apt-get install ffmpeg"
)


def encoded(path: Path, frames: list[np.ndarray], *options: str) -> Path:
    """A film of 25 frames a second by ffmpeg."""
    size = f"{frames[0].shape[1]}x{frames[0].shape[0]}"
    command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-i", "pipe:0"]
    data = b"".join(frame.tobytes() for frame in frames)
    subprocess.run([*command, "-pix_fmt", "yuv420p", *options, str(path)], input=data, check=True)
    return path


def counting_frames(count: int, size: int = 64) -> list[np.ndarray]:
    """Frames whose brightness tells their number."""
    return [np.full((size, size, 3), 40 + 4 * i, dtype=np.uint8) for i in range(count)]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    write_video(tmp_path / "clip.avi", counting_frames(30), fps=10, codec="MJPG")
    return tmp_path / "clip.avi"


def test_every_frame_comes_in_order_with_its_time(clip: Path) -> None:
    reader = VideoReader(clip)
    frames = list(reader)
    assert [frame.number for frame in frames] == list(range(30))
    assert [round(frame.time_ms) for frame in frames] == [100 * i for i in range(30)]
    assert [round(float(frame.image.mean())) for frame in frames] == pytest.approx(
        [40 + 4 * i for i in range(30)], abs=2
    )
    assert (reader.decoded, reader.failed) == (30, 0)


def test_frames_are_chosen_by_time(clip: Path) -> None:
    assert [frame.number for frame in VideoReader(clip, interval_ms=500)] == [0, 5, 10, 15, 20, 25]
    assert [frame.number for frame in VideoReader(clip, interval_ms=250)] == [
        0,
        3,
        5,
        8,
        10,
        13,
        15,
        18,
        20,
        23,
        25,
        28,
    ]


def test_max_frames_ends_the_reading(clip: Path) -> None:
    assert len(list(VideoReader(clip, interval_ms=200, max_frames=4))) == 4


def test_colours_are_rgb(tmp_path: Path) -> None:
    red = np.full((64, 64, 3), (220, 20, 20), dtype=np.uint8)
    write_video(tmp_path / "red.mp4", [red] * 5, fps=10, codec="mp4v")
    frame = next(iter(VideoReader(tmp_path / "red.mp4"))).image
    assert frame[..., 0].mean() > 180 and frame[..., 2].mean() < 60


def test_frame_as_jpeg_is_its_picture_as_jpeg(clip: Path, tmp_path: Path) -> None:
    frame = next(iter(VideoReader(clip)))
    frame.write_jpeg(tmp_path / "frame.jpg")
    write_jpeg(tmp_path / "picture.jpg", frame.image)
    assert (tmp_path / "frame.jpg").read_bytes() == (tmp_path / "picture.jpg").read_bytes()


@pytest.mark.parametrize("content", [b"", b"this is text, not a video"])
def test_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(UnreadableError, match="cannot be opened as a video"):
        VideoReader(tmp_path / "a.mp4")


def test_missing_encoder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="codec"):
        write_video(tmp_path / "none" / "a.mp4", counting_frames(1), fps=10, codec="mp4v")


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.mpg", "a.avi", "a.mp4", "a.mkv"])
@pytest.mark.parametrize("codec", ["mpeg2video", "mpeg4"])
def test_every_frame_of_a_clip_with_b_frames_has_its_time(tmp_path: Path, name: str, codec: str) -> None:
    clip = encoded(tmp_path / name, counting_frames(30), "-c:v", codec, "-bf", "2")
    frames = list(VideoReader(clip))
    times_ms = np.array([frame.time_ms for frame in frames])
    assert times_ms - times_ms[0] == pytest.approx(40 * np.arange(30), abs=1)
    assert (np.diff([frame.image.mean() for frame in frames]) > 0).all()


@needs_ffmpeg
def test_second_recording_in_a_file_comes_after_the_first(tmp_path: Path) -> None:
    one = encoded(tmp_path / "one.mpg", counting_frames(30), "-c:v", "mpeg2video")
    other = encoded(tmp_path / "other.mpg", counting_frames(50)[30:], "-c:v", "mpeg2video")
    both = tmp_path / "both.mpg"
    both.write_bytes(one.read_bytes() + other.read_bytes())
    reader = VideoReader(both, interval_ms=200)
    frames = list(reader)
    assert [round(frame.time_ms) for frame in frames] == list(range(0, 2000, 200))
    assert [frame.number for frame in frames] == list(range(0, 50, 5))
    assert "placed by the rate of 25 a second" in reader.clock.note


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "aspect", "shape"),
    [(f"a.{suffix}", "16/9", (96, 128, 3)) for suffix in ("mp4", "mkv", "avi", "mpg")]
    + [(f"a.{suffix}", "9/16", (170, 72, 3)) for suffix in ("mp4", "mkv", "avi")],
)
def test_pixels_that_are_not_square_are_made_square(
    tmp_path: Path, name: str, aspect: str, shape: tuple[int, int, int]
) -> None:
    frames = [np.zeros((96, 72, 3), dtype=np.uint8)] * 3
    codec = "mpeg2video" if name == "a.mpg" else "mpeg4"
    clip = encoded(tmp_path / name, frames, "-vf", f"setsar={aspect}", "-c:v", codec)
    assert [frame.image.shape for frame in VideoReader(clip)] == [shape] * 3


@needs_ffmpeg
def test_circle_stays_one_in_a_film_with_wide_pixels_that_is_turned(tmp_path: Path) -> None:
    y, x = np.mgrid[0:96, 0:72]
    disc = (((x - 36) * 64 / 45) ** 2 + (y - 48) ** 2 < 40**2).astype(np.uint8) * 255
    stored = encoded(tmp_path / "stored.mp4", [np.dstack([disc] * 3)] * 3, "-vf", "setsar=64/45")
    turned = tmp_path / "turned.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(stored), "-c", "copy", "-metadata:s:v", "rotate=90"]
    subprocess.run([*command, str(turned)], check=True)
    for path, shape in ((stored, (96, 102)), (turned, (102, 96))):
        bright = next(iter(VideoReader(path))).image[:, :, 0] > 127
        assert bright.shape == shape
        assert bright.any(axis=0).sum() == pytest.approx(bright.any(axis=1).sum(), abs=2)


@needs_ffmpeg
@pytest.mark.parametrize("aspect", ["1", "720/719", "1000/1"])
def test_pixels_that_are_square_or_of_no_possible_shape_stay(tmp_path: Path, aspect: str) -> None:
    frames = counting_frames(2, size=64)
    plain = encoded(tmp_path / "plain.mp4", frames)
    clip = encoded(tmp_path / "clip.mp4", frames, "-vf", f"setsar={aspect}")
    for frame, same in zip(VideoReader(clip), VideoReader(plain), strict=True):
        assert np.array_equal(frame.image, same.image)


def test_real_variable_frame_rate_keeps_true_times(datasets: Path) -> None:
    times = [frame.time_ms for frame in VideoReader(datasets / "videos/edge/vfr.mp4")]
    gaps = np.diff(times)
    assert len(times) == 37
    assert gaps[:24] == pytest.approx(40, abs=1) and gaps[-10:] == pytest.approx(240, abs=1)


def test_real_rotated_video_comes_upright(datasets: Path) -> None:
    assert next(iter(VideoReader(datasets / "videos/edge/rotated_90.mp4"))).image.shape == (360, 640, 3)


def test_real_damaged_video_is_decoded_past_the_damage(datasets: Path) -> None:
    reader = VideoReader(datasets / "videos/edge/corrupt_middle.mp4")
    assert len(list(reader)) == 127
    assert reader.decoded == 127 and reader.failed > 0


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.ts", ["-c:v", "mpeg2video", "-f", "mpegts"]),
        ("a.MTS", ["-c:v", "mpeg2video", "-f", "mpegts"]),
        ("a.m2ts", ["-c:v", "mpeg2video", "-f", "mpegts"]),
        ("a.flv", ["-c:v", "flv"]),
    ],
)
def test_videos_of_cameras_and_old_pages_are_read(tmp_path: Path, name: str, options: list[str]) -> None:
    red = np.full((48, 64, 3), (250, 10, 10), np.uint8)
    path = encoded(tmp_path / name, [red] * 10, *options)
    assert path.suffix.lower() in VIDEO_SUFFIXES
    frames = list(VideoReader(path))
    assert [frame.time_ms for frame in frames] == pytest.approx([40 * number for number in range(10)])
    assert all(np.abs(frame.image.astype(int) - red).max() < 12 for frame in frames)


def test_program_in_typescript_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "code.ts").write_text("export const frames: number = 1;\n")
    with pytest.raises(UnreadableError, match="cannot be opened as a video"):
        VideoReader(tmp_path / "code.ts")


def test_gif_is_a_video_where_it_has_several_frames(tmp_path: Path) -> None:
    colours = [(250, 10, 10), (10, 250, 10), (10, 10, 250)]
    pictures = [Image.new("RGB", (64, 48), colour) for colour in colours]
    pictures[0].save(tmp_path / "moving.gif", save_all=True, append_images=pictures[1:], duration=200)
    pictures[0].save(tmp_path / "still.gif")
    frames = list(VideoReader(tmp_path / "moving.gif"))
    assert [frame.time_ms for frame in frames] == pytest.approx([0, 200, 400])
    assert [tuple(frame.image[20, 20]) for frame in frames] == colours
    with pytest.raises(UnreadableError, match="a GIF of one frame, which is a photo"):
        VideoReader(tmp_path / "still.gif")
