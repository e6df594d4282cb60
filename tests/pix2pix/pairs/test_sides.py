"""Two sides that are no pairs: their pictures alone, in splits of each side."""

import unicodedata
from collections.abc import Sequence
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
from pix2pix.pairs.sides import are_sides, list_sides, notes_on_sizes
from pix2pix.pairs.sources import PairSource
from pix2pix.pairs.summary import count_by_class, count_pairs, count_skipped, describe_sizes, sample_sides
from pix2pix.pictures.images import RgbImage, read_image, to_square, write_png
from pix2pix.pictures.options import PairOptions
from pix2pix.pictures.pairs import SPLITS, are_unpaired

NONE = PairOptions(pair_task="none", image_size=64)
SPLIT = {"max_images": 0, "val_fraction": 0.2, "test_fraction": 0.2, "seed": 0, "workers": Workers(1)}


def noise(seed: int, height: int = 40, width: int = 20) -> RgbImage:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def sides(folder: Path, n_a: int, n_b: int, split: str = "") -> list[PairSource]:
    """Pictures of two sides under equal names; no two are equal."""
    sources = []
    for side, count in (("A", n_a), ("B", n_b)):
        for number in range(count):
            path = folder / side / f"{number}.png"
            write_png(path, noise(1000 * (side == "B") + number))
            sources.append(PairSource(str(path), f"{side}/{number}.png", "all", split, side=side))
    return sources


def kept(rows: Sequence[PairRow]) -> dict[str, str]:
    return {row.source: row.path for row in rows if row.path}


def of(rows: Sequence[PairRow], source: str) -> PairRow:
    return next(row for row in rows if row.source == source)


def test_pictures_of_a_side_are_squares_in_its_folder(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 12, 15)
    rows, notes = build_pairs(sources, tmp_path / "out", NONE, **SPLIT)
    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")}
    assert written == set(kept(rows).values()) and len(rows) == len(written) == 27
    for source, row in zip(sources, rows, strict=True):
        assert (row.side, row.split) == (source.side, row.path.split("/")[0])
        assert row.path == f"{row.split}/{source.side}/all/{source.side}_{Path(source.path).name}"
        expected = to_square(read_image(Path(source.path)), 64, "crop")
        assert np.array_equal(read_image(tmp_path / "out" / row.path), expected)
    assert {(row.split, row.side) for row in rows} == {(split, side) for split in SPLITS for side in "AB"}
    assert are_unpaired(tmp_path / "out") and not any("size" in note for note in notes)


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_resize_is_that_of_pairs(tmp_path: Path, resize: str) -> None:
    sources = sides(tmp_path / "in", 3, 3)
    rows, _ = build_pairs(sources, tmp_path / "out", replace(NONE, resize=resize), **SPLIT)
    expected = to_square(read_image(Path(sources[0].path)), 64, resize)
    assert np.array_equal(read_image(tmp_path / "out" / rows[0].path), expected)


def test_direction_b_to_a_makes_b_the_input(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 5, 9)
    forward, _ = build_pairs(sources, tmp_path / "forward", NONE, **SPLIT)
    back, _ = build_pairs(sources, tmp_path / "back", replace(NONE, direction="BtoA"), **SPLIT)
    swapped = {source: path.translate(str.maketrans("AB", "BA")) for source, path in kept(forward).items()}
    assert {source: Path(path).parent for source, path in kept(back).items()} == {
        source: Path(path).parent for source, path in swapped.items()
    }
    assert {row.source[0]: row.side for row in back} == {"A": "B", "B": "A"}


def test_splits_are_drawn_by_seed_and_new_files_move_no_other(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 30, 30)
    first, _ = build_pairs(sources, tmp_path / "first", NONE, **SPLIT)
    again, _ = build_pairs(sources[::-1], tmp_path / "again", NONE, **SPLIT)
    other, _ = build_pairs(sources, tmp_path / "other", NONE, **{**SPLIT, "seed": 1})
    fewer, _ = build_pairs(sources[:50], tmp_path / "fewer", NONE, **SPLIT)
    assert kept(first) == kept(again) != kept(other)
    assert kept(fewer) == {source: path for source, path in kept(first).items() if source in kept(fewer)}


