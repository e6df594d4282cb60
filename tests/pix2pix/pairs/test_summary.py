from pathlib import Path

import numpy as np
import pytest

from pix2pix.items.manifest import KEPT, SKIPPED, Row, read_manifest, write_manifest
from pix2pix.pairs.building import PairRow
from pix2pix.pairs.summary import count_by_class, count_pairs, count_skipped, describe_skipped, sample_pairs
from pix2pix.pictures.images import write_png


@pytest.fixture
def manifests(tmp_path: Path) -> dict[str, Path]:
    paths = {stage: tmp_path / f"{stage}.csv" for stage in ("download", "build_pairs")}
    write_manifest(
        paths["download"], [Row("", "notes.txt", SKIPPED, "neither a picture nor a video: .txt")], Row
    )
    rows = [
        PairRow("train/rose/1.png", "1", KEPT, "", "train", "rose", "other"),
        PairRow("train/rose/2.png", "2", KEPT, "", "train", "rose", "same"),
        PairRow("test/tulip/3.png", "3", KEPT, "", "test", "tulip", "third", "train/rose/2.png"),
        PairRow("", "6", SKIPPED, "duplicate: same pixels as 1", "train", "rose", "other"),
        PairRow("", "7", SKIPPED, "duplicate across splits: same pixels as 2", "test", "rose", "same"),
        PairRow("", "4", SKIPPED, "unreadable picture: truncated at 7", "", "rose"),
        PairRow("", "5", SKIPPED, "unreadable picture: truncated at 9", "", "rose"),
    ]
    write_manifest(paths["build_pairs"], rows, PairRow)
    return paths


def test_pairs_are_counted_by_class_and_split(manifests: dict[str, Path]) -> None:
    table = count_by_class(read_manifest(manifests["build_pairs"]))
    assert table.values.tolist() == [["rose", "train", 2], ["tulip", "test", 1]]
    assert list(table.columns) == ["class", "split", "count"]


def test_skipped_items_of_all_stages_are_counted_by_reason(manifests: dict[str, Path]) -> None:
    skipped = count_skipped(manifests)
    assert skipped.values.tolist() == [
        ["download", "neither a picture nor a video", 1],
        ["build_pairs", "duplicate", 1],
        ["build_pairs", "duplicate across splits", 1],
        ["build_pairs", "unreadable picture", 2],
    ]
    counts = count_pairs(read_manifest(manifests["build_pairs"]), skipped)
    assert counts == {
        "train": 2,
        "val": 0,
        "test": 1,
        "classes": 2,
        "skipped": 5,
        "duplicates": 2,
        "duplicates_across_splits": 1,
        "near_duplicates_val": 0,
        "near_duplicates_test": 1,
    }


def test_test_pictures_of_recordings_cut_by_time_are_counted(tmp_path: Path) -> None:
    rows = [
        PairRow(f"{split}/ann/{i}.png", f"{i}", KEPT, "", split, "ann", f"{i}", cut_recording=recording)
        for i, (split, recording) in enumerate(
            [("train", "ann/a"), ("val", "ann/a"), ("test", "ann/a"), ("test", "")]
        )
    ]
    write_manifest(tmp_path / "manifest.csv", rows, PairRow)
    counts = count_pairs(read_manifest(tmp_path / "manifest.csv"), count_skipped({}))
    assert counts["test"] == 2 and counts["test_of_cut_recordings"] == 1


def test_skipped_items_are_told_in_a_line(manifests: dict[str, Path]) -> None:
    text = describe_skipped(count_skipped({"download": manifests["download"]}))
    assert text == "download skipped 1 (neither a picture nor a video)"


def test_nothing_skipped_is_an_empty_table(tmp_path: Path) -> None:
    write_manifest(tmp_path / "m.csv", [], Row)
    assert count_skipped({"download": tmp_path / "m.csv"}).empty


def test_pairs_shown_are_spread_over_the_folder(tmp_path: Path) -> None:
    for i in range(15):
        write_png(tmp_path / f"{i:02}.png", np.full((64, 128, 3), 10 * i, dtype=np.uint8))
    sheet = sample_pairs(tmp_path)
    assert {10 * i for i in range(0, 15, 2)} <= set(np.unique(sheet).tolist())
