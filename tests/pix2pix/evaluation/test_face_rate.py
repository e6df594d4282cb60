from pathlib import Path

import numpy as np
import pytest
import torch

from pix2pix.evaluation.face_rate import cropped_faces, face_rate
from pix2pix.pictures.images import RgbImage, to_square, write_png

CPU = torch.device("cpu")


@pytest.fixture
def crop(face_photo: RgbImage) -> RgbImage:
    """A face as crop_faces cuts it."""
    return to_square(face_photo[50:200, 150:300], 128, "crop")


def write(folder: Path, name: str, output: RgbImage, target: RgbImage) -> Path:
    write_png(folder / "pairs" / name, np.hstack([target, target]))
    write_png(folder / "out" / name, output)
    return Path(name)


def test_rate_is_the_share_of_faces_that_are_still_found(tmp_path: Path, crop: RgbImage) -> None:
    blank = np.full_like(crop, 128)
    names = [
        write(tmp_path, "kept.png", crop, crop),
        write(tmp_path, "lost.png", blank, crop),
        write(tmp_path, "dark.png", crop // 2 + 30, crop),
        write(tmp_path, "no face.png", crop, blank),  # a face that is made up counts for nothing
    ]
    figures = face_rate(tmp_path / "pairs", names, tmp_path / "out", CPU, 0.9)
    assert figures == {"n_faces": 3, "face_rate": pytest.approx(2 / 3, abs=1e-6)}


def test_there_is_no_rate_without_faces(tmp_path: Path, crop: RgbImage) -> None:
    blank = np.full_like(crop, 128)
    name = write(tmp_path, "a.png", blank, blank)
    assert face_rate(tmp_path / "pairs", [name], tmp_path / "out", CPU, 0.9) == {"n_faces": 0}
    assert face_rate(tmp_path / "pairs", [], tmp_path / "out", CPU, 0.9) == {}


def test_pairs_of_face_crops_are_told_from_others_by_the_manifests(tmp_path: Path) -> None:
    faces, pairs = tmp_path / "faces.csv", tmp_path / "pairs.csv"
    faces.write_text("path,status\nanna/1.png,kept\nanna/2.png,kept\nanna/3.png,skipped\n")
    pairs.write_text(
        "path,source,status,split\n"
        "test/anna/2.png,anna/2.png,kept,test\n"
        "test/anna/1.png,anna/1.png,kept,test\n"
        "train/anna/3.png,anna/2.png,kept,train\n"
        "test/rose/1.png,rose/1.png,kept,test\n"
    )
    assert cropped_faces(pairs, faces, "test") == [Path("anna/1.png"), Path("anna/2.png")]
