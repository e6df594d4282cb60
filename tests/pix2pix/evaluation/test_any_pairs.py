"""A saved model measured on a folder of pairs, as from the command line."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from unpaired_cases import write_unpaired_model

from pix2pix.core.errors import InputError
from pix2pix.evaluation.any_pairs import evaluate
from pix2pix.evaluation.metrics import image_metrics
from pix2pix.model.model_file import save_generator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.images import read_image, write_jpeg, write_png


def save_model(path: Path, **changes: Any) -> Path:
    settings = {
        **asdict(GeneratorOptions(image_size=64, ngf=4)),
        "direction": "AtoB",
        "precision": "fp32",
        "test_mode": "eval",
        **changes,
    }
    torch.manual_seed(0)
    save_generator(path, build_generator(GeneratorOptions.of(settings)).state_dict(), settings)
    return path


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(3):
        write_png(tmp_path / "pairs" / f"{i}.png", rng.integers(0, 255, (64, 128, 3), dtype=np.uint8))
    return tmp_path / "pairs"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pix2pix", "evaluate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_command_prints_the_metrics_and_writes_what_it_is_told_to(tmp_path: Path, pairs: Path) -> None:
    model = save_model(tmp_path / "m.safetensors")
    done = run("--model", model, "--pairs", pairs, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())
    line = next(line for line in done.stdout.splitlines() if line.startswith("psnr"))
    assert line.split()[1:] == [f"{figures['psnr']:.4f}", f"{figures['baseline_input_psnr']:.4f}"]
    assert "the input is the left half" in done.stdout and figures["n_images"] == 3
    table = pd.read_csv(tmp_path / "out" / "per_image.csv")
    output, pair = read_image(tmp_path / "out" / "results" / "1.png"), read_image(pairs / "1.png")
    assert table["ssim"][1] == pytest.approx(image_metrics(output, pair[:, 64:].copy())["ssim"], abs=1e-6)
    assert (tmp_path / "out" / "plots" / "examples.jpg").is_file()


def test_input_is_the_half_that_the_model_was_trained_on(tmp_path: Path, pairs: Path) -> None:
    model = save_model(tmp_path / "m.safetensors", direction="BtoA")
    swapped = evaluate(model, pairs, tmp_path / "a")
    assert swapped == evaluate(model, pairs, tmp_path / "b", direction="BtoA")
    assert swapped != evaluate(model, pairs, tmp_path / "c", direction="AtoB")


def test_input_of_pairs_that_build_pairs_wrote_is_the_left_half(tmp_path: Path, pairs: Path) -> None:
    model = save_model(tmp_path / "m.safetensors", direction="BtoA")
    (tmp_path / "manifest.csv").write_text("path,source,status,reason,split,class_name\n")
    assert evaluate(model, pairs, tmp_path / "a") == evaluate(model, pairs, tmp_path / "b", direction="AtoB")


@pytest.mark.parametrize("trained", ["AtoB", "BtoA"])
@pytest.mark.parametrize("is_built", [True, False])
def test_model_of_both_directions_is_measured_in_the_one_that_is_asked_for(
    tmp_path: Path, pairs: Path, trained: Any, is_built: bool
) -> None:
    both = write_unpaired_model(tmp_path / "both", direction=trained, seeds=(0, 1))
    alone = {
        way: write_unpaired_model(tmp_path / f"{seed}", "cut", direction="AtoB", seeds=(seed, seed))
        for seed, way in enumerate((trained, "BtoA" if trained == "AtoB" else "AtoB"))
    }
    if is_built:  # then the left half is the input of the training's direction
        (tmp_path / "manifest.csv").write_text("path,source,status,reason,split,class_name\n")
    for way in ("AtoB", "BtoA"):
        figures = evaluate(both, pairs, tmp_path / way, direction=way)
        is_left = way == (trained if is_built else "AtoB")
        expected = evaluate(alone[way], pairs, tmp_path / f"{way}_alone", "AtoB" if is_left else "BtoA")
        assert expected == {name: value for name, value in figures.items() if "cycle" not in name}
        assert "cycle_l1" in figures
    assert evaluate(both, pairs, tmp_path / "x") == evaluate(both, pairs, tmp_path / "y", direction=trained)


def test_unusable_pictures_are_named_and_left_out(
    tmp_path: Path, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pairs / "torn.png").write_bytes((pairs / "0.png").read_bytes()[:300])
    write_png(pairs / "narrow.png", np.zeros((64, 101, 3), dtype=np.uint8))
    assert evaluate(save_model(tmp_path / "m"), pairs, tmp_path / "out")["n_images"] == 3
    said = capsys.readouterr().out
    assert "narrow.png: no A|B pair: 101x64 is not twice as wide as high" in said
    assert "torn.png: unreadable" in said


def test_pictures_that_differ_in_the_suffix_alone_are_both_measured(tmp_path: Path, pairs: Path) -> None:
    write_jpeg(pairs / "1.jpg", np.zeros((64, 128, 3), dtype=np.uint8))
    write_png(pairs / "deeper" / "1.png", np.zeros((64, 128, 3), dtype=np.uint8))
    assert evaluate(save_model(tmp_path / "m"), pairs, tmp_path / "out")["n_images"] == 5
    table = pd.read_csv(tmp_path / "out" / "per_image.csv")
    assert sorted(table.iloc[:, 0]) == ["0.png", "1_jpg.png", "1_png.png", "2.png", "deeper/1.png"]


def test_hidden_files_and_earlier_results_are_not_measured(tmp_path: Path, pairs: Path) -> None:
    write_png(pairs / "._0.png", np.zeros((64, 128, 3), dtype=np.uint8))
    write_png(pairs / ".thumbnails" / "0.png", np.zeros((64, 128, 3), dtype=np.uint8))
    model = save_model(tmp_path / "m")
    once = evaluate(model, pairs, pairs / "out")
    assert once["n_images"] == 3
    assert evaluate(model, pairs, pairs / "out") == once


def test_pairs_of_another_size_are_refused_or_scaled(tmp_path: Path, pairs: Path) -> None:
    write_jpeg(pairs / "large.jpg", np.zeros((100, 200, 3), dtype=np.uint8))
    model = save_model(tmp_path / "m")
    with pytest.raises(InputError, match=r"200x100; the model takes pairs of 128x64, and `--resize crop`"):
        evaluate(model, pairs, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert evaluate(model, pairs, tmp_path / "out", resize="stretch")["n_images"] == 4


@pytest.mark.parametrize("content", ["empty", "no pairs", "missing"])
def test_folder_without_pairs_is_refused(tmp_path: Path, content: str) -> None:
    if content != "missing":
        (tmp_path / "in").mkdir()
    if content == "no pairs":
        write_png(tmp_path / "in" / "a.png", np.zeros((64, 64, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="no pairs in"):
        evaluate(save_model(tmp_path / "m"), tmp_path / "in", tmp_path / "out")


def test_damaged_and_missing_models_are_errors_without_a_traceback(tmp_path: Path, pairs: Path) -> None:
    (tmp_path / "damaged").write_bytes(save_model(tmp_path / "m").read_bytes()[:5000])
    for name, message in (("damaged", "is not a model written by the train stage"), ("none", "no model at")):
        done = run("--model", tmp_path / name, "--pairs", pairs)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert done.stderr.startswith("error: ") and message in done.stderr


def test_folders_in_the_place_of_files_and_places_without_leave_are_errors_without_a_traceback(
    tmp_path: Path, pairs: Path
) -> None:
    model = save_model(tmp_path / "m")
    for arguments, message in (
        (("--model", pairs, "--pairs", pairs), f"{pairs} is a folder; a model is a file"),
        (("--model", model, "--pairs", pairs, "--out", model / "out"), f"Not a directory: {model}"),
    ):
        done = run(*arguments)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert done.stderr.splitlines()[-1].startswith("error: ") and message in done.stderr


def test_folder_of_other_things_is_not_replaced(tmp_path: Path, pairs: Path) -> None:
    done = run("--model", save_model(tmp_path / "m"), "--pairs", pairs, "--out", pairs)
    assert done.returncode == 1 and "name a new folder" in done.stderr and len(list(pairs.iterdir())) == 3
