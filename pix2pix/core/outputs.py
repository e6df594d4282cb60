"""Outputs that are whole or absent: written beside their place and renamed into it."""

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pix2pix.core.errors import NotWrittenError
from pix2pix.core.file_names import MOST_BYTES, shortened

if TYPE_CHECKING:  # importing pandas takes longer than checking all settings
    import pandas as pd

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NOT_WRITABLE = (*NO_ROOM, errno.EROFS, errno.EFBIG)


def require_room(folder: Path, needed_bytes: int, what: str) -> None:
    """Check that the disk of ``folder`` has room for ``what``.

    Raises:
        NotWrittenError: it has not.
    """
    free_bytes = _free_bytes(folder)
    if needed_bytes > free_bytes:
        raise NotWrittenError(
            f"{what} take {_size(needed_bytes)}, and the disk of {folder.parent} has {_size(free_bytes)} "
            "free; make room and run it again"
        )


@contextmanager
def told_what_is_not_written(path: Path, partial: Path | None = None) -> Iterator[None]:
    """Say of errors of the disk what could not be written: the system names no file of a full one.

    Args:
        path: what the block writes.
        partial: where it lies meanwhile, if that is another place.

    Raises:
        NotWrittenError: the disk is full or read-only, or the place of ``path`` may not be written.
    """
    try:
        yield
    except NotWrittenError:
        raise
    except Exception as error:
        reason = _why_not_written(error, partial or path)
        if not reason:
            raise
        has_no_room = reason in map(os.strerror, NO_ROOM)
        room = f", {_size(_free_bytes(path))} are free" if has_no_room else ""
        what_to_do = "make room and run it again" if room else "see to it and run it again"
        raise NotWrittenError(f"{path} cannot be written: {reason}{room}; {what_to_do}") from error


def _why_not_written(error: BaseException, partial: Path) -> str:
    """What the system says of a disk that takes no more, in an error or in what it comes from; else empty.

    Libraries that write by themselves pass on its words alone.
    """
    if isinstance(error, OSError):
        is_ours = str(partial) in str(error.filename)
        if error.errno in NOT_WRITABLE or (is_ours and error.errno in (errno.EACCES, errno.EPERM)):
            return os.strerror(error.errno)
    if words := words_of_the_disk(str(error)):
        return words
    before = error.__cause__ or error.__context__
    return "" if before is None else _why_not_written(before, partial)


def words_of_the_disk(text: str) -> str:
    """The system's words for a disk that takes no more, where ``text`` has them; else empty."""
    return next((words for words in map(os.strerror, NOT_WRITABLE) if words in text), "")


def _free_bytes(path: Path) -> int:
    folders = (path.absolute(), *path.absolute().parents)
    return shutil.disk_usage(next(folder for folder in folders if folder.exists())).free


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _partial(path: Path) -> Path:
    ending = f".{os.getpid()}.partial"
    return path.with_name(f".{shortened(path.name, MOST_BYTES - 1 - len(ending))}{ending}")


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``path`` when the block ends without an error.

    What killed runs left is removed. The folder's name is not theirs, so that a worker that outlives its
    killed parent cannot write into it.

    Raises:
        NotWrittenError: the disk is full or read-only.
    """
    partial = _partial(path)
    with told_what_is_not_written(path, partial):
        for left in path.parent.glob(f".{path.name}.*.partial"):
            shutil.rmtree(left)
        partial.mkdir(parents=True)
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial)
            raise
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; the file takes the place of ``path`` when the block ends without an error.

    Raises:
        NotWrittenError: the disk is full or read-only.
    """
    partial = _partial(path)
    with told_what_is_not_written(path, partial):
        partial.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Let ``target`` be the same file as ``source``; a copy where the file system has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write ``values`` as JSON that git shows line by line."""
    with whole_file(path) as partial:
        partial.write_text(json.dumps(values, indent=2) + "\n")


def write_table(path: Path, table: "pd.DataFrame") -> None:
    """Write a table as CSV, with the same bytes on every system."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False, lineterminator="\n")
