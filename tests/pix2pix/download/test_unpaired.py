"""Sources of two sides that are no pairs: which folders they are, and where their files go."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from pix2pix.core.errors import InputError
from pix2pix.download.raw import RawRow, download_folder, kinds_summary, write_manifests
from pix2pix.items.manifest import read_rows
from pix2pix.items.parallel import Workers
from pix2pix.pictures.images import write_png
from pix2pix.videos.video_files import write_video

PUBLISHED = ("trainA/1.png", "trainA/2.png", "trainB/1.png", "testA/3.png", "testB/3.png", "valB/4.png")


def pictures(root: Path, *names: str, width: int = 32) -> None:
    for number, name in enumerate(names):
        write_png(root / name, np.full((32, width, 3), number, dtype=np.uint8))


def video(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, [np.full((32, 32, 3), 9 * i, np.uint8) for i in range(4)], fps=5, codec="mp4v")


def download(source: Path, tmp_path: Path, layout: str = "unpaired") -> dict[str, RawRow]:
    rows = download_folder(source, tmp_path / "raw", layout, Workers())
    paths = [row.path for row in rows if row.path]
    assert len(set(paths)) == len(paths)
    for row in rows:
        assert (tmp_path / "raw" / row.path).is_file() == (row.status == "kept")
        if row.path:
            assert (tmp_path / "raw" / row.path).read_bytes() == (source / row.source).read_bytes()
    return {row.source: row for row in rows}


def places(rows: dict[str, RawRow]) -> dict[str, tuple[str, str, str]]:
    """Side, split and class of each file that was kept."""
    return {name: (row.side, row.split, row.class_name) for name, row in rows.items() if row.path}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.mark.parametrize("layout", ["auto", "unpaired"])
@pytest.mark.parametrize("wrapper", ["", "horse2zebra/", "data/sets/"])
def test_published_layout_is_found_out(source: Path, tmp_path: Path, wrapper: str, layout: str) -> None:
    pictures(source, *(f"{wrapper}{name}" for name in PUBLISHED))
    rows = download(source, tmp_path, layout)
    assert places(rows) == {
        f"{wrapper}trainA/1.png": ("A", "train", "all"),
        f"{wrapper}trainA/2.png": ("A", "train", "all"),
        f"{wrapper}trainB/1.png": ("B", "train", "all"),
        f"{wrapper}testA/3.png": ("A", "test", "all"),
        f"{wrapper}testB/3.png": ("B", "test", "all"),
        f"{wrapper}valB/4.png": ("B", "val", "all"),
    }
    assert rows[f"{wrapper}trainA/1.png"].path == "images/A/train/1.png"
    assert rows[f"{wrapper}trainB/1.png"].path == "images/B/train/1.png"
    assert {row.kind for row in rows.values()} == {"photos"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("A/1.png", "B/1.png"), [("A", "", "all"), ("B", "", "all")]),
        (("a/1.png", "b/1.png"), [("A", "", "all"), ("B", "", "all")]),
        (("TRAINA/1.png", "Trainb/1.png"), [("A", "train", "all"), ("B", "train", "all")]),
        (("trainingA/1.png", "validationB/1.png"), [("A", "train", "all"), ("B", "val", "all")]),
        (("ds/A/1.png", "ds/B/1.png"), [("A", "", "all"), ("B", "", "all")]),
        (("A/rose/1.png", "B/tulip/1.png"), [("A", "", "rose"), ("B", "", "tulip")]),
        (("trainA/rose/1.png", "trainB/deep/er/1.png"), [("A", "train", "rose"), ("B", "train", "deep")]),
        (("trainA/A/1.png", "trainB/B/1.png"), [("A", "train", "A"), ("B", "train", "B")]),
    ],
)
def test_sides_may_have_classes_and_wrappers_and_any_case(
    source: Path, tmp_path: Path, names: tuple[str, ...], expected: list[tuple[str, str, str]]
) -> None:
    pictures(source, *names)
    assert places(download(source, tmp_path)) == dict(zip(names, expected, strict=True))


@pytest.mark.parametrize("name", ["{split}/{side}/{number}.png", "{side}/{split}/{number}.png"])
@pytest.mark.parametrize("wrapper", ["", "ds/"])
def test_splits_stand_above_or_below_the_sides(source: Path, tmp_path: Path, name: str, wrapper: str) -> None:
    expected = {
        wrapper + name.format(split=split, side=side, number=number): (side, split, "all")
        for split in ("train", "test")
        for side in "AB"
        for number in range(2)
    }
    pictures(source, *expected)
    rows = download(source, tmp_path)
    assert places(rows) == expected
    assert {row.path for row in rows.values()} == {
        f"images/{side}/{split}/{number}.png"
        for split in ("train", "test")
        for side in "AB"
        for number in range(2)
    }


def test_folders_a_and_b_are_pairs_unless_unpaired_is_said(source: Path, tmp_path: Path) -> None:
    pictures(source, "A/1.png", "B/1.png")
    assert [row.kind for row in download_folder(source, tmp_path / "auto", "auto", Workers())] == ["pairs"]
    assert {row.kind for row in download(source, tmp_path).values()} == {"photos"}


def test_a_person_named_testa_makes_no_sides(source: Path, tmp_path: Path) -> None:
    pictures(source, "Testa/1.png", "Rossi/2.png")
    rows = download(source, tmp_path, "auto")
    assert places(rows) == {"Testa/1.png": ("", "", "Testa"), "Rossi/2.png": ("", "", "Rossi")}


def test_double_width_pictures_of_the_published_layout_are_sides(source: Path, tmp_path: Path) -> None:
    pictures(source, "trainA/1.png", "trainB/2.png", width=64)
    assert {row.side for row in download(source, tmp_path, "auto").values()} == {"A", "B"}


@pytest.mark.parametrize("layout", ["auto", "unpaired"])
def test_one_side_may_hold_videos(source: Path, tmp_path: Path, layout: str) -> None:
    pictures(source, "trainA/1.png")
    video(source / "trainB/ann/clip.MP4")
    rows = download(source, tmp_path, layout)
    assert (rows["trainA/1.png"].kind, rows["trainA/1.png"].path) == ("photos", "images/A/train/1.png")
    clip = rows["trainB/ann/clip.MP4"]
    assert (clip.kind, clip.path) == ("videos", "videos/B/train/ann/clip.MP4")
    assert (clip.side, clip.split, clip.class_name) == ("B", "train", "ann")
    assert kinds_summary(list(rows.values())) == "1 photos of A in 1 classes, 1 videos of B in 1 classes"


def test_a_side_may_hold_photos_and_videos(source: Path, tmp_path: Path) -> None:
    pictures(source, "A/1.png", "B/2.png")
    video(source / "A/1.mp4")
    rows = download(source, tmp_path)
    assert {row.path for row in rows.values()} == {"images/A/1.png", "images/B/2.png", "videos/A/1.mp4"}


def test_manifests_tell_the_side(source: Path, tmp_path: Path) -> None:
    pictures(source, "A/1.png")
    video(source / "B/1.mp4")
    (source / "notes.txt").touch()
    write_manifests(tmp_path / "raw", list(download(source, tmp_path).values()))
    sides = {row["source"]: row["side"] for row in read_rows(tmp_path / "raw/manifest.csv")}
    assert sides == {"A/1.png": "A", "B/1.mp4": "B", "notes.txt": ""}
    assert [row["side"] for row in read_rows(tmp_path / "raw/videos/videos.csv")] == ["B"]


def test_source_without_sides_is_told_what_was_looked_for(source: Path, tmp_path: Path) -> None:
    pictures(source, "horses/1.png", "zebras/1.png")
    with pytest.raises(
        InputError, match=r"^source: no folders of two sides in .*trainA and trainB.*A and B"
    ) as told:
        download(source, tmp_path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("A/1.png", "A/2.png"),
            r"B holds no picture and no video in .*, A holds 2; layout: unpaired needs both",
        ),
        (("trainB/1.png",), r"A holds no picture and no video in .*, B holds 1;"),
        (("A/train/1.png", "A/test/2.png", "B/3.png"), r"B holds no .*1 beside the folders of the splits"),
    ],
)
def test_empty_side_is_named(source: Path, tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    pictures(source, *names)
    (source / "B").mkdir(exist_ok=True)
    with pytest.raises(InputError, match=message):
        download(source, tmp_path)


def test_source_of_other_files_is_refused(source: Path, tmp_path: Path) -> None:
    (source / "A").mkdir(parents=True)
    (source / "A/notes.txt").touch()
    with pytest.raises(InputError, match=r"source: no pictures or videos in .* \(1 other files\)"):
        download(source, tmp_path)


def test_what_stands_beside_the_sides_is_listed(source: Path, tmp_path: Path) -> None:
    pictures(source, *PUBLISHED, "overview.png", "extra/0.png", "trainA/.hidden/1.png")
    (source / "trainA/notes.txt").touch()
    rows = download(source, tmp_path)
    assert {name: row.reason for name, row in rows.items() if not row.path} == {
        "overview.png": "beside A/ and B/",
        "extra/0.png": "beside A/ and B/",
        "trainA/.hidden/1.png": "hidden file or folder",
        "trainA/notes.txt": "neither a picture nor a video: .txt",
    }


def test_files_that_would_lie_in_one_place_are_not_laid_over_each_other(source: Path, tmp_path: Path) -> None:
    pictures(source, "A/1.png", "A/2.png", "B/1.png", "a/1.png")
    rows = download(source, tmp_path)
    assert rows["a/1.png"].reason == "side and name of another file: A/1.png"
    assert set(places(rows)) == {"A/1.png", "A/2.png", "B/1.png"}


def test_odd_names_of_either_side_are_kept(source: Path, tmp_path: Path) -> None:
    names = [unicodedata.normalize(form, "café/déjà vu.png") for form in ("NFC", "NFD")]
    names += ["\U0001f40e/\u99ac.png", "line\nbreak/\x1b[31m.png"]
    pictures(source, *(f"{side}/{name}" for side in "AB" for name in names))
    rows = download(source, tmp_path)
    assert len(places(rows)) == 2 * len(names)
    assert all(row.path.isprintable() for row in rows.values())


def test_workers_change_neither_files_nor_rows(source: Path, tmp_path: Path) -> None:
    pictures(source, *PUBLISHED)
    one, two = (
        download_folder(source, tmp_path / str(count), "unpaired", Workers(count)) for count in (1, 2)
    )
    assert one == two
