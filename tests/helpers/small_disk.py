"""A small disk that a test fills up."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    """A file system in memory, which may be full or read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self) -> None:
        status = os.statvfs(self.path)
        (self.path / "filling").write_bytes(bytes(status.f_bavail * status.f_frsize))

    def empty(self) -> None:
        (self.path / "filling").unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)

    def files(self) -> list[str]:
        found = (path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file())
        return sorted(name for name in found if name != "filling")


@contextmanager
def small_disk(path: Path, megabytes: int = 64) -> Iterator[SmallDisk]:
    """Mount a small disk at ``path``; the test skips where that is not allowed."""
    path.mkdir()
    if not sys.platform.startswith("linux"):
        pytest.skip("needs tmpfs")
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs leave to mount a file system: {done.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
