"""A stage killed at a random moment, and run again, gives the bytes of an undisturbed run.

``--force``, because DVC would take the outputs of the undisturbed run from its cache.
``KILLS=10 pytest --slow tests/end_to_end/test_kills.py`` kills each stage ten times.
"""

import hashlib
import os
import random
import signal
import subprocess
import time

import psutil
import pytest
from clones import Clone, clone_project

KILLS = int(os.environ.get("KILLS", "3"))
VICTIMS = ("stage", "dvc", "both")
OUTPUTS = {
    "download": ["data/raw"],
    "extract_frames": ["data/frames"],
    "crop_faces": ["data/faces"],
    "build_pairs": ["data/pairs"],
    "train": ["models", "data/epochs", "metrics/plots/train"],
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL"),
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = clone_project(tmp_path_factory.mktemp("kills") / "clone")
    # A training long enough to be killed at its steps, in validation, and while it writes its state.
    clone.set(epochs="8", keep_every="3", select="best")
    clone.environment["PIX2PIX_CHECKPOINT_MINUTES"] = "0"
    clone.run("dvc", "repro", "build_pairs")
    return clone


def content(clone: Clone, stage: str) -> dict[str, str]:
    return {
        str(path.relative_to(clone.path)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in OUTPUTS[stage]
        for path in sorted((clone.path / folder).rglob("*"))
        if path.is_file()
    }


def stage_process(dvc: subprocess.Popen[bytes], stage: str) -> psutil.Process | None:
    """The process of ``python -m stages.NAME`` below DVC's, if it runs."""
    try:
        children = psutil.Process(dvc.pid).children(recursive=True)
        return next((child for child in children if child.cmdline()[1:3] == ["-m", f"stages.{stage}"]), None)
    except psutil.Error:
        return None


def kill(clone: Clone, stage: str, victim: str, after_s: float) -> str:
    """Start the stage, kill the victim so many seconds after the stage has begun, and say what was hit."""
    command = ["dvc", "repro", "--force", "--single-item", stage]
    dvc = subprocess.Popen(
        command, cwd=clone.path, env=clone.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    process = None
    while process is None and dvc.poll() is None:
        process = stage_process(dvc, stage)
        time.sleep(0.01)
    assert process is not None, f"{stage} did not start"
    time.sleep(after_s)
    hit = []
    if victim in ("dvc", "both") and dvc.poll() is None:
        dvc.send_signal(signal.SIGKILL)
        hit.append("dvc")
    if victim in ("stage", "both") and process.is_running():
        process.send_signal(signal.SIGKILL)
        hit.append("stage")
    dvc.wait()
    return " and ".join(hit) or "nothing: it had ended"


@pytest.mark.parametrize("stage", OUTPUTS)
def test_killed_stage_run_again_gives_the_same_bytes(clone: Clone, stage: str) -> None:
    start = time.monotonic()
    clone.run("dvc", "repro", "--force", "--single-item", stage)
    seconds = time.monotonic() - start
    expected, lock = content(clone, stage), (clone.path / "dvc.lock").read_bytes()
    assert len(expected) > 1
    moments = random.Random(stage)
    for number in range(KILLS):
        victim, after_s = VICTIMS[number % 3], moments.uniform(0, 0.6 * seconds)
        hit = kill(clone, stage, victim, after_s)
        print(f"{stage}: {after_s:.2f} s after its start, killed {hit}")
        clone.run("dvc", "repro", "--force", "--single-item", stage)
        assert content(clone, stage) == expected
        assert (clone.path / "dvc.lock").read_bytes() == lock
        assert not list(clone.path.rglob("*.partial"))
