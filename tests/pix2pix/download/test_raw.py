import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from pix2pix.core.errors import InputError
from pix2pix.download.raw import RawRow, download_folder, download_sample, kinds_summary, write_manifests
from pix2pix.items.manifest import kept_rows
from pix2pix.items.parallel import LEAST_BATCHES, Workers
from pix2pix.pictures.images import read_image, write_png

ALONE = Workers()


def pictures(root: Path, *names: str, width: int = 32) -> None:
    for number, name in enumerate(names):
        write_png(root / name, np.full((32, width, 3), number, dtype=np.uint8))


def download(
    source: Path, tmp_path: Path, layout: str = "auto", workers: Workers = ALONE
) -> dict[str, RawRow]:
    rows = download_folder(source, tmp_path / "raw", layout, workers)
    for row in rows:
        assert (tmp_path / "raw" / row.path).is_file() == (row.status == "kept")
    return {row.source: row for row in rows}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def test_flat_photos_are_one_class(source: Path, tmp_path: Path) -> None:
    pictures(source, "a.png", "b.png")
    rows = download(source, tmp_path)
    assert (rows["a.png"].path, rows["a.png"].kind, rows["a.png"].class_name) == (
        "images/a.png",
        "photos",
        "all",
    )


def test_folders_are_classes(source: Path, tmp_path: Path) -> None:
    pictures(source, "rose/a.png", "tulip/deep/b.png")
    rows = download(source, tmp_path)
    assert rows["rose/a.png"].class_name == "rose" and rows["tulip/deep/b.png"].class_name == "tulip"


def test_pairs_with_splits_and_classes_are_found_out(source: Path, tmp_path: Path) -> None:
    pictures(source, "train/rose/a.png", "validation/rose/b.png", "test/c.png", width=64)
    rows = download(source, tmp_path)
    assert {(row.kind, row.split, row.class_name) for row in rows.values()} == {
        ("pairs", "train", "rose"),
        ("pairs", "val", "rose"),
        ("pairs", "test", "all"),
    }


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("rose/a.png", "tulip/b.png"), 2),
        (tuple(f"{i}.png" for i in range(2 * LEAST_BATCHES + 1)), 2 * LEAST_BATCHES + 1),  # several at once
        (("A/a.png", "B/a.png", "A/b.png"), 1),
    ],
)
def test_workers_change_neither_files_nor_rows(
    source: Path, tmp_path: Path, cluster: str, names: tuple[str, ...], kept: int
) -> None:
    pictures(source, *names)
    (source / "c.txt").write_text("no picture")
    found = []
    for number, workers in enumerate((ALONE, Workers(2), Workers(dask_scheduler=cluster))):
        raw = tmp_path / f"by_{number}" / "raw"
        rows = download(source, raw.parent, workers=workers)
        files = {path.relative_to(raw): path.read_bytes() for path in raw.rglob("*") if path.is_file()}
        found.append((rows, files))
    assert found[0] == found[1] == found[2] and len(found[0][1]) == kept


def test_class_named_train_is_no_split(source: Path, tmp_path: Path) -> None:
    pictures(source, "train/a.png", "car/b.png")
    rows = download(source, tmp_path)
    assert [(row.split, row.class_name) for row in rows.values()] == [("", "car"), ("", "train")]


def test_folder_around_the_splits_is_looked_through(source: Path, tmp_path: Path) -> None:
    pictures(source, "facades/train/a.png", "facades/test/b.png", width=64)
    row = download(source, tmp_path)["facades/train/a.png"]
    assert (row.path, row.split, row.class_name) == ("pairs/train/a.png", "train", "all")


def test_folders_that_differ_in_case_alone_are_not_laid_over_each_other(source: Path, tmp_path: Path) -> None:
    pictures(source, "DS/train/a.png", "ds/train/a.png", "DS/test/b.png", "ds/test/b.png")
    rows = download(source, tmp_path)
    assert len({row.path for row in rows.values()}) == 4 and {row.class_name for row in rows.values()} == {
        "DS",
        "ds",
    }


def test_layout_overrides_the_guess(source: Path, tmp_path: Path) -> None:
    pictures(source, "a.png", width=64)
    assert download(source, tmp_path, layout="photos")["a.png"].kind == "photos"


def test_videos_in_person_folders(source: Path, tmp_path: Path) -> None:
    (source / "ann").mkdir(parents=True)
    (source / "ann" / "a.MP4").write_bytes(b"x")
    row = download(source, tmp_path)["ann/a.MP4"]
    assert (row.path, row.kind, row.class_name) == ("videos/ann/a.MP4", "videos", "ann")


