"""The raw dataset: the files of a source under one known layout, each listed in a manifest.

``images/`` holds photos, ``pairs/`` A|B pairs side by side in one picture, ``videos/`` videos; below these
stand the source's own folders: a split where it has them, then a class or person.
"""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pix2pix.errors import InputError
from pix2pix.images import IMAGE_SUFFIXES, image_size
from pix2pix.manifest import KEPT, SKIPPED, Row
from pix2pix.progress import with_progress
from pix2pix.sample import make_sample
from pix2pix.videos import VIDEO_SUFFIXES

FOLDERS = {"photos": "images", "pairs": "pairs", "videos": "videos"}
SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
NO_CLASS = "all"
PICTURES_LOOKED_AT = 200


@dataclass(frozen=True)
class RawRow(Row):
    """A file of the source.

    Attributes:
        kind: ``photos``, ``pairs`` or ``videos``.
        split: the source's own split, or empty.
        class_name: its class or person; ``all`` where the source has no such folders.
        sha256: of the file's bytes.
    """

    kind: str = ""
    split: str = ""
    class_name: str = ""
    sha256: str = ""


def download_sample(raw: Path) -> list[RawRow]:
    """Make the ``sample`` dataset in the folder ``raw``."""
    make_sample(raw / FOLDERS["photos"], raw / FOLDERS["videos"])
    return [
        _raw_row(
            kind, PurePosixPath(path.relative_to(raw / folder).as_posix()), raw, "sample", has_splits=False
        )
        for kind, folder in FOLDERS.items()
        for path in sorted((raw / folder).rglob("*.*"))
    ]


def download_folder(source: Path, raw: Path, layout: str) -> list[RawRow]:
    """Copy the usable files of ``source`` into ``raw``; every other file gets a row with the reason.

    Args:
        source: a folder of photos, of A|B pairs or of videos.
        raw: an empty folder.
        layout: ``photos``, ``pairs`` or ``videos``, or ``auto`` to find out.

    Raises:
        InputError: ``source`` is no folder, holds nothing usable, or holds as many photos as videos.
    """
    if not source.is_dir():
        raise InputError(f"source: no folder at {source}; give a folder of photos, A|B pairs or videos")
    files = sorted(_files_below(source))
    kind = _find_layout(source, files) if layout == "auto" else layout
    suffixes = VIDEO_SUFFIXES if kind == "videos" else IMAGE_SUFFIXES
    reasons = {path: _reason_to_skip(path, kind, suffixes) for path in files}
    usable = [path for path in files if not reasons[path]]
    if not usable:
        raise InputError(
            f"source: no {kind} in {source} ({len(files)} other files); "
            f"looked for files ending in {', '.join(sorted(suffixes))}"
        )
    wrapper = _common_wrapper(usable)
    has_splits = _has_split_folders([path.parts[len(wrapper) : -1] for path in usable])
    rows = [RawRow("", str(path), SKIPPED, reasons[path]) for path in files if reasons[path]]
    for path in with_progress(usable, len(usable), "download", "file"):
        inside = PurePosixPath(*path.parts[len(wrapper) :])
        target = raw / FOLDERS[kind] / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target)
        rows.append(_raw_row(kind, inside, raw, str(path), has_splits))
    return rows


def _files_below(folder: Path) -> Iterator[PurePosixPath]:
    for parent, _, names in os.walk(folder, followlinks=True):
        for name in names:
            yield PurePosixPath((Path(parent) / name).relative_to(folder).as_posix())


def _is_hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _reason_to_skip(path: PurePosixPath, kind: str, suffixes: frozenset[str]) -> str:
    if _is_hidden(path):
        return "hidden file or folder"
    return "" if path.suffix.lower() in suffixes else f"not one of the {kind}"


def _find_layout(source: Path, files: Sequence[PurePosixPath]) -> str:
    """Find out what a folder holds: what there is most of, and pairs where most are twice as wide as high."""
    visible = [path for path in files if not _is_hidden(path)]
    pictures = [path for path in visible if path.suffix.lower() in IMAGE_SUFFIXES]
    videos = [path for path in visible if path.suffix.lower() in VIDEO_SUFFIXES]
    if not pictures and not videos:
        raise InputError(
            f"source: no pictures or videos in {source} ({len(files)} other files); "
            f"looked for files ending in {', '.join(sorted(IMAGE_SUFFIXES | VIDEO_SUFFIXES))}"
        )
    if len(pictures) == len(videos):
        raise InputError(
            f"source: {source} holds as many pictures as videos ({len(pictures)}); "
            "set layout to photos, pairs or videos"
        )
    if len(videos) > len(pictures):
        return "videos"
    looked_at = pictures[:: -(-len(pictures) // PICTURES_LOOKED_AT)]
    sizes = [size for path in looked_at if (size := image_size(source / path))]
    doubles = sum(width == 2 * height for width, height in sizes)
    return "pairs" if doubles > len(sizes) / 2 else "photos"


def _common_wrapper(paths: Sequence[PurePosixPath]) -> tuple[str, ...]:
    """The leading folders that all paths share and that only wrap split or class folders."""
    wrapper: list[str] = []
    folders = {path.parent.parts for path in paths}
    while (
        len({parts[:1] for parts in folders}) == 1
        and all(len(parts) >= 2 for parts in folders)
        and next(iter(folders))[0].lower() not in SPLIT_FOLDERS
    ):
        wrapper.append(next(iter(folders))[0])
        folders = {parts[1:] for parts in folders}
    return tuple(wrapper)


def _has_split_folders(folders: Sequence[tuple[str, ...]]) -> bool:
    """Whether the first folders are splits: not where ``train`` stands among classes such as ``car``."""
    first = {parts[0].lower() for parts in folders if parts}
    return bool(first) and first <= set(SPLIT_FOLDERS)


def _raw_row(kind: str, inside: PurePosixPath, raw: Path, source: str, has_splits: bool) -> RawRow:
    folders = list(inside.parent.parts)
    split = SPLIT_FOLDERS[folders.pop(0).lower()] if has_splits and folders else ""
    path = PurePosixPath(FOLDERS[kind]) / inside
    with (raw / path).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return RawRow(str(path), source, KEPT, "", kind, split, folders[0] if folders else NO_CLASS, sha256)


def kinds_summary(rows: Sequence[RawRow]) -> str:
    """Say what a raw dataset holds: ``60 photos in 5 classes, 16 videos in 2 classes``."""
    kinds = Counter(row.kind for row in rows if row.status == KEPT)
    classes = {(row.kind, row.class_name) for row in rows if row.status == KEPT}
    return ", ".join(
        f"{count} {kind} in {sum(k == kind for k, _ in classes)} classes"
        for kind, count in sorted(kinds.items())
    )
