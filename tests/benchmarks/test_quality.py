"""``python -m benchmarks.quality`` on a few small pictures."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison_cases import only_compare, write_dataset, write_recipe
from PIL import Image

from benchmarks.comparison_run import measured, prepare_pairs, trained
from benchmarks.comparisons import ABLATION, COMPARISONS, full_runs, settings_of
from benchmarks.quality import RECORD, main
from pix2pix.core.errors import run_command
from pix2pix.pictures.images import read_image
from pix2pix.training.loop import Training

PLAIN, OURS = "facades plain seed 1", "facades ours seed 1"


def compare(monkeypatch: pytest.MonkeyPatch, *words: str) -> dict[str, Any]:
    """Run the command, and return what it has recorded."""
    monkeypatch.setattr(sys, "argv", ["quality", *words])
    run_command(main)
    return dict(json.loads(RECORD.read_text()))


def runs(output: str) -> list[str]:
    """The lines of the trainings that were run."""
    return [line.removeprefix("compare: ") for line in output.splitlines() if line.endswith(")")]


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the project of ``folder``, beside its datasets, where a comparison takes seconds."""
    only_compare(monkeypatch)
    project = folder / "project"
    project.mkdir(exist_ok=True)
    monkeypatch.chdir(project)
    monkeypatch.setenv("DATASETS_DIR", str(folder / "datasets"))
    return project