def test_folders_a_and_b_become_pairs(source: Path, tmp_path: Path) -> None:
    pictures(source, "A/train/1.png", "A/test/2.png", "B/train/1.png", "B/test/2.png")
    rows = download(source, tmp_path)
    row = rows["A/train/1.png"]
    assert len(rows) == 2 and (row.path, row.kind, row.split) == ("pairs/train/1.png", "pairs", "train")
    pair = read_image(tmp_path / "raw" / row.path)
    assert pair.shape == (32, 64, 3) and (pair[:, :32] == 0).all() and (pair[:, 32:] == 2).all()


def test_sides_that_do_not_match_are_listed_not_guessed(source: Path, tmp_path: Path) -> None:
    pictures(source, "data/A/1.png", "data/A/2.png", "data/A/3.png", "data/A/3.bmp")
    pictures(source, "data/B/1.png", "data/B/3.png")
    pictures(source, "data/A/4.png", width=48)
    pictures(source, "data/B/4.png")
    (source / "data/A/5.png").write_bytes(b"no picture")
    pictures(source, "data/B/5.png")
    rows = download(source, tmp_path)
    assert [name for name, row in rows.items() if row.status == "kept"] == ["data/A/1.png"]
    assert rows["data/A/2.png"].reason == "no pictures of this name in B, expected 1"
    assert rows["data/B/3.png"].reason == "2 pictures of this name in A, expected 1"
    assert rows["data/B/4.png"].reason == "sizes differ: A is 48x32, B is 32x32"
    assert rows["data/A/5.png"].reason.startswith("unreadable picture")
    assert len(rows) == 9  # of 10 files, two are one pair


def test_every_other_file_is_listed_with_the_reason(source: Path, tmp_path: Path) -> None:
    pictures(source, "a.png", "b.png", ".ipynb_checkpoints/a.png")
    (source / "notes.txt").touch()
    (source / "clip.mp4").touch()
    (source / "raw.CR2").touch()
    rows = download(source, tmp_path)
    assert rows["notes.txt"].reason == "neither a picture nor a video: .txt"
    assert rows["raw.CR2"].reason == "camera raw (.cr2) is not read: convert it to JPEG or PNG"
    assert rows["clip.mp4"].reason == "a video among photos: set layout to mixed to use both"
    assert rows[".ipynb_checkpoints/a.png"].reason == "hidden file or folder"


@pytest.mark.parametrize(
    ("layout", "name", "reason"),
    [
        ("photos", "x.mp4", "a video among photos: set layout to mixed to use both"),
        ("pairs", "x.mp4", "a video among pairs: only pictures can be pairs"),
        ("photos", "train/x.MTS", "a video among photos: set layout to mixed to use both"),
        ("videos", "train/x.ts", ""),
        ("videos", "train/x.gif", ""),
        ("photos", "train/x.gif", ""),
        ("mixed", "train/x.gif", ""),
        ("videos", "x.heic", "a photo among videos: set layout to mixed to use both"),
        ("photos", "x.jxl", "JPEG XL is not read: convert it to JPEG or PNG"),
        ("videos", "x.VOB", "DVD video is not read: convert it to MP4"),
        ("mixed", "x.psd", "Photoshop is not read: convert it to JPEG or PNG"),
        ("mixed", "train/deep/x.png", ""),
        ("mixed", "x.png", "beside the folders of the splits"),
        ("pairs", "x", "neither a picture nor a video: no suffix"),
    ],
)
def test_reason_names_the_format_or_the_layout(
    source: Path, tmp_path: Path, layout: str, name: str, reason: str
) -> None:
    pictures(source, "train/1.png", "test/2.png", "train/3.png")
    (source / "train/clip.mp4").touch()
    pictures(source, name) if name.endswith("png") else (source / name).touch()
    assert download(source, tmp_path, layout)[name].reason == reason


def test_as_many_videos_as_photos_need_a_layout(source: Path, tmp_path: Path) -> None:
    pictures(source, "a.png")
    (source / "clip.mp4").touch()
    with pytest.raises(InputError, match="as many pictures as videos"):
        download(source, tmp_path)


def test_photos_and_videos_are_both_taken_where_asked(source: Path, tmp_path: Path) -> None:
    pictures(source, "rose/a.png", "rose/b.png")
    (source / "ann").mkdir()
    (source / "ann/clip.mp4").touch()
    (source / "notes.txt").touch()
    rows = download(source, tmp_path, layout="mixed")
    assert (rows["rose/a.png"].kind, rows["rose/a.png"].class_name) == ("photos", "rose")
    assert (rows["ann/clip.mp4"].kind, rows["ann/clip.mp4"].class_name) == ("videos", "ann")
    assert rows["notes.txt"].reason == "neither a picture nor a video: .txt"


