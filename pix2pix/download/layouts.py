"""How a folder of photos, A|B pairs or videos is laid out, from the paths and sizes of its files."""

import unicodedata
from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from pix2pix.core.errors import InputError
from pix2pix.core.file_names import plain
from pix2pix.items.walk import is_hidden
from pix2pix.pictures.images import IMAGE_SUFFIXES, image_size
from pix2pix.videos.video_files import VIDEO_SUFFIXES

Folders = tuple[str, ...]

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
        inside: its path without the folders that only wrap, and without ``A/`` or ``B/``; of names that every
            tool can store.
        key: the same path without suffix, as the source has it, but in one Unicode form: the two files of a
            pair share it.
        side: ``a`` or ``b`` where the source has these two folders, else empty.
        split: the source's own split, or empty.
        class_name: class or person; ``all`` where there are no such folders.
    """

    inside: PurePosixPath
    key: PurePosixPath
    side: str
    split: str
    class_name: str


@dataclass(frozen=True)
class Layout:
    """The layout of a source.

    Attributes:
        kind: ``photos``, ``pairs`` or ``videos``.
        wrapper: how many leading folders only wrap the others.
        side_depth: how many folders stand above ``A/`` and ``B/``, which hold the two pictures of each pair;
            None where there are no such folders.
        split_depth: how many folders, without ``A/`` or ``B/``, stand above those named after splits; None
            where there are no such folders.
        double_width: whether only pictures twice as wide as high are taken, because these were the hint that
            they are pairs.
    """

    kind: str
    wrapper: int = 0
    side_depth: int | None = None
    split_depth: int | None = None
    double_width: bool = False

    @property
    def suffixes(self) -> frozenset[str]:
        """The suffixes of the files that count."""
        return VIDEO_SUFFIXES if self.kind == "videos" else IMAGE_SUFFIXES

    def reason_to_skip(self, path: PurePosixPath) -> str:
        """Say why a file does not count; empty where it does."""
        if _is_hidden(path):
            return "hidden file or folder"
        if path.suffix.lower() not in self.suffixes:
            return f"not one of the {self.kind}"
        folders = path.parent.parts
        if not _is_at(folders, self.side_depth, SIDE_FOLDERS):
            return "beside A/ and B/"
        if not _is_at(_without(folders, self.side_depth), self.split_depth, SPLIT_FOLDERS):
            return "beside the folders of the splits"
        return ""

    def place(self, path: PurePosixPath) -> Place:
        """Find the place of a file that counts."""
        side = "" if self.side_depth is None else path.parts[self.side_depth].lower()
        parts = _without(path.parts, self.side_depth)
        split = "" if self.split_depth is None else SPLIT_FOLDERS[parts[self.split_depth].lower()]
        classes = _without(parts[:-1], self.split_depth)[self.wrapper :]
        inside = PurePosixPath(*map(plain, parts[self.wrapper :]))
        key = PurePosixPath(unicodedata.normalize("NFC", str(PurePosixPath(*parts).with_suffix(""))))
        return Place(inside, key, side, split, plain(classes[0]) if classes else NO_CLASS)


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
    pictures = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES and not _is_hidden(path)]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES and not _is_hidden(path)]
    is_auto = kind == "auto"
    if is_auto and len(pictures) == len(videos) > 0:
        raise InputError(
            f"source: {source} holds as many pictures as videos ({len(pictures)}); "
            "set layout to photos, pairs, videos or mixed (both)"
        )
    if is_auto and (pictures or videos):
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
    double_width = is_auto and kind == "pairs" and _side_depth(_folders(usable)) is None
    return _layout(kind, _folders(usable), double_width)


def _layout(kind: str, folders: Sequence[Folders], double_width: bool) -> Layout:
    """The layout of files of a known kind, from the folders that each lies in."""
    side_depth = _side_depth(folders) if kind == "pairs" else None
    sided = [_without(parts, side_depth) for parts in folders if _is_at(parts, side_depth, SIDE_FOLDERS)]
    split_depth = _split_depth(sided)
    counted = [parts for parts in sided if _is_at(parts, split_depth, SPLIT_FOLDERS)]
    above = split_depth if split_depth is not None else side_depth
    wrapper = _common_wrapper(counted) if above is None else _one_name_levels(counted, above)
    return Layout(kind, wrapper, side_depth, split_depth, double_width)


def _is_hidden(path: PurePosixPath) -> bool:
    """Whether a file or one of its folders is hidden, or macOS made it for itself."""
    return is_hidden(path) or "__MACOSX" in path.parts


def _folders(paths: Sequence[PurePosixPath]) -> list[Folders]:
    return [path.parent.parts for path in paths]


def _without(parts: Folders, depth: int | None) -> Folders:
    """The parts of a path without the one at ``depth``."""
    return parts if depth is None else parts[:depth] + parts[depth + 1 :]


def _is_at(folders: Folders, depth: int | None, names: Collection[str]) -> bool:
    """Whether the folder at ``depth`` has one of the names; any will do where there is no such depth."""
    return depth is None or (len(folders) > depth and folders[depth].lower() in names)


def _are_pairs(source: Path, pictures: Sequence[PurePosixPath]) -> bool:
    """Whether pictures lie in ``A/`` and ``B/``, or most of a sample are twice as wide as high."""
    if _side_depth(_folders(pictures)) is not None:
        return True
    looked_at = pictures[:: -(-len(pictures) // PICTURES_LOOKED_AT)]
    sizes = [size for path in looked_at if (size := image_size(source / path))]
    return sum(width == 2 * height for width, height in sizes) > len(sizes) / 2


def _side_depth(folders: Sequence[Folders]) -> int | None:
    """How many folders stand above ``A/`` and ``B/``, in one place or in one of each split."""
    for depth, children in _levels(folders):
        parents = {parent for parent, names in children.items() if names == SIDE_FOLDERS}
        places = {tuple(part for part in parent if part.lower() not in SPLIT_FOLDERS) for parent in parents}
        if len(places) == 1 and _hold_most(parents, folders):
            return depth
    return None


def _split_depth(folders: Sequence[Folders]) -> int | None:
    """How many folders stand above those named after splits: two or more of them, or one and nothing else."""
    for depth, children in _levels(folders):
        parents = {parent for parent, names in children.items() if len(_splits(names)) > 1}
        if _hold_most(parents, folders):
            return depth
        if len(children) == 1 and all(names <= set(SPLIT_FOLDERS) for names in children.values()):
            return depth if all(parts[:depth] in children for parts in folders) else None
    return None


def _splits(names: Set[str]) -> set[str]:
    """The splits among the names of folders; a class may be named ``train``, too, and then stands alone."""
    return {SPLIT_FOLDERS[name] for name in names if name in SPLIT_FOLDERS}


def _levels(folders: Sequence[Folders]) -> Iterator[tuple[int, dict[Folders, set[str]]]]:
    """Yield, from the top, each depth, and the names in lower case of the folders in each folder there."""
    for depth in range(max(map(len, folders), default=0)):
        children: dict[Folders, set[str]] = {}
        for parts in folders:
            if len(parts) > depth:
                children.setdefault(parts[:depth], set()).add(parts[depth].lower())
        yield depth, children


def _hold_most(parents: Set[Folders], folders: Sequence[Folders]) -> bool:
    """Whether most files lie below ``parents``, which stand at one depth."""
    depths = {len(parent) for parent in parents}
    return sum(parts[:depth] in parents for parts in folders for depth in depths) > len(folders) / 2


def _common_wrapper(folders: Sequence[Folders]) -> int:
    """Count the leading folders that all files share and that only wrap class folders."""
    shortest = min(map(len, folders), default=0)
    return _one_name_levels(folders, max(0, shortest - 1))


def _one_name_levels(folders: Sequence[Folders], most: int) -> int:
    """Count the leading folders, at most ``most``, that have one name for all files."""
    names = takewhile(lambda depth: len({parts[depth] for parts in folders}) == 1, range(most))
    return sum(1 for _ in names)
