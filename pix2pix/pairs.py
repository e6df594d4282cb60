"""A|B pairs: one picture twice as wide as high, the input A on the left and the target B on the right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np

from pix2pix.errors import InputError, UnreadableError
from pix2pix.images import Resize, RgbImage, edges, grayscale, read_image, sketch, to_square, write_png
from pix2pix.manifest import KEPT, SKIPPED, Row, skipped_summary
from pix2pix.names import flat_names
from pix2pix.parallel import Workers, in_parallel
from pix2pix.splits import assign_splits, seeded_subset

PairTask = Literal["grayscale", "edges", "sketch", "none"]
SplitBy = Literal["clip", "person"]
Direction = Literal["AtoB", "BtoA"]


@dataclass(frozen=True)
class Recipe:
    """How a pair is made of a picture.

    Attributes:
        pair_task: what the input is made by, from the target; ``none``: the picture holds both already.
        direction: ``BtoA`` swaps the halves.
        image_size: side of each half, in px.
        resize: how a picture becomes a square, as in ``pix2pix.images.to_square``.
        edge_blur, edge_low, edge_high: as in ``pix2pix.images.edges``.
        sketch_line_px, sketch_strength: as in ``pix2pix.images.sketch``.
    """

    pair_task: PairTask
    direction: Direction
    image_size: int
    resize: Resize = "crop"
    edge_blur: float = 1.0
    edge_low: float = 0.5
    edge_high: float = 1.0
    sketch_line_px: float = 1.0
    sketch_strength: float = 40.0


@dataclass(frozen=True)
class PairSource:
    """A picture to make a pair of.

    Attributes:
        path: the file.
        name: what the manifest calls it.
        class_name: class or person.
        own_split: the source's own split, or empty.
        group: the key of what must not part: class and content of a photo, or the recording of a frame.
        content: equal for equal pictures.
    """

    path: Path
    name: str
    class_name: str
    own_split: str
    group: str
    content: str


@dataclass(frozen=True)
class PairRow(Row):
    """A picture that a pair was made of, or why not; ``content`` is equal for equal pictures."""

    split: str = ""
    class_name: str = ""
    content: str = ""


def list_sources(
    raw: Path,
    raw_rows: Iterable[Mapping[str, str]],
    faces: Path,
    face_rows: Iterable[Mapping[str, str]],
    pair_task: PairTask,
    split_by: SplitBy = "clip",
) -> list[PairSource]:
    """List what pairs are made of: photos and faces, or A|B pictures where ``pair_task`` is ``none``.

    Args:
        raw: the folder of the raw dataset.
        raw_rows: the kept rows of its manifest.
        faces: the folder of the face crops.
        face_rows: the kept rows of its manifest.
        pair_task: what pairs are to be made.
        split_by: what of the faces must not part: the frames of a recording, or all of a person.

    Raises:
        InputError: there is nothing to make pairs of, or only what this ``pair_task`` does not take.
    """
    by_kind: dict[str, list[PairSource]] = {"photos": [], "pairs": [], "videos": []}
    for row in raw_rows:
        group = PurePosixPath(row["split"], row["class_name"], row["sha256"]).as_posix()
        source = PairSource(
            raw / row["path"], row["source"], row["class_name"], row["split"], group, row["sha256"]
        )
        by_kind[row["kind"]].append(source)
    group_of = {"clip": "recording", "person": "person"}[split_by]
    crops = [
        PairSource(faces / row["path"], row["path"], row["person"], row["split"], row[group_of], row["path"])
        for row in face_rows
    ]
    sources = by_kind["pairs"] if pair_task == "none" else by_kind["photos"] + crops
    if sources:
        return sources
    held = [kind for kind, members in by_kind.items() if members]
    if held == ["videos"] and pair_task != "none":
        raise InputError(
            "no face was found in any frame of the videos; see the manifests of frames and faces"
        )
    expected = (
        "A|B pairs; set pair_task to grayscale, edges or sketch"
        if pair_task == "none"
        else "photos or videos; set pair_task to none"
    )
    raise InputError(
        f"pair_task: found {pair_task!r} and a dataset of {' and '.join(held)}; {pair_task} takes {expected}"
    )


def make_pair(image: RgbImage, recipe: Recipe) -> RgbImage:
    """Make an A|B pair, (size, 2 size, 3) uint8, of a photo, or of an A|B picture where the task is ``none``.

    Raises:
        UnreadableError: the task is ``none`` and the picture is not twice as wide as high.
    """
    if recipe.pair_task == "none":
        height, width = image.shape[:2]
        if width != 2 * height:
            raise UnreadableError(f"no A|B pair: {width}x{height} is not twice as wide as high")
        halves = image[:, :height], image[:, height:]
        a, b = (to_square(half, recipe.image_size, recipe.resize) for half in halves)
    else:
        b = to_square(image, recipe.image_size, recipe.resize)
        a = _input_of(b, recipe)
    return np.hstack([b, a] if recipe.direction == "BtoA" else [a, b])


def _input_of(target: RgbImage, recipe: Recipe) -> RgbImage:
    if recipe.pair_task == "edges":
        return edges(target, recipe.edge_blur, recipe.edge_low, recipe.edge_high)
    if recipe.pair_task == "sketch":
        return sketch(target, recipe.sketch_line_px, recipe.sketch_strength)
    return grayscale(target)


def build_pairs(
    sources: Sequence[PairSource],
    out: Path,
    recipe: Recipe,
    *,
    max_images: int,
    val_fraction: float,
    test_fraction: float,
    seed: int,
    workers: Workers,
) -> tuple[list[PairRow], list[str]]:
    """Write a pair per source to ``out/<split>/<class>/<name>.png``.

    Args:
        sources: the pictures.
        out: an empty folder.
        recipe: how a pair is made.
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
    chosen = [sources[index] for index in _chosen(sources, max_images, seed)]
    unsorted = out / "unsorted"
    jobs = [(source.path, unsorted / f"{i}.png", recipe) for i, source in enumerate(chosen)]
    reasons = in_parallel(_write_pair, jobs, workers, "build_pairs", "picture")
    kept = [source for source, reason in zip(chosen, reasons, strict=True) if not reason]
    rows = [
        PairRow(
            "",
            source.name,
            SKIPPED if reason else KEPT,
            reason,
            source.own_split,
            source.class_name,
            source.content,
        )
        for source, reason in zip(chosen, reasons, strict=True)
    ]
    if not kept:
        raise InputError(f"no picture gave a pair: {skipped_summary(rows)}")
    splits, notes = assign_splits(
        {source.group: source.own_split for source in kept},
        seed=seed,
        val_fraction=val_fraction,
        test_fraction=test_fraction,
    )
    names = _names(chosen)
    for index, source in enumerate(chosen):
        if reasons[index]:
            continue
        split = splits[source.group]
        path = PurePosixPath(split, source.class_name, f"{names[index]}.png")
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (unsorted / f"{index}.png").rename(out / path)
        rows[index] = replace(rows[index], path=str(path), split=split)
    unsorted.rmdir()
    return rows, notes


def _chosen(sources: Sequence[PairSource], max_images: int, seed: int) -> list[int]:
    if max_images == 0:
        return list(range(len(sources)))
    keys = [f"{source.group}/{source.name}" for source in sources]
    return seeded_subset(keys, [source.own_split for source in sources], max_images, seed)


def _write_pair(source: Path, target: Path, recipe: Recipe) -> str:
    """Make and write one pair; return the reason where that cannot be done, else the empty string."""
    try:
        write_png(target, make_pair(read_image(source), recipe))
    except UnreadableError as error:
        return str(error)
    return ""


def _names(sources: Sequence[PairSource]) -> list[str]:
    """A file name per source, free of clashes within its class whatever the split."""
    names = [""] * len(sources)
    for class_name in {source.class_name for source in sources}:
        members = [i for i, source in enumerate(sources) if source.class_name == class_name]
        inside = [_below_class(sources[i]) for i in members]
        for i, name in zip(members, flat_names(inside), strict=True):
            names[i] = name
    return names


def _below_class(source: PairSource) -> PurePosixPath:
    parts = list(PurePosixPath(source.name).parts)
    if source.class_name in parts[:-1]:
        parts = parts[parts.index(source.class_name) + 1 :]
    return PurePosixPath(*parts)
