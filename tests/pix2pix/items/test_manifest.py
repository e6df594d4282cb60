import os
from pathlib import Path

from pix2pix.items.manifest import (
    KEPT,
    SKIPPED,
    Row,
    kept_rows,
    read_manifest,
    read_rows,
    skipped_summary,
    write_manifest,
)
from pix2pix.videos.frames import FrameRow


def test_rows_come_back_as_text_and_odd_names_survive(tmp_path: Path) -> None:
    rows = [
        FrameRow("NA/0.jpg", 'a, "b".mp4', KEPT, "", person="NA", recording="null", frame=0, time_ms=1.5),
        FrameRow("", "c.mp4", SKIPPED, "cannot be opened as a video"),
    ]
    write_manifest(tmp_path / "manifest.csv", rows, FrameRow)
    kept = list(kept_rows(tmp_path / "manifest.csv"))
    assert len(kept) == 1 and len(read_manifest(tmp_path / "manifest.csv")) == 2
    assert (kept[0]["person"], kept[0]["source"], kept[0]["frame"], kept[0]["time_ms"]) == (
        "NA",
        'a, "b".mp4',
        "0",
        "1.5",
    )


def test_empty_manifest_has_its_columns(tmp_path: Path) -> None:
    write_manifest(tmp_path / "manifest.csv", [], Row)
    assert (tmp_path / "manifest.csv").read_text() == "path,source,status,reason\n"


def test_summary_counts_reasons() -> None:
    rows = [Row("", "", SKIPPED, reason) for reason in ("x", "x", "y")] + [Row("a", "a", KEPT, "")]
    assert skipped_summary(rows) == "3 skipped (2 x, 1 y)"
    assert skipped_summary([]) == "0 skipped"


def test_summary_gives_details_where_they_are_the_same_for_all() -> None:
    rows = [Row("", "", SKIPPED, reason) for reason in ("x: 1", "x: 2", "y: 3", "y: 3")]
    assert skipped_summary(rows) == "4 skipped (2 x, 2 y: 3)"


def test_any_name_comes_back_as_it_was(tmp_path: Path) -> None:
    names = [os.fsdecode(b"caf\xe9.jpg"), "a\r\nb.jpg", "\x1b[31m.jpg", r"back\slash\x41.jpg", 'a", b']
    path = tmp_path / "manifest.csv"
    write_manifest(path, [Row("", name, SKIPPED, "no picture") for name in names], Row)
    assert [row["source"] for row in read_rows(path)] == names
    assert list(read_manifest(path)["source"]) == names
    assert len(path.read_text("utf-8").splitlines()) == 1 + len(names)
