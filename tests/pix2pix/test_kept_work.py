import multiprocessing
import time
from pathlib import Path

import pytest

from pix2pix.kept_work import kept_work, locked


def test_failed_work_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), kept_work(tmp_path, "crop", "settings") as work:
        (work / "part").write_text("done")
        raise RuntimeError
    assert capsys.readouterr().out == ""
    with kept_work(tmp_path, "crop", "settings") as work:
        assert (work / "part").read_text() == "done"
    assert "crop: going on from what an interrupted run has finished" in capsys.readouterr().out
    with kept_work(tmp_path, "crop", "settings") as work:
        assert not list(work.iterdir())


def test_another_key_starts_afresh(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), kept_work(tmp_path, "crop", "settings", "data") as work:
        (work / "part").write_text("done")
        raise RuntimeError
    for key in (("settings", "other data"), ("settingsdata",)):
        with kept_work(tmp_path, "crop", *key) as work:
            assert not list(work.iterdir())


def _hold(path: Path, seconds: float) -> None:
    with locked(path, "first"):
        path.with_suffix(".held").touch()
        time.sleep(seconds)
        path.with_suffix(".left").touch()


def test_second_run_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "stage.lock"
    first = multiprocessing.get_context("spawn").Process(target=_hold, args=(path, 1.0))
    first.start()
    while not path.with_suffix(".held").exists():
        assert first.is_alive() or path.with_suffix(".held").exists()
        time.sleep(0.01)
    with locked(path, "crop"):
        assert path.with_suffix(".left").exists()
    first.join()
    assert "crop: another run is at the same work" in capsys.readouterr().out


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "stage.lock"
    first = multiprocessing.get_context("spawn").Process(target=_hold, args=(path, 60.0))
    first.start()
    while not path.with_suffix(".held").exists():
        assert first.is_alive()
        time.sleep(0.01)
    first.kill()
    first.join()
    with locked(path, "crop"):
        assert not path.with_suffix(".left").exists()
