"""Work that outlives a killed run: finished parts in a folder of its own, locked against a second run."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


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
def kept_work(folder: Path, what: str, *key: str) -> Iterator[Path]:
    """Yield a folder for the finished parts of some work, which is removed when the block succeeds.

    A block that fails or is killed leaves the folder, and the next one with the same key goes on from it.

    Args:
        folder: where the folders of all such work lie.
        what: the work's name.
        key: all that the result depends on: settings, data, code.
    """
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]
    work = folder / f"{what}-{digest}"
    with locked(work.with_suffix(".lock"), what):
        if work.exists():
            print(f"{what}: going on from what an interrupted run has finished", flush=True)
        work.mkdir(parents=True, exist_ok=True)
        yield work
        shutil.rmtree(work)


def files_hash(folder: Path, paths: Iterable[str]) -> str:
    """Return a hash of the contents of files of ``folder``, in the order of their relative ``paths``."""
    result = hashlib.sha256()
    for path in paths:
        with (folder / path).open("rb") as file:
            result.update(hashlib.file_digest(file, "sha256").digest())
    return result.hexdigest()
