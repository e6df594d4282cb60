from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2pix.core.errors import InputError
from pix2pix.download.raw import download_folder
from pix2pix.items.manifest import read_manifest, write_manifest
from pix2pix.items.parallel import Workers
from pix2pix.pairs.building import PairRow, build_pairs
from pix2pix.pairs.sources import PairSource, list_sources
from pix2pix.pairs.summary import count_pairs, count_skipped
from pix2pix.pictures.images import RgbImage, read_image, to_square, write_png
from pix2pix.pictures.options import PairOptions
from pix2pix.pictures.pairs import SPLITS

GREY = PairOptions(pair_task="grayscale", image_size=64)
SPLIT = {"max_images": 0, "val_fraction": 0.2, "test_fraction": 0.2, "seed": 0, "workers": Workers(1)}


def photos(folder: Path, count: int) -> list[PairSource]:
    rng = np.random.default_rng(0)
    sources = []
    for i in range(count):
        path = folder / f"{i}.png"
        write_png(path, rng.integers(0, 255, (20, 20, 3), dtype=np.uint8))
        sources.append(PairSource(str(path), path.name, "rose", ""))
    return sources


def test_every_photo_lands_in_one_split(tmp_path: Path) -> None:
    rows, _ = build_pairs(photos(tmp_path / "in", 30), tmp_path / "out", GREY, **SPLIT)
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")}
    assert written == {row.path for row in rows} and len(rows) == 30
    assert {path.split("/")[0] for path in written} == {"train", "val", "test"}
    assert {path.split("/")[1] for path in written} == {"rose"}


def test_frames_of_one_recording_never_part(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 40)
    sources = [replace(s, group=f"ann/{i // 10}") for i, s in enumerate(sources)]
    rows, _ = build_pairs(sources, tmp_path / "out", GREY, **SPLIT)
    assert all(len({row.split for row in rows[i : i + 10]}) == 1 for i in range(0, 40, 10))


def test_pictures_in_the_gaps_of_one_recording_are_listed_and_have_no_pair(tmp_path: Path) -> None:
    sources = [
        replace(source, group="ann/0", time_ms=500.0 * i)
        for i, source in enumerate(photos(tmp_path / "in", 40))
    ]
    write_png(Path(sources[39].path), read_image(Path(sources[0].path)))  # of another stretch, or none
    rows, notes = build_pairs(sources, tmp_path / "out", GREY, **SPLIT, split_by="auto")
    gaps = [row for row in rows if row.reason.startswith("gap between splits: at ")]
    assert len(rows) == 40 and gaps and {(row.status, row.path) for row in gaps} == {("skipped", "")}
    assert rows[39].reason == "duplicate: same pixels as 0.png"
    kept = [row for row in rows if row.status == "kept"]
    assert len(gaps) + len(kept) + 1 == 40 and {row.split for row in kept} == set(SPLITS)
    assert {row.cut_recording for row in kept} == {"ann/0"} and {row.cut_recording for row in gaps} == {""}
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")}
    assert written == {row.path for row in kept}
    assert notes[0].endswith("test pictures come from the same film as training pictures")
    again = build_pairs(
        sources, tmp_path / "again", GREY, **{**SPLIT, "workers": Workers(2)}, split_by="auto"
    )
    assert again == (rows, notes)


def test_nearly_equal_pictures_across_a_gap_are_noted(tmp_path: Path, photo: RgbImage) -> None:
    sources = []
    for i in range(20):
        path = tmp_path / "in" / f"{i}.png"
        write_png(path, np.clip(photo.astype(int) + i, 0, 255).astype(np.uint8))
        sources.append(PairSource(str(path), path.name, "ann", "", "ann/0", "", 500.0 * i))
    rows, _ = build_pairs(sources, tmp_path / "out", GREY, **SPLIT, split_by="auto")
    tested = [row for row in rows if row.split == "test" and row.path]
    assert tested and all(row.near_duplicate_of.startswith(("train/", "val/")) for row in tested)


def test_truncated_jpeg_is_skipped_and_listed(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 6)
    path = Path(sources[2].path)
    path.write_bytes(path.read_bytes()[:60])
    rows, _ = build_pairs(sources, tmp_path / "out", GREY, **SPLIT)
    assert [row.status for row in rows].count("skipped") == 1
    assert rows[2].source == "2.png" and "unreadable picture" in rows[2].reason
    assert len(list((tmp_path / "out").rglob("*.png"))) == 5