def write_inputs(folder: Path) -> None:
    write_recipe(folder / "project" / "recipes", upsample="resize", batch_size="2")
    write_dataset(folder / "datasets" / "facades")


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything has been compared once."""
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as monkeypatch:
        enter(folder, monkeypatch)
        write_inputs(folder)
        compare(monkeypatch)
    return folder


@pytest.fixture
def done(compared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which everything has been compared."""
    shutil.copytree(compared, tmp_path, dirs_exist_ok=True)
    return enter(tmp_path, monkeypatch)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing has been compared."""
    project = enter(tmp_path, monkeypatch)
    write_inputs(tmp_path)
    return project


def test_both_ways_are_trained_on_as_many_pictures_and_measured(done: Path) -> None:
    record = json.loads(RECORD.read_text())
    plain, ours = record[PLAIN], record[OURS]
    assert plain["images_seen"] == ours["images_seen"] == 4 and plain["n_images"] == 3
    assert (plain["steps"], ours["steps"]) == (4, 2)
    assert plain["recipe"] == "isola_facades" and ours["recipe"] == "best_labels"
    for figures in (plain, ours):
        assert 0 < figures["l1"] < 1 and figures["epochs_d_won"] == 0
        assert figures["machine"] and figures["generator_parameters"] > 0
    seconds = record["facades speed"]["seconds_per_step"]
    assert seconds.keys() == {"plain", "ours"} and min(seconds.values()) > 0
    assert plain["baseline_input_l1"] == ours["baseline_input_l1"] and plain["l1"] != ours["l1"]
    assert plain["baseline_mean_l1"] == ours["baseline_mean_l1"]
    assert (done / ".compare/facades-ours-seed-1/model.safetensors").is_file()


def test_kid_is_that_of_the_model_and_of_the_mean_target(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pix2pix.realism.comparison.LEAST_FOR_LITE0", 3)  # 30 take long
    run = full_runs("facades")[0]
    prepare_pairs(run, tmp_path / "datasets")
    trained(run, settings_of(run))
    figures = measured(run)
    assert figures["kid_lite0"] > 0 and figures["baseline_mean_kid_lite0"] > 0


def test_pairs_have_the_input_on_the_left_and_validation_is_part_of_training(done: Path) -> None:
    pairs = done / ".compare/pairs/facades-64"
    source = read_image(done.parent / "datasets/facades/train/00.png")
    made = read_image(pairs / "train/00.png")
    assert np.array_equal(made, np.hstack([source[:, 64:], source[:, :64]])), "direction: BtoA"
    names = {split: sorted(path.name for path in (pairs / split).iterdir()) for split in ("train", "val")}
    assert names["val"] == names["train"] == ["00.png", "01.png", "02.png", "03.png"]


def test_page_and_its_pictures_are_written(done: Path) -> None:
    record = json.loads(RECORD.read_text())
    text = (done / "docs/comparison.md").read_text()
    assert f"| {record[PLAIN]['l1']:.4f} |" in text and f"| {record[OURS]['l1']:.4f} |" in text
    sheet = done / "docs/images/compare_facades.jpg"
    assert "](images/compare_facades.jpg)" in text and sheet.stat().st_size < 300_000
    with Image.open(sheet) as image:
        assert image.format == "JPEG"


def test_second_call_trains_nothing(
    done: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(RECORD.read_text())
    (done / "docs/comparison.md").unlink()
    assert compare(monkeypatch) == before
    assert runs(capsys.readouterr().out) == []
    assert (done / "docs/comparison.md").is_file()


def test_changed_settings_are_run_again_and_others_not(
    done: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(RECORD.read_text())
    write_recipe(done / "recipes", upsample="resize", batch_size="4")
    record = compare(monkeypatch)
    assert runs(capsys.readouterr().out) == [f"{OURS} (2 of 2)"]
    assert record[PLAIN] == before[PLAIN] and record[OURS]["steps"] == 1


def test_force_runs_again_with_the_same_result(
    done: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(RECORD.read_text())
    after = compare(monkeypatch, "--force")
    assert len(runs(capsys.readouterr().out)) == 2
    assert [after[name]["l1"] for name in (PLAIN, OURS)] == [before[name]["l1"] for name in (PLAIN, OURS)]


def test_interrupted_comparison_goes_on_in_the_middle_of_a_training(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_compare(monkeypatch, epochs=2)
    train_epoch = Training._train_epoch

    def stop(training: Training, progress: Any) -> None:
        if training.position.epoch == 1 and training.options.batch_size == 2:
            raise KeyboardInterrupt
        train_epoch(training, progress)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "_train_epoch", stop)
        with pytest.raises(SystemExit, match="interrupted"):
            compare(patch)
    assert list(json.loads(RECORD.read_text())) == [PLAIN], "what was measured is kept"
    capsys.readouterr()
    record = compare(monkeypatch)
    output = capsys.readouterr().out
    assert runs(output) == [f"{OURS} (2 of 2)"]
    assert "train: going on after step 2, with 1 of 2 epochs done" in output
    assert record[OURS]["images_seen"] == 8 and record[OURS]["steps"] == 4


def test_what_was_trained_but_not_measured_is_not_trained_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("benchmarks.quality.measured", stop)
        with pytest.raises(SystemExit, match="interrupted"):
            compare(patch)
    model = Path(".compare/facades-plain-seed-1/model.safetensors")
    written = model.stat().st_mtime_ns
    assert compare(monkeypatch)[PLAIN]["l1"] > 0
    assert model.stat().st_mtime_ns == written


def test_missing_dataset_is_told_in_one_line_before_any_work(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATASETS_DIR", os.fspath(tmp_path / "nowhere"))
    with pytest.raises(SystemExit) as stopped:
        compare(monkeypatch)
    (line,) = str(stopped.value).splitlines()
    assert line.startswith(f"error: no pictures in {tmp_path}/nowhere/facades/train: expected A|B pairs")
    assert "DATASETS_DIR=" in line and not (project / ".compare/pairs").exists()


def test_page_alone_runs_nothing_and_needs_neither_data_nor_recipes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_compare(monkeypatch, recipe="not_written_yet")
    monkeypatch.setenv("DATASETS_DIR", "nowhere")
    RECORD.parent.mkdir(parents=True)
    RECORD.write_text("{}")
    assert compare(monkeypatch, "--page") == {}
    assert "Not run yet." in (project / "docs/comparison.md").read_text()


def test_ablation_trains_ours_with_each_change(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only_compare(monkeypatch, ablation_epochs=1)
    monkeypatch.setitem(ABLATION, "facades", {"more L1": {"lambda_l1": 500}})
    record = compare(monkeypatch, "--ablation", "--data", "facades")
    names = [f"facades ablation {row} seed 1" for row in ("plain", "ours", "more L1")]
    assert runs(capsys.readouterr().out) == [f"{name} ({i} of 3)" for i, name in enumerate(names, start=1)]
    assert len({record[name]["digest"] for name in names}) == 3
    assert COMPARISONS["facades"].ablation_epochs == record[names[0]]["epochs"]


def test_speed_is_measured_again_where_a_setting_of_a_way_has_changed(
    done: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_recipe(done / "recipes", upsample="resize", batch_size="1")
    compare(monkeypatch)
    assert "compare: facades speed, of 2 ways by turns" in capsys.readouterr().out
    compare(monkeypatch)
    assert "speed" not in capsys.readouterr().out
