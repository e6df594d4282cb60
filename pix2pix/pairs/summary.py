"""What became of the data: counts by class and split, what was skipped and why, and pairs to look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pix2pix.core.outputs import whole_folder, write_json, write_table
from pix2pix.items.manifest import KEPT, SKIPPED, kind_of, read_manifest
from pix2pix.pairs.duplicates import CROSSING_DUPLICATE, DUPLICATE, IN_BOTH_SIDES
from pix2pix.pictures.contact_sheet import PAIR, contact_sheet, write_sheet
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.pictures.pairs import SIDES, SPLITS, TEST, TRAIN, VAL, read_pair

PAIRS_SHOWN = 8
CUT_TEST = "test_of_cut_recordings"
COUNTED = ["status", "reason", "split", "class_name", "near_duplicate_of", "side", "cut_recording"]


def count_by_class(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the pairs of a manifest: a row per class and split, with the columns class, split and count.

    The classes of two sides that are no pairs are named ``A/horse`` and ``B/zebra``.
    """
    kept = pairs[pairs["status"] == KEPT]
    folders = (kept["side"] + "/" + kept["class_name"]).str.removeprefix("/")
    kept = kept.assign(**{"class": folders})
    return kept.groupby(["class", "split"]).size().rename("count").reset_index()


def count_skipped(manifests: Mapping[str, Path]) -> pd.DataFrame:
    """Count what each stage skipped: a row per stage and reason, with the columns stage, reason and count.

    Args:
        manifests: the manifest of each stage, by the stage's name.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for stage, path in manifests.items():
        table = read_manifest(path, ["status", "reason"])
        for reason in table.loc[table["status"] == SKIPPED, "reason"]:
            counts[stage, kind_of(str(reason))] += 1
    return pd.DataFrame(
        [(*key, count) for key, count in counts.items()], columns=["stage", "reason", "count"]
    )


def describe_skipped(skipped: pd.DataFrame) -> str:
    """Say in a line what ``count_skipped`` counted: ``crop_faces skipped 12 (no face found)``."""
    rows = skipped.itertuples(index=False, name=None)
    return ", ".join(f"{stage} skipped {count} ({reason})" for stage, reason, count in rows)


def count_pairs(pairs: pd.DataFrame, skipped: pd.DataFrame) -> dict[str, int]:
    """Count what became of the pictures.

    Returns:
        the pairs of each split; the classes; everything that the stages skipped; pictures left out because
        another has the same pixels, and how many of those the source holds in another split than the one
        kept; validation and test pairs that nearly equal one of an earlier split, which stay; where
        recordings were cut by time, also the test pictures of these. Of two sides
        that are no pairs, also the pictures left out because the other side has them, and the pictures of
        each split and side, such as ``train_a``.
    """
    kept = pairs[pairs["status"] == KEPT]
    near = kept[kept["near_duplicate_of"] != ""]
    cut = kept[kept["cut_recording"] != ""]
    kinds = pairs["reason"].map(kind_of)
    return {
        **{split: int((kept["split"] == split).sum()) for split in SPLITS},
        "classes": kept["class_name"].nunique(),
        "skipped": int(skipped["count"].sum()),
        "duplicates": int(kinds.isin([DUPLICATE, CROSSING_DUPLICATE, IN_BOTH_SIDES]).sum()),
        "duplicates_across_splits": int((kinds == CROSSING_DUPLICATE).sum()),
        **{f"near_duplicates_{split}": int((near["split"] == split).sum()) for split in (VAL, TEST)},
        **({CUT_TEST: int((cut["split"] == TEST).sum())} if len(cut) else {}),
        **(_count_sides(kept, kinds) if kept["side"].any() else {}),
    }


def _count_sides(kept: pd.DataFrame, kinds: pd.Series) -> dict[str, int]:
    """Count what is told of two sides only, of the kept rows, and of the kinds of all reasons."""
    return {
        "duplicates_across_sides": int((kinds == IN_BOTH_SIDES).sum()),
        **{
            _size_key(split, side): int(((kept["split"] == split) & (kept["side"] == side)).sum())
            for split in SPLITS
            for side in SIDES
        },
    }


def _size_key(split: str, side: str) -> str:
    """What the number of a side's pictures in a split is called: ``train_a``."""
    return f"{split}_{side.lower()}"


