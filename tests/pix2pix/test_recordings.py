from dataclasses import asdict
from pathlib import Path

import numpy as np

from pix2pix.frames import extract_frames
from pix2pix.images import write_jpeg
from pix2pix.parallel import Workers
from pix2pix.raw import download_folder
from pix2pix.recordings import clip_signature, same_film


def film(folder: Path, seed: int, quality: int = 95) -> list[Path]:
    rng = np.random.default_rng(seed)
    folder.mkdir()
    start, velocity = rng.uniform(0, 60, 2), rng.uniform(-2, 2, 2)
    y, x = np.mgrid[0:64, 0:64]
    for number in range(20):
        cx, cy = start + velocity * number
        shade = 255 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 400)
        write_jpeg(folder / f"{number:02}.jpg", np.repeat(shade[..., None], 3, 2).astype(np.uint8), quality)
    return sorted(folder.iterdir())


def test_another_encoding_is_the_same_film_and_another_take_is_not(tmp_path: Path) -> None:
    signatures = {
        "b": clip_signature(film(tmp_path / "b", seed=1)),
        "c": clip_signature(film(tmp_path / "c", seed=1, quality=30)),
        "a": clip_signature(film(tmp_path / "a", seed=2)),
    }
    assert same_film(signatures) == {"a": "a", "b": "b", "c": "b"}


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
