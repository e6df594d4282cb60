import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pix2pix.core.errors import UnreadableError
from pix2pix.pictures.images import RgbImage
from pix2pix.translation.ffmpeg import CONTAINERS, FilmWriter, read_clock

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg: apt-get install ffmpeg")


def write(path: Path, images: list[RgbImage], times_ms: list[float], rate: Fraction | None = None) -> None:
    source = path.with_name("silent.mp4")
    if not source.exists():
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:d=0.2", str(source)]
        subprocess.run(command, check=True)
    with FilmWriter(path, CONTAINERS[path.suffix], source, rate, 0) as writer:
        for image, time_ms in zip(images, times_ms, strict=True):
            writer.write(image, time_ms)


def decoded(path: Path, height: int, width: int) -> RgbImage:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)


def times_of(path: Path) -> list[float]:
    command = ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", str(path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return sorted(1000 * float(line.rstrip(",")) for line in lines)


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_colours_and_order_survive(tmp_path: Path, photo: RgbImage, suffix: str) -> None:
    images = [photo, photo[:, ::-1].copy(), np.full_like(photo, (200, 30, 60))]
    write(tmp_path / f"a{suffix}", images, [0, 40, 80], Fraction(25))
    back = decoded(tmp_path / f"a{suffix}", *photo.shape[:2])
    assert len(back) == 3
    for image, read in zip(images, back, strict=True):
        assert np.abs(image.astype(int) - read).mean() < 6


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_frames_keep_their_times(tmp_path: Path, photo: RgbImage, suffix: str) -> None:
    times_ms = [0.0, 16.7, 100.0, 133.4, 1000.0, 1010.0]
    write(tmp_path / f"a{suffix}", [photo] * 6, times_ms)
    assert times_of(tmp_path / f"a{suffix}") == pytest.approx(times_ms, abs=1)


def test_sides_that_are_odd_lose_a_line(tmp_path: Path, photo: RgbImage) -> None:
    write(tmp_path / "a.mp4", [photo[:95, :127].copy()], [0], Fraction(25))
    assert decoded(tmp_path / "a.mp4", 94, 126).shape == (1, 94, 126, 3)


def test_clock_tells_the_rate_and_how_late_the_picture_starts(tmp_path: Path, photo: RgbImage) -> None:
    write(tmp_path / "12:30.mp4", [photo] * 4, [0, 1001 / 30, 2002 / 30, 100.1], Fraction(30000, 1001))
    clock = read_clock(tmp_path / "12:30.mp4")
    assert clock.rates[0] == Fraction(30000, 1001) and clock.offset_s == 0


def test_source_that_is_missing_is_told_by_ffmpegs_words(tmp_path: Path, photo: RgbImage) -> None:
    with (
        pytest.raises(UnreadableError, match=r"ffmpeg failed: .*No such file"),
        FilmWriter(tmp_path / "a.mp4", CONTAINERS[".mp4"], tmp_path / "no.mp4", None, 0) as writer,
    ):
        for time_ms in range(1000):
            writer.write(photo, 40 * time_ms)


def test_error_in_the_midst_ends_ffmpeg(tmp_path: Path, photo: RgbImage) -> None:
    write(tmp_path / "b.mp4", [photo], [0])
    with (
        pytest.raises(KeyboardInterrupt),
        FilmWriter(tmp_path / "a.mp4", CONTAINERS[".mp4"], tmp_path / "b.mp4", None, 0) as writer,
    ):
        writer.write(photo, 0)
        raise KeyboardInterrupt
    assert writer._process.poll() is not None
