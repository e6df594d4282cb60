"""The pipeline as a user runs it, in a clone, with real DVC."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from clones import Clone, clone_project, ran
from ruamel.yaml import YAML

from pix2pix.items.manifest import read_manifest
from pix2pix.pictures.images import read_image, write_png


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which the pipeline has run once and is committed."""
    clone = clone_project(tmp_path_factory.mktemp("pipeline") / "clone")
    output = clone.run("dvc", "repro")
    assert ran(output) == ["download", "extract_frames", "crop_faces", "build_pairs", "train", "evaluate"]
    clone.commit("Run the pipeline")
    return clone


def test_repro_makes_every_output(clone: Clone) -> None:
    for pattern in (
        "data/raw/images/*/*.png",
        "data/raw/videos/*/*",
        "data/frames/*/*/*.jpg",
        "data/faces/*/*.png",
        "data/pairs/train/*/*.png",
        "data/pairs/val/*/*.png",
        "data/pairs/test/*/*.png",
        "data/results/*/*.png",
        "data/epochs/epoch_0001.png",
        "models/generator.safetensors",
        "metrics/plots/train/samples.jpg",
        "metrics/plots/evaluate/examples.jpg",
        "metrics/per_image.csv",
    ):
        assert list(clone.path.glob(pattern)), pattern
    metrics = clone.json("metrics/evaluate.json")
    assert metrics["n_images"] == len(list((clone.path / "data/pairs/test").rglob("*.png")))
    assert {"l1", "psnr", "ssim", "histogram_distance", "baseline_input_l1", "baseline_mean_l1"} <= set(
        metrics
    )
    assert set(clone.json("metrics/performance.json")) == {
        "download",
        "extract_frames",
        "crop_faces",
        "build_pairs",
        "train",
        "evaluate",
    }
    lock = YAML(typ="safe").load(clone.path / "dvc.lock")
    assert "metrics/performance.json" not in str([stage["outs"] for stage in lock["stages"].values()])
    assert not list(clone.path.rglob("*.partial"))


def test_second_repro_runs_nothing(clone: Clone) -> None:
    output = clone.run("dvc", "repro")
    assert ran(output) == [] and "up to date" in output


def test_experiment_reruns_only_what_its_setting_changes_and_is_compared(clone: Clone) -> None:
    comments = [
        line.split("#", 1)[1] for line in (clone.path / "params.yaml").read_text().splitlines() if "#" in line
    ]
    output = clone.run("dvc", "exp", "run", "-S", "lambda_l1=200")
    assert ran(output) == ["train", "evaluate"]
    text = (clone.path / "params.yaml").read_text()
    assert "lambda_l1: 200" in text
    assert [line.split("#", 1)[1] for line in text.splitlines() if "#" in line] == comments
    rows = [line.split() for line in clone.run("dvc", "metrics", "diff").splitlines()]
    changed = {row[1]: row[2:] for row in rows if row and row[0] == "metrics/evaluate.json"}
    assert float(changed["l1"][0]) != float(changed["l1"][1])


def test_plots_make_one_page_with_curves_and_pictures(clone: Clone) -> None:
    clone.run("dvc", "plots", "show")
    page = (clone.path / "dvc_plots" / "index.html").read_text()
    for title in ("Pairs by class and split", "Adversarial losses", "Losses by the features"):
        assert title in page
    assert all(picture in page for picture in ("pairs.jpg", "samples.jpg", "examples.jpg"))
    assert (
        len([path for path in (clone.path / "dvc_plots").rglob("*") if path.suffix in (".jpg", ".png")]) == 5
    )


def test_wrong_settings_stop_before_any_work(clone: Clone, tmp_path: Path) -> None:
    params = clone.path / "params.yaml"
    text = params.read_text()
    wrong = {"norm": "layer", "image_size": "100", "learning_rate": "fast"}
    lines = [
        next((f"{k}: {v}" for k, v in wrong.items() if line.startswith(f"{k}:")), line)
        for line in text.splitlines()
    ]
    params.write_text("\n".join(lines))
    try:
        for module in (["stages.settings"], ["stages.train", *train_arguments(tmp_path)]):
            output = clone.run("python", "-m", *module, fails=True)
            assert "error: params.yaml: norm: found 'layer'; input should be 'batch', 'instance'," in output
            assert "image_size: found 100; input should be 64, 128, 256, 512 or 1024" in output
            assert "learning_rate: found 'fast'; input should be a valid number" in output
            assert "Traceback" not in output
        assert list(tmp_path.iterdir()) == []
    finally:
        params.write_text(text)


def train_arguments(out: Path) -> list[str]:
    names = {
        "pairs": "data/pairs",
        "model": out / "m",
        "metrics": out / "j",
        "plots": out / "p",
        "epochs": out / "e",
    }
    return [part for name, path in names.items() for part in (f"--{name}", str(path))] + [
        "--performance",
        str(out / "q"),
    ]


