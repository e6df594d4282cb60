"""Subsets of datasets that are made here."""

from pathlib import Path

import numpy as np
import pytest

from experiments.study_data import prepare_subset, subset_folder
from pix2pix.core.errors import InputError
from pix2pix.pages.study.study_file import Subset
from pix2pix.pictures.images import write_png


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Roses and tulips, half of each, in train and test, with a working folder beside them."""
    monkeypatch.setenv("DATASETS_DIR", str(tmp_path / "datasets"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for split, count in (("train", 10), ("test", 3)):
        for kind in ("rose", "tulip"):
            for number in range(count):
                path = tmp_path / "datasets/flowers" / split / kind / f"{number}.png"
                write_png(path, np.full((16, 32, 3), number, np.uint8))
    return tmp_path / "datasets"


def files(subset: Subset) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(subset_folder(subset).rglob("*.png")):
        split, *rest = path.relative_to(subset_folder(subset)).parts
        found.setdefault(split, []).append("/".join(rest))
    return found


def test_subset_has_all_classes_and_validation_pairs_are_not_trained_on(datasets: Path) -> None:
    subset = Subset(dataset="flowers", train=6, val=2)
    prepare_subset(subset)
    found = files(subset)
    assert {split: len(names) for split, names in found.items()} == {"train": 6, "val": 2, "test": 6}
    assert {name.split("/")[0] for name in found["train"]} == {"rose", "tulip"}
    assert not set(found["train"]) & set(found["val"])


def test_own_validation_pairs_of_a_dataset_are_taken(datasets: Path) -> None:
    write_png(datasets / "flowers/val/rose/mine.png", np.zeros((16, 32, 3), np.uint8))
    subset = Subset(dataset="flowers", train=20, val=1, test=2)
    prepare_subset(subset)
    found = files(subset)
    assert found["val"] == ["rose/mine.png"] and (len(found["train"]), len(found["test"])) == (20, 2)


def test_missing_or_small_dataset_says_what_the_study_needs(datasets: Path) -> None:
    with pytest.raises(InputError, match=r"no pictures in .*facades.*: expected A\|B pairs; DATASETS_DIR="):
        prepare_subset(Subset(dataset="facades", train=6, val=2))
    with pytest.raises(InputError, match="found 20 pictures; the study needs 32"):
        prepare_subset(Subset(dataset="flowers", train=30, val=2))
    assert not list(Path(".studies").glob("*"))