def test_workers_change_no_byte(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 12)
    one = build_pairs(sources, tmp_path / "one", GREY, **SPLIT)
    assert one == build_pairs(sources, tmp_path / "two", GREY, **{**SPLIT, "workers": Workers(2)})
    for path in (tmp_path / "one").rglob("*.png"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_max_images_takes_a_subset_and_moves_none(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 40)
    every, _ = build_pairs(sources, tmp_path / "all", GREY, **SPLIT)
    few, _ = build_pairs(sources, tmp_path / "few", GREY, **{**SPLIT, "max_images": 15})
    assert len(few) == 15 and {row.path for row in few} <= {row.path for row in every}


def test_not_one_usable_picture_is_an_error(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 3)
    with pytest.raises(
        InputError, match=r"no picture gave a pair: 3 skipped \(3 each half is smaller than 16 px: 10x20"
    ):
        build_pairs(sources, tmp_path / "out", PairOptions(pair_task="none", image_size=64), **SPLIT)


def test_same_name_in_two_folders_of_a_class_is_kept_apart(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 4)
    names = ["rose/a/1.png", "rose/b/1.png", "rose/1.jpg", "rose/1.png"]
    sources = [replace(s, name=name) for s, name in zip(sources, names, strict=True)]
    rows, _ = build_pairs(sources, tmp_path / "out", GREY, **SPLIT)
    assert sorted(Path(row.path).name for row in rows) == ["1_jpg.png", "1_png.png", "a_1.png", "b_1.png"]
    assert all(
        np.array_equal(
            read_image(tmp_path / "out" / r.path)[:, 64:], to_square(read_image(Path(s.path)), 64, "crop")
        )
        for r, s in zip(rows, sources, strict=True)
    )


def test_equal_pictures_are_kept_once_and_out_of_the_test_split(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 12)
    splits = ["test", "train", "val", "test", "train", "train"] + ["train", "val", "test"] * 2
    sources = [replace(s, own_split=split) for s, split in zip(sources, splits, strict=True)]
    write_png(Path(sources[0].path), read_image(Path(sources[1].path)))  # test holds a picture of train
    write_png(Path(sources[5].path), read_image(Path(sources[4].path)))
    rows, _ = build_pairs(sources, tmp_path / "out", GREY, **SPLIT)
    assert rows[0].reason == "duplicate across splits: same pixels as 1.png" and not rows[0].path
    assert rows[5].reason == "duplicate: same pixels as 4.png" and rows[1].split == rows[4].split == "train"
    assert len(list((tmp_path / "out").rglob("*.png"))) == 10


def test_equal_pixels_in_files_of_other_formats_are_duplicates(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 6)
    bmp = tmp_path / "in" / "copy.bmp"
    Image.open(sources[3].path).save(bmp)
    rows, _ = build_pairs(
        [*sources, PairSource(str(bmp), "copy.bmp", "rose", "")], tmp_path / "out", GREY, **SPLIT
    )
    assert rows[6].reason == "duplicate: same pixels as 3.png"


def test_new_files_move_no_other_item(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 30)
    before, _ = build_pairs(sources[:20], tmp_path / "before", GREY, **SPLIT)
    after, _ = build_pairs(sources, tmp_path / "after", GREY, **SPLIT)
    assert after[:20] == before


def test_smaller_copy_in_another_split_is_noted(tmp_path: Path, photo: np.ndarray) -> None:
    sources = [replace(source, own_split="train") for source in photos(tmp_path / "in", 6)]
    for name, size in (("full", (96, 96)), ("small", (60, 60))):
        path = tmp_path / "in" / f"{name}.png"
        write_png(path, np.asarray(Image.fromarray(photo).resize(size)))
        sources.append(PairSource(str(path), path.name, "rose", "train" if name == "full" else "test"))
    rows, _ = build_pairs(sources, tmp_path / "out", GREY, **SPLIT)
    full, small = rows[-2:]
    assert small.split == "test" and small.near_duplicate_of == full.path
    assert [row.near_duplicate_of for row in rows[:6]] == [""] * 6


def test_real_shortie_keeps_its_splits_and_no_test_picture_is_in_another(
    datasets: Path, tmp_path: Path
) -> None:
    raw = [asdict(row) for row in download_folder(datasets / "shortie", tmp_path / "raw", "auto", Workers())]
    sources = list_sources(tmp_path / "raw", raw, tmp_path, [], "none")
    rows, _ = build_pairs(
        sources,
        tmp_path / "out",
        PairOptions(pair_task="none", image_size=64),
        **{**SPLIT, "workers": Workers(2)},
    )
    write_manifest(tmp_path / "out" / "manifest.csv", rows, PairRow)
    manifest = tmp_path / "out" / "manifest.csv"
    counts = count_pairs(read_manifest(manifest), count_skipped({"build_pairs": manifest}))
    assert len(rows) == 659 + 74 and counts["duplicates_across_splits"] == 12
    assert counts["test"] == 74 - 12 - 1  # one more picture stands in it twice
    assert counts["train"] + counts["val"] + counts["test"] + counts["duplicates"] == 659 + 74
    contents = {split: {row.content for row in rows if row.path and row.split == split} for split in SPLITS}
    assert not contents["test"] & (contents["train"] | contents["val"])