def test_folder_without_usable_files_is_refused(source: Path, tmp_path: Path) -> None:
    source.mkdir()
    (source / "notes.txt").touch()
    with pytest.raises(InputError, match=r"no pictures or videos in .*source \(1 other files\)"):
        download(source, tmp_path)
    with pytest.raises(InputError, match="no videos in"):
        download(source, tmp_path, layout="videos")


def test_sample_lists_all_its_files(tmp_path: Path) -> None:
    rows = download_sample(tmp_path)
    assert kinds_summary(rows) == "60 photos in 5 classes, 16 videos in 2 classes"
    assert len({row.source for row in rows}) == 76
    assert all((tmp_path / row.path).is_file() and len(row.sha256) == 64 for row in rows)


@pytest.mark.parametrize(
    ("folder", "kind", "count", "splits"),
    [
        ("shortie", "pairs", 733, {"train", "test"}),
        ("facades", "pairs", 553, {"train", "val", "test"}),
        ("edges2shoes", "pairs", 120, {"train", "val"}),
        ("videos/people", "videos", 12, {""}),
    ],
)
def test_real_datasets_are_recognised(
    datasets: Path, tmp_path: Path, folder: str, kind: str, count: int, splits: set[str]
) -> None:
    rows = download_folder(datasets / folder, tmp_path, "auto", ALONE)
    assert {row.kind for row in rows} == {kind} and len(rows) == count
    assert {row.split for row in rows} == splits


def test_new_photo_changes_nothing_in_the_folder_of_the_videos(tmp_path: Path) -> None:
    video = RawRow("videos/ann/a.mp4", "ann/a.mp4", "kept", "", "videos", "", "ann", "0" * 64)
    photo = RawRow("images/a.png", "a.png", "kept", "", "photos", "", "all", "1" * 64)
    for name, rows in (("before", [video]), ("after", [photo, video])):
        write_manifests(tmp_path / name, rows)
    before, after = (tmp_path / name / "videos/videos.csv" for name in ("before", "after"))
    assert before.read_bytes() == after.read_bytes()
    assert [row["path"] for row in kept_rows(before)] == ["videos/ann/a.mp4"]


@pytest.mark.parametrize("wrapper", ["", "ds/"])
@pytest.mark.parametrize(
    "beside", ["extra/0.png", "overview.png", "{wrapper}overview.png", "{wrapper}extra/0.png"]
)
def test_splits_of_the_source_are_kept_whatever_lies_beside_them(
    source: Path, tmp_path: Path, wrapper: str, beside: str
) -> None:
    splits = ("train", "val", "test")
    pictures(source, *(f"{wrapper}{split}/{number}.png" for split in splits for number in range(3)))
    stray = beside.format(wrapper=wrapper)
    pictures(source, stray)
    rows = download(source, tmp_path)
    assert rows.pop(stray).reason == "beside the folders of the splits"
    assert [row.split for row in rows.values()] == ["test"] * 3 + ["train"] * 3 + ["val"] * 3
    assert {row.class_name for row in rows.values()} == {"all"}


def test_splits_below_the_classes_are_kept(source: Path, tmp_path: Path) -> None:
    pictures(source, "rose/train/a.png", "rose/test/b.png", "tulip/train/c.png", "tulip/test/d.png")
    found = [(row.class_name, row.split) for row in download(source, tmp_path).values()]
    assert found == [("rose", "test"), ("rose", "train"), ("tulip", "test"), ("tulip", "train")]


def test_test_folder_of_one_class_among_others_is_no_split(source: Path, tmp_path: Path) -> None:
    pictures(source, "rose/test/a.png", "rose/test/b.png", "tulip/c.png")
    rows = download(source, tmp_path)
    assert [(row.split, row.class_name) for row in rows.values()] == [
        ("", "rose"),
        ("", "rose"),
        ("", "tulip"),
    ]


@pytest.mark.parametrize(
    ("wrapper", "beside"),
    [("", "overview.png"), ("ds/", "overview.png"), ("ds/", "ds/overview.png"), ("ds/", "extra/0.png")],
)
def test_picture_beside_a_and_b_is_listed(source: Path, tmp_path: Path, wrapper: str, beside: str) -> None:
    pictures(source, *(f"{wrapper}{side}/{number}.png" for side in "AB" for number in range(2)), beside)
    rows = download(source, tmp_path)
    assert rows.pop(beside).reason == "beside A/ and B/"
    assert [row.path for row in rows.values()] == ["pairs/0.png", "pairs/1.png"]
    assert [row.reason for row in rows.values()] == [
        f"joined with {wrapper}B/{number}.png" for number in range(2)
    ]