def test_unknown_dataset_and_missing_or_useless_source_stop_an_experiment(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    clone = clone_project(tmp_path_factory.mktemp("stops") / "clone")
    empty = tmp_path_factory.mktemp("empty")
    (empty / "notes.txt").write_text("no picture")
    for settings, message in (
        (["dataset=facade"], "dataset: found 'facade'"),
        (["dataset=folder", "source=/no/such/folder"], "/no/such/folder"),
        (["dataset=folder", f"source={empty}"], f"no pictures or videos in {empty}"),
    ):
        output = clone.experiment(*settings, fails=True)
        assert message in output and "Traceback" not in output
        assert not (clone.path / "data" / "raw").exists() and not list(clone.path.rglob("*.partial"))
        clone.run("git", "checkout", "--", ".")


def test_folder_with_bad_files_goes_on_and_notices_changes(tmp_path_factory: pytest.TempPathFactory) -> None:
    clone = clone_project(tmp_path_factory.mktemp("folder") / "clone")
    source = tmp_path_factory.mktemp("my photos")
    rng = np.random.default_rng(0)
    for i in range(12):
        write_png(source / f"{i:02}.png", rng.integers(0, 255, (80, 70, 3), dtype=np.uint8))
    (source / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    data_stages = ["download", "extract_frames", "crop_faces", "build_pairs"]
    output = clone.run("dvc", "exp", "run", "-S", "dataset=folder", "-S", f"source={source}", "build_pairs")
    assert ran(output) == data_stages
    manifest = (clone.path / "data/pairs/manifest.csv").read_text()
    assert "cut.jpg,skipped,unreadable picture" in manifest and manifest.count(",kept,") == 12
    assert ran(clone.run("dvc", "repro", "build_pairs")) == []

    write_png(source / "new.png", rng.integers(0, 255, (80, 70, 3), dtype=np.uint8))
    assert ran(clone.run("dvc", "repro", "build_pairs")) == ["download", "build_pairs"]
    assert (clone.path / "data/pairs/manifest.csv").read_text().count(",kept,") == 13
    (source / "00.png").unlink()
    assert "download" in ran(clone.run("dvc", "repro", "build_pairs"))
    assert (clone.path / "data/pairs/manifest.csv").read_text().count(",kept,") == 12


def test_queued_experiment_refuses_a_relative_source(clone: Clone) -> None:
    clone.run("dvc", "exp", "run", "--queue", "-n", "relative", "-S", "dataset=folder")
    clone.run("dvc", "queue", "start")
    output = clone.run("dvc", "queue", "logs", "relative", "-f")
    assert "source: data/input is a relative path, and a queued experiment runs from a copy" in output


@pytest.mark.slow
def test_same_commit_gives_the_same_lock(clone: Clone) -> None:
    clone.run("git", "checkout", "--quiet", "--", ".")
    locks = []
    for _ in range(2):
        clone.run("dvc", "repro", "--force")
        locks.append((clone.path / "dvc.lock").read_bytes())
    assert locks[0] == locks[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "settings", "classes"),
    [
        ("shortie", ["pair_task=none"], 10),
        ("facades", ["pair_task=none", "direction=BtoA"], 1),
        ("videos/people", ["frame_interval_ms=3000"], 11),
    ],
)
def test_real_datasets_run_unchanged(
    tmp_path_factory: pytest.TempPathFactory, datasets: Path, folder: str, settings: list[str], classes: int
) -> None:
    clone = clone_project(tmp_path_factory.mktemp("real") / "clone")
    output = clone.experiment("dataset=folder", f"source={datasets / folder}", "max_images=60", *settings)
    assert len(ran(output)) == 6
    data = clone.json("metrics/data.json")
    assert data["train"] > 0 and data["val"] > 0 and data["test"] > 0 and 0 < data["classes"] <= classes
    assert clone.json("metrics/evaluate.json")["n_images"] == data["test"]


@pytest.mark.slow
def test_every_damaged_or_odd_file_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, datasets: Path
) -> None:
    tmp_path = tmp_path_factory.mktemp("damage")
    for folder in ("photos/corrupt", "photos/modes", "photos/exif_rotated", "videos/edge"):
        shutil.copytree(datasets / folder, tmp_path / "source" / Path(folder).name)
    clone = clone_project(tmp_path / "clone")
    settings = ("dataset=folder", f"source={tmp_path / 'source'}", "layout=mixed")
    settings += ("frame_interval_ms=0", "max_images=0")
    output = clone.experiment(*settings, targets=["build_pairs"])
    assert "Traceback" not in output
    raw, frames, pairs = (
        read_manifest(clone.path / "data" / name / "manifest.csv") for name in ("raw", "frames", "pairs")
    )
    files = {path.relative_to(tmp_path / "source") for path in (tmp_path / "source").rglob("*.*")}
    assert set(raw["source"]) == set(map(str, files)) and set(raw["status"]) == {"kept"}
    is_video = raw["kind"] == "videos"
    assert set(raw.loc[is_video, "path"]) == set(frames["source"])
    assert set(raw.loc[~is_video, "source"]) <= set(pairs["source"])
    for table in (frames, pairs):
        assert all(bool(row.path) != bool(row.reason) for row in table.itertuples())
    kept = frames[frames["status"] == "kept"].groupby("source").size()
    assert {Path(name).name: count for name, count in kept.items()} == {
        "corrupt_middle.mp4": 127,
        "no_faces.avi": 150,
        "one_frame.mp4": 1,
        "rotated_90.mp4": 90,
        "vfr.mp4": 37,
    }
    faces = read_manifest(clone.path / "data/faces/manifest.csv")
    assert set(faces.loc[faces["source"].str.contains("no_faces"), "status"]) == {"skipped"}
    upright = read_image(clone.path / "data/frames/edge/rotated_90/000000.jpg")
    assert upright.shape == (360, 640, 3)
