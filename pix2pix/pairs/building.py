"""From pictures to A|B pairs, or to the pictures of two sides, in splits that share no picture."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pix2pix.core.choices import SplitBy
from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.items.manifest import KEPT, SKIPPED, Row, skipped_summary
from pix2pix.items.parallel import Workers, in_parallel
from pix2pix.pairs.allotment import Allotment, Draw, allot
from pix2pix.pairs.duplicates import (
    CROSSING_DUPLICATE,
    DUPLICATE,
    IN_BOTH_SIDES,
    content_hash,
    difference_hash,
    first_of_equals,
    near_duplicates,
)
from pix2pix.pairs.making import make_pair
from pix2pix.pairs.sides import notes_on_sizes, with_a_as_input
from pix2pix.pairs.sources import PairSource, choose_sources, file_names
from pix2pix.pictures.images import read_image, to_square, write_png
from pix2pix.pictures.options import PairOptions
from pix2pix.pictures.pairs import SPLITS, TEST, TRAIN, VAL

PICTURES_AT_ONCE = 50
OWN_SPLIT_RANK = {"": 0, TRAIN: 0, VAL: 1, TEST: 2}


@dataclass(frozen=True, slots=True)
class PairRow(Row):
    """A picture, and the pair that was made of it or the reason why there is none.

    Attributes:
        split: the pair's split; of a skipped picture the source's own.
        class_name: class or person.
        content: equal for pictures with equal pixels; empty where the picture cannot be read.
        near_duplicate_of: a pair of an earlier split that looks nearly the same, or empty.
        cut_recording: the picture's recording, where stretches of it are in several splits, else empty.
        side: ``A`` (the input) or ``B`` where the picture has no partner and was written alone, else empty.
    """

    split: str = ""
    class_name: str = ""
    content: str = ""
    near_duplicate_of: str = ""
    side: str = ""
    cut_recording: str = ""


@dataclass(frozen=True, slots=True)
class WrittenPair:
    """A pair that was written, or why none is kept of a picture.

    Attributes:
        reason: why the picture is skipped; empty where its pair is kept.
        content: the content hash of the picture; empty where it cannot be read.
        target_hash: the difference hash of the pair's target, or of the picture that was written alone.
    """

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
    split_by: SplitBy = "clip",
) -> tuple[list[PairRow], list[str]]:
    """Write a pair per source to ``out/<split>/<class>/<name>.png``.

    Of pictures with equal pixels one is kept, in training where the source has it there.

    Sources of two sides that are no pairs are written alone, as squares, to
    ``out/<split>/<side>/<class>/<name>.png``, A being the input. All of this holds for each side by itself;
    but a picture that both sides hold is kept in A alone.

    Args:
        sources: the pictures.
        out: an empty folder.
        options: how a pair is made.
        max_images: a seeded subset of so many, of each side where there are two; 0 for all.
        val_fraction: the share of validation, in (0, 1), where the sources have no such split.
        test_fraction: the share of test, in (0, 1), where the sources have no such split.
        seed: of the splits and of the subset.
        workers: who works on the pictures side by side; the result is the same for any.
        split_by: ``auto`` where recordings that are too few to fill the splits are cut by time.

    Returns:
        a row per source that was chosen, and notes on the splits and on the sides.

    Raises:
        InputError: no source gave a pair, or too few, of all or of a side, to fill the splits.

    Example:
        >>> photos = sorted(Path("photos").glob("*.jpg"))
        >>> sources = [PairSource(str(path), path.name, class_name="all", own_split="") for path in photos]
        >>> shares = {"val_fraction": 0.1, "test_fraction": 0.1}
        >>> rows, _ = build_pairs(sources, out, options, max_images=0, seed=0, workers=Workers(), **shares)
    """
    chosen = choose_sources(with_a_as_input(sources, options.direction), max_images, seed)
    unsorted = out / "unsorted"
    written = _write_pairs(chosen, unsorted, options, workers)
    _skip_equals(written, chosen, unsorted)
    allotment = _allot(chosen, written, split_by, Draw(seed, val_fraction, test_fraction))
    _skip_gaps(written, allotment.gaps, unsorted)
    rows = _rows(chosen, written, allotment)
    _move_into_splits(rows, unsorted, out)
    sizes = Counter(row.side for row in rows if row.status == KEPT)
    return _mark_near_duplicates(rows, written), allotment.notes + notes_on_sizes(sizes)


def _write_pairs(
    sources: Sequence[PairSource], folder: Path, options: PairOptions, workers: Workers
) -> list[WrittenPair]:
    """Make the pair of each source and write it to ``folder``, under the source's index.

    Raises:
        InputError: no source gave a pair.
    """
    folder.mkdir(parents=True)
    jobs = [(source.path, folder, index, options, bool(source.side)) for index, source in enumerate(sources)]
    written = in_parallel(_write_pair, jobs, workers, "build_pairs", "picture", PICTURES_AT_ONCE)
    if all(pair.reason for pair in written):
        raise InputError(f"no picture gave a pair: {_skipped(written)}")
    return written


def _write_pair(source: str, folder: Path, index: int, options: PairOptions, is_alone: bool) -> WrittenPair:
    """Make a pair, or a square of a picture that is alone, and write it to ``folder/<index>.png``."""
    size = options.image_size
    try:
        image = read_image(Path(source))
        pair = to_square(image, size, options.resize) if is_alone else make_pair(image, options)
    except UnreadableError as error:
        return WrittenPair(reason=str(error))
    write_png(_unsorted_file(folder, index), pair)
    return WrittenPair("", content_hash(image), difference_hash(pair[:, -size:]))


def _skipped(written: Iterable[WrittenPair]) -> str:
    """Say how many pictures were skipped, and why."""
    return skipped_summary(PairRow("", "", SKIPPED, pair.reason) for pair in written if pair.reason)


def _unsorted_file(folder: Path, index: int) -> Path:
    """Where the pair of the source with this index waits for its split."""
    return folder / f"{index}.png"


def _skip_equals(written: list[WrittenPair], sources: Sequence[PairSource], unsorted: Path) -> None:
    """Give all but one of the pictures with equal pixels a reason to be skipped, and remove their pairs."""
    contents = [pair.content or index for index, pair in enumerate(written)]  # an unreadable one has no equal
    ranks = [(source.side, OWN_SPLIT_RANK[source.own_split], source.name) for source in sources]
    for index, first in first_of_equals(contents, ranks).items():
        reason = f"{_kind_of_equals(sources[index], sources[first])}: same pixels as {sources[first].name}"
        written[index] = replace(written[index], reason=reason)
        _unsorted_file(unsorted, index).unlink()


def _kind_of_equals(source: PairSource, first: PairSource) -> str:
    """How the reason to skip a picture starts whose equal ``first`` is kept."""
    if source.side != first.side:
        return IN_BOTH_SIDES
    return CROSSING_DUPLICATE if source.own_split != first.own_split else DUPLICATE


def _allot(
    sources: Sequence[PairSource], written: Sequence[WrittenPair], split_by: SplitBy, draw: Draw
) -> Allotment:
    """Find the split of each source with a kept pair.

    Raises:
        InputError: they are too few to fill the splits.
    """
    contents = {index: pair.content for index, pair in enumerate(written) if not pair.reason}
    try:
        return allot(sources, contents, split_by, draw)
    except InputError as error:
        skipped = f"; {_skipped(written)}" if any(pair.reason for pair in written) else ""
        raise InputError(f"{error}{skipped}") from error


def _skip_gaps(written: list[WrittenPair], gaps: Mapping[int, str], unsorted: Path) -> None:
    """Give the pictures in gaps their reason to be skipped, and remove their pairs."""
    for index, reason in gaps.items():
        written[index] = replace(written[index], reason=reason)
        _unsorted_file(unsorted, index).unlink()


def _rows(
    sources: Sequence[PairSource], written: Sequence[WrittenPair], allotment: Allotment
) -> list[PairRow]:
    """A row per source."""
    splits = allotment.splits
    rows = []
    for index, (source, pair, name) in enumerate(zip(sources, written, file_names(sources), strict=True)):
        row = PairRow(
            path="",
            source=source.name,
            status=SKIPPED,
            reason=pair.reason,
            split=source.own_split,
            class_name=source.class_name,
            content=pair.content,
            side=source.side,
            cut_recording=allotment.cut.get(index, ""),
        )
        if index in splits:
            path = PurePosixPath(splits[index], source.side, source.class_name, f"{name}.png")
            row = replace(row, path=str(path), status=KEPT, split=splits[index])
        rows.append(row)
    return rows


def _move_into_splits(rows: Sequence[PairRow], unsorted: Path, out: Path) -> None:
    """Move the pair of each kept row from ``unsorted`` to its path below ``out``."""
    for index, row in enumerate(rows):
        if row.status == KEPT:
            (out / row.path).parent.mkdir(parents=True, exist_ok=True)
            _unsorted_file(unsorted, index).rename(out / row.path)
    unsorted.rmdir()


def _mark_near_duplicates(rows: list[PairRow], written: Sequence[WrittenPair]) -> list[PairRow]:
    """Note for validation and test pairs what they nearly equal in earlier splits, of their side."""
    members: dict[tuple[str, str], list[int]] = {}
    for index, row in enumerate(rows):
        if row.path:
            members.setdefault((row.side, row.split), []).append(index)
    for (side, split), indices in members.items():
        earlier = [i for other in SPLITS[: SPLITS.index(split)] for i in members.get((side, other), [])]
        found = near_duplicates(
            [written[index].target_hash for index in indices],
            [written[index].target_hash for index in earlier],
        )
        for position, nearest in found.items():
            index = indices[position]
            rows[index] = replace(rows[index], near_duplicate_of=rows[earlier[nearest]].path)
    return rows
