"""How a folder is found out to be laid out: by names, by shapes, and by what is in the middle of pictures."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.file_names import printable
from pix2pix.download.folders import (
    A_AND_B,
    Folders,
    Sides,
    are_published_sides,
    find_pair_sides,
    shown,
)
from pix2pix.download.layouts import (
    Layout,
    folders_of,
    layout_at,
    layout_of_kind,
    layout_of_sides,
    suffixes_of,
)
from pix2pix.items.walk import is_hidden
from pix2pix.pictures.images import IMAGE_SUFFIXES, image_size, read_image
from pix2pix.pictures.pairs import Middle, middle_of
from pix2pix.videos.video_files import ANIMATION, VIDEO_SUFFIXES

LEAST_FIT = 0.9  # of the names in two folders, and of the sizes of those looked at, that are in both
SHAPES_LOOKED_AT = 200
SIZES_LOOKED_AT = 100
PICTURES_READ = 40
FOLDERS_NAMED = 3
NAMES = {"photos": "photos", "pairs": "A|B pairs"}
NEEDED = "a pair needs pictures of one name, whatever the suffix, and of one size in both"

Files = Mapping[PurePosixPath, PurePosixPath]  # by what the two files of a pair share


@dataclass(frozen=True)
class Fit:
    """How the files of two sides fit each other.

    Attributes:
        sides: what the sides are called.
        files: those of each side.
        sizes_fit: whether the two pictures of a name have one size, of nearly all that were looked at.
    """

    sides: Sides
    files: tuple[Files, Files]
    sizes_fit: bool

    @property
    def is_good(self) -> bool:
        """Whether nearly all files have a partner of the same size."""
        a, b = self.files
        return self.sizes_fit and len(a.keys() & b.keys()) >= LEAST_FIT * len(a.keys() | b.keys()) > 0

    def compared(self) -> str:
        """Say what was compared: ``compared the names in A (12) and in B (11): 3 are in both``."""
        a, b = self.files
        common = a.keys() & b.keys()
        sizes = "" if self.sizes_fit or not common else ", most with pictures of different sizes"
        first, second = map(shown, self.sides)
        counts = f"in {first} ({len(a)}) and in {second} ({len(b)})"
        return f"compared the names {counts}: {len(common)} are in both{sizes}"

    def what_would_fit(self) -> str:
        """Say by an example why the names of the sides differ, and what would fit."""
        alone = [sorted(files.keys() - other.keys()) for files, other in (self.files, self.files[::-1])]
        if not all(alone):
            return NEEDED
        examples = [str(files[keys[0]]) for files, keys in zip(self.files, alone, strict=True)]
        differ = printable(" and ".join(examples)) + " differ"
        lower = [{str(key).lower() for key in keys} for keys in alone]
        if lower[0] & lower[1]:
            return f"{differ}, and would fit with equal capitals"
        bare = [
            {_without_side(key, side) for key in keys} for keys, side in zip(alone, self.sides, strict=True)
        ]
        if both := bare[0] & bare[1]:
            example = f"such as '{printable(min(both))}' in both"
            return f"{differ}, and would fit without the side in the name, {example}"
        return f"{differ}; {NEEDED}"


def _without_side(key: PurePosixPath, side: str) -> str:
    """A file's name without ``_A`` behind it, or ``A_`` before it, and in small letters."""
    return re.sub(rf"[_\-. ]+{side}$|^{side}[_\-. ]+", "", key.name.lower())


def _fit_of(source: Path, sides: Sides, files: tuple[Files, Files]) -> Fit:
    """Compare the names of the files of two sides, and the sizes of some of them.

    Args:
        source: the folder.
        sides: what the sides are called.
        files: those of each side, relative to ``source``.
    """
    common = sorted(files[0].keys() & files[1].keys())
    looked_at = _some_of(common, SIZES_LOOKED_AT)
    sizes = [[image_size(source / side[key]) for side in files] for key in looked_at]
    return Fit(sides, files, sum(a == b for a, b in sizes) >= LEAST_FIT * len(sizes))


