"""Outputs that are whole or absent: written beside their place and renamed into it."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pix2pix.core.file_names import MOST_BYTES, shortened

if TYPE_CHECKING:  # importing pandas takes longer than checking all settings
    import pandas as pd


def _partial(path: Path) -> Path:
    ending = f".{os.getpid()}.partial"
    return path.with_name(f".{shortened(path.name, MOST_BYTES - 1 - len(ending))}{ending}")


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``path`` when the block ends without an error.

    What killed runs left is removed. The folder's name is not theirs, so that a worker that outlives its
    killed parent cannot write into it.
    """
    partial = _partial(path)
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
    """Yield a path to write to; the file takes the place of ``path`` when the block ends without an error."""
    partial = _partial(path)
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
