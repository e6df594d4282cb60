from pathlib import Path

import numpy as np
import pytest

from pix2pix.download.sample import make_sample
from pix2pix.pictures.images import read_image
from pix2pix.videos.video_files import VideoReader


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    make_sample(folder / "images", folder / "videos")
    return folder


def test_each_photo_gives_twelve_crops_that_do_not_overlap(sample: Path) -> None:
    folders = sorted(path.name for path in (sample / "images").iterdir())
    assert folders == ["astronaut", "chelsea", "coffee", "grace_hopper", "rocket"]
    for folder in folders:
        crops = [read_image(path) for path in sorted((sample / "images" / folder).iterdir())]
        assert len(crops) >= 12
        assert len({crop.tobytes() for crop in crops}) == len(crops)


def test_each_person_has_eight_readable_clips_that_differ(sample: Path) -> None:
    for person in ("face_astronaut", "face_grace_hopper"):
        clips = sorted((sample / "videos" / person).iterdir())
        firsts = [next(iter(VideoReader(clip))).image.astype(int) for clip in clips]
        assert len(clips) >= 8 and {clip.suffix for clip in clips} == {".mp4", ".avi"}
        gaps = [np.abs(a - b).mean() for i, a in enumerate(firsts) for b in firsts[:i]]
        assert min(gaps) > 3


def test_the_sample_is_the_same_each_time(sample: Path, tmp_path: Path) -> None:
    make_sample(tmp_path / "images", tmp_path / "videos")
    files = [path for path in sample.rglob("*") if path.is_file()]
    assert all((tmp_path / path.relative_to(sample)).read_bytes() == path.read_bytes() for path in files)
