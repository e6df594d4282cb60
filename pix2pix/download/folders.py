"""Folders with a meaning in the paths of a source: those of splits, those of the sides A and B, wrappers."""

from collections.abc import Collection, Iterator, Sequence, Set
from itertools import takewhile
from typing import NamedTuple

Folders = tuple[str, ...]

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
Sides = tuple[str, str]
A_AND_B: Sides = ("a", "b")
PAIR_SIDES: tuple[Sides, ...] = (  # of an input and its target, in small letters
    A_AND_B,
    ("input", "target"),
    ("inputs", "targets"),
    ("input", "output"),
    ("inputs", "outputs"),
    ("source", "target"),
    ("sources", "targets"),
    ("src", "tgt"),
    ("image", "label"),
    ("images", "labels"),
    ("image", "mask"),
    ("images", "masks"),
    ("low", "high"),
    ("lr", "hr"),
    ("x", "y"),
)
SIDE_NAMES = frozenset(name for sides in PAIR_SIDES for name in sides)
BOTH_IN_ONE = frozenset({"ab"})  # what pix2pix's own tool joins A and B to


class SidesAt(NamedTuple):
    """Where two sides lie: below how many folders, whether their names have a split, too, and the names."""

    depth: int
    is_joined: bool
    names: Sides


def shown(side: str) -> str:
    """The name of a folder of a side, as people write it: ``A``, ``input``."""
    return side.upper() if len(side) == 1 else side


def without(parts: Folders, depth: int | None) -> Folders:
    """The parts of a path without the one at ``depth``."""
    return parts if depth is None else parts[:depth] + parts[depth + 1 :]


def is_at(folders: Folders, depth: int | None, names: Collection[str]) -> bool:
    """Whether the folder at ``depth`` has one of the names; any will do where there is no such depth."""
    return depth is None or (len(folders) > depth and folders[depth].lower() in names)


def split_and_side(name: str) -> tuple[str, str] | None:
    """The parts of the name of a folder such as ``trainA`` or ``test_target``; None of any other."""
    lower = name.lower()
    for split in sorted(SPLIT_FOLDERS, key=len, reverse=True):
        side = lower.removeprefix(split).strip("_- ")
        if lower.startswith(split) and side in SIDE_NAMES:
            return name[: len(split)], name[-len(side) :]
    return None


def apart(parts: Folders, depth: int | None) -> Folders:
    """The parts of a path with the folder at ``depth``, such as ``trainA``, as two, ``train`` and ``A``."""
    if depth is None or len(parts) <= depth:
        return parts
    return parts[:depth] + (split_and_side(parts[depth]) or (parts[depth],)) + parts[depth + 1 :]


def are_published_sides(folders: Sequence[Folders]) -> bool:
    """Whether most files lie in folders such as ``trainA`` and ``trainB``, which stand beside each other."""
    return _find_joined(folders, A_AND_B) is not None


def _find_joined(folders: Sequence[Folders], sides: Sides) -> int | None:
    """How many folders stand above those such as ``trainA`` and ``trainB``, which hold most files."""
    for depth, children in _levels(folders):
        if any(_has_split_of_both(names, sides) for names in children.values()):
            inside = [parts for parts in folders if len(parts) > depth and split_and_side(parts[depth])]
            return depth if len(inside) > len(folders) / 2 else None
    return None


def _has_split_of_both(names: Set[str], sides: Sides) -> bool:
    """Whether a split stands in the names, in lower case, with either side."""
    found = {split_and_side(name) for name in names}
    return any({(split, side) for side in sides} <= found for split in SPLIT_FOLDERS)


def find_sides(folders: Sequence[Folders]) -> SidesAt | None:
    """Find the folders of two sides that are no pairs, ``trainA`` and ``trainB`` or ``A`` and ``B``.

    Returns:
        those of both sides before those of one, and then those with most files; None where there are none.
    """
    found_at = []
    for depth, _ in _levels(folders):
        names = [parts[depth].lower() for parts in folders if len(parts) > depth]
        joined = [found[1] for name in names if (found := split_and_side(name)) and found[1] in A_AND_B]
        plain = [name for name in names if name in A_AND_B]
        kinds = ((joined, True), (plain, False))
        found_at += [(len(set(sides)), len(sides), -depth, is_joined) for sides, is_joined in kinds if sides]
    if not found_at:
        return None
    _, _, above, is_joined = max(found_at)
    return SidesAt(-above, is_joined, A_AND_B)


def find_pair_sides(folders: Sequence[Folders]) -> SidesAt | None:
    """Find the folders of the inputs and the targets of pairs, such as ``A`` and ``B``, or ``trainA``.

    They stand beside each other, in one place or in one of each split.
    """
    present = {name.lower() for parts in set(folders) for name in parts}
    joined = {found[1] for name in present if (found := split_and_side(name))}
    for sides in PAIR_SIDES:
        if present.issuperset(sides) and (depth := _find_beside(folders, sides)) is not None:
            return SidesAt(depth, False, sides)
        if joined.issuperset(sides) and (depth := _find_joined(folders, sides)) is not None:
            return SidesAt(depth, True, sides)
    return None


def _find_beside(folders: Sequence[Folders], sides: Sides) -> int | None:
    """How many folders stand above two of these names that hold most files, with no other one but ``AB``."""
    for depth, children in _levels(folders):
        parents = {parent for parent, names in children.items() if names - BOTH_IN_ONE == set(sides)}
        places = {tuple(part for part in parent if part.lower() not in SPLIT_FOLDERS) for parent in parents}
        if len(places) == 1 and _hold_most(parents, folders):
            return depth
    return None


def find_split_depth(folders: Sequence[Folders]) -> int | None:
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


def common_wrapper(folders: Sequence[Folders]) -> int:
    """Count the leading folders that all files share and that only wrap class folders."""
    shortest = min(map(len, folders), default=0)
    return one_name_levels(folders, max(0, shortest - 1))


def one_name_levels(folders: Sequence[Folders], most: int) -> int:
    """Count the leading folders, at most ``most``, that have one name for all files."""
    names = takewhile(lambda depth: len({parts[depth] for parts in folders}) == 1, range(most))
    return sum(1 for _ in names)
