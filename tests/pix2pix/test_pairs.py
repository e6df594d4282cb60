from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pix2pix.data_report import count_pairs, count_skipped
from pix2pix.errors import InputError
from pix2pix.images import edges, grayscale, read_image, sketch, to_square, write_png
from pix2pix.manifest import read_manifest, write_manifest
from pix2pix.pairs import (
    PairRow,
    PairSource,
    Recipe,
    build_pairs,
    list_sources,
    make_pair,
)
from pix2pix.parallel import Workers
from pix2pix.raw import download_folder

GREY = Recipe("grayscale", "AtoB", 64)
SPLIT = {"max_images": 0, "val_fraction": 0.2, "test_fraction": 0.2, "seed": 0, "workers": Workers(1)}


def test_grayscale_pair_has_the_luma_left_and_the_photo_right(photo: np.ndarray) -> None:
    pair = make_pair(photo, GREY)
    target = to_square(photo, 64, "crop")
    assert pair.shape == (64, 128, 3)
    assert np.array_equal(pair[:, 64:], target) and np.array_equal(pair[:, :64], grayscale(target))


def test_edges_pair_has_the_edges_left(photo: np.ndarray) -> None:
    pair = make_pair(photo, Recipe("edges", "AtoB", 64, edge_blur=0, edge_low=0.5, edge_high=1.0))
    assert np.array_equal(pair[:, :64], edges(to_square(photo, 64, "crop"), 0, 0.5, 1.0))


def test_sketch_pair_has_the_lines_left(photo: np.ndarray) -> None:
    pair = make_pair(photo, Recipe("sketch", "AtoB", 64, sketch_line_px=0.8, sketch_strength=30))
    assert np.array_equal(pair[:, :64], sketch(to_square(photo, 64, "crop"), 0.8, 30))


def test_resize_is_that_of_the_recipe(photo: np.ndarray) -> None:
    for resize in ("crop", "pad", "stretch"):
        pair = make_pair(photo, Recipe("grayscale", "AtoB", 64, resize))
        assert np.array_equal(pair[:, 64:], to_square(photo, 64, resize))


def test_direction_swaps_the_halves(photo: np.ndarray) -> None:
    source = np.hstack([photo[:, :96], 255 - photo[:, :96]])
    forward, back = (
        make_pair(source, Recipe("none", "AtoB", 64)),
        make_pair(source, Recipe("none", "BtoA", 64)),
    )
    assert np.array_equal(forward[:, :64], back[:, 64:]) and np.array_equal(forward[:, 64:], back[:, :64])
    assert np.array_equal(forward[:, :64], to_square(photo[:, :96], 64, "crop"))


def photos(folder: Path, count: int) -> list[PairSource]:
    rng = np.random.default_rng(0)
    sources = []
    for i in range(count):
        path = folder / f"{i}.png"
        write_png(path, rng.integers(0, 255, (20, 20, 3), dtype=np.uint8))
        sources.append(PairSource(path, path.name, "rose", "", f"rose/{i}", str(i)))
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


def test_truncated_jpeg_is_skipped_and_listed(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 6)
    sources[2].path.write_bytes(sources[2].path.read_bytes()[:60])
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
    with pytest.raises(InputError, match=r"no picture gave a pair: 3 skipped \(3 no A\|B pair: 20x20"):
        build_pairs(sources, tmp_path / "out", Recipe("none", "AtoB", 64), **SPLIT)


def raw_row(kind: str) -> dict[str, str]:
    return {"path": "x.png", "source": "x.png", "kind": kind, "class_name": "all", "split": "", "sha256": "0"}


def test_task_that_does_not_fit_the_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found 'grayscale' and a dataset of pairs.*set pair_task to none"):
        list_sources(tmp_path, [raw_row("pairs")], tmp_path, [], "grayscale")
    with pytest.raises(InputError, match=r"found 'none' and a dataset of photos.*grayscale, edges or sketch"):
        list_sources(tmp_path, [raw_row("photos")], tmp_path, [], "none")
    with pytest.raises(InputError, match="no face was found"):
        list_sources(tmp_path, [raw_row("videos")], tmp_path, [], "edges")


def test_same_name_in_two_folders_of_a_class_is_kept_apart(tmp_path: Path) -> None:
    sources = photos(tmp_path / "in", 4)
    names = ["rose/a/1.png", "rose/b/1.png", "rose/1.jpg", "rose/1.png"]
    sources = [replace(s, name=name) for s, name in zip(sources, names, strict=True)]
    rows, _ = build_pairs(sources, tmp_path / "out", GREY, **SPLIT)
    assert sorted(Path(row.path).name for row in rows) == ["1_jpg.png", "1_png.png", "a_1.png", "b_1.png"]
    assert all(
        np.array_equal(
            read_image(tmp_path / "out" / r.path)[:, 64:], to_square(read_image(s.path), 64, "crop")
        )
        for r, s in zip(rows, sources, strict=True)
    )


def test_faces_are_grouped_by_recording_or_by_person(tmp_path: Path) -> None:
    rows = [{"path": f"{i}.png", "person": "ann", "split": "", "recording": f"ann/{i}"} for i in range(2)]
    by_clip = list_sources(tmp_path, [], tmp_path, rows, "grayscale", "clip")
    by_person = list_sources(tmp_path, [], tmp_path, rows, "grayscale", "person")
    assert [source.group for source in by_clip] == ["ann/0", "ann/1"]
    assert [source.group for source in by_person] == ["ann", "ann"]


def test_equal_pictures_stay_in_the_splits_of_their_source(tmp_path: Path) -> None:
    rows = [raw_row("pairs") | {"split": split, "path": f"{split}.png"} for split in ("train", "test")]
    groups = {source.group for source in list_sources(tmp_path, rows, tmp_path, [], "none")}
    assert len(groups) == 2


def test_real_shortie_keeps_its_own_test_split_and_its_leaks_are_counted(
    datasets: Path, tmp_path: Path
) -> None:
    raw = [vars(row) for row in download_folder(datasets / "shortie", tmp_path / "raw", "auto")]
    sources = list_sources(tmp_path / "raw", raw, tmp_path, [], "none")
    rows, _ = build_pairs(
        sources, tmp_path / "out", Recipe("none", "AtoB", 64), **{**SPLIT, "workers": Workers(2)}
    )
    write_manifest(tmp_path / "out" / "manifest.csv", rows, PairRow)
    manifest = tmp_path / "out" / "manifest.csv"
    counts = count_pairs(read_manifest(manifest), count_skipped({"build_pairs": manifest}))
    assert counts["test"] == 74 and counts["train"] + counts["val"] == 659
    assert counts["test_leaks"] >= 12 and counts["skipped"] == 0