def _some_of(paths: Sequence[PurePosixPath], count: int) -> Sequence[PurePosixPath]:
    """At most ``count`` of the paths, from all over them."""
    return paths[:: max(1, -(-len(paths) // count))]


def _count_middles(source: Path, pictures: Sequence[PurePosixPath]) -> Counter[Middle]:
    """Count what is in the middle of some of the pictures that are said to be twice as wide as high.

    One that is not so when it is upright is as one that goes on; one that cannot be read tells nothing.
    """
    return Counter(_middle_of_file(source / path) for path in _some_of(pictures, PICTURES_READ))


def _middle_of_file(path: Path) -> Middle:
    try:
        image = read_image(path)
    except UnreadableError:
        return "plain"
    return middle_of(image) if image.shape[1] == 2 * image.shape[0] else "even"


def _named_folders(pairs: Iterable[tuple[str, str]]) -> str:
    """Name the folders of two sides: ``testA with testB, trainA with trainB``."""
    named = [printable(f"{a} with {b}") for a, b in sorted(set(pairs))]
    more = len(named) - FOLDERS_NAMED
    return ", ".join(named[:FOLDERS_NAMED]) + (f" and {more} more" if more > 0 else "")


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
        kind: ``photos``, ``pairs``, ``videos`` or ``unpaired``; with ``auto``, it is found out, and the
            layout's note says what was taken for what where that can be doubted.

    Raises:
        InputError: no file counts, with ``auto`` there are as many pictures as videos, or with ``unpaired``
            there are no folders of sides.
    """
    pictures = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES and not is_hidden(path)]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES and not is_hidden(path)]
    if kind == "auto" and (pictures or videos):
        return _found_out(source, pictures, videos)
    animations = [path for path in pictures if path.suffix.lower() == ANIMATION]
    usable = {"videos": videos + animations, "unpaired": pictures + videos}.get(kind, pictures)
    if not usable:
        wanted = "pictures or videos" if kind in ("auto", "unpaired") else kind
        raise InputError(
            f"source: no {wanted} in {source} ({len(files)} other files); "
            f"looked for files ending in {', '.join(sorted(suffixes_of(kind)))}"
        )
    if kind == "unpaired":
        return layout_of_sides(source, folders_of(usable))
    return _of_pairs(source, usable) if kind == "pairs" else layout_of_kind(kind, folders_of(usable))


def _of_pairs(source: Path, pictures: Sequence[PurePosixPath]) -> Layout:
    """The layout of pairs: in folders of two sides, or in each picture, also in classes named like sides."""
    in_each = layout_of_kind("pairs", folders_of(pictures))
    sides = find_pair_sides(folders_of(pictures))
    if sides is None:
        return in_each
    layout = layout_at("pairs", folders_of(pictures), sides)
    a, b = _fit_of_sides(source, layout, pictures).files
    are_classes = sides.names != A_AND_B and not a.keys() & b.keys() and _wide_ones(source, pictures)
    return in_each if are_classes else layout


def _found_out(source: Path, pictures: Sequence[PurePosixPath], videos: Sequence[PurePosixPath]) -> Layout:
    """Find the layout of files of which nothing is said.

    It is pairs where most pictures lie in ``A/`` and ``B/``, or in other folders of two sides with equal
    names; else unpaired where most files lie in folders such as ``trainA`` and ``trainB``; else what there is
    most of, and pairs where most pictures are twice as wide as high, and do not go on over their middle.

    Raises:
        InputError: there are as many pictures as videos.
    """
    note = ""
    sides = find_pair_sides(folders_of(pictures)) if len(pictures) > len(videos) else None
    if sides:
        layout = layout_at("pairs", folders_of(pictures), sides)
        fit = _fit_of_sides(source, layout, pictures)
        if fit.is_good or (sides.names == A_AND_B and not sides.is_joined):
            return layout
        note = f"{fit.compared()}: {fit.what_would_fit()}; layout: pairs joins those of equal names"
    if are_published_sides(folders_of([*pictures, *videos])):
        layout = layout_of_sides(source, folders_of([*pictures, *videos]))
        return replace(layout, note=f"taken as two sides that are no pairs: {note}" if note else "")
    if len(pictures) == len(videos):
        raise InputError(
            f"source: {source} holds as many pictures as videos ({len(pictures)}); "
            "set layout to photos, pairs, videos or mixed (both)"
        )
    if len(videos) > len(pictures):
        return layout_of_kind("videos", folders_of(videos))
    layout = _told_by_shape(source, pictures)
    return replace(layout, note=f"taken as photos in classes: {note}") if note and not layout.note else layout


def _told_by_shape(source: Path, pictures: Sequence[PurePosixPath]) -> Layout:
    """Pairs where most pictures are twice as wide as high, and do not go on over their middle, or photos."""
    wide = _wide_ones(source, pictures)
    if not wide:
        return layout_of_kind("photos", folders_of(pictures))
    middles = _count_middles(source, wide)
    are_photos = 2 * middles["even"] > middles.total()
    kind, other = ("photos", "pairs") if are_photos else ("pairs", "photos")
    note = (
        f"most pictures are twice as wide as high; of {middles.total()}, {middles['even']} go on over their "
        f"middle, {middles['step']} have a step there, {middles['plain']} are plain there: taken as "
        f"{NAMES[kind]}; layout: {other} takes them as {NAMES[other]}"
    )
    return replace(layout_of_kind(kind, folders_of(pictures)), double_width=not are_photos, note=note)


def _wide_ones(source: Path, pictures: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """Pictures twice as wide as high, of some that were looked at, where most of these are; else none."""
    looked_at = _some_of(pictures, SHAPES_LOOKED_AT)
    sizes = {path: size for path in looked_at if (size := image_size(source / path))}
    wide = [path for path, (width, height) in sizes.items() if width == 2 * height]
    return wide if 2 * len(wide) > len(sizes) else []


def _fit_of_sides(source: Path, layout: Layout, files: Sequence[PurePosixPath]) -> Fit:
    """How the files of the two sides of pairs fit each other, of those that count."""
    sides: dict[str, dict[PurePosixPath, PurePosixPath]] = {"a": {}, "b": {}}
    for path in files:
        if not layout.reason_to_skip(path):
            place = layout.place(path)
            sides[place.side][place.key] = path
    return _fit_of(source, layout.sides, (sides["a"], sides["b"]))


def why_none_fits(source: Path, layout: Layout, files: Sequence[PurePosixPath]) -> str:
    """Say what was compared of two sides of which nothing was joined, and what would fit."""
    fit = _fit_of_sides(source, layout, files)
    return f"{fit.compared()}: {fit.what_would_fit()}; {layout.otherwise}"


def describe_sides(layout: Layout, files: Sequence[PurePosixPath]) -> str:
    """Name the folders whose pictures are joined: ``testA with testB, trainA with trainB``."""
    depth = layout.joined_depth if layout.joined_depth is not None else layout.side_depth
    folders: dict[Folders, dict[str, str]] = {}
    for path in files:
        if depth is not None and not layout.reason_to_skip(path):
            place, parts = layout.place(path), path.parts
            folders.setdefault((*parts[:depth], place.split), {})[place.side] = "/".join(parts[: depth + 1])
    return _named_folders((pair["a"], pair["b"]) for pair in folders.values() if len(pair) == 2)
