"""What is kept of an experiment whose metrics, curves and pictures are written here."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.collected import collected, curve, keep_pictures
from experiments.dvc_runs import Experiment
from experiments.studies import Run
from pix2pix.pages.study.results import PICTURES
from pix2pix.pages.study.study_file import RESULTS
from pix2pix.pictures.images import RgbImage, read_image

STRIPES = np.zeros((16, 16, 3), np.uint8)
STRIPES[:, ::2] = 200
HALF = STRIPES // 2  # as sharp by half
TEST = {"l1": 0.25, "kid_lite0": 4.5, "l1_std": 0.1, "n_images": 5, "baseline_input_l1": 0.5}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "tester@example.org")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def experiment(repository: Path, curves: dict[str, list[tuple[int, float]]]) -> Experiment:
    """An experiment of two epochs of 20 steps, with these points of its curves."""
    train: dict[str, Any] = {"val_l1": 0.3, "best_val_l1": 0.2, "l1": 0.1, "epochs": 2, "steps": 40}
    data = {"train": 20, "val": 4, "test": 5}
    for name, values in {"train": train, "data": data, "evaluate": TEST}.items():
        path = repository / f"metrics/{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(values))
    for name, points in curves.items():
        path = repository / f"metrics/plots/train/plots/metrics/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(points, columns=["step", "value"]).to_csv(path, sep="\t", index=False)
    for command in (["add", "-A"], ["commit", "--quiet", "--no-verify", "-m", "run"]):
        subprocess.run(["git", *command], check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return Experiment("ab-a-seed1", commit.stdout.strip(), "")


def test_curve_is_the_means_of_the_epochs(repository: Path) -> None:
    points = [(5, 0.4), (15, 0.2), (25, 0.2), (35, 0.1), (40, 0.0)]
    done = experiment(repository, {"train/l1": points, "val/l1": [(40, 0.5)]})
    assert curve(done, "train/l1", 2) == [0.3, 0.1]
    assert curve(done, "val/l1", 2) == [0.5, 0.5]
    assert curve(done, "train/generator_gan", 2) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_of_training_and_test_and_pictures_of_the_first_seed(
    repository: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    curves = {"val/l1": [(20, 0.2), (40, 0.3)], "train/generator_gan": [(20, 1.0), (40, 3.0)]}
    done = experiment(repository, curves)
    pictures = [(STRIPES, HALF, STRIPES)] * 3
    monkeypatch.setattr("experiments.collected.tested_pictures", lambda _: pictures)  # DVC's, end to end
    run = Run("a", seed, {"batch_size": 1, "image_size": 64}, "facades-20-4-all")
    kept = collected(run, done, seconds=61.2)
    assert kept.figures == {
        "l1": 0.25,
        "kid_lite0": 4.5,
        "baseline_input_l1": 0.5,
        "val_l1": 0.3,
        "overfitting": 0.1,
        "train_l1": 0.1,
        "mean_val_l1": 0.25,
        "gan_loss": 3.0,
        "gan_roughness": 1.0,
        "sharpness": 0.5,
    }
    assert (kept.curves["val_l1"], kept.curves["train_l1"]) == ([0.2, 0.3], [])
    assert kept.facts["seconds"] == 61 and kept.facts["pairs"] == {"train": 20, "val": 4, "test": 5}
    assert (kept.digest, kept.experiment) == (run.digest, "ab-a-seed1")
    assert bool(kept.pictures) == (seed == 1)


def test_equal_inputs_of_several_runs_are_kept_once(repository: Path) -> None:
    def strip(output: RgbImage) -> dict[str, str]:
        return keep_pictures([(STRIPES, output, STRIPES[::-1].copy() // 4)] * 20)

    first, second = strip(HALF), strip(255 - HALF)
    assert first["input"] == second["input"] and first["output"] != second["output"]
    folder = RESULTS / PICTURES
    assert len(list(folder.iterdir())) == 4
    assert read_image(folder / first["output"]).shape == (16, 8 * 16, 3)
