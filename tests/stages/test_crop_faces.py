"""The stage as DVC runs it, on frames of two sides, and killed in the middle."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT

from pix2pix.faces import from_frames
from pix2pix.items.manifest import KEPT, read_manifest, read_rows, write_manifest
from pix2pix.pictures.images import write_jpeg
from pix2pix.videos.frames import FrameRow
from stages import crop_faces

CLIPS, FRAMES_PER_CLIP = 12, 4


@pytest.fixture
def project(tmp_path: Path, face_photo: np.ndarray) -> Path:
    """A folder with the settings, and frames of a moving face."""
    for name in ("params.yaml", "machine.yaml"):
        shutil.copy2(PROJECT / name, tmp_path)
    rows = []
    for clip in range(CLIPS):
        folder = tmp_path / "frames" / "ann" / f"clip{clip}"
        folder.mkdir(parents=True)
        for number in range(FRAMES_PER_CLIP):
            path = folder / f"{number:06}.jpg"
            write_jpeg(path, np.roll(face_photo, 3 * clip + number, axis=1))
            inside = str(path.relative_to(tmp_path / "frames"))
            rows.append(FrameRow(inside, f"clip{clip}.mp4", KEPT, "", "ann", "", f"clip{clip}", number, 40.0))
    write_manifest(tmp_path / "frames" / "manifest.csv", rows, FrameRow)
    return tmp_path


def arguments(out: str) -> list[str]:
    return ["--frames=frames", f"--faces={out}", "--performance=performance.json"]


def start(project: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "stages.crop_faces", *arguments("faces")],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PIX2PIX_ACCELERATOR": "cpu"},
        stdout=subprocess.PIPE,
        text=True,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_frames_of_a_side_are_left_alone_and_no_detector_is_loaded(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("PIX2PIX_ACCELERATOR", "cpu")
    monkeypatch.setattr(sys, "argv", ["crop_faces", *arguments("faces")])
    rows = [FrameRow(**{**row, "side": "A"}) for row in read_rows(project / "frames/manifest.csv")]
    write_manifest(project / "frames/manifest.csv", rows, FrameRow)
    loaded = from_frames._detector.cache_info().misses
    crop_faces.main()
    assert from_frames._detector.cache_info().misses == loaded
    assert files(project / "faces").keys() == {"manifest.csv"}
    assert read_manifest(project / "faces/manifest.csv").empty
    expected = f"crop_faces: all {CLIPS * FRAMES_PER_CLIP} frames are of unpaired sides, nothing to do"
    assert capsys.readouterr().out.splitlines() == [expected]


@pytest.mark.slow
def test_killed_stage_goes_on_where_it_was_and_gives_the_same_bytes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("PIX2PIX_ACCELERATOR", "cpu")
    monkeypatch.setattr(sys, "argv", ["crop_faces", *arguments("undisturbed")])
    crop_faces.main()
    work = project / ".dvc" / "tmp" / "work"
    assert not list(work.glob("crop_faces-*/"))

    killed = start(project)
    deadline = time.monotonic() + 120
    while len(list(work.glob("crop_faces-*/[0-9]*-*"))) < 2:
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    finished = {path.name: path.stat().st_ino for path in work.glob("crop_faces-*/[0-9]*-*/ann/*.png")}
    assert 2 * FRAMES_PER_CLIP <= len(finished) < CLIPS * FRAMES_PER_CLIP
    assert not (project / "faces").exists()

    again = start(project)
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0
    assert "crop_faces: going on from what an interrupted run has finished" in output
    assert files(project / "faces") == files(project / "undisturbed")
    assert len(files(project / "faces")) == 1 + CLIPS * FRAMES_PER_CLIP
    for name, inode in finished.items():
        assert (project / "faces" / "ann" / name).stat().st_ino == inode, "it was made a second time"
    assert not list(work.glob("crop_faces-*/")) and not list(project.glob(".faces*"))
