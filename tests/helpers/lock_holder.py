"""A process that holds a lock, in a module that it can import wherever it starts."""

import multiprocessing
import time
from pathlib import Path
from typing import Any

from pix2pix.core.kept_work import alone_in, locked


def start_holding(path: Path, seconds: float) -> Any:
    first = multiprocessing.get_context("spawn").Process(target=_hold, args=(path, seconds))
    first.start()
    while not path.with_suffix(".held").exists():
        assert first.is_alive() or path.with_suffix(".held").exists()
        time.sleep(0.01)
    return first


def _hold(path: Path, seconds: float) -> None:
    with locked(path, "first"):
        path.with_suffix(".held").touch()
        time.sleep(seconds)
        path.with_suffix(".left").touch()


def start_alone_in(folder: Path, what: str) -> Any:
    """Start a process that writes to ``folder`` alone, until it is killed."""
    process = multiprocessing.get_context("spawn").Process(target=_stay_alone_in, args=(folder, what))
    process.start()
    while not (folder / ".held").exists():
        assert process.is_alive()
        time.sleep(0.01)
    return process


def _stay_alone_in(folder: Path, what: str) -> None:
    with alone_in(folder, what):
        (folder / ".held").touch()
        time.sleep(3600)
