"""Two sides, A and B, that are no pairs: their pictures, for training without pairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pix2pix.core.choices import Direction, PairTask, SplitBy
from pix2pix.core.errors import InputError
from pix2pix.pairs.sources import PairSource, face_or_frame, file_of_source, films_beside
from pix2pix.pictures.contact_sheet import PAIR
from pix2pix.pictures.pairs import SIDES

OTHER_SIDE = dict(zip(SIDES, reversed(SIDES), strict=True))
MOST_TO_ONE = 10


def are_sides(raw_rows: Iterable[Mapping[str, str]]) -> bool:
    """Whether a raw dataset holds two sides that are no pairs, by the kept rows of its manifest."""
    return any(row["side"] for row in raw_rows)


def list_sides(
    raw: Path,
    raw_rows: Iterable[Mapping[str, str]],
    frames: Path,
    frame_rows: Iterable[Mapping[str, str]],
    pair_task: PairTask,
    split_by: SplitBy = "clip",
    skipped: str = "",
) -> list[PairSource]:
    """List the pictures of both sides: photos, and frames of videos as they are.

    Args:
        raw: the folder of the raw dataset.
        raw_rows: the kept rows of its manifest.
        frames: the folder of the frames.
        frame_rows: the kept rows of its manifest.
        pair_task: ``none``, as no pair is made.
        split_by: which frames stay in one split: those of a recording, or all of a ``person``.
        skipped: what the stages before skipped, for the error.

    Raises:
        InputError: another ``pair_task``, or a side without a picture.
    """
    if pair_task != "none":
        raise InputError(
            f"pair_task: found {pair_task!r} and a dataset of two sides that are no pairs; set pair_task to "
            "none, or layout to photos, videos or mixed, to make pairs of each picture"
        )
    rows = list(raw_rows)
    films = films_beside(rows, split_by)
    photos = [file_of_source(raw, row, films) for row in rows if row["kind"] == "photos"]
    stills = [face_or_frame(frames, row, split_by) for row in frame_rows if row["side"]]
    sources = photos + stills
    for side in SIDES:
        if not any(source.side == side for source in sources):
            what_was_skipped = f": {skipped}" if skipped else ""
            raise InputError(f"side {side} gave no picture{what_was_skipped}; see the manifest of the frames")
    return sources


def with_a_as_input(sources: Sequence[PairSource], direction: Direction) -> list[PairSource]:
    """The sources with their sides swapped where ``direction`` is ``BtoA``: A is what is translated."""
    if direction == "AtoB":
        return list(sources)
    return [replace(source, side=OTHER_SIDE.get(source.side, "")) for source in sources]


def sides_of(sources: Sequence[PairSource]) -> list[str]:
    """The sides that the sources are of; the empty one alone where they are pairs or make them."""
    return sorted({source.side for source in sources})


def described(side: str) -> str:
    """Name a side of what is built, whatever the source calls it: ``side A, the input``."""
    return f"side {side}, the {dict(zip(SIDES, PAIR, strict=True))[side]}"


def notes_on_sizes(sizes: Mapping[str, int]) -> list[str]:
    """Say it where one side, by its name, has more than ten times the pictures of the other."""
    if not sizes or max(sizes.values()) <= MOST_TO_ONE * min(sizes.values()):
        return []
    listed = ", ".join(f"{side} has {size} pictures" for side, size in sorted(sizes.items()))
    return [f"the sides are of very different size: {listed}"]
