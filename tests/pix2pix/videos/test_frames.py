import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pix2pix.items.parallel import Workers
from pix2pix.pictures.images import read_image
from pix2pix.videos.frames import extract_frames
from pix2pix.videos.video_files import write_video


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "videos" / "ann"
    folder.mkdir(parents=True)
    for clip, suffix in enumerate((".avi", ".mp4")):
        frames = [np.full((64, 64, 3), 20 * clip + 5 * i, dtype=np.uint8) for i in range(10)]
        write_video(folder / f"clip{suffix}", frames, fps=10, codec="MJPG" if suffix == ".avi" else "mp4v")
    (folder / "broken.mp4").write_bytes(b"no video")
    return tmp_path / "raw"


def videos(*names: str) -> list[dict[str, str]]:
    return [
        {"path": f"videos/{name}", "class_name": "ann", "split": "", "sha256": name * 9, "side": ""}
        for name in names
    ]


ALL = videos("ann/broken.mp4", "ann/clip.avi", "ann/clip.mp4")


def test_frames_and_manifest_agree(raw: Path, tmp_path: Path) -> None:
    rows, clips = extract_frames(
        raw, ALL, tmp_path / "out", interval_ms=200, max_frames=0, workers=Workers(1)
    )
    kept = [row for row in rows if row.status == "kept"]
    assert [row.path for row in kept[:5]] == [f"ann/clip_avi/{number:06}.jpg" for number in (0, 2, 4, 6, 8)]
    assert [row.time_ms for row in kept[:5]] == [0.0, 200.0, 400.0, 600.0, 800.0]
    assert {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.jpg")} == {
        row.path for row in kept
    }
    assert read_image(tmp_path / "out" / kept[0].path).shape == (64, 64, 3)
    assert [(clip.decoded, clip.kept, clip.failed) for clip in clips[1:]] == [(10, 5, 0), (10, 5, 0)]


def test_unreadable_video_is_listed_and_the_rest_goes_on(raw: Path, tmp_path: Path) -> None:
    rows, clips = extract_frames(raw, ALL, tmp_path / "out", interval_ms=0, max_frames=0, workers=Workers(1))
    assert [(row.source, row.reason) for row in rows if row.status == "skipped"] == [
        ("videos/ann/broken.mp4", "cannot be opened as a video")
    ]
    assert (clips[0].status, clips[0].reason) == ("skipped", "cannot be opened as a video")
    assert sum(row.status == "kept" for row in rows) == 20


def test_copy_of_a_clip_is_the_same_recording(raw: Path, tmp_path: Path) -> None:
    twice = [ALL[1], {**ALL[1], "path": "videos/ann/copy.avi"}]
    (raw / "videos/ann/copy.avi").write_bytes((raw / "videos/ann/clip.avi").read_bytes())
    rows, clips = extract_frames(
        raw, twice, tmp_path / "out", interval_ms=0, max_frames=0, workers=Workers(1)
    )
    assert [clip.reason for clip in clips] == ["", "same film as videos/ann/clip.avi"]
    assert len({row.recording for row in rows}) == 1


def test_clip_of_two_recordings_gives_the_frames_of_both(raw: Path, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("needs ffmpeg: apt-get install ffmpeg")
    folder = raw / "videos" / "ann"
    command = ["ffmpeg", "-v", "error", "-i", str(folder / "clip.mp4"), "-c:v", "mpeg2video", "-r", "25"]
    subprocess.run([*command, str(folder / "one.mpg")], check=True)
    one = (folder / "one.mpg").read_bytes()
    (folder / "two.mpg").write_bytes(one + one)
    _, clips = extract_frames(
        raw,
        videos("ann/one.mpg", "ann/two.mpg"),
        tmp_path / "out",
        interval_ms=0,
        max_frames=0,
        workers=Workers(1),
    )
    assert clips[1].decoded == 2 * clips[0].decoded
    assert "placed by the rate" in clips[1].reason and "same film" not in clips[1].reason


def test_workers_change_no_byte(raw: Path, tmp_path: Path) -> None:
    one = extract_frames(raw, ALL, tmp_path / "one", interval_ms=0, max_frames=0, workers=Workers(1))
    two = extract_frames(raw, ALL, tmp_path / "two", interval_ms=0, max_frames=0, workers=Workers(2))
    assert one == two
    for path in (tmp_path / "one").rglob("*.jpg"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_frames_of_two_sides_lie_apart_and_tell_their_side(raw: Path, tmp_path: Path) -> None:
    rows = []
    for side, name in (("A", "ann/clip.avi"), ("B", "ann/clip.avi"), ("B", "clip.mp4"), ("B", "broken.mp4")):
        path = raw / "videos" / side / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((raw / "videos/ann" / path.name).read_bytes())
        person = "ann" if name.startswith("ann") else "all"
        rows += [{**row, "class_name": person, "side": side} for row in videos(f"{side}/{name}")]
    frames, clips = extract_frames(
        raw, rows, tmp_path / "out", interval_ms=500, max_frames=0, workers=Workers(1)
    )
    assert [(row.path, row.side) for row in frames] == [
        ("A/ann/clip/000000.jpg", "A"),
        ("A/ann/clip/000005.jpg", "A"),
        ("B/all/clip/000000.jpg", "B"),
        ("B/all/clip/000005.jpg", "B"),
        ("", "B"),
        ("B/ann/clip/000000.jpg", "B"),
        ("B/ann/clip/000005.jpg", "B"),
    ]
    assert [clip.path for clip in clips] == ["A/ann/clip", "B/all/clip", "", "B/ann/clip"]
    assert all((tmp_path / "out" / row.path).is_file() for row in frames if row.path)


def test_no_videos_give_no_frames(tmp_path: Path) -> None:
    assert extract_frames(
        tmp_path, [], tmp_path / "out", interval_ms=0, max_frames=0, workers=Workers(1)
    ) == ([], [])
