"""What pairs are made of: photos, faces, or the source's own A|B pairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pix2pix.core.choices import PairTask, SplitBy
from pix2pix.core.errors import InputError
from pix2pix.core.file_names import plain
from pix2pix.items.names import flat_names, recording_key
from pix2pix.pairs.splits import seeded_subset


@dataclass(frozen=True, slots=True)
class PairSource:
    """A picture to make a pair of.

    Attributes:
        path: the file.
        name: what the manifest calls it.
        class_name: class or person.
        own_split: the source's own split, or empty.
        group: the key of the pictures that go to one split together, such as the recording of a frame; empty
            where the picture stands for itself.
        side: ``A`` or ``B`` of a picture that has no partner; empty where it is a pair or makes one.
        time_ms: when the recording shows it, where it is of one.
    """

    path: str
    name: str
    class_name: str
    own_split: str
    group: str = ""
    side: str = ""
    time_ms: float | None = None


def list_sources(
    raw: Path,
    raw_rows: Iterable[Mapping[str, str]],
    faces: Path,
    face_rows: Iterable[Mapping[str, str]],
    pair_task: PairTask,
    split_by: SplitBy = "clip",
    skipped: str = "",
) -> list[PairSource]:
    """List what pairs are made of: photos and faces, or A|B pictures where ``pair_task`` is ``none``.

    Args:
        raw: the folder of the raw dataset.
        raw_rows: the kept rows of its manifest.
        faces: the folder of the face crops.
        face_rows: the kept rows of its manifest.
        pair_task: what the inputs are to be.
        split_by: which faces stay in one split: those of a recording, or all of a ``person``.
        skipped: what the stages before skipped, for the error.

    Raises:
        InputError: there is nothing to make pairs of, or only what this ``pair_task`` does not take.
    """
    by_kind: dict[str, list[PairSource]] = {"photos": [], "pairs": [], "videos": []}
    rows = list(raw_rows)
    films = films_beside(rows, split_by)
    for row in rows:
        by_kind[row["kind"]].append(file_of_source(raw, row, films))
    crops = [face_or_frame(faces, row, split_by) for row in face_rows]
    sources = by_kind["pairs"] if pair_task == "none" else by_kind["photos"] + crops
    if sources:
        return sources
    raise InputError(
        _nothing_to_pair([kind for kind, members in by_kind.items() if members], pair_task, skipped)
    )


def films_beside(raw_rows: Iterable[Mapping[str, str]], split_by: SplitBy) -> dict[PurePosixPath, str]:
    """The group of each video of the raw dataset, by its path in the source without the suffix.

    A photo of that path is of the same moment: a phone's Live Photo is ``x.heic`` and ``x.mov``.
    """
    return {
        PurePosixPath(row["source"]).with_suffix(""): (
            row["class_name"] if split_by == "person" else recording_key(row)
        )
        for row in raw_rows
        if row["kind"] == "videos"
    }


def file_of_source(raw: Path, row: Mapping[str, str], films: Mapping[PurePosixPath, str]) -> PairSource:
    """The source that a row of the manifest of the raw dataset tells of; ``films`` is of ``films_beside``."""
    group = films.get(PurePosixPath(row["source"]).with_suffix(""), "")
    path = str(raw / row["path"])
    return PairSource(path, row["source"], row["class_name"], row["split"], group, row.get("side", ""))


def face_or_frame(folder: Path, row: Mapping[str, str], split_by: SplitBy) -> PairSource:
    """The source that a row of the manifest of the faces, or of the frames, in ``folder`` tells of."""
    group = row["person" if split_by == "person" else "recording"]
    path, time_ms = str(folder / row["path"]), float(row["time_ms"])
    return PairSource(path, row["path"], row["person"], row["split"], group, row.get("side", ""), time_ms)


def _nothing_to_pair(held: Sequence[str], pair_task: PairTask, skipped: str) -> str:
    """Say why there is nothing to make pairs of, in a raw dataset that holds these kinds."""
    what_was_skipped = f"; {skipped}" if skipped else ""
    if not held:
        return f"the raw dataset holds no file to make pairs of{what_was_skipped}"
    if held == ["videos"] and pair_task != "none":
        return (
            f"no face was found in any frame of the videos{what_was_skipped}; "
            "see the manifests of frames and faces"
        )
    found = f"pair_task: found {pair_task!r} and a dataset of {' and '.join(held)}"
    if pair_task != "none":
        return f"{found}; {pair_task} takes photos or videos; set pair_task to none, or layout to photos"
    expected = "none takes A|B pairs; set pair_task to grayscale, edges or sketch"
    if "photos" in held:
        expected += ", or layout to pairs where A and B lie side by side in each picture, or in two folders"
    return f"{found}; {expected}"


def choose_sources(sources: Sequence[PairSource], count: int, seed: int) -> list[PairSource]:
    """Choose a seeded subset of ``count`` sources, of each side where there are two; 0 takes all."""
    if count == 0:
        return list(sources)
    members: dict[str, list[PairSource]] = {}
    for source in sources:
        members.setdefault(source.side, []).append(source)
    return [source for _, side in sorted(members.items()) for source in _subset(side, count, seed)]


def _subset(sources: Sequence[PairSource], count: int, seed: int) -> list[PairSource]:
    keys = [f"{source.group}/{source.name}" for source in sources]
    chosen = seeded_subset(keys, [source.own_split for source in sources], count, seed)
    return [sources[index] for index in chosen]


def file_names(sources: Sequence[PairSource]) -> list[str]:
    """Return a file name per source that every tool can store, free of clashes within its side and class."""
    members: dict[tuple[str, str], list[int]] = {}
    for index, source in enumerate(sources):
        members.setdefault((source.side, source.class_name), []).append(index)
    names = [""] * len(sources)
    for indices in members.values():
        inside = [_below_class(sources[index]) for index in indices]
        for index, name in zip(indices, flat_names(inside), strict=True):
            names[index] = name
    return names


def _below_class(source: PairSource) -> PurePosixPath:
    """The name of a source without its class folder and those above it."""
    parts = [plain(part) for part in PurePosixPath(source.name).parts]
    if source.class_name in parts[:-1]:
        parts = parts[parts.index(source.class_name) + 1 :]
    return PurePosixPath(*parts)
