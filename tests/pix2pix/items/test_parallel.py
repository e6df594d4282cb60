import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT

from pix2pix.core.errors import InputError
from pix2pix.items import parallel
from pix2pix.items.parallel import LEAST_BATCHES, Workers, in_parallel
from pix2pix.videos.frames import extract_frames
from pix2pix.videos.video_files import write_video


@pytest.mark.parametrize("most_at_once", [1, 2, 1000])
def test_results_come_in_the_order_of_the_jobs(cluster: str, most_at_once: int) -> None:
    count = 3 * LEAST_BATCHES + 1
    jobs = [(i, 10) for i in range(count)]
    for workers in (Workers(1), Workers(2), Workers(dask_scheduler=cluster)):
        products = in_parallel(operator.mul, jobs, workers, "multiply", "number", most_at_once)
        assert products == [10 * i for i in range(count)]


def test_cluster_changes_no_byte(cluster: str, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    videos = []
    for clip in range(4):
        frames = [np.full((64, 64, 3), 40 * clip + 3 * i, dtype=np.uint8) for i in range(8)]
        write_video(tmp_path / f"videos/{clip}.avi", frames, fps=10, codec="MJPG")
        videos.append(
            {
                "path": f"videos/{clip}.avi",
                "class_name": "ann",
                "split": "",
                "sha256": str(clip) * 64,
                "side": "",
            }
        )
    alone, spread = (
        extract_frames(tmp_path, videos, tmp_path / name, interval_ms=0, max_frames=0, workers=workers)
        for name, workers in (("alone", Workers(1)), ("spread", Workers(dask_scheduler=cluster)))
    )
    assert alone == spread
    for path in (tmp_path / "alone").rglob("*.jpg"):
        assert path.read_bytes() == (tmp_path / "spread" / path.relative_to(tmp_path / "alone")).read_bytes()


def test_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "CONNECT_TIMEOUT_S", 1)
    with pytest.raises(InputError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        in_parallel(operator.mul, [(1, 2)], Workers(dask_scheduler="tcp://127.0.0.1:9"), "multiply", "number")


def test_error_in_a_job_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        in_parallel(operator.truediv, [(1, 1), (1, 0)], Workers(2), "divide", "number")


SLEEP_FOREVER = """
import sys, time
from pathlib import Path
from pix2pix.items.parallel import Workers, in_parallel

def work(folder, number):
    import os
    (folder / f"{os.getpid()}.pid").touch()
    time.sleep(600)

if __name__ == "__main__":
    in_parallel(work, [(Path(sys.argv[1]), i) for i in range(4)], Workers(2), "sleep", "job")
"""


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_processes_end_with_a_killed_parent(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    parent = subprocess.Popen([sys.executable, "-c", SLEEP_FOREVER, str(tmp_path)], env=environment)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*.pid"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert all(is_running(pid) for pid in pids)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    outlived = [pid for pid in pids if is_running(pid)]
    for pid in outlived:
        os.kill(pid, signal.SIGKILL)
    assert not outlived, "workers outlive the process that started them"
