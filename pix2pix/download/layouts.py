"""How a folder of photos, pairs, videos or unpaired sides is laid out, from its files' paths and sizes."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pix2pix.core.errors import InputError
from pix2pix.core.file_names import plain
from pix2pix.download.folders import (
    SIDE_FOLDERS,
    SPLIT_FOLDERS,
    Folders,
    apart,
    are_published_sides,
    common_wrapper,
    find_side_depth,
    find_sides,
    find_split_depth,
    is_at,
    one_name_levels,
    without,
)
from pix2pix.items.walk import is_hidden
from pix2pix.pictures.file_formats import why_not_read
from pix2pix.pictures.images import IMAGE_SUFFIXES, image_size
from pix2pix.videos.video_files import VIDEO_SUFFIXES

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
        kind: ``photos``, ``pairs``, ``videos`` or ``unpaired``.
        wrapper: how many leading folders only wrap the others.
        joined_depth: how many folders stand above those such as ``trainA``, each of which counts as two,
            ``train`` and ``A``, from here on; None where there are no such folders.
        side_depth: how many folders stand above ``A/`` and ``B/``, which hold the two pictures of each pair,
            or the two sides that are no pairs; None where there are no such folders.
        split_depth: how many folders, without ``A/`` or ``B/``, stand above those named after splits; None
            where there are no such folders.
        double_width: whether only pictures twice as wide as high are taken, because these were the hint that
            they are pairs.
    """

    kind: str
    wrapper: int = 0
    joined_depth: int | None = None
    side_depth: int | None = None
    split_depth: int | None = None
    double_width: bool = False

    @property
    def suffixes(self) -> frozenset[str]:
        """The suffixes of the files that count."""
        return _suffixes(self.kind)

    @property
    def joins(self) -> bool:
        """Whether the pictures of ``A/`` and ``B/`` are joined to pairs."""
        return self.kind == "pairs" and self.side_depth is not None

    def kind_of(self, path: PurePosixPath) -> str:
        """What a file that counts is: ``photos``, ``pairs`` or ``videos``."""
        if self.kind != "unpaired":
            return self.kind
        return "videos" if path.suffix.lower() in VIDEO_SUFFIXES else "photos"

    def reason_to_skip(self, path: PurePosixPath) -> str:
        """Say why a file does not count; empty where it does."""
        if _is_hidden(path):
            return "hidden file or folder"
        if path.suffix.lower() not in self.suffixes:
            return _reason_of_suffix(path.suffix.lower(), self.kind)
        folders = apart(path.parent.parts, self.joined_depth)
        if not is_at(folders, self.side_depth, SIDE_FOLDERS):
            return "beside A/ and B/"
        if not is_at(without(folders, self.side_depth), self.split_depth, SPLIT_FOLDERS):
            return "beside the folders of the splits"
        return ""

    def place(self, path: PurePosixPath) -> Place:
        """Find the place of a file that counts."""
        whole = apart(path.parts, self.joined_depth)
        side = "" if self.side_depth is None else whole[self.side_depth].lower()
        parts = without(whole, self.side_depth)
        split = "" if self.split_depth is None else SPLIT_FOLDERS[parts[self.split_depth].lower()]
        classes = without(parts[:-1], self.split_depth)[self.wrapper :]
        inside = PurePosixPath(*map(plain, parts[self.wrapper :]))
        key = PurePosixPath(unicodedata.normalize("NFC", str(PurePosixPath(*parts).with_suffix(""))))
        return Place(inside, key, side, split, plain(classes[0]) if classes else NO_CLASS)


def layout_of(path: PurePosixPath, layouts: Sequence[Layout]) -> Layout:
    """The layout that takes files of this suffix; the first where none does."""
    return next((layout for layout in layouts if path.suffix.lower() in layout.suffixes), layouts[0])


def find_layouts(source: Path, files: Sequence[PurePosixPath], kind: str) -> list[Layout]:
    """Find the layout of ``files``: one for photos and one for videos where ``kind`` is ``mixed``, else one.

    Args:
        source: the folder.
        files: all files below it, relative to it.
        kind: ``mixed``, or a kind that ``find_layout`` takes.

    Raises:
        InputError: as ``find_layout`` does.
    """
    kinds = ("photos", "videos") if kind == "mixed" else (kind,)
    return [find_layout(source, files, each) for each in kinds]


