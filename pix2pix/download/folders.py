"""Folders with a meaning in the paths of a source: those of splits, those of the sides A and B, wrappers."""

from collections.abc import Collection, Iterator, Sequence, Set
from itertools import takewhile

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


def without(parts: Folders, depth: int | None) -> Folders:
    """The parts of a path without the one at ``depth``."""
    return parts if depth is None else parts[:depth] + parts[depth + 1 :]


def is_at(folders: Folders, depth: int | None, names: Collection[str]) -> bool:
    """Whether the folder at ``depth`` has one of the names; any will do where there is no such depth."""
    return depth is None or (len(folders) > depth and folders[depth].lower() in names)


def split_and_side(name: str) -> tuple[str, str] | None:
    """The parts of the name of a folder such as ``trainA``, as CycleGAN's sets have it; None of any other."""
    split, side = name[:-1], name[-1:]
    return (split, side) if split.lower() in SPLIT_FOLDERS and side.lower() in SIDE_FOLDERS else None


def apart(parts: Folders, depth: int | None) -> Folders:
    """The parts of a path with the folder at ``depth``, such as ``trainA``, as two, ``train`` and ``A``."""
    if depth is None or len(parts) <= depth:
        return parts
    return parts[:depth] + (split_and_side(parts[depth]) or (parts[depth],)) + parts[depth + 1 :]


def are_published_sides(folders: Sequence[Folders]) -> bool:
    """Whether most files lie in folders such as ``trainA`` and ``trainB``, which stand beside each other."""
    for depth, children in _levels(folders):
        if any(_splits_of_both_sides(names) for names in children.values()):
            inside = [parts for parts in folders if len(parts) > depth and split_and_side(parts[depth])]
            return len(inside) > len(folders) / 2
    return False


def _splits_of_both_sides(names: Set[str]) -> set[str]:
    """The splits that stand in the names, in lower case, with either side."""
    return {split for split in SPLIT_FOLDERS if {f"{split}{side}" for side in SIDE_FOLDERS} <= names}


def find_sides(folders: Sequence[Folders]) -> tuple[int, bool] | None:
    """Find the folders of two sides that are no pairs, ``trainA`` and ``trainB`` or ``A`` and ``B``.

    Returns:
        how many folders stand above them, and whether their names have a split, too; those of both sides come
        before those of one, and then those with most files; None where there are none.
    """
    found = []
    for depth, _ in _levels(folders):
        names = [parts[depth] for parts in folders if len(parts) > depth]
        joined = [parts[1].lower() for name in names if (parts := split_and_side(name))]
        plain = [name.lower() for name in names if name.lower() in SIDE_FOLDERS]
        kinds = ((joined, True), (plain, False))
        found += [(len(set(sides)), len(sides), -depth, is_joined) for sides, is_joined in kinds if sides]
    if not found:
        return None
    _, _, above, is_joined = max(found)
    return -above, is_joined


def find_side_depth(folders: Sequence[Folders]) -> int | None:
    """How many folders stand above ``A/`` and ``B/``, in one place or in one of each split."""
    for depth, children in _levels(folders):
        parents = {parent for parent, names in children.items() if names == SIDE_FOLDERS}
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
