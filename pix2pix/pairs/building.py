"""From pictures to A|B pairs in splits that share no picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.items.manifest import KEPT, SKIPPED, Row, skipped_summary
from pix2pix.items.parallel import Workers, in_parallel
from pix2pix.pairs.duplicates import (
    CROSSING_DUPLICATE,
    DUPLICATE,
    content_hash,
    difference_hash,
    first_of_equals,
    near_duplicates,
)
from pix2pix.pairs.making import make_pair
from pix2pix.pairs.sources import PairSource, choose, file_names
from pix2pix.pairs.splits import assign_splits
from pix2pix.pictures.images import read_image, write_png
from pix2pix.pictures.pairs import SPLITS, TEST, VAL, PairOptions

PICTURES_AT_ONCE = 50
OWN_SPLIT_RANK = {"": 0, "train": 0, "val": 1, "test": 2}


@dataclass(frozen=True, slots=True)
class PairRow(Row):
    """A picture that a pair was made of, or why not.

    Attributes:
        split: the pair's split; of a skipped picture the source's own.
        class_name: class or person.
        content: equal for pictures with equal pixels; empty where the picture cannot be read.
        near_duplicate_of: a pair of an earlier split that looks nearly the same, or empty.
    """

    split: str = ""
    class_name: str = ""
    content: str = ""
    near_duplicate_of: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a picture: the reason why no pair was made, or the hashes of picture and target."""

    reason: str = ""
    content: str = ""
    target_hash: bytes = b""


def build_pairs(
    sources: Sequence[PairSource],
    out: Path,
    options: PairOptions,
    *,
    max_images: int,
    val_fraction: float,
    test_fraction: float,
    seed: int,
    workers: Workers,
) -> tuple[list[PairRow], list[str]]:
    """Write a pair per source to ``out/<split>/<class>/<name>.png``.

    Of pictures with equal pixels one is kept, in training where the source has it there.

    Args:
        sources: the pictures.
        out: an empty folder.
        options: how a pair is made.
        max_images: a seeded subset of so many; 0 for all.
        val_fraction: as in ``assign_splits``.
        test_fraction: as in ``assign_splits``.
        seed: of the splits and of the subset.
        workers: who works on the pictures side by side; the result is the same for any.

    Returns:
        a row per source that was chosen, and notes on the splits.

    Raises:
        InputError: no source gave a pair, or too few to fill the splits.
    """
    chosen = choose(sources, max_images, seed)
    unsorted = out / "unsorted"
    unsorted.mkdir(parents=True)
    jobs = [(source.path, unsorted, index, options) for index, source in enumerate(chosen)]
    made = in_parallel(_write_pair, jobs, workers, "build_pairs", "picture", PICTURES_AT_ONCE)
    _skip_equals(made, chosen, unsorted)
    kept = [index for index, item in enumerate(made) if not item.reason]
    if not kept:
        skipped = [PairRow("", "", SKIPPED, item.reason) for item in made]
        raise InputError(f"no picture gave a pair: {skipped_summary(skipped)}")
    groups = {index: _group(chosen[index], made[index].content) for index in kept}
    splits, notes = assign_splits(
        {groups[index]: chosen[index].own_split for index in kept},
        seed=seed,
        val_fraction=val_fraction,
        test_fraction=test_fraction,
    )
    names = file_names(chosen)
    rows = []
    for index, (source, item) in enumerate(zip(chosen, made, strict=True)):
        row = PairRow(
            "", source.name, SKIPPED, item.reason, source.own_split, source.class_name, item.content
        )
        if not item.reason:
            split = splits[groups[index]]
            path = PurePosixPath(split, source.class_name, f"{names[index]}.png")
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (unsorted / f"{index}.png").rename(out / path)
            row = replace(row, path=str(path), status=KEPT, split=split)
        rows.append(row)
    unsorted.rmdir()
    return _mark_near_duplicates(rows, made), notes


def _write_pair(source: str, folder: Path, index: int, options: PairOptions) -> Made:
    """Make a pair and write it to ``folder/<index>.png``."""
    try:
        image = read_image(Path(source))
        pair = make_pair(image, options)
    except UnreadableError as error:
        return Made(str(error))
    write_png(folder / f"{index}.png", pair)
    return Made("", content_hash(image), difference_hash(pair[:, options.image_size :]))


def _skip_equals(made: list[Made], sources: Sequence[PairSource], unsorted: Path) -> None:
    """Give all but one of the pictures with equal pixels a reason to be skipped, and remove their pairs."""
    contents = [item.content or index for index, item in enumerate(made)]  # an unreadable one has no equal
    ranks = [(OWN_SPLIT_RANK[source.own_split], source.name) for source in sources]
    for index, first in first_of_equals(contents, ranks).items():
        crosses = sources[index].own_split != sources[first].own_split
        reason = f"{CROSSING_DUPLICATE if crosses else DUPLICATE}: same pixels as {sources[first].name}"
        made[index] = replace(made[index], reason=reason)
        (unsorted / f"{index}.png").unlink()


def _group(source: PairSource, content: str) -> str:
    """What must not part: the source's group, or a picture of its class (and of its own split)."""
    return source.group or PurePosixPath(source.own_split, source.class_name, content).as_posix()


def _mark_near_duplicates(rows: list[PairRow], made: Sequence[Made]) -> list[PairRow]:
    """Note for validation and test pairs what they nearly equal in the splits before theirs."""
    members: Mapping[str, list[int]] = {split: [] for split in SPLITS}
    for index, row in enumerate(rows):
        if row.path:
            members[row.split].append(index)
    for split in (VAL, TEST):
        earlier = [index for other in SPLITS[: SPLITS.index(split)] for index in members[other]]
        found = near_duplicates(
            [made[index].target_hash for index in members[split]],
            [made[index].target_hash for index in earlier],
        )
        for position, nearest in found.items():
            index = members[split][position]
            rows[index] = replace(rows[index], near_duplicate_of=rows[earlier[nearest]].path)
    return rows
