"""How a folder of photos, pairs, videos or unpaired sides is laid out, and where its files belong."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pix2pix.core.errors import InputError
from pix2pix.core.file_names import plain
from pix2pix.download.folders import (
    A_AND_B,
    SPLIT_FOLDERS,
    Folders,
    Sides,
    SidesAt,
    apart,
    common_wrapper,
    find_sides,
    find_split_depth,
    is_at,
    one_name_levels,
    shown,
    without,
)
from pix2pix.items.walk import is_hidden
from pix2pix.pictures.file_formats import why_not_read
from pix2pix.pictures.images import IMAGE_SUFFIXES
from pix2pix.videos.video_files import ANIMATION, VIDEO_SUFFIXES

NO_CLASS = "all"


@dataclass(frozen=True)
class Place:
    """Where a file of a source belongs.

    Attributes:
        inside: its path without the folders that only wrap, and without ``A/`` or ``B/``; of names that every
            tool can store.
        key: the same path without suffix, as the source has it, but in one Unicode form: the two files of a
            pair share it.
        side: ``a`` or ``b`` where the source has folders of two sides, else empty.
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
        sides: what the folders of the sides are called, in small letters.
        note: what was taken for what, and why, where that can be doubted.
        double_width: whether only pictures twice as wide as high are taken, because these were the hint that
            they are pairs.
    """

    kind: str
    wrapper: int = 0
    joined_depth: int | None = None
    side_depth: int | None = None
    split_depth: int | None = None
    sides: Sides = A_AND_B
    note: str = ""
    double_width: bool = False

    @property
    def suffixes(self) -> frozenset[str]:
        """The suffixes of the files that count."""
        return suffixes_of(self.kind)

    @property
    def joins(self) -> bool:
        """Whether the pictures of ``A/`` and ``B/`` are joined to pairs."""
        return self.kind == "pairs" and self.side_depth is not None

    @property
    def otherwise(self) -> str:
        """How the two sides of pairs can be taken for something else."""
        unpaired = "layout: unpaired takes them as two sides that are no pairs, "
        return f"{unpaired if self.sides == A_AND_B else ''}layout: photos takes them as classes"

    def kind_of(self, path: PurePosixPath) -> str:
        """What a file that counts is: ``photos``, ``pairs`` or ``videos``."""
        if self.kind != "unpaired":
            return self.kind
        return "videos" if path.suffix.lower() in VIDEO_SUFFIXES else "photos"

    def reason_to_skip(self, path: PurePosixPath) -> str:
        """Say why a file does not count; empty where it does."""
        if is_hidden(path):
            return "hidden file or folder"
        if path.suffix.lower() not in self.suffixes:
            return _reason_of_suffix(path.suffix.lower(), self.kind)
        folders = apart(path.parent.parts, self.joined_depth)
        if not is_at(folders, self.side_depth, self.sides):
            return f"beside {shown(self.sides[0])}/ and {shown(self.sides[1])}/"
        if not is_at(without(folders, self.side_depth), self.split_depth, SPLIT_FOLDERS):
            return "beside the folders of the splits"
        return ""

    def place(self, path: PurePosixPath) -> Place:
        """Find the place of a file that counts."""
        whole = apart(path.parts, self.joined_depth)
        side = "" if self.side_depth is None else "ab"[self.sides.index(whole[self.side_depth].lower())]
        parts = without(whole, self.side_depth)
        split = "" if self.split_depth is None else SPLIT_FOLDERS[parts[self.split_depth].lower()]
        classes = without(parts[:-1], self.split_depth)[self.wrapper :]
        inside = PurePosixPath(*map(plain, parts[self.wrapper :]))
        key = PurePosixPath(unicodedata.normalize("NFC", str(PurePosixPath(*parts).with_suffix(""))))
        return Place(inside, key, side, split, plain(classes[0]) if classes else NO_CLASS)


def layout_of(path: PurePosixPath, layouts: Sequence[Layout]) -> Layout:
    """The layout that takes files of this suffix; the first where none does."""
    return next((layout for layout in layouts if path.suffix.lower() in layout.suffixes), layouts[0])


def suffixes_of(kind: str) -> frozenset[str]:
    """The suffixes of the files that count as this kind."""
    either = {"auto": IMAGE_SUFFIXES | VIDEO_SUFFIXES, "unpaired": IMAGE_SUFFIXES | VIDEO_SUFFIXES}
    return {"videos": VIDEO_SUFFIXES | {ANIMATION}, **either}.get(kind, IMAGE_SUFFIXES)


def _reason_of_suffix(suffix: str, kind: str) -> str:
    """Say why files of this suffix do not count as this kind."""
    if suffix in VIDEO_SUFFIXES and kind == "pairs":
        return "a video among pairs: only pictures can be pairs"
    if suffix in VIDEO_SUFFIXES:
        return "a video among photos: set layout to mixed to use both"
    if suffix in IMAGE_SUFFIXES:
        return "a photo among videos: set layout to mixed to use both"
    return why_not_read(suffix)


def layout_of_sides(source: Path, folders: Sequence[Folders]) -> Layout:
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
    return layout_at("unpaired", folders, found)


def layout_at(kind: str, folders: Sequence[Folders], sides: SidesAt) -> Layout:
    """The layout of files whose sides are known, from the folders that each lies in."""
    joined_depth = sides.depth if sides.is_joined else None
    parted = [apart(parts, joined_depth) for parts in folders]
    layout = layout_of_kind(kind, parted, sides.depth + sides.is_joined, sides.names)
    return replace(layout, joined_depth=joined_depth)


def layout_of_kind(
    kind: str, folders: Sequence[Folders], side_depth: int | None = None, sides: Sides = A_AND_B
) -> Layout:
    """The layout of files of a known kind, from the folders that each lies in."""
    sided = [without(parts, side_depth) for parts in folders if is_at(parts, side_depth, sides)]
    split_depth = find_split_depth(sided)
    counted = [parts for parts in sided if is_at(parts, split_depth, SPLIT_FOLDERS)]
    above = split_depth if split_depth is not None else side_depth
    wrapper = common_wrapper(counted) if above is None else one_name_levels(counted, above)
    return Layout(kind, wrapper, side_depth=side_depth, split_depth=split_depth, sides=sides)


def folders_of(paths: Sequence[PurePosixPath]) -> list[Folders]:
    """The folders that each file lies in."""
    return [path.parent.parts for path in paths]
