"""The files below a folder, through links, and whatever there cannot be read, with the reason."""

import errno
import os
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

LISTED = "link to a folder that is listed already"
BROKEN_LINK = "broken link"
NO_FILE = "neither a file nor a folder"
UNREADABLE_FILE = "unreadable file"
UNREADABLE_FOLDER = "unreadable folder"

MADE_BY_DEVICES = frozenset(  # thumbnails, what was thrown away, and the like; in small letters
    {
        "#recycle",  # Synology
        "#snapshot",
        "@eadir",
        "@recently-snapshot",  # QNAP
        "@recycle",
        "@__thumb",
        "$recycle.bin",  # Windows
        "system volume information",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "__macosx",  # macOS
        "icon\r",
        "lost+found",  # Linux
    }
)

# What stops a program that opens every file that it meets, as DVC does.
NOT_TO_BE_OPENED = (BROKEN_LINK, NO_FILE, UNREADABLE_FILE)


@dataclass(frozen=True)
class Found:
    """What lies below a folder; all paths are relative to it.

    Attributes:
        files: the files that can be opened, in order.
        unreadable: why each other file, folder or link cannot be used, in order.
    """

    files: list[PurePosixPath] = field(default_factory=list)
    unreadable: dict[PurePosixPath, str] = field(default_factory=dict)


def find_files(folder: Path) -> Found:
    """Find all files below a folder, each folder once, however many links lead to it.

    Folders come before links to folders, so that a file keeps its own place where a link leads to it too.
    """
    files: list[PurePosixPath] = []
    unreadable: dict[PurePosixPath, str] = {}
    seen: dict[tuple[int, int], PurePosixPath] = {}
    folders, links = deque([PurePosixPath()]), deque[PurePosixPath]()
    while folders or links:
        parent = folders.popleft() if folders else links.popleft()
        try:
            first = seen.setdefault(_identity(folder / parent), parent)
            if first != parent:
                unreadable[parent] = f"{LISTED}: {first}"
                continue
            names = sorted(entry.name for entry in os.scandir(folder / parent))
        except OSError as error:
            unreadable[parent] = f"{UNREADABLE_FOLDER}: {error.strerror}"
            continue
        for path in (parent / name for name in names):
            if _is_folder(folder / path):
                (links if (folder / path).is_symlink() else folders).append(path)
            elif reason := reason_unreadable(folder / path):
                unreadable[path] = reason
            else:
                files.append(path)
    return Found(sorted(files), dict(sorted(unreadable.items())))


def is_hidden(path: PurePath) -> bool:
    """Whether a name hides a file, or a folder that it lies in, or a device or server made it for itself."""
    return any(part.startswith(".") or part.lower() in MADE_BY_DEVICES for part in path.parts)


def reason_unreadable(path: Path) -> str:
    """Say why a file cannot be read; empty where it can."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return NO_FILE
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        is_broken_link = path.is_symlink() and error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
        return f"{BROKEN_LINK if is_broken_link else UNREADABLE_FILE}: {error.strerror}"
    return ""


def _is_folder(path: Path) -> bool:
    """Whether a path is a folder, or a link to one, as far as can be told."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
