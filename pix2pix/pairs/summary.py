"""What became of the data: counts by class and split, what was skipped and why, and pairs to look at."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from pix2pix.core.outputs import whole_folder, write_json, write_table
from pix2pix.items.manifest import KEPT, SKIPPED, kind_of, read_manifest
from pix2pix.pairs.duplicates import CROSSING_DUPLICATE, DUPLICATE
from pix2pix.pictures.contact_sheet import PAIR, contact_sheet, write_sheet
from pix2pix.pictures.images import RgbImage
from pix2pix.pictures.pairs import SPLITS, TEST, TRAIN, VAL, read_pair

PAIRS_SHOWN = 8
COUNTED = ["status", "reason", "split", "class_name", "near_duplicate_of"]


def count_by_class(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the pairs of a manifest: a row per class and split, with the columns class, split and count."""
    kept = pairs[pairs["status"] == KEPT].rename(columns={"class_name": "class"})
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
        kept; validation and test pairs that nearly equal one of an earlier split, which stay.
    """
    kept = pairs[pairs["status"] == KEPT]
    near = kept[kept["near_duplicate_of"] != ""]
    kinds = pairs["reason"].map(kind_of)
    return {
        **{split: int((kept["split"] == split).sum()) for split in SPLITS},
        "classes": kept["class_name"].nunique(),
        "skipped": int(skipped["count"].sum()),
        "duplicates": int(kinds.isin([DUPLICATE, CROSSING_DUPLICATE]).sum()),
        "duplicates_across_splits": int((kinds == CROSSING_DUPLICATE).sum()),
        **{f"near_duplicates_{split}": int((near["split"] == split).sum()) for split in (VAL, TEST)},
    }


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
        write_sheet(out / "pairs.jpg", sample_pairs(pairs / TRAIN))
    write_json(metrics, counts)
    return counts


def sample_pairs(folder: Path) -> RgbImage:
    """Draw some of the pairs in ``folder``, spread over all of them."""
    paths = sorted(folder.rglob("*.png"))
    shown = np.unique(np.linspace(0, len(paths) - 1, PAIRS_SHOWN).round().astype(int)).tolist()
    examples = [(paths[i].relative_to(folder).with_suffix("").as_posix(), read_pair(paths[i])) for i in shown]
    return contact_sheet(examples, PAIR)
