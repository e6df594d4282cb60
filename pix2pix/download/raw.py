"""The raw dataset: the files of a source under one known layout, each listed in a manifest.

``images/`` holds photos, ``pairs/`` A|B pairs side by side in one picture, ``videos/`` videos; below these
stand the source's own folders: a split where it has them, then a class or person. Of two sides that are no
pairs, the photos and the videos lie in ``A/`` and ``B/`` there.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.hashes import file_hash
from pix2pix.core.outputs import require_room
from pix2pix.download.finding import describe_sides, find_layouts, why_none_fits
from pix2pix.download.folders import shown
from pix2pix.download.layouts import Layout, Place, layout_of
from pix2pix.download.sample import make_sample
from pix2pix.items.manifest import KEPT, SKIPPED, Row, skipped_summary, write_manifest
from pix2pix.items.parallel import Workers, in_parallel
from pix2pix.items.walk import Found, find_files
from pix2pix.pictures.images import RgbImage, image_size, read_image, write_png

FOLDERS = {"photos": "images", "pairs": "pairs", "videos": "videos"}
FILES_AT_ONCE = 200  # a small file is copied faster than it is handed to another process


@dataclass(frozen=True)
class RawRow(Row):
    """A file of the source.

    Attributes:
        kind: ``photos``, ``pairs`` or ``videos``.
        split: the source's own split, or empty.
        class_name: its class or person; ``all`` where the source has no such folders.
        sha256: of the file's bytes.
        side: ``A`` or ``B`` of a source whose sides are no pairs, else empty.
    """

    kind: str = ""
    split: str = ""
    class_name: str = ""
    sha256: str = ""
    side: str = ""


def download_sample(raw: Path) -> list[RawRow]:
    """Make the ``sample`` dataset in the folder ``raw``."""
    make_sample(raw / FOLDERS["photos"], raw / FOLDERS["videos"])
    rows = []
    for kind in ("photos", "videos"):
        layout = Layout(kind)
        folder = raw / FOLDERS[kind]
        places = [layout.place(path) for path in find_files(folder).files]
        rows += [_kept_row(raw, kind, place.inside, place, str(place.inside)) for place in places]
    return rows


def _tell_nobody(line: str) -> None:
    """Take a line that nobody wants to read."""


def download_folder(
    source: Path, raw: Path, kind: str, workers: Workers, tell: Callable[[str], None] = _tell_nobody
) -> list[RawRow]:
    """Copy the usable files of ``source`` into ``raw``; every other file gets a row with the reason.

    Args:
        source: a folder of photos, of A|B pairs, of videos, or of two sides that are no pairs; pairs may also
            be in two folders, such as ``A/`` and ``B/``, or ``trainA/`` and ``trainB/``, with pictures of
            equal names, which are joined: one row has both.
        raw: an empty folder.
        kind: ``photos``, ``pairs``, ``videos``, ``mixed`` for photos and videos, ``unpaired`` for photos or
            videos in two sides, or ``auto`` to find out.
        workers: who copies; the result is the same for any.
        tell: is called with a line on what was taken for what, where that can be doubted.

    Raises:
        InputError: ``source`` holds nothing usable, as many photos as videos, or only one of two sides; or
            its files do not fit on the disk.
    """
    found = find_files(source)
    rows = [_skipped_row(path, reason) for path, reason in found.unreadable.items()]
    usable = []
    layouts = _find_layouts(source, found, kind)
    for path in found.files:
        layout = layout_of(path, layouts)
        if reason := layout.reason_to_skip(path):
            rows.append(_skipped_row(path, reason))
        else:
            usable.append((path, layout))
    for note in (layout.note for layout in layouts if layout.note):
        tell(note)
    if layouts[0].joins:
        rows += _join_sides(source, raw, [path for path, _ in usable], layouts[0], workers)
    else:
        if layouts[0].kind == "unpaired":
            usable, repeated = _without_repeated_names(usable)
            rows += repeated
            _check_both_sides(source, usable, rows)
        require_room(raw, sum((source / path).stat().st_size for path, _ in usable), "files of the source")
        jobs = [(source, raw, path, layout) for path, layout in usable]
        rows += in_parallel(_copy, jobs, workers, "download", "file", FILES_AT_ONCE)
    if all(row.status == SKIPPED for row in rows):
        why = f"{why_none_fits(source, layouts[0], found.files)}; " if layouts[0].joins else ""
        raise InputError(f"source: nothing in {source} can be used: {why}{skipped_summary(rows)}")
    if layouts[0].joins:
        sides = describe_sides(layouts[0], found.files)
        tell(f"taken as pairs: {sides}, by equal names; {layouts[0].otherwise}")
    return rows


def _find_layouts(source: Path, found: Found, kind: str) -> list[Layout]:
    """Find the layouts of the files that were found, or say also how many could not be read, and why."""
    try:
        return find_layouts(source, found.files, kind)
    except InputError as error:
        if not found.unreadable:
            raise
        unreadable = [_skipped_row(path, reason) for path, reason in found.unreadable.items()]
        raise InputError(f"{error}; {skipped_summary(unreadable)}") from error


def _without_repeated_names(
    usable: Sequence[tuple[PurePosixPath, Layout]],
) -> tuple[list[tuple[PurePosixPath, Layout]], list[RawRow]]:
    """The files of two sides that go to a place of their own, and a row for each other one.

    ``trainA/x.jpg`` and ``train/A/x.jpg``, or ``A/x.jpg`` and ``a/x.jpg``, would lie in one place.
    """
    first: dict[tuple[str, PurePosixPath], PurePosixPath] = {}
    kept, rows = [], []
    for path, layout in usable:
        place = layout.place(path)
        if (other := first.setdefault((place.side, place.inside), path)) == path:
            kept.append((path, layout))
        else:
            rows.append(_skipped_row(path, f"side and name of another file: {other}"))
    return kept, rows


def _check_both_sides(
    source: Path, usable: Sequence[tuple[PurePosixPath, Layout]], skipped: Sequence[RawRow]
) -> None:
    """Stop where one of two sides has no file."""
    counts = Counter(layout.place(path).side.upper() for path, layout in usable)
    for side, other in (("A", "B"), ("B", "A")):
        if not counts[side]:
            raise InputError(
                f"source: {side} holds no picture and no video in {source}, {other} holds {counts[other]}; "
                f"layout: unpaired needs both; {skipped_summary(skipped)}"
            )


def _copy(source: Path, raw: Path, path: PurePosixPath, layout: Layout) -> RawRow:
    """Copy a file to its place below ``raw``."""
    if layout.double_width and (reason := _reason_against_pair(source / path)):
        return _skipped_row(path, reason)
    place = layout.place(path)
    kind = layout.kind_of(path)
    inside = PurePosixPath(place.side.upper(), place.inside)
    target = raw / FOLDERS[kind] / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / path, target)
    return _kept_row(raw, kind, inside, place, str(path))


def _reason_against_pair(path: Path) -> str:
    """Say why a picture among pairs that were told by their shape is none; empty where it is one."""
    width, height = image_size(path) or (2, 1)  # what cannot be read is left to the stage that reads it
    if width == 2 * height:
        return ""
    return f"not twice as wide as high as most are, which layout=pairs takes too: {width}x{height}"


def _join_sides(
    source: Path, raw: Path, files: Sequence[PurePosixPath], layout: Layout, workers: Workers
) -> list[RawRow]:
    """Write ``A/x`` and ``B/x`` side by side as ``pairs/x.png``; files without one partner are skipped."""
    sides: dict[PurePosixPath, dict[str, list[PurePosixPath]]] = {}
    for path in files:
        place = layout.place(path)
        sides.setdefault(place.key, {"a": [], "b": []})[place.side].append(path)
    jobs = [(source, raw, members, layout) for _, members in sorted(sides.items())]
    joined = in_parallel(_join_files, jobs, workers, "download", "pair", FILES_AT_ONCE)
    return [row for rows in joined for row in rows]


def _join_files(
    source: Path, raw: Path, members: Mapping[str, Sequence[PurePosixPath]], layout: Layout
) -> list[RawRow]:
    """Join the files of one name; return the row of the pair, or a row per file with the reason for none."""
    try:
        pair = _side_by_side(source, members, layout)
    except UnreadableError as error:
        return [_skipped_row(path, str(error)) for side in members.values() for path in side]
    first, second = members["a"][0], members["b"][0]
    place = layout.place(first)
    inside = place.inside.with_suffix(".png")
    write_png(raw / FOLDERS["pairs"] / inside, pair)
    return [_kept_row(raw, "pairs", inside, place, str(first), f"joined with {second}")]


def _side_by_side(source: Path, members: Mapping[str, Sequence[PurePosixPath]], layout: Layout) -> RgbImage:
    """Read the one A and the one B of a name, and put them side by side: (H, 2 W, 3) uint8."""
    for name, paths in zip(layout.sides, members.values(), strict=True):
        if len(paths) != 1:
            raise UnreadableError(f"{len(paths) or 'no'} pictures of this name in {shown(name)}, expected 1")
    a, b = (read_image(source / members[side][0]) for side in ("a", "b"))
    if a.shape != b.shape:
        sizes = [f"{image.shape[1]}x{image.shape[0]}" for image in (a, b)]
        raise UnreadableError(f"sizes differ: A is {sizes[0]}, B is {sizes[1]}")
    return np.hstack([a, b])


def _skipped_row(path: PurePosixPath, reason: str) -> RawRow:
    return RawRow("", str(path), SKIPPED, reason)


def _kept_row(
    raw: Path, kind: str, inside: PurePosixPath, place: Place, source: str, reason: str = ""
) -> RawRow:
    path = PurePosixPath(FOLDERS[kind]) / inside
    sha256 = file_hash(raw / path)
    side = "" if kind == "pairs" else place.side.upper()
    return RawRow(str(path), source, KEPT, reason, kind, place.split, place.class_name, sha256, side)


def write_manifests(raw: Path, rows: Sequence[RawRow]) -> None:
    """Write ``manifest.csv``, and the rows of the videos once more in their folder.

    The stage ``extract_frames`` depends on that folder alone, so that a new photo does not make it run again.
    """
    write_manifest(raw / "manifest.csv", rows, RawRow)
    videos = [row for row in rows if row.kind == "videos"]
    write_manifest(raw / FOLDERS["videos"] / "videos.csv", videos, RawRow)


def kinds_summary(rows: Sequence[RawRow]) -> str:
    """Say what a raw dataset holds: ``60 photos in 5 classes, 16 videos in 2 classes``.

    Of sides that are no pairs it says ``939 photos of A in 1 classes, 1177 photos of B in 1 classes``.
    """
    members: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.status == KEPT:
            members.setdefault((row.side, row.kind), []).append(row.class_name)
    return ", ".join(
        f"{len(classes)} {kind}{f' of {side}' if side else ''} in {len(set(classes))} classes"
        for (side, kind), classes in sorted(members.items())
    )
