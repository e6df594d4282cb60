"""How a folder of photos, A|B pairs or videos is laid out, from the paths and sizes of its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pix2pix.core.errors import InputError
from pix2pix.pictures.images import IMAGE_SUFFIXES, image_size
from pix2pix.videos.video_files import VIDEO_SUFFIXES

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
SIDE_FOLDERS = frozenset({"a", "b"})
NO_CLASS = "all"
PICTURES_LOOKED_AT = 200


@dataclass(frozen=True)
class Place:
    """Where a file of a source belongs.

    Attributes:
        inside: its path without the folders that only wrap, and without ``A/`` or ``B/``.
        side: ``a`` or ``b`` where the source has these two folders, else empty.
        split: the source's own split, or empty.
        class_name: class or person; ``all`` where there are no such folders.
    """

    inside: PurePosixPath
    side: str
    split: str
    class_name: str


@dataclass(frozen=True)
class Layout:
    """The layout of a source.

    Attributes:
        kind: ``photos``, ``pairs`` or ``videos``.
        wrapper: how many leading folders only wrap the others.
        has_sides: whether ``A/`` and ``B/`` hold the two pictures of each pair.
        has_splits: whether the next folders are splits.
    """

    kind: str
    wrapper: int
    has_sides: bool
    has_splits: bool

    @property
    def suffixes(self) -> frozenset[str]:
        """The suffixes of the files that count."""
        return VIDEO_SUFFIXES if self.kind == "videos" else IMAGE_SUFFIXES

    def reason_to_skip(self, path: PurePosixPath) -> str:
        """Say why a file does not count; empty where it does."""
        if is_hidden(path):
            return "hidden file or folder"
        return "" if path.suffix.lower() in self.suffixes else f"not one of the {self.kind}"

    def place(self, path: PurePosixPath) -> Place:
        """Find the place of a file that counts."""
        parts = list(path.parts[self.wrapper :])
        side = parts.pop(0).lower() if self.has_sides else ""
        inside = PurePosixPath(*parts)
        folders = parts[:-1]
        split = SPLIT_FOLDERS[folders.pop(0).lower()] if self.has_splits and folders else ""
        return Place(inside, side, split, folders[0] if folders else NO_CLASS)


def find_layouts(source: Path, files: Sequence[PurePosixPath], kind: str) -> list[Layout]:
    """Find the layout of ``files``: one for photos and one for videos where ``kind`` is ``mixed``, else one.

    Args:
        source: the folder.
        files: all files below it, relative to it.
        kind: ``mixed``, or a kind that ``find_layout`` takes.

    Raises:
        InputError: no file of a kind counts, or with ``auto`` there are as many pictures as videos.
    """
    kinds = ("photos", "videos") if kind == "mixed" else (kind,)
    return [find_layout(source, files, each) for each in kinds]


def find_layout(source: Path, files: Sequence[PurePosixPath], kind: str) -> Layout:
    """Find out how ``files``, relative to ``source``, are laid out.

    Args:
        source: the folder.
        files: all files below it.
        kind: ``photos``, ``pairs`` or ``videos``; with ``auto``, what there is most of, and pairs where most
            pictures are twice as wide as high or lie in ``A/`` and ``B/``.

    Raises:
        InputError: no file counts, or with ``auto`` there are as many pictures as videos.
    """
    pictures = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES and not is_hidden(path)]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES and not is_hidden(path)]
    if kind == "auto" and len(pictures) == len(videos) > 0:
        raise InputError(
            f"source: {source} holds as many pictures as videos ({len(pictures)}); "
            "set layout to photos, pairs, videos or mixed (both)"
        )
    if kind == "auto" and (pictures or videos):
        is_video = len(videos) > len(pictures)
        kind = "videos" if is_video else "pairs" if _are_pairs(source, pictures) else "photos"
    usable = videos if kind == "videos" else pictures
    if not usable:
        wanted = "pictures or videos" if kind == "auto" else kind
        suffixes = VIDEO_SUFFIXES if kind == "videos" else IMAGE_SUFFIXES
        if kind == "auto":
            suffixes = IMAGE_SUFFIXES | VIDEO_SUFFIXES
        raise InputError(
            f"source: no {wanted} in {source} ({len(files)} other files); "
            f"looked for files ending in {', '.join(sorted(suffixes))}"
        )
    folders = [path.parent.parts for path in usable]
    wrapper = _common_wrapper(folders)
    has_sides = kind == "pairs" and _first_folders(folders, wrapper) == SIDE_FOLDERS
    below = _first_folders(folders, wrapper + has_sides)
    return Layout(kind, wrapper, has_sides, bool(below) and below <= set(SPLIT_FOLDERS))


def is_hidden(path: PurePosixPath) -> bool:
    """Whether a file or one of its folders is hidden, or macOS made it for itself."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _are_pairs(source: Path, pictures: Sequence[PurePosixPath]) -> bool:
    """Whether pictures lie in ``A/`` and ``B/``, or most of a sample are twice as wide as high."""
    folders = [path.parent.parts for path in pictures]
    if _first_folders(folders, _common_wrapper(folders)) == SIDE_FOLDERS:
        return True
    looked_at = pictures[:: -(-len(pictures) // PICTURES_LOOKED_AT)]
    sizes = [size for path in looked_at if (size := image_size(source / path))]
    return sum(width == 2 * height for width, height in sizes) > len(sizes) / 2


def _common_wrapper(folders: Sequence[tuple[str, ...]]) -> int:
    """Count the leading folders that all share and that only wrap split or class folders."""
    depth = 0
    while all(len(parts) >= depth + 2 for parts in folders):
        first = _first_folders(folders, depth)
        if len(first) > 1 or first <= set(SPLIT_FOLDERS):
            break
        depth += 1
    return depth


def _first_folders(folders: Sequence[tuple[str, ...]], depth: int) -> set[str]:
    """The names, in lower case, of the folders at ``depth``."""
    return {parts[depth].lower() for parts in folders if len(parts) > depth}
