"""Sources of data: a folder, an archive or an address is opened as a folder."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pix2pix.core.errors import DamagedError, InputError
from pix2pix.core.hashes import file_hash
from pix2pix.download.archives import SUFFIXES, unpack
from pix2pix.download.buckets import fetch_stored
from pix2pix.download.fetch import fetch, file_name
from pix2pix.download.kaggle import fetch_kaggle
from pix2pix.download.torchvision_sets import fetch_torchvision


def is_address(source: str) -> bool:
    """Whether a source is an address, not a path."""
    return "://" in source


@contextmanager
def open_source(
    source: str, scratch: Path, downloads: AbstractContextManager[Path], *, sha256: str, max_gb: float
) -> Iterator[Path]:
    """Yield the folder ``source``, or the one that it is downloaded or unpacked to.

    Args:
        source: the path of a folder or an archive, or an address: ``http://`` or ``https://`` of an archive,
            ``torchvision://``, ``kaggle://``, or one of fsspec, such as ``s3://``, of a folder or an archive.
        scratch: a folder for what is unpacked; cleared before and after.
        downloads: opens a folder for what is downloaded; a download that it holds a part of is continued.
        sha256: of the archive, in hexadecimal, checked before it is opened; empty when it is not known.
        max_gb: the most that the files of an archive may take, in GB.

    Raises:
        InputError: there is no folder and no archive at ``source``, its hash is another one, or it cannot be
            downloaded or unpacked.
    """
    if not is_address(source):
        with _as_folder(source, Path(source), scratch, sha256, max_gb) as folder:
            yield folder
        return
    with downloads as work:
        downloaded = _download(source, work)
        try:
            with _as_folder(source, downloaded, scratch, sha256, max_gb) as folder:
                yield folder
        except DamagedError:
            downloaded.unlink()  # so that the next run downloads it again
            raise


def _download(address: str, work: Path) -> Path:
    """Download to the folder ``work``, and return the archive or the folder there."""
    scheme = address.partition("://")[0]
    if scheme in ("http", "https"):
        _check_name(address, file_name(address))
        return fetch(address, work)
    others = {"kaggle": fetch_kaggle, "torchvision": fetch_torchvision}
    return others.get(scheme, fetch_stored)(address, work)


@contextmanager
def _as_folder(source: str, path: Path, scratch: Path, sha256: str, max_gb: float) -> Iterator[Path]:
    """Yield ``path`` where it is a folder, or the one that it is unpacked to."""
    if path.is_dir():
        if sha256:
            raise InputError(
                f"source_sha256: {source} is a folder, and only archives are checked; set it to ''"
            )
        yield path
        return
    if not path.exists():
        raise InputError(
            f"source: nothing at {source}; give a folder, or an archive, of photos, A|B pairs or videos"
        )
    _check_name(source, path.name)
    _check_hash(source, path, sha256)
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        unpack(path, scratch / path.name, max_gb)
        yield scratch / path.name
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_name(source: str, name: str) -> None:
    if not name.lower().endswith(SUFFIXES):
        raise InputError(
            f"source: {source} is no folder, and no archive: its name ends in none of {', '.join(SUFFIXES)}"
        )


def _check_hash(source: str, archive: Path, sha256: str) -> None:
    if not sha256:
        return
    found = file_hash(archive)
    if found != sha256:
        raise DamagedError(f"source: the sha256 of {source} is {found}, expected source_sha256: {sha256}")
