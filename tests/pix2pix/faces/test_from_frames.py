from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pix2pix.faces import from_frames as faces
from pix2pix.faces.from_frames import FaceRow, crop_faces
from pix2pix.faces.options import FaceOptions
from pix2pix.items.manifest import write_manifest
from pix2pix.items.parallel import Workers
from pix2pix.pictures.images import read_image, write_jpeg

OPTIONS = FaceOptions(
    face_margin=0.2,
    face_min_probability=0.9,
    face_min_px=40,
    faces_per_frame="largest",
    face_level_eyes=False,
    detect_max_side_px=640,
)


def frame_rows(folder: Path, frames: Sequence[np.ndarray], clip: str = "clip") -> list[dict[str, str]]:
    """Write frames as a clip of one person, and return their rows of a manifest."""
    (folder / "ann" / clip).mkdir(parents=True)
    rows = []
    for number, frame in enumerate(frames):
        path = f"ann/{clip}/{number:06}.jpg"
        write_jpeg(folder / path, frame)
        origin = {"person": "ann", "split": "", "recording": "r", "frame": str(number), "time_ms": "0"}
        rows.append({"path": path, **origin})
    return rows


def crop(
    tmp_path: Path,
    rows: Sequence[dict[str, str]],
    options: FaceOptions = OPTIONS,
    out: str = "out",
    workers: Workers = Workers(),  # noqa: B008
) -> list[FaceRow]:
    work = tmp_path / f"{out}-work"
    return crop_faces(
        tmp_path, rows, tmp_path / out, options, work=work, device=torch.device("cpu"), workers=workers
    )


def test_every_frame_gives_a_crop_or_a_reason(tmp_path: Path, face_photo: np.ndarray) -> None:
    rows = frame_rows(tmp_path, [face_photo, np.zeros_like(face_photo)])
    with_face, without = crop(tmp_path, rows)
    assert (with_face.path, with_face.status, with_face.recording) == ("ann/clip_000000.png", "kept", "r")
    assert with_face.roll_deg == ""
    height, width = read_image(tmp_path / "out" / with_face.path).shape[:2]
    assert height == width == pytest.approx((float(with_face.bottom) - float(with_face.top)) * 1.4, abs=2)
    assert (without.path, without.status, without.reason) == ("", "skipped", "no face found")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (replace(OPTIONS, face_min_probability=1.1, face_level_eyes=True), "probability below 1.1"),
        (replace(OPTIONS, face_min_px=300), "face smaller than 300 px"),
    ],
)
def test_faces_too_unsure_or_too_small_are_listed(
    tmp_path: Path, face_photo: np.ndarray, options: FaceOptions, reason: str
) -> None:
    # Below the size that is asked for, but not so small that the detector does not look for it.
    photo = (
        face_photo if options.face_min_px < 300 else np.kron(face_photo, np.ones((2, 2, 1), dtype=np.uint8))
    )
    result = crop(tmp_path, frame_rows(tmp_path, [photo]), options)
    assert [(row.path, row.reason, row.roll_deg) for row in result] == [("", reason, "")]
    assert result[0].left != ""


def test_largest_face_or_all_of_them(tmp_path: Path, face_photo: np.ndarray) -> None:
    two = np.hstack([face_photo, np.zeros_like(face_photo)])
    small = face_photo[::2, ::2]
    two[: small.shape[0], 600 : 600 + small.shape[1]] = small
    rows = frame_rows(tmp_path, [two])
    (largest,) = crop(tmp_path, rows, out="one")
    both = crop(tmp_path, rows, replace(OPTIONS, faces_per_frame="all"), out="all")
    assert largest.path == "ann/clip_000000.png" and float(largest.left) < 512
    assert [row.path for row in both] == ["ann/clip_000000_0.png", "ann/clip_000000_1.png"]
    sides = [read_image(tmp_path / "all" / row.path).shape[0] for row in both]
    assert sides[0] == pytest.approx(2 * sides[1], rel=0.15)


