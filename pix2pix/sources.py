"""Sources of data: a folder, an archive, or the address of an archive."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pix2pix.archives import SUFFIXES, unpack
from pix2pix.errors import InputError
from pix2pix.fetch import fetch, is_address


@contextmanager
def open_source(source: str, scratch: Path, *, sha256: str, max_gb: float) -> Iterator[Path]:
    """Yield the folder ``source``, or the one that the archive ``source`` is downloaded and unpacked to.

    Args:
        source: the path of a folder, or the path or HTTP address of an archive.
        scratch: a folder for what is downloaded and unpacked; cleared before and after.
        sha256: of the archive, in hexadecimal, checked before it is opened; empty when it is not known.
        max_gb: as in ``pix2pix.archives.unpack``.

    Raises:
        InputError: ``source`` is neither, or has another hash, or as ``fetch`` and ``unpack``.
    """
    if Path(source).is_dir():
        yield Path(source)
        return
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        archive = fetch(source, scratch / "downloaded") if is_address(source) else Path(source)
        _check(source, archive, sha256)
        unpack(archive, scratch / archive.name, max_gb)
        yield scratch / archive.name
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check(source: str, archive: Path, sha256: str) -> None:
    if not archive.exists():
        raise InputError(
            f"source: nothing at {source}; give a folder, or an archive, of photos, A|B pairs or videos"
        )
    if not archive.name.lower().endswith(SUFFIXES):
        raise InputError(
            f"source: {source} is no folder, and no archive: its name ends in none of {', '.join(SUFFIXES)}"
        )
    if not sha256:
        return
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise InputError(f"source: the sha256 of {source} is {found}, expected source_sha256: {sha256}")