def test_folders_a_and_b_below_the_splits_become_pairs(source: Path, tmp_path: Path) -> None:
    pictures(source, *(f"{split}/{side}/1.png" for split in ("train", "test") for side in "AB"))
    rows = download(source, tmp_path)
    assert [(row.path, row.split) for row in rows.values()] == [
        ("pairs/test/1.png", "test"),
        ("pairs/train/1.png", "train"),
    ]


def test_classes_with_folders_a_and_b_stay_photos(source: Path, tmp_path: Path) -> None:
    pictures(source, *(f"{name}/{side}/1.png" for name in ("rose", "tulip") for side in "AB"))
    assert {row.kind for row in download(source, tmp_path).values()} == {"photos"}


def test_sides_of_any_height_are_joined(source: Path, tmp_path: Path) -> None:
    pictures(source, "A/1.png", "B/1.png", width=48)
    row = download(source, tmp_path)["A/1.png"]
    assert read_image(tmp_path / "raw" / row.path).shape == (32, 96, 3)


def test_picture_of_another_shape_among_pairs_is_listed_unless_asked_for(
    source: Path, tmp_path: Path
) -> None:
    pictures(source, "1.png", "2.png", width=64)
    pictures(source, "photo.png", width=48)
    reason = download(source, tmp_path)["photo.png"].reason
    assert reason == "not twice as wide as high as most are, which layout=pairs takes too: 48x32"
    rows = download(source, tmp_path / "asked", layout="pairs")
    assert {row.status for row in rows.values()} == {"kept"}


def test_names_in_either_unicode_form_are_one_pair(source: Path, tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café/déjà.png") for form in ("NFC", "NFD"))
    pictures(source, f"A/{composed}", f"B/{decomposed}")
    rows = download(source, tmp_path)
    assert [(row.source, row.reason) for row in rows.values()] == [
        (f"A/{composed}", f"joined with B/{decomposed}")
    ]


def test_odd_names_are_kept_under_plain_ones_and_come_back(source: Path, tmp_path: Path) -> None:
    odd = [os.fsdecode(b"caf\xe9/x.png"), "rose/line\nbreak.png", "rose/\x1b[31m.png"]
    pictures(source, *odd, "rose/plain.png")
    rows = list(download(source, tmp_path).values())
    write_manifests(tmp_path / "raw", rows)
    kept = {row["source"]: row for row in kept_rows(tmp_path / "raw/manifest.csv")}
    assert set(kept) == {*odd, "rose/plain.png"} and kept["rose/plain.png"]["path"] == "images/rose/plain.png"
    for name, row in kept.items():
        assert row["path"].isprintable() and row["path"].encode() and row["class_name"].isprintable()
        assert (tmp_path / "raw" / row["path"]).read_bytes() == (source / name).read_bytes()


def test_odd_names_of_a_and_b_are_joined(source: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    pictures(source, f"A/{name}.png", f"B/{name}.bmp.png", f"B/{name}.png")
    rows = download(source, tmp_path)
    assert rows[f"A/{name}.png"].reason == f"joined with B/{name}.png"


def test_what_cannot_be_read_is_listed_and_the_rest_is_kept(source: Path, tmp_path: Path) -> None:
    pictures(source, "rose/a.png", "tulip/b.png")
    (source / "rose/gone.png").symlink_to("nothing.png")
    (source / "rose/self.png").symlink_to("self.png")
    (source / "rose/up").symlink_to("..")
    (source / "tulip/up").symlink_to("..")
    os.mkfifo(source / "pipe.png")
    rows = download(source, tmp_path)
    assert {name: row.reason for name, row in rows.items() if row.status == "skipped"} == {
        "rose/gone.png": "broken link: No such file or directory",
        "rose/self.png": "broken link: Too many levels of symbolic links",
        "rose/up": "link to a folder that is listed already: .",
        "tulip/up": "link to a folder that is listed already: .",
        "pipe.png": "neither a file nor a folder",
    }
    assert len(rows) == 7


def test_source_of_which_nothing_is_kept_is_told_with_the_counts(source: Path, tmp_path: Path) -> None:
    pictures(source, "A/1.png", "A/2.png", "B/3.png")
    with pytest.raises(
        InputError, match=r"nothing in .*source can be used: .*; 3 skipped \(2 no pictures of this"
    ):
        download(source, tmp_path)


def test_folder_of_broken_links_is_told_with_the_counts(source: Path, tmp_path: Path) -> None:
    source.mkdir()
    (source / "a.png").symlink_to("nothing.png")
    with pytest.raises(InputError, match=r"no pictures or videos in .*; 1 skipped \(1 broken link: No such"):
        download(source, tmp_path)