def describe_sizes(counts: Mapping[str, int]) -> str:
    """Say what ``count_pairs`` counted: ``9 train, 2 val, 3 test pairs in 2 classes``.

    Of two sides it says ``A 9 train, 2 val, 3 test, B 90 train, 20 val, 30 test pictures in 1 classes``.
    """
    if _size_key(TRAIN, SIDES[0]) not in counts:
        return f"{_shares({split: counts[split] for split in SPLITS})} pairs in {counts['classes']} classes"
    sides = ", ".join(f"{side} {_shares(_sizes_of(counts, side))}" for side in SIDES)
    return f"{sides} pictures in {counts['classes']} classes"


def _sizes_of(counts: Mapping[str, int], side: str) -> dict[str, int]:
    """The pictures of a side in each split."""
    return {split: counts[_size_key(split, side)] for split in SPLITS}


def _shares(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{size} {split}" for split, size in sizes.items())


def write_report(manifests: Mapping[str, Path], pairs: Path, metrics: Path, plots: Path) -> dict[str, int]:
    """Write the counts to ``metrics``, and tables and a picture of some pairs to the folder ``plots``.

    Args:
        manifests: the manifest of each stage, by the stage's name.
        pairs: the folder of the pairs.
        metrics: a JSON file.
        plots: a folder, for the tables ``classes.csv`` and ``skipped.csv`` and the picture ``pairs.jpg``.

    Returns:
        what ``count_pairs`` counts.
    """
    table = read_manifest(manifests["build_pairs"], COUNTED)
    skipped = count_skipped(manifests)
    counts = count_pairs(table, skipped)
    with whole_folder(plots) as out:
        write_table(out / "classes.csv", count_by_class(table))
        write_table(out / "skipped.csv", skipped)
        folder = pairs / TRAIN
        sheet = sample_sides(folder, counts) if table["side"].any() else sample_pairs(folder)
        write_sheet(out / "pairs.jpg", sheet)
    write_json(metrics, counts)
    return counts


def sample_pairs(folder: Path) -> RgbImage:
    """Draw some of the pairs in ``folder``, spread over all of them."""
    shown = _spread(sorted(folder.rglob("*.png")), PAIRS_SHOWN)
    examples = [(path.relative_to(folder).with_suffix("").as_posix(), read_pair(path)) for path in shown]
    return contact_sheet(examples, PAIR)


def sample_sides(folder: Path, counts: Mapping[str, int]) -> RgbImage:
    """Draw a row of pictures of ``A/`` in ``folder``, spread over all of them, and one of ``B/`` below it.

    Args:
        folder: of a split of two sides that are no pairs.
        counts: what ``count_pairs`` counted, for the captions.
    """
    paths = [sorted((folder / side).rglob("*.png")) for side in SIDES]
    count = min(PAIRS_SHOWN, *map(len, paths))
    shares = [_shares(_sizes_of(counts, side)) for side in SIDES]
    captions = [f"{side}, the {part}: {share}" for side, part, share in zip(SIDES, PAIR, shares, strict=True)]
    rows = [[read_image(path) for path in _spread(members, count)] for members in paths]
    return contact_sheet(list(zip(captions, rows, strict=True)))


def _spread(paths: Sequence[Path], count: int) -> list[Path]:
    """At most ``count`` of the paths, evenly spread over all of them."""
    shown = np.unique(np.linspace(0, len(paths) - 1, count).round().astype(int)).tolist()
    return [paths[index] for index in shown]
