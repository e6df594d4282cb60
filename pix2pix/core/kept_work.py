"""Parts of a work that are finished stay when a run is killed, in a folder that one run at a time may use."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pix2pix.core.errors import InputError

KEY = "key.json"  # in a folder of kept work: what it is for


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file ``path``; wait while another process holds it, and say so.

    The system frees the lock of a process that is killed. The file stays: it is empty.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"{what}: another run is at the same work; waiting for it to end", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def alone_in(folder: Path, what: str) -> Iterator[None]:
    """Be the only process that writes its results to ``folder``, which is made where it is missing.

    A hidden file there is locked meanwhile; the system frees the lock of a process that is killed.

    Raises:
        InputError: another process writes there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{what}.lock"
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{folder}: another {what} is writing there; wait for it to end, or choose another folder"
        ) from None
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows removes no open file
            path.unlink(missing_ok=True)
        lock.release()


@contextmanager
def kept_work(
    folder: Path, what: str, settings: Mapping[str, Any], data: str = "", code: str = ""
) -> Iterator[Path]:
    """Yield a folder for the finished parts of some work, which is removed when the block succeeds.

    A block that fails or is killed leaves the folder, and the next one with the same key continues from it. A
    block whose parent process was killed leaves it too: nobody has taken its result.

    Args:
        folder: where the folders of all such work lie.
        what: the work's name.
        settings: those that the result depends on; with ``data`` and ``code`` they are the key.
        data: a hash of the data that the work reads.
        code: a hash of the code that does the work.
    """
    key = json.dumps({"settings": settings, "data": data, "code": code}, sort_keys=True)
    work = folder / f"{what}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    parent = os.getppid()
    with locked(work.with_suffix(".lock"), what):
        if work.exists() and any(path.name != KEY for path in work.iterdir()):
            print(f"{what}: going on from what an interrupted run has finished", flush=True)
        elif not work.exists() and (others := _newest_last(folder.glob(f"{what}-*/{KEY}"))):
            print(f"{what}: starting afresh: {_difference(others[-1].read_text(), key)}", flush=True)
        work.mkdir(parents=True, exist_ok=True)
        (work / KEY).write_text(key)
        yield work
        if os.getppid() == parent:
            shutil.rmtree(work)
        else:
            print(f"{what}: what started this run was killed; {work} is kept for the next one", flush=True)


def _newest_last(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: path.stat().st_mtime)


def _difference(before: str, now: str) -> str:
    """Say in what the key of an interrupted run differs from that of this one."""
    old = json.loads(before)
    new = json.loads(now)
    names = sorted(old["settings"].keys() | new["settings"].keys())
    changes = [
        f"{name} was {old['settings'].get(name)!r} and is {new['settings'].get(name)!r}"
        for name in names
        if old["settings"].get(name) != new["settings"].get(name)
    ]
    changes += [f"the {name} has changed" for name in ("data", "code") if old[name] != new[name]]
    return f"since the last interrupted run, which is kept, {', '.join(changes)}"