def test_levelled_crop_has_its_roll_in_the_manifest(tmp_path: Path, face_photo: np.ndarray) -> None:
    rows = frame_rows(tmp_path, [face_photo])
    (plain,) = crop(tmp_path, rows, out="plain")
    (level,) = crop(tmp_path, rows, replace(OPTIONS, face_level_eyes=True), out="level")
    assert plain.roll_deg == "" and 0 < abs(float(level.roll_deg)) < 15
    pictures = [read_image(tmp_path / out / "ann/clip_000000.png") for out in ("plain", "level")]
    assert pictures[0].shape == pictures[1].shape and not np.array_equal(*pictures)


@pytest.fixture
def clips(tmp_path: Path, face_photo: np.ndarray) -> list[dict[str, str]]:
    """Three clips with a moving face, the last without; of 17, 5 and 2 frames."""
    small = face_photo[:256, 80:400]
    moving = [np.roll(small, 4 * i, axis=1) for i in range(17)]
    first, second = (frame_rows(tmp_path, moving[start:], f"clip{start}") for start in (0, 12))
    return first + second + frame_rows(tmp_path, [np.zeros_like(small)] * 2, "dark")


def content(folder: Path, rows: Sequence[FaceRow]) -> dict[str, bytes]:
    """The bytes of all files of an output, with its manifest."""
    write_manifest(folder / "manifest.csv", rows, FaceRow)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def assert_like_one_process(tmp_path: Path, clips: list[dict[str, str]], workers: Workers) -> None:
    outputs = []
    for name, who in (("alone", Workers(1)), ("spread", workers)):
        torch.set_num_threads(2)  # as a user's process has
        outputs.append(content(tmp_path / name, crop(tmp_path, clips, out=name, workers=who)))
        assert len(list((tmp_path / f"{name}-work").iterdir())) == 4  # clip0 is longer than a job
    assert len(outputs[0]) == 1 + 17 + 5
    assert outputs[0] == outputs[1]


def test_processes_change_no_byte(
    tmp_path: Path, clips: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "FRAMES_PER_JOB", 16)
    monkeypatch.setattr(faces, "FRAMES_WORTH_A_PROCESS", 1)
    assert_like_one_process(tmp_path, clips, Workers(2))


@pytest.mark.slow
def test_cluster_changes_no_byte(
    tmp_path: Path, clips: list[dict[str, str]], cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "FRAMES_PER_JOB", 16)
    assert_like_one_process(tmp_path, clips, Workers(dask_scheduler=cluster))


def test_finished_jobs_are_not_done_again(tmp_path: Path, clips: list[dict[str, str]]) -> None:
    done = content(tmp_path / "out", crop(tmp_path, clips))
    (tmp_path / "out").rename(tmp_path / "interrupted")
    (again,) = (path for path in (tmp_path / "out-work").glob("1-*"))
    again.rename(tmp_path / "out-work" / f".{again.name}.1.partial")
    for row in clips:
        if "clip12" not in row["path"]:
            (tmp_path / row["path"]).unlink()
    assert content(tmp_path / "out", crop(tmp_path, clips)) == done


def test_crops_lie_on_the_disk_once(tmp_path: Path, face_photo: np.ndarray) -> None:
    (row,) = crop(tmp_path, frame_rows(tmp_path, [face_photo]))
    assert (tmp_path / "out" / row.path).stat().st_nlink == 2


def test_no_frames_give_no_faces(tmp_path: Path) -> None:
    assert crop(tmp_path, []) == []


def test_real_photos_of_several_people_give_several_faces(datasets: Path, tmp_path: Path) -> None:
    image = read_image(datasets / "photos/multi_face/fr_two_people.jpg")
    rows = crop(tmp_path, frame_rows(tmp_path, [image]), replace(OPTIONS, faces_per_frame="all"))
    assert sum(row.status == "kept" for row in rows) >= 2
