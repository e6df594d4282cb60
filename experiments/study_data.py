"""The pairs of a study: a part of a dataset, the same in all runs."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pix2pix.core.errors import InputError
from pix2pix.core.outputs import link_or_copy, whole_folder
from pix2pix.pages.study.study_file import Subset
from pix2pix.pictures.images import IMAGE_SUFFIXES
from pix2pix.pictures.pairs import TEST, TRAIN, VAL

WORK = Path(".studies")  # subsets of datasets; git ignores it
DATASETS = Path("../shared/datasets")


def subset_folder(subset: Subset) -> Path:
    """Where the pairs of a subset lie, whole or absent."""
    return WORK / subset.label


def prepare_subset(subset: Subset) -> None:
    """Put the pairs of a subset into its folder, where they are not there yet.

    Pairs are taken evenly from all over the sorted files of a split, so that every class is there.

    Raises:
        InputError: the dataset is missing, or too small.
    """
    if subset_folder(subset).exists():
        return
    source = datasets_folder() / subset.dataset
    train, test = (_pictures(source / split) for split in (TRAIN, TEST))
    if (source / VAL).is_dir():
        parts = {TRAIN: _some(train, subset.train), VAL: _some(_pictures(source / VAL), subset.val)}
    else:
        both = _some(train, subset.train + subset.val)
        val = _some(both, subset.val)
        parts = {TRAIN: [path for path in both if path not in set(val)], VAL: val}
    parts[TEST] = _some(test, subset.test or len(test))
    with whole_folder(subset_folder(subset)) as folder:
        for split, paths in parts.items():
            for path in paths:
                own = Path(*path.relative_to(source).parts[1:])  # with its class, without its split
                link_or_copy(path.resolve(), folder / split / own)


def datasets_folder() -> Path:
    """The folder that holds the datasets: that which DATASETS_DIR names."""
    return Path(os.environ.get("DATASETS_DIR", DATASETS))


def _pictures(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise InputError(
            f"no pictures in {folder}: expected A|B pairs; DATASETS_DIR=/path/to/datasets names the folder "
            'of the datasets, SET="dataset=folder source=/path/to/pairs" other pairs'
        )
    return files


def _some(files: Sequence[Path], count: int) -> list[Path]:
    if count > len(files):
        raise InputError(f"{files[0].parent}: found {len(files)} pictures; the study needs {count}")
    return [files[index] for index in np.linspace(0, len(files) - 1, count).round().astype(int)]
