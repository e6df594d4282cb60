"""Hashes of files, and a number in [0, 1) made of a hash, the same on every machine."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def file_hash(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_hash(folder: Path, paths: Iterable[str]) -> str:
    """Return a hash of the contents of files of ``folder``, in the order of their relative ``paths``."""
    result = hashlib.sha256()
    for path in paths:
        result.update(bytes.fromhex(file_hash(folder / path)))
    return result.hexdigest()


def uniform_hash(*parts: object) -> float:
    """Return a number in [0, 1) that depends on ``parts`` alone."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
