"""Unpacking of archives, also hostile ones: nothing lands outside the folder or fills up the disk."""

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from pix2pix.core.errors import DamagedError, InputError
from pix2pix.core.progress import Progress

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
CHUNK_BYTES = 1 << 20
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
)
METHODS = {1: "shrink", 6: "implode", 9: "deflate64", 93: "zstandard", 95: "xz", 98: "ppmd", 99: "AES"}
REPACK = (
    "unpack it with another program, such as 7-Zip, and give the folder as source, or pack that anew, as tar "
    "or as zip with deflate"
)


def unpack(archive: Path, out: Path, max_gb: float) -> None:
    """Unpack a zip or tar archive into the folder ``out``.

    Args:
        archive: the file; its name tells the format.
        out: where the files go; made where it is missing.
        max_gb: the most that the files may take, in GB.

    Raises:
        DamagedError: the file is damaged, or is not an archive.
        InputError: it is encrypted, packed by an unknown method, holds more than ``max_gb``, or holds a
            link, a device, or a path that leads out of the folder; or the disk is full.
    """
    is_zip = archive.name.lower().endswith(".zip")
    left_bytes = int(max_gb * 1e9)
    progress = Progress(None, f"unpack {archive.name}", "file")
    try:
        for name, content in _zip_files(archive) if is_zip else _tar_files(archive):
            left_bytes -= _write(content, out / path_inside(archive, name), left_bytes, archive, max_gb)
            progress.advance()
    except NotImplementedError as error:
        raise InputError(f"{archive} cannot be unpacked here: {error}; {REPACK}") from error
    except (*DAMAGE, OSError) as error:
        is_of_the_disk = isinstance(error, OSError) and error.errno is not None
        kind = InputError if is_of_the_disk else DamagedError
        raise kind(f"{archive} cannot be unpacked: {error}") from error
    finally:
        progress.close()


def _zip_files(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the content of each file of a zip archive."""
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            if info.is_dir():
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                raise InputError(f"{archive}: {info.filename} is a link; only files and folders are unpacked")
            if info.flag_bits & 1:
                raise InputError(
                    f"{archive}: {info.filename} is encrypted; unpack it yourself, and give the folder"
                )
            with _opened(file, info) as content:
                yield info.filename, content


def _opened(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Open a file of a zip archive; one of another method than zipfile's is not damaged."""
    try:
        return file.open(info)
    except NotImplementedError as error:
        method = METHODS.get(info.compress_type, f"method {info.compress_type}")
        raise NotImplementedError(f"{info.filename} is packed by {method}, which is not known") from error


def _tar_files(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the content of each file of a tar archive."""
    with tarfile.open(archive) as file:
        for member in file:
            if member.isdir():
                continue
            content = file.extractfile(member) if member.isreg() else None
            if content is None:
                raise InputError(
                    f"{archive}: {member.name} is a link or a device; only files and folders are unpacked"
                )
            yield member.name, content


def path_inside(archive: Path | str, name: str) -> Path:
    """The path of a member below the folder that it goes to.

    Raises:
        InputError: it leads out of the folder, on any system.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or not path.parts or ".." in path.parts or ":" in path.parts[0]:
        raise InputError(f"{archive}: {name!r} leads out of the folder; nothing of it is used")
    return Path(path)


def _write(content: IO[bytes], target: Path, left_bytes: int, archive: Path, max_gb: float) -> int:
    """Write a member and return its bytes; they are counted as they come, since a header may lie."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with target.open("wb") as file:
        while chunk := content.read(CHUNK_BYTES):
            written += len(chunk)
            if written > left_bytes:
                raise InputError(
                    f"{archive} unpacks to more than max_unpacked_gb: {max_gb:g}; raise it if you trust it"
                )
            file.write(chunk)
    return written
