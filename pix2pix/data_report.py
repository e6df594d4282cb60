"""What became of the data: counts by class and split, what was skipped and why, and pairs to look at."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from pix2pix.images import RgbImage
from pix2pix.manifest import KEPT, SKIPPED, read_manifest
from pix2pix.pair_data import PairFolder
from pix2pix.pictures import PAIR, contact_sheet
from pix2pix.splits import SPLITS, TEST

PAIRS_SHOWN = 8


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
        table = read_manifest(path)
        for reason in table.loc[table["status"] == SKIPPED, "reason"]:
            counts[stage, str(reason).split(":")[0]] += 1  # without the details of the single file
    return pd.DataFrame(
        [(*key, count) for key, count in counts.items()], columns=["stage", "reason", "count"]
    )


def count_pairs(pairs: pd.DataFrame, skipped: pd.DataFrame) -> dict[str, int]:
    """Count the pairs of each split, the classes, everything that the stages skipped, and leaks.

    A leak is a picture that a source's own splits hold both in the test split and in another: metrics on it
    are too good.
    """
    kept = pairs[pairs["status"] == KEPT]
    splits = {split: int((kept["split"] == split).sum()) for split in SPLITS}
    is_test = kept["split"] == TEST
    leaks = kept.loc[is_test, "content"].isin(kept.loc[~is_test, "content"]).sum()
    classes = kept["class_name"].nunique()
    return {**splits, "classes": classes, "skipped": int(skipped["count"].sum()), "test_leaks": int(leaks)}


def sample_pairs(folder: Path) -> RgbImage:
    """Draw some of the pairs in ``folder``, spread over all of them."""
    pairs = PairFolder(folder)
    shown = np.unique(np.linspace(0, len(pairs) - 1, PAIRS_SHOWN).round().astype(int)).tolist()
    return contact_sheet([(pairs.name(i).with_suffix("").as_posix(), list(pairs[i])) for i in shown], PAIR)
