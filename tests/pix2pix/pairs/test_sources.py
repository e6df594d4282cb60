import os
from pathlib import Path

import pytest

from pix2pix.core.errors import InputError
from pix2pix.items.names import recording_key
from pix2pix.pairs.sides import list_sides
from pix2pix.pairs.sources import PairSource, choose_sources, file_names, list_sources

SIDED = [("videos", "A/IMG_1.mov"), ("photos", "A/IMG_1.heic"), ("photos", "B/IMG_1.jpg")]


def raw_row(kind: str) -> dict[str, str]:
    return raw(kind, "x.png")


def test_task_that_does_not_fit_the_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found 'grayscale' and a dataset of pairs.*set pair_task to none"):
        list_sources(tmp_path, [raw_row("pairs")], tmp_path, [], "grayscale")
    with pytest.raises(InputError, match=r"found 'none' and a dataset of photos.*grayscale, edges or sketch"):
        list_sources(tmp_path, [raw_row("photos")], tmp_path, [], "none")
    with pytest.raises(
        InputError, match=r"dataset of photos.*or layout to pairs where A and B lie side by side"
    ):
        list_sources(tmp_path, [raw_row("photos")], tmp_path, [], "none")


def test_nothing_to_pair_is_told_with_what_was_skipped(tmp_path: Path) -> None:
    skipped = "crop_faces skipped 12 (no face found)"
    with pytest.raises(InputError, match=r"no face was found.*; crop_faces skipped 12 \(no face found\)"):
        list_sources(tmp_path, [raw_row("videos")], tmp_path, [], "edges", skipped=skipped)
    with pytest.raises(InputError, match=r"holds no file to make pairs of; crop_faces skipped 12"):
        list_sources(tmp_path, [], tmp_path, [], "none", skipped=skipped)


def test_faces_are_grouped_by_recording_or_by_person(tmp_path: Path) -> None:
    rows = [
        {"path": f"{i}.png", "person": "ann", "split": "", "recording": f"ann/{i}", "time_ms": f"{500 * i}"}
        for i in range(2)
    ]
    by_clip = list_sources(tmp_path, [], tmp_path, rows, "grayscale", "clip")
    by_person = list_sources(tmp_path, [], tmp_path, rows, "grayscale", "person")
    assert [source.group for source in by_clip] == ["ann/0", "ann/1"]
    assert [source.time_ms for source in by_clip] == [0, 500]
    assert list_sources(tmp_path, [], tmp_path, rows, "grayscale", "auto") == by_clip
    assert [source.group for source in by_person] == ["ann", "ann"]


def raw(kind: str, source: str, class_name: str = "all") -> dict[str, str]:
    row = {"path": source, "source": source, "kind": kind, "class_name": class_name, "split": "", "side": ""}
    return row | {"sha256": f"{source:0>20}"}


def test_photo_with_a_film_of_its_name_is_of_that_recording(tmp_path: Path) -> None:
    """A phone's Live Photo is both; its picture in training and its film in the test would be a leak."""
    film, other = raw("videos", "ann/IMG_1.MOV", "ann"), raw("videos", "IMG_1.MOV")
    photos = [raw("photos", name) for name in ("ann/IMG_1.HEIC", "ann/IMG_2.jpg", "bob/IMG_1.jpg")]
    faces = [{"path": "f.png", "person": "ann", "split": "", "recording": recording_key(film)}]
    faces[0]["time_ms"] = "0"
    for split_by in ("clip", "person"):
        rows = [*photos, film, other]
        live, *alone, face = list_sources(tmp_path, rows, tmp_path, faces, "grayscale", split_by)
        assert live.group == face.group != ""
        assert [photo.group for photo in alone] == ["", ""]


def test_photo_of_a_side_with_a_film_of_its_name_is_of_that_recording(tmp_path: Path) -> None:
    rows = [raw(kind, name) | {"side": name[0]} for kind, name in SIDED]
    frames = [{"path": "A/1.jpg", "person": "all", "split": "", "side": "A", "time_ms": "0"}]
    frames[0]["recording"] = recording_key(rows[0])
    live, other, frame = list_sides(tmp_path, rows, tmp_path, frames, "none")
    assert (live.group, other.group) == (frame.group, "")


def test_names_are_free_of_clashes_within_a_class() -> None:
    names = ["rose/a/1.png", "rose/b/1.png", "rose/1.jpg", "rose/1.png"]
    sources = [PairSource("", name, "rose", "") for name in names]
    assert file_names(sources) == ["a_1", "b_1", "1_jpg", "1_png"]


def test_names_are_such_as_every_tool_can_store() -> None:
    names = [os.fsdecode(b"rose/caf\xe9.png"), "rose/a\nb.png", f"rose/{'x' * 120}/{'y' * 140}.png"]
    made = file_names([PairSource("", name, "rose", "") for name in names])
    assert len(set(made)) == 3
    assert all(name.isprintable() and len(f"{name}.png".encode()) <= 255 for name in made)


def test_subset_is_seeded_and_in_order() -> None:
    sources = [PairSource(str(i), f"{i}.png", "rose", "") for i in range(40)]
    few = choose_sources(sources, 10, 1)
    assert len(few) == 10 and few == choose_sources(sources, 10, 1) and few != choose_sources(sources, 10, 2)
    assert few == sorted(few, key=sources.index) and choose_sources(sources, 0, 1) == sources