def test_workers_change_no_byte(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 6, 6)
    one = build_pairs(sources, tmp_path / "one", NONE, **SPLIT)
    assert one == build_pairs(sources, tmp_path / "two", NONE, **{**SPLIT, "workers": Workers(2)})
    for path in (tmp_path / "one").rglob("*.png"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_own_splits_are_kept_and_missing_ones_drawn_on_each_side(tmp_path: Path) -> None:
    sources = [
        replace(source, own_split="test" if number % 4 == 0 else "train" if source.side == "A" else "")
        for number, source in enumerate(sides(tmp_path / "in", 20, 20))
    ]
    rows, _ = build_pairs(sources, tmp_path / "out", NONE, **SPLIT)
    for side in "AB":
        own = [source.own_split for source in sources if source.side == side]
        found = [row.split for row in rows if row.side == side]
        assert all((was == "test") == (is_now == "test") for was, is_now in zip(own, found, strict=True))
        assert set(found) == set(SPLITS)


def test_each_side_has_two_pictures_for_validation(tmp_path: Path) -> None:
    rows, notes = build_pairs(
        sides(tmp_path / "in", 8, 12), tmp_path / "out", NONE, **SPLIT | {"val_fraction": 0.01}
    )
    assert [[row.split for row in rows if row.side == side].count("val") for side in "AB"] == [2, 2]
    assert "side B, the target: val would have 1 alone: moved" in " ".join(notes)


def test_max_images_is_of_each_side(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 20, 8)
    every, _ = build_pairs(sources, tmp_path / "all", NONE, **SPLIT)
    few, _ = build_pairs(sources, tmp_path / "few", NONE, **{**SPLIT, "max_images": 10})
    assert [row.side for row in few] == ["A"] * 10 + ["B"] * 8
    assert kept(few).items() <= kept(every).items()


def test_frames_of_a_recording_never_part(tmp_path: Path) -> None:
    sources = [
        replace(source, group=f"ann/{number // 8}")
        for number, source in enumerate(sides(tmp_path / "in", 40, 40))
    ]
    rows, _ = build_pairs(sources, tmp_path / "out", NONE, **SPLIT)
    assert all(len({row.split for row in rows[start : start + 8]}) == 1 for start in range(0, 80, 8))


def test_a_picture_in_both_sides_is_kept_in_a_alone(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 6, 6, split="train")
    sources[0] = replace(sources[0], own_split="test")
    Image.open(sources[0].path).save(tmp_path / "in/B/leak.bmp")
    sources.append(PairSource(str(tmp_path / "in/B/leak.bmp"), "B/leak.bmp", "all", "train", side="B"))
    write_png(Path(sources[5].path), read_image(Path(sources[4].path)))  # A holds one twice
    rows, _ = build_pairs(sources, tmp_path / "out", NONE, **SPLIT)
    assert of(rows, "A/0.png").split == "test"
    assert {row.source: row.reason for row in rows if not row.path} == {
        "B/leak.bmp": "in both sides: same pixels as A/0.png",
        "A/5.png": "duplicate: same pixels as A/4.png",
    }
    write_manifest(tmp_path / "manifest.csv", rows, PairRow)
    table = read_manifest(tmp_path / "manifest.csv")
    counts = count_pairs(table, count_skipped({"build_pairs": tmp_path / "manifest.csv"}))
    assert (counts["duplicates"], counts["duplicates_across_sides"], counts["skipped"]) == (2, 1, 2)
    contents = [{row.content for row in rows if row.path and row.side == side} for side in "AB"]
    assert not contents[0] & contents[1]


def test_with_b_to_a_a_picture_in_both_sides_stays_in_the_input(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 4, 4)
    write_png(Path(sources[0].path), read_image(Path(sources[4].path)))
    rows, _ = build_pairs(sources, tmp_path / "out", replace(NONE, direction="BtoA"), **SPLIT)
    assert of(rows, "A/0.png").reason == "in both sides: same pixels as B/0.png"


def test_near_duplicates_are_looked_for_in_the_same_side(tmp_path: Path, photo: RgbImage) -> None:
    sources = sides(tmp_path / "in", 4, 4, split="train")
    places = [("A", "train", 96), ("A", "test", 60), ("B", "test", 70)]
    for side, split, size in places:
        path = tmp_path / "in" / side / f"photo{size}.png"
        write_png(path, np.asarray(Image.fromarray(photo).resize((size, size))))
        sources.append(PairSource(str(path), f"{side}/{path.name}", "all", split, side=side))
    rows, _ = build_pairs(sources, tmp_path / "out", NONE, **SPLIT)
    assert of(rows, "A/photo60.png").near_duplicate_of == of(rows, "A/photo96.png").path
    assert of(rows, "B/photo70.png").near_duplicate_of == ""


@pytest.mark.parametrize(
    ("n_a", "n_b", "message"),
    [
        (
            5,
            1,
            r"^side B, the target: 1 photo cannot fill .*3 or more are needed, and nothing is built of fewer",
        ),
        (2, 5, r"^side A, the input: 2 photos cannot fill"),
    ],
)
def test_side_of_too_few_pictures_is_named(tmp_path: Path, n_a: int, n_b: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_pairs(sides(tmp_path / "in", n_a, n_b), tmp_path / "out", NONE, **SPLIT)


def test_side_whose_pictures_are_all_skipped_is_named_with_the_reasons(tmp_path: Path) -> None:
    sources = sides(tmp_path / "in", 5, 4)
    for number in range(3):
        write_png(Path(sources[5 + number].path), read_image(Path(sources[number].path)))
    Path(sources[8].path).write_bytes(b"no picture")
    with pytest.raises(
        InputError, match=r"^side B, the target: no picture .*; 4 skipped \(3 in both sides, 1 unread"
    ):
        build_pairs(sources, tmp_path / "out", NONE, **SPLIT)


def test_sides_of_very_different_size_are_noted(tmp_path: Path) -> None:
    _, notes = build_pairs(sides(tmp_path / "in", 3, 31), tmp_path / "out", NONE, **SPLIT)
    assert "the sides are of very different size: A has 3 pictures, B has 31 pictures" in notes
    assert notes_on_sizes({"A": 3, "B": 30}) == notes_on_sizes({"": 9}) == notes_on_sizes({}) == []


def test_equal_and_odd_names_of_both_sides_stay_apart(tmp_path: Path) -> None:
    names = [unicodedata.normalize(form, "rosé/é.png") for form in ("NFC", "NFD")]
    names += ["\U0001f40e.png", "line\nbreak.png", "1.png", "deep/1.png"]
    for number, name in enumerate(names):
        write_png(tmp_path / "in/A" / name, noise(number))
        write_png(tmp_path / "in/B" / name, noise(100 + number))
    raw = [asdict(row) for row in download_folder(tmp_path / "in", tmp_path / "raw", "unpaired", Workers())]
    assert are_sides(raw)
    sources = list_sides(tmp_path / "raw", raw, tmp_path, [], "none")
    rows, _ = build_pairs(sources, tmp_path / "out", NONE, **SPLIT)
    assert len(set(kept(rows).values())) == len(rows) == 2 * len(names)
    for row in rows:
        assert row.path.isprintable() and f"/{row.side}/" in row.path and row.source.startswith(row.side)
        expected = to_square(read_image(tmp_path / "in" / row.source), 64, "crop")
        assert np.array_equal(read_image(tmp_path / "out" / row.path), expected)


def raw_row(side: str, kind: str = "photos") -> dict[str, str]:
    return {
        "path": f"images/{side}/1.png",
        "source": f"{side}/1.png" if kind == "photos" else f"{side}/film.mp4",
        "sha256": "0" * 64,
        "kind": kind,
        "class_name": "all",
        "split": "",
        "side": side,
    }


def frame_row(side: str) -> dict[str, str]:
    path = f"{side}/ann/clip/000000.jpg"
    return {"path": path, "person": "ann", "split": "test", "recording": "ann/0", "time_ms": "500.0"} | {
        "side": side
    }


def test_photos_and_frames_of_both_sides_are_listed(tmp_path: Path) -> None:
    raw_rows = [raw_row("A"), raw_row("B", "videos")]
    by_clip = list_sides(tmp_path / "raw", raw_rows, tmp_path / "frames", [frame_row("B")], "none")
    photo, frame = (tmp_path / "raw/images/A/1.png", tmp_path / "frames/B/ann/clip/000000.jpg")
    assert by_clip == [
        PairSource(str(photo), "A/1.png", "all", "", "", "A"),
        PairSource(str(frame), "B/ann/clip/000000.jpg", "ann", "test", "ann/0", "B", 500.0),
    ]
    by_person = list_sides(tmp_path, raw_rows, tmp_path, [frame_row("B")], "none", "person")
    assert by_person[1].group == "ann"


def test_task_that_makes_pairs_is_refused_with_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^pair_task: found 'edges' .* two sides.*to none, or layout"):
        list_sides(tmp_path, [raw_row("A"), raw_row("B")], tmp_path, [], "edges")


def test_side_without_a_picture_is_named_with_what_was_skipped(tmp_path: Path) -> None:
    rows = [raw_row("A"), raw_row("B", "videos")]
    with pytest.raises(InputError, match=r"^side B gave no picture: extract_frames skipped 1 \(no vid"):
        list_sides(tmp_path, rows, tmp_path, [], "none", skipped="extract_frames skipped 1 (no video)")


def test_sides_are_counted_and_shown(tmp_path: Path) -> None:
    sources = [
        replace(source, class_name="horse" if source.side == "A" else "zebra")
        for source in sides(tmp_path / "in", 9, 5)
    ]
    for number, source in enumerate(sources):
        write_png(Path(source.path), np.full((64, 64, 3), 10 * number, dtype=np.uint8))
    splits = ["train"] * 6 + ["val", "test", "test"] + ["train"] * 3 + ["val", "test"]
    sources = [replace(source, own_split=split) for source, split in zip(sources, splits, strict=True)]
    rows, _ = build_pairs(sources, tmp_path / "out", NONE, **SPLIT)
    write_manifest(tmp_path / "manifest.csv", rows, PairRow)
    table = read_manifest(tmp_path / "manifest.csv")
    counts = count_pairs(table, count_skipped({}))
    assert {name: counts[name] for name in ("train", "val", "test", "classes")} == {
        "train": 9,
        "val": 2,
        "test": 3,
        "classes": 2,
    }
    expected = {"train_a": 6, "train_b": 3, "val_a": 1, "val_b": 1, "test_a": 2, "test_b": 1}
    assert {name: counts[name] for name in expected} == expected
    described = describe_sizes(counts)
    assert described == "A 6 train, 1 val, 2 test, B 3 train, 1 val, 1 test pictures in 2 classes"
    assert ["A/horse", "train", 6] in count_by_class(table).values.tolist()
    sheet = sample_sides(tmp_path / "out/train", counts)
    # in the middle of each picture: as many of A, spread over all six, as B has
    assert sheet[27 + 80, [86, 252, 418], 0].tolist() == [0, 20, 50]
    assert sheet[193 + 27 + 80, [86, 252, 418], 0].tolist() == [90, 100, 110]
    assert sheet.shape == (2 * 193, 3 * 166 + 6, 3)
