import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT
from lock_holder import start_holding

from pix2pix.core.hashes import file_hash, files_hash
from pix2pix.core.kept_work import kept_work, locked

SETTINGS = {"margin": 0.2, "level": False}


def interrupt(folder: Path, *key: Any) -> None:
    """Do a part of some work, and fail."""
    with pytest.raises(RuntimeError), kept_work(folder, "crop", *key) as work:
        (work / "part").write_text("done")
        raise RuntimeError


def parts(folder: Path, *key: Any) -> list[str]:
    """Which parts there are when the work is done again."""
    with kept_work(folder, "crop", *key) as work:
        return sorted(path.name for path in work.iterdir() if path.name != "key.json")


def test_failed_work_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    interrupt(tmp_path, SETTINGS, "data", "code")
    assert capsys.readouterr().out == ""
    assert parts(tmp_path, SETTINGS, "data", "code") == ["part"]
    assert "crop: going on from what an interrupted run has finished" in capsys.readouterr().out
    assert parts(tmp_path, SETTINGS, "data", "code") == [] and capsys.readouterr().out == ""


def test_order_of_the_settings_is_no_change(tmp_path: Path) -> None:
    interrupt(tmp_path, SETTINGS)
    assert parts(tmp_path, dict(reversed(SETTINGS.items()))) == ["part"]


def test_finished_work_leaves_no_folder(tmp_path: Path) -> None:
    assert parts(tmp_path, SETTINGS) == []
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    ("key", "difference"),
    [
        ((SETTINGS | {"margin": 0.3}, "data", "code"), "margin was 0.2 and is 0.3"),
        (
            (SETTINGS | {"margin": 0.3, "level": True}, "data", "code"),
            "level was False and is True, margin was",
        ),
        ((SETTINGS | {"new": 1}, "data", "code"), "new was None and is 1"),
        (({"margin": 0.2}, "data", "code"), "level was False and is None"),
        ((SETTINGS, "other", "code"), "the data has changed"),
        ((SETTINGS, "data", "other"), "the code has changed"),
        (
            (SETTINGS | {"margin": 0.3}, "other", "other"),
            "margin was 0.2 and is 0.3, the data has changed, the code",
        ),
    ],
)
def test_another_key_starts_afresh_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: tuple[Any, ...], difference: str
) -> None:
    interrupt(tmp_path, SETTINGS, "data", "code")
    assert parts(tmp_path, *key) == []
    out = capsys.readouterr().out
    assert (
        "crop: starting afresh: since the last interrupted run, which is kept, " in out and difference in out
    )
    assert parts(tmp_path, SETTINGS, "data", "code") == ["part"]


def test_difference_is_from_the_newest_interrupted_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for margin in (0.9, 0.1, 0.5):
        interrupt(tmp_path, {"margin": margin})
        time.sleep(0.02)
    capsys.readouterr()
    parts(tmp_path, {"margin": 0.7})
    assert "margin was 0.5 and is 0.7" in capsys.readouterr().out


def test_other_works_folders_are_not_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    interrupt(tmp_path, SETTINGS)
    with kept_work(tmp_path, "train", SETTINGS) as work:
        assert not (work / "part").exists()
    assert capsys.readouterr().out == ""


def test_second_run_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "stage.lock"
    first = start_holding(path, 1.0)
    with locked(path, "crop"):
        assert path.with_suffix(".left").exists()
    first.join()
    assert "crop: another run is at the same work; waiting for it to end" in capsys.readouterr().out


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "stage.lock"
    first = start_holding(path, 60.0)
    first.kill()
    first.join()
    with locked(path, "crop"):
        assert not path.with_suffix(".left").exists()


def test_lock_is_free_after_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / "stage.lock", "crop"):
        raise RuntimeError
    with locked(tmp_path / "stage.lock", "crop"):
        pass
    assert capsys.readouterr().out == ""


WORK = """
import sys, time
from pathlib import Path
from pix2pix.core.kept_work import kept_work

folder = Path(sys.argv[1])
with kept_work(folder, "train", {"epochs": 3}) as work:
    (work / "part").write_text("done")
    (folder / "name").write_text(str(work))
    (folder / "name").rename(folder / "begun")  # so that nobody reads it half written
    while not (folder / "go on").exists():
        time.sleep(0.01)
(folder / "ended").touch()
"""
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1], sys.argv[2]])"


def wait_for(path: Path, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.01)


@pytest.mark.skipif(os.name != "posix", reason="needs the adoption of orphans")
@pytest.mark.parametrize("is_killed", [True, False])
def test_work_whose_parent_was_killed_is_kept(tmp_path: Path, is_killed: bool) -> None:
    """As when DVC is killed: the stage ends its work, but nobody commits it: the next run takes it over."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    with (tmp_path / "out").open("w") as out:
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, WORK, str(tmp_path)], env=environment, stdout=out
        )
    wait_for(tmp_path / "begun")
    work = Path((tmp_path / "begun").read_text())
    if is_killed:
        parent.kill()
        parent.wait()
    (tmp_path / "go on").touch()
    wait_for(tmp_path / "ended")
    parent.wait()
    assert (work / "part").exists() == is_killed
    assert (f"{work} is kept for the next one" in (tmp_path / "out").read_text()) == is_killed
    with kept_work(tmp_path, "train", {"epochs": 3}) as again:
        assert again == work and (again / "part").exists() == is_killed


def test_hashes_are_sha256_of_the_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first")
    (tmp_path / "b").write_bytes(b"second")
    digests = [hashlib.sha256(content) for content in (b"first", b"second")]
    assert file_hash(tmp_path / "a") == digests[0].hexdigest()
    expected = hashlib.sha256(digests[0].digest() + digests[1].digest()).hexdigest()
    assert files_hash(tmp_path, ["a", "b"]) == expected != files_hash(tmp_path, ["b", "a"])
