"""The data stages one after the other, as DVC runs them, on two sides that are no pairs."""

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from conftest import PROJECT

from pix2pix.core.errors import InputError
from pix2pix.items.manifest import read_rows
from pix2pix.pictures.images import image_size, write_png
from pix2pix.pictures.pairs import are_unpaired
from pix2pix.videos.video_files import write_video
from stages import build_pairs, crop_faces, download, extract_frames

PHOTOS, CLIPS = 33, 3
STAGES = (
    (download, "raw"),
    (extract_frames, "raw", "frames"),
    (crop_faces, "frames", "faces"),
    (build_pairs, "raw", "frames", "faces", "pairs", "metrics", "plots"),
)


class Project:
    """A folder with the settings, photos of a side and videos of the other, in which the stages run."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.monkeypatch = monkeypatch
        self.settings = (PROJECT / "params.yaml").read_text()
        self.set(dataset="folder", source="source", layout="unpaired", pair_task="none")
        shutil.copy(PROJECT / "machine.yaml", path)
        monkeypatch.chdir(path)
        rng = np.random.default_rng(0)
        for number in range(PHOTOS):
            picture = rng.integers(0, 256, (40, 48, 3), dtype=np.uint8)
            write_png(path / f"source/A/{number}.png", picture)
        (path / "source/B").mkdir()
        for clip in range(CLIPS):
            film = rng.integers(0, 256, (3, 48, 64, 3), dtype=np.uint8)
            write_video(path / f"source/B/{clip}.avi", film, fps=2, codec="MJPG")

    def set(self, **settings: str) -> None:
        for key, value in settings.items():
            lines = [
                f"{key}: {value}" if line.startswith(f"{key}:") else line
                for line in self.settings.splitlines()
            ]
            self.settings = "\n".join(lines)
        (self.path / "params.yaml").write_text(self.settings)

    def run(self, stage: ModuleType, *names: str) -> None:
        paths = {"metrics": "data.json"}
        arguments = [f"--{name}={paths.get(name, name)}" for name in names]
        self.monkeypatch.setattr(sys, "argv", ["stage", *arguments, "--performance=performance.json"])
        stage.main()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def test_photos_of_a_and_videos_of_b_become_two_sides(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.set(max_images="0", frame_interval_ms="0")
    for stage, *names in STAGES:
        project.run(stage, *names)
    told = capsys.readouterr().out
    assert "download: folder: 33 photos of A in 1 classes, 3 videos of B in 1 classes; 0 skipped" in told
    assert "crop_faces: all 9 frames are of unpaired sides, nothing to do" in told
    rows = list(read_rows(project.path / "pairs/manifest.csv"))
    assert [row["side"] for row in rows] == ["A"] * PHOTOS + ["B"] * 3 * CLIPS
    for row in rows:
        assert row["path"].startswith(f"{row['split']}/{row['side']}/all/")
        assert image_size(project.path / "pairs" / row["path"]) == (64, 64)
    clips = {Path(row["source"]).parent: row["split"] for row in rows if row["side"] == "B"}
    assert sorted(clips.values()) == ["test", "train", "val"]  # a recording in each
    counts = json.loads((project.path / "data.json").read_text())
    assert counts["train"] == counts["train_a"] + counts["train_b"]
    assert sum(counts[f"{split}_b"] for split in ("train", "val", "test")) == 3 * CLIPS
    assert are_unpaired(project.path / "pairs")
    width, height = image_size(project.path / "plots/pairs.jpg") or (0, 0)
    assert width > height


def test_one_video_of_a_side_is_cut_by_time(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (project.path / "source/B").iterdir():
        path.unlink()
    film = np.random.default_rng(1).integers(0, 256, (20, 48, 64, 3), dtype=np.uint8)
    write_video(project.path / "source/B/film.avi", film, fps=2, codec="MJPG")
    for stage, *names in STAGES:
        project.run(stage, *names)
    told = capsys.readouterr().out
    assert "build_pairs: side B, the target: split by time: 1 recording is too few to fill train" in told
    rows = [row for row in read_rows(project.path / "pairs/manifest.csv") if row["side"] == "B"]
    assert len(rows) == 20 and {row["split"] for row in rows if row["path"]} == {"train", "val", "test"}
    gaps = [row["reason"] for row in rows if not row["path"]]
    assert gaps and all(reason.startswith("gap between splits: at ") for reason in gaps)
    counts = json.loads((project.path / "data.json").read_text())
    assert counts["test_of_cut_recordings"] == counts["test_b"] and counts["skipped"] == len(gaps)
    project.set(split_by="clip")
    with pytest.raises(
        InputError, match=r"side B, the target: 1 recording cannot fill .*split_by: auto cuts"
    ):
        project.run(*STAGES[3])


def test_direction_b_to_a_and_sizes_apart_are_told(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.set(direction="BtoA", max_frames_per_clip="1")
    for stage, *names in STAGES:
        project.run(stage, *names)
    told = capsys.readouterr().out
    assert "build_pairs: the sides are of very different size: A has 3 pictures, B has 33 pictures" in told
    assert {
        row["side"] for row in read_rows(project.path / "pairs/manifest.csv") if "png" in row["source"]
    } == {"B"}


def test_task_that_makes_pairs_is_refused_before_anything_is_written(project: Project) -> None:
    project.set(pair_task="grayscale")
    for stage, *names in STAGES[:3]:
        project.run(stage, *names)
    with pytest.raises(InputError, match="found 'grayscale' and a dataset of two sides that are no pairs"):
        project.run(*STAGES[3])
    assert not (project.path / "pairs").exists() and not (project.path / "data.json").exists()
