from pathlib import Path

import numpy as np
import pytest

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import write_jpeg
from pix2pix.videos.video_files import VideoReader, write_video


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