def find_layout(source: Path, files: Sequence[PurePosixPath], kind: str) -> Layout:
    """Find out how ``files``, relative to ``source``, are laid out.

    Args:
        source: the folder.
        files: all files below it.
        kind: ``photos``, ``pairs``, ``videos`` or ``unpaired``; with ``auto``, unpaired where most files lie
            in folders such as ``trainA`` and ``trainB``, else what there is most of, and pairs where most
            pictures are twice as wide as high or lie in ``A/`` and ``B/``.

    Raises:
        InputError: no file counts, with ``auto`` there are as many pictures as videos, or with ``unpaired``
            there are no folders of sides.
    """
    pictures = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES and not _is_hidden(path)]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES and not _is_hidden(path)]
    if kind == "auto" and are_published_sides(_folders(pictures + videos)):
        kind = "unpaired"
    is_auto = kind == "auto"
    if is_auto and len(pictures) == len(videos) > 0:
        raise InputError(
            f"source: {source} holds as many pictures as videos ({len(pictures)}); "
            "set layout to photos, pairs, videos or mixed (both)"
        )
    if is_auto and (pictures or videos):
        is_video = len(videos) > len(pictures)
        kind = "videos" if is_video else "pairs" if _are_pairs(source, pictures) else "photos"
    usable = {"videos": videos, "unpaired": pictures + videos}.get(kind, pictures)
    if not usable:
        wanted = "pictures or videos" if kind in ("auto", "unpaired") else kind
        raise InputError(
            f"source: no {wanted} in {source} ({len(files)} other files); "
            f"looked for files ending in {', '.join(sorted(_suffixes(kind)))}"
        )
    if kind == "unpaired":
        return _layout_of_sides(source, _folders(usable))
    sides_at = find_side_depth(_folders(usable)) if kind == "pairs" else None
    layout = _layout(kind, _folders(usable), sides_at)
    return replace(layout, double_width=is_auto and kind == "pairs" and sides_at is None)


def _suffixes(kind: str) -> frozenset[str]:
    """The suffixes of the files that count as this kind."""
    either = {"auto": IMAGE_SUFFIXES | VIDEO_SUFFIXES, "unpaired": IMAGE_SUFFIXES | VIDEO_SUFFIXES}
    return {"videos": VIDEO_SUFFIXES, **either}.get(kind, IMAGE_SUFFIXES)


def _reason_of_suffix(suffix: str, kind: str) -> str:
    """Say why files of this suffix do not count as this kind."""
    if suffix in VIDEO_SUFFIXES and kind == "pairs":
        return "a video among pairs: only pictures can be pairs"
    if suffix in VIDEO_SUFFIXES:
        return "a video among photos: set layout to mixed to use both"
    if suffix in IMAGE_SUFFIXES:
        return "a photo among videos: set layout to mixed to use both"
    return why_not_read(suffix)


def _layout_of_sides(source: Path, folders: Sequence[Folders]) -> Layout:
    """The layout of files of two sides that are no pairs, from the folders that each lies in.

    Raises:
        InputError: no folder is named after a side.
    """
    found = find_sides(folders)
    if found is None:
        raise InputError(
            f"source: no folders of two sides in {source}; layout: unpaired looks for trainA and trainB "
            "(likewise testA, valA and so on), or for A and B; train, val and test may stand above or below"
        )
    depth, is_joined = found
    joined_depth = depth if is_joined else None
    layout = _layout("unpaired", [apart(parts, joined_depth) for parts in folders], depth + is_joined)
    return replace(layout, joined_depth=joined_depth)


def _layout(kind: str, folders: Sequence[Folders], side_depth: int | None) -> Layout:
    """The layout of files of a known kind, from the folders that each lies in."""
    sided = [without(parts, side_depth) for parts in folders if is_at(parts, side_depth, SIDE_FOLDERS)]
    split_depth = find_split_depth(sided)
    counted = [parts for parts in sided if is_at(parts, split_depth, SPLIT_FOLDERS)]
    above = split_depth if split_depth is not None else side_depth
    wrapper = common_wrapper(counted) if above is None else one_name_levels(counted, above)
    return Layout(kind, wrapper, side_depth=side_depth, split_depth=split_depth)


def _is_hidden(path: PurePosixPath) -> bool:
    """Whether a file or one of its folders is hidden, or macOS made it for itself."""
    return is_hidden(path) or "__MACOSX" in path.parts


def _folders(paths: Sequence[PurePosixPath]) -> list[Folders]:
    return [path.parent.parts for path in paths]


def _are_pairs(source: Path, pictures: Sequence[PurePosixPath]) -> bool:
    """Whether pictures lie in ``A/`` and ``B/``, or most of a sample are twice as wide as high."""
    if find_side_depth(_folders(pictures)) is not None:
        return True
    looked_at = pictures[:: -(-len(pictures) // PICTURES_LOOKED_AT)]
    sizes = [size for path in looked_at if (size := image_size(source / path))]
    return sum(width == 2 * height for width, height in sizes) > len(sizes) / 2
