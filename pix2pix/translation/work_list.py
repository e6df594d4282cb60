"""What a command's INPUT and OUTPUT stand for: which files to read, and where each result goes."""

import glob
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Literal

from pix2pix.core.errors import InputError
from pix2pix.items.names import flat_names
from pix2pix.items.walk import find_files, is_hidden, reason_unreadable
from pix2pix.pictures.file_formats import why_not_read
from pix2pix.pictures.images import IMAGE_SUFFIXES
from pix2pix.translation.ffmpeg import CONTAINERS
from pix2pix.translation.photo_file import FORMATS
from pix2pix.videos.video_files import VIDEO_SUFFIXES

Kind = Literal["picture", "video", "other"]
ANY_CONTAINER = ".mp4"  # of the result of a video whose own container is not written


@dataclass(frozen=True)
class WorkItem:
    """A file and the place of its result.

    Attributes:
        source: the file.
        target: the place of its result.
        name: the file's path as the user is told it.
        path: the result's path as the user is told it, relative to the output folder where there is one.
        kind: what the file is; ``other`` where it cannot be used.
        reason: why the file, or a folder or link in its place, cannot be read; empty where it can.
    """

    source: Path
    target: Path
    name: str
    path: str
    kind: Kind
    reason: str = ""


@dataclass(frozen=True)
class WorkList:
    """Files to translate, and the folder that the results go to, or None for a single file."""

    items: list[WorkItem]
    folder: Path | None


def list_work(inputs: Sequence[str], output: Path, picture_suffix: str) -> WorkList:
    """Find the files that ``inputs`` name, and the place of each result.

    Args:
        inputs: a file, a folder (with all below it), a pattern such as ``photos/*.jpg``, or several of them.
        output: a file where there is one input, and that is a file; else a folder, in which the tree of the
            input is kept.
        picture_suffix: of pictures in a folder, such as ``.png``.

    Raises:
        InputError: an input does not exist, or the output cannot be what it would have to be.
    """
    files = {path: reason for text in inputs for path, reason in _files(text, output.resolve()).items()}
    if not files:
        raise InputError(f"{' '.join(inputs)}: no file there")
    is_one = len(inputs) == 1 and Path(inputs[0]).is_file()
    if is_one and output.suffix and not output.is_dir():
        return WorkList([_only_item(*next(iter(files.items())), output)], None)
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file; for more than one input, OUTPUT is a folder")
    if len(inputs) > 1:
        files = _comparable(files)
    root = _root(inputs, list(files))
    by_folder: dict[PurePosixPath, list[Path]] = defaultdict(list)
    for file in files:
        by_folder[PurePosixPath(file.relative_to(root).parent.as_posix())].append(file)
    items = []
    for parent, members in by_folder.items():
        names = flat_names([PurePosixPath(file.name) for file in members])
        for file, name in zip(members, names, strict=True):
            suffix = picture_suffix if kind_of_file(file) == "picture" else video_suffix(file)
            path = parent / f"{name}{suffix}"
            name_told, path_told = (parent / file.name).as_posix(), path.as_posix()
            items.append(_item(file, output / path, name_told, path_told, files[file]))
    return WorkList(items, output)


def kind_of_file(path: Path) -> Kind:
    """What a file is by its suffix."""
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "picture"
    return "video" if suffix in VIDEO_SUFFIXES else "other"


def video_suffix(path: Path) -> str:
    """The suffix of a video's result: its own, where that container is written."""
    suffix = path.suffix.lower()
    return suffix if suffix in CONTAINERS else ANY_CONTAINER


def _files(text: str, output: Path) -> dict[Path, str]:
    """The files that an input names, each with the reason why it cannot be read, which may be empty.

    What lies in the output folder are results of earlier runs, and none.
    """
    path = Path(text)
    if path.is_dir():
        if path.resolve() == output:
            raise InputError(f"{text} is INPUT and OUTPUT; choose another folder for the results")
        return _files_below(path, output)
    if path.exists():
        return {path: reason_unreadable(path)}
    if glob.has_magic(text):
        matches = glob.glob(text, recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
        files = {file: reason_unreadable(file) for file in sorted(map(Path, matches)) if not file.is_dir()}
        takes_all = output == _fixed(text).resolve()
        return {
            file: reason
            for file, reason in files.items()
            if takes_all or not _is_inside(output, file, reason)
        }
    raise InputError(f"{text}: no such file or folder")


def _files_below(folder: Path, output: Path) -> dict[Path, str]:
    """The files below a folder that are not hidden, each with the reason why it cannot be read."""
    found = find_files(folder)
    reasons = dict(sorted({**dict.fromkeys(found.files, ""), **found.unreadable}.items()))
    return {
        folder / path: reason
        for path, reason in reasons.items()
        if not is_hidden(path) and not _is_inside(output, folder / path, reason)
    }


def _is_inside(output: Path, file: Path, reason: str) -> bool:
    """Whether a file lies in the output folder, or leads there; a link that cannot be read leads nowhere."""
    place = file.parent.resolve() / file.name if reason else file.resolve()
    return output in place.parents


def _comparable(files: Mapping[Path, str]) -> dict[Path, str]:
    """Files of several inputs, as absolute paths where theirs do not show what folder they have in common."""
    if len({path.is_absolute() for path in files}) == 1 and not any(".." in path.parts for path in files):
        return dict(files)
    return {file.parent.resolve() / file.name: reason for file, reason in files.items()}


def _root(inputs: Sequence[str], files: Sequence[Path]) -> Path:
    """The folder that the tree of the output starts at."""
    if len(inputs) > 1:
        return Path(os.path.commonpath([file.parent for file in files]))
    path = Path(inputs[0])
    if path.exists():
        return path if path.is_dir() else path.parent
    return _fixed(inputs[0])


def _fixed(pattern: str) -> Path:
    """The folder that a pattern names before its first wildcard."""
    parts = Path(pattern).parent.parts
    return Path(*takewhile(lambda part: not glob.has_magic(part), parts))


def _only_item(file: Path, reason: str, output: Path) -> WorkItem:
    if reason:
        raise InputError(f"{file}: {reason}")
    kind = kind_of_file(file)
    if kind == "other":
        raise InputError(f"{file}: {why_not_read(file.suffix.lower())}")
    known = FORMATS if kind == "picture" else CONTAINERS
    if output.suffix.lower() not in known:
        raise InputError(f"{output}: a {kind} can be written as {', '.join(known)}, found {output.suffix}")
    return _item(file, output, file.as_posix(), output.as_posix())


def _item(file: Path, target: Path, name: str, path: str, reason: str = "") -> WorkItem:
    if reason:
        return WorkItem(file, target, name, path, "other", reason)
    if target.resolve() == file.resolve():
        raise InputError(f"{target} would take the place of the input; choose another OUTPUT")
    return WorkItem(file, target, name, path, kind_of_file(file))
