"""Every stage as DVC runs it, on a full disk and on a read-only one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT
from small_disk import SmallDisk, small_disk

pytestmark = pytest.mark.slow

SETTINGS = {
    "frame_interval_ms": "1500",
    "max_images": "12",
    "realism_metrics": "none",
    "pair_task": "grayscale",
    "generator": "unet",
    "ngf": "4",
    "ndf": "4",
    "lambda_perceptual": "0",
    "lambda_projected": "0",
    "epochs": "1",
    "batch_size": "4",
}
MODEL = "--model=disk/model.safetensors"
STAGES = {
    "download": ["--raw=disk/raw"],
    "extract_frames": ["--raw=disk/raw", "--frames=disk/frames"],
    "crop_faces": ["--frames=disk/frames", "--faces=disk/faces"],
    "build_pairs": [
        *("--raw=disk/raw", "--frames=disk/frames", "--faces=disk/faces", "--pairs=disk/pairs"),
        *("--metrics=data.json", "--plots=plots/data"),
    ],
    "train": [
        "--pairs=disk/pairs",
        MODEL,
        "--metrics=train.json",
        "--plots=plots/train",
        "--epochs=disk/epochs",
    ],
    "evaluate": [
        *(MODEL, "--pairs=disk/pairs", "--faces=disk/faces/manifest.csv", "--results=disk/results"),
        *("--metrics=test.json", "--sizes=sizes.json", "--per-image=per_image.csv", "--plots=plots/test"),
    ],
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """The disk of the outputs, in a project's folder on another one."""
    text = (PROJECT / "params.yaml").read_text()
    lines = [line for line in text.splitlines() if line.split(":")[0] not in SETTINGS]
    lines += [f"{key}: {value}" for key, value in SETTINGS.items()]
    (tmp_path / "params.yaml").write_text("\n".join(lines) + "\n")
    shutil.copy(PROJECT / "machine.yaml", tmp_path)
    with small_disk(tmp_path / "disk") as disk:
        yield disk


def run(disk: SmallDisk, stage: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", f"stages.{stage}", *STAGES[stage], "--performance=performance.json"],
        cwd=disk.path.parent,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PIX2PIX_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [line for line in done.stderr.splitlines() if line.startswith(("error", "Trace"))]


def fails_with(disk: SmallDisk, stage: str, words: str) -> None:
    before = disk.files()
    status, errors = run(disk, stage)
    assert status == 1 and len(errors) == 1, (stage, errors)
    assert errors[0].startswith("error: disk/") and words in errors[0], (stage, errors)
    assert disk.files() == before, stage


def test_every_stage_says_what_it_could_not_write_and_goes_on_when_it_can(disk: SmallDisk) -> None:
    for stage in STAGES:
        disk.fill()
        fails_with(
            disk, stage, "cannot be written: No space left on device, 0.0 MB are free; make room and run it"
        )
        disk.empty()
        disk.remount("ro")
        fails_with(disk, stage, "cannot be written: Read-only file system")
        disk.remount("rw")
        assert run(disk, stage) == (0, []), stage
