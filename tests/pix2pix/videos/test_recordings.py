from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from pix2pix.download.raw import download_folder
from pix2pix.items.parallel import Workers
from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.opencv import cv2
from pix2pix.videos.frames import extract_frames
from pix2pix.videos.recordings import Signature, same_film
from pix2pix.videos.video_files import Frame, VideoReader, write_video


def film(seed: int, seconds: float, fps: float, side: int = 96) -> list[RgbImage]:
    """A blob of light that wanders about: the same for the same seed, at any rate and size."""
    rng = np.random.default_rng(seed)
    phase, speed = rng.uniform(0, 6, 2), rng.uniform(0.5, 2, 2)
    y, x = np.mgrid[0 : 1 : 1 / side, 0 : 1 : 1 / side]
    frames = []
    for time_s in np.arange(0, seconds, 1 / fps):
        cx, cy = 0.5 + 0.4 * np.sin(phase + speed * time_s)
        shade = 255 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.1)
        frames.append(np.repeat(shade[..., None], 3, 2).astype(np.uint8))
    return frames


def signature(path: Path, frames: list[RgbImage], fps: float, codec: str) -> Signature:
    write_video(path, frames, fps, codec)
    result = Signature()
    for frame in VideoReader(path):
        result.add(frame)
    return result


def test_another_codec_rate_or_size_is_the_same_film_and_another_take_is_not(tmp_path: Path) -> None:
    signatures = {
        "a": signature(tmp_path / "a.mp4", film(1, 5, 25), 25, "mp4v"),
        "codec": signature(tmp_path / "b.avi", film(1, 5, 25), 25, "MJPG"),
        "rate": signature(tmp_path / "c.mp4", film(1, 5, 30), 30, "mp4v"),
        "size": signature(tmp_path / "d.mp4", film(1, 5, 25, side=50), 25, "mp4v"),
        "take": signature(tmp_path / "e.mp4", film(2, 5, 25), 25, "mp4v"),
        "beginning": signature(tmp_path / "f.mp4", film(1, 2, 25), 25, "mp4v"),
    }
    found = same_film(signatures)
    assert found == {
        "a": "a", "codec": "a", "rate": "a", "size": "a", "take": "take", "beginning": "beginning",
    }  # fmt: skip


@pytest.mark.parametrize("seconds", [3.1, 3.2, 3.3, 6.3, 6.5])
def test_a_few_lost_frames_at_the_end_are_the_same_film(tmp_path: Path, seconds: float) -> None:
    frames = film(1, seconds, 25)
    whole = signature(tmp_path / "a.mp4", frames, 25, "mp4v")
    cut = signature(tmp_path / "b.mp4", frames[:-3], 25, "mp4v")
    assert same_film({"a": whole, "b": cut}) == {"a": "a", "b": "a"}


def test_signature_has_8_to_16_thumbnails_at_equal_steps_whatever_the_length(tmp_path: Path) -> None:
    for seconds in (0.04, 1, 3, 12, 60):
        frames = film(1, seconds, 25, side=32)
        found = signature(tmp_path / "a.avi", frames, 25, "MJPG")
        count = len(found.thumbnails)
        assert count == 1 if seconds == 0.04 else 8 <= count <= 16
        assert (count - 1) * found.step_ms <= seconds * 1000 <= (count + 1) * found.step_ms
        for index, thumbnail in enumerate(found.thumbnails):
            at = int(np.ceil(index * found.step_ms / 40))
            expected = cv2.resize(frames[at][..., 0], (16, 16), interpolation=cv2.INTER_AREA)
            assert np.abs(thumbnail - expected).max() < 6


def test_a_pause_in_the_times_repeats_the_thumbnail_after_it(tmp_path: Path) -> None:
    write_video(tmp_path / "a.avi", film(1, 0.08, 25, side=32), 25, "MJPG")
    first, last = (
        Frame(frame.number, time_ms, frame.image)
        for frame, time_ms in zip(VideoReader(tmp_path / "a.avi"), (0.0, 1e9), strict=True)
    )
    found = Signature()
    found.add(first)
    found.add(last)
    assert 8 <= len(found.thumbnails) <= 16
    assert all(np.array_equal(t, last.thumbnail(16)) for t in found.thumbnails[1:])


def test_real_recording_in_two_containers_is_one(datasets: Path, tmp_path: Path) -> None:
    rows = download_folder(datasets / "videos/people", tmp_path / "raw", "auto", Workers())
    videos = [{name: str(value) for name, value in asdict(row).items()} for row in rows]
    _, clips = extract_frames(
        tmp_path / "raw", videos, tmp_path / "frames", interval_ms=1000, max_frames=0, workers=Workers(2)
    )
    by_person = {clip.person: {c.recording for c in clips if c.person == clip.person} for clip in clips}
    assert len(clips) == 12 and len(by_person) == 11
    assert all(len(recordings) == 1 for recordings in by_person.values())
    assert len(set.union(*by_person.values())) == 11
    assert [(clip.source, clip.reason) for clip in clips if clip.reason] == [
        ("videos/p10/franck_72_mp4v.mov", "same film as videos/p10/franck_72_mjpg.avi")
    ]
