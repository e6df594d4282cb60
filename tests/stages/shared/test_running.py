import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PROJECT

from pix2pix.core.errors import InputError
from stages.shared.running import path_arguments, performance, run


def test_error_of_the_user_is_told_in_plain_words() -> None:
    def main() -> None:
        raise InputError("norm: found 'x'\nimage_size: found 3")

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == "error: norm: found 'x'\nerror: image_size: found 3"


def test_what_the_system_says_of_a_file_is_told_in_a_line(tmp_path: Path) -> None:
    def main() -> None:
        tmp_path.write_text("")  # a folder

    with pytest.raises(SystemExit) as stop:
        run(main)
    assert stop.value.code == f"error: Is a directory: {tmp_path}"


def test_error_of_ours_keeps_its_traceback() -> None:
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)


def test_paths_come_from_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["stage", "--raw", "a/b", "--per-image", "c.csv"])
    args = path_arguments("raw", "per-image")
    assert (args.raw, args.per_image) == (Path("a/b"), Path("c.csv"))


def test_performance_keeps_the_figures_of_other_stages(tmp_path: Path) -> None:
    path = tmp_path / "performance.json"
    for stage in ("train", "download"):
        with performance(path, stage) as figures:
            figures["rate"] = 1.5
    content = json.loads(path.read_text())
    assert list(content) == ["download", "train"]
    assert content["train"]["rate"] == 1.5 and content["train"]["peak_memory_mb"] > 10


def test_peak_memory_is_not_that_of_the_program_before(tmp_path: Path) -> None:
    note = "import sys; from pathlib import Path; from stages.shared.running import performance\n"
    note += "with performance(Path(sys.argv[1]), 'train'): pass"
    before = "import os, sys; large = b'1' * 500_000_000\n"
    before += "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", before, "-c", note, str(tmp_path / "performance.json")]
    subprocess.run(command, check=True, cwd=PROJECT)
    assert json.loads((tmp_path / "performance.json").read_text())["train"]["peak_memory_mb"] < 300


def test_failed_block_notes_no_performance(tmp_path: Path) -> None:
    with pytest.raises(InputError), performance(tmp_path / "performance.json", "train"):
        raise InputError("no")
    assert list(tmp_path.iterdir()) == []


def test_missing_system_library_is_explained_with_both_ways_out(tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    done = subprocess.run(
        [sys.executable, "-m", "stages.settings"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and done.stderr.count("\n") == 1
    assert "libGL.so.1" in done.stderr
    assert "apt-get install libgl1" in done.stderr and "opencv-python-headless" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_stops_quietly_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    stage = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "stages.download",
            "--raw",
            str(raw),
            "--performance",
            str(tmp_path / "p.json"),
        ],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".raw.*.partial/images")) and time.monotonic() < deadline:
        time.sleep(0.01)
    stage.send_signal(signal.SIGINT)
    _, errors = stage.communicate(timeout=60)
    assert stage.returncode != 0 and errors.strip() == "interrupted"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("key", "is_read"), [("frame_interval_ms", True), ("lambda_l1", False)])
def test_stage_whose_settings_change_meanwhile_has_no_result(tmp_path: Path, key: str, is_read: bool) -> None:
    """Else DVC notes the new value, which an experiment puts into params.yaml, beside the old results."""
    (tmp_path / "params.yaml").write_text((PROJECT / "params.yaml").read_text())
    work = "import re, stages.shared.running as running, stages.shared.settings as settings\n"
    work += "from pathlib import Path\n"
    work += "from stages.settings.extract_frames import ExtractFramesSettings\n"
    work += "def main():\n"
    work += "    settings.load_settings(ExtractFramesSettings)\n"
    work += "    text = Path('params.yaml').read_text()\n"
    work += f"    Path('params.yaml').write_text(re.sub('(?m)^{key}: .*', '{key}: 7', text))\n"
    work += "running.run(main)"
    done = subprocess.run(
        [sys.executable, "-c", work],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    line = f"error: params.yaml: {key} changed while this stage ran, and DVC would note the new value"
    assert done.returncode == (1 if is_read else 0), done.stderr
    assert done.stderr.startswith(line) and done.stderr.count("\n") == 1 if is_read else done.stderr == ""
