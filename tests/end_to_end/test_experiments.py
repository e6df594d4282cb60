"""Recipes and studies as a user runs them, in a clone, with real DVC.

``RECIPES=all pytest --slow tests/end_to_end/test_experiments.py`` runs every recipe on real data, a minute
each.
"""

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from clones import Clone, clone_project, ran, wait_for_queue
from conftest import PROJECT
from torchvision.models import resnet18
from training_cases import write_pairs
from unpaired_cases import write_sets

from experiments.recipes import load_params
from pix2pix.model.model_file import read_settings
from pix2pix.pictures.images import read_image, write_png

pytestmark = pytest.mark.slow

TINY = "ngf=2 ndf=2 epochs=1 max_images=0 log_every=1"
ALL_STAGES = ["download", "extract_frames", "crop_faces", "build_pairs", "train", "evaluate"]
PHOTOS = "photos"  # made of Shortie's coloured halves
SIDES = "sides"  # two sides that are no pairs, made of them by class
STAND_INS = {  # for each recipe's download
    "isola_facades": "facades",
    "isola_maps": "edges2shoes",
    "isola_edges2shoes": "edges2shoes",
    "isola_colorization": PHOTOS,
    "drexel_shortie": "shortie",
    "drexel_huge": PHOTOS,
    "drexel_faces": "videos/people",
    "columbia_facades": "facades",
    "columbia_country211": PHOTOS,
    "columbia_country211_enhanced": PHOTOS,
    "iit_maps": "edges2shoes",
    "iit_anime": "edges2shoes",
    "blog_sketch": PHOTOS,
    "blog_sketch_resize": PHOTOS,
    "tutorial_maps": "edges2shoes",
    "cyclegan_horse2zebra": SIDES,
    "cyclegan_monet2photo": SIDES,
    "cyclegan_maps": SIDES,
    "cut_horse2zebra": SIDES,
    "best_colour": "shortie",
    "best_edges": "edges2shoes",
    "best_labels": "facades",
}
FEW = ["drexel_faces", "columbia_country211_enhanced", "blog_sketch_resize"]
CHOSEN = list(STAND_INS) if os.environ.get("RECIPES") == "all" else FEW


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return clone_project(tmp_path_factory.mktemp("experiments") / "clone")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs in a folder whose name every grammar reads in another way."""
    return write_pairs(tmp_path_factory.mktemp("pairs") / "my pairs, [1]=it's", train=8, val=4)


def recipe(clone: Clone, name: str, changes: str, *options: str, fails: bool = False) -> str:
    command = ("python", "-m", "experiments", "recipe", name, "--smoke", "--set", changes)
    return clone.run(*command, *options, fails=fails)


def names(clone: Clone) -> list[str]:
    return sorted(clone.run("dvc", "exp", "list", "--name-only").split())


def settings_of(clone: Clone, name: str) -> dict[str, Any]:
    lines = clone.run("git", "for-each-ref", "--format=%(refname)", "refs/exps").splitlines()
    reference = next(line for line in lines if line.endswith(f"/{name}"))
    return load_params(clone.run("git", "show", f"{reference}:params.yaml"))


def own(pairs: Path, changes: str = TINY) -> str:
    return f"dataset=folder source={shlex.quote(str(pairs))} {changes}"


def test_recipe_is_an_experiment_that_dvc_compares(clone: Clone, pairs: Path) -> None:
    output = recipe(clone, "columbia_facades", own(pairs))
    assert ran(output) == ALL_STAGES
    assert names(clone) == ["columbia_facades-smoke"]
    settings = settings_of(clone, "columbia_facades-smoke")
    expected = {"source": str(pairs), "lambda_l1": 200, "leaky_slope": 0.01, "ngf": 2, "epochs": 1}
    assert {key: settings[key] for key in expected} == expected
    assert "metrics/evaluate.json" in clone.run("dvc", "metrics", "diff")
    assert "columbia_facades-smoke" in clone.run("dvc", "exp", "show", "--csv")


def test_line_shown_runs_as_it_is_typed(clone: Clone, pairs: Path) -> None:
    output = recipe(clone, "columbia_facades", own(pairs), "--queue")
    line = output[output.index("dvc exp run") :].split("\n`dvc queue start`")[0].split("\nQueue")[0]
    assert "--queue -n columbia_facades-smoke-2" in line
    typed = line.replace("-smoke-2", "-typed").replace("--queue", "--temp")
    assert "Ran experiment(s): columbia_facades-typed" in clone.run("sh", "-c", typed)
    assert settings_of(clone, "columbia_facades-typed") == settings_of(clone, "columbia_facades-smoke")
    clone.run("dvc", "exp", "remove", "columbia_facades-typed", "columbia_facades-smoke-2")


def test_second_run_gets_a_number_and_force_replaces(clone: Clone, pairs: Path) -> None:
    recipe(clone, "columbia_facades", own(pairs))
    assert names(clone) == ["columbia_facades-smoke", "columbia_facades-smoke-2"]
    changed = own(pairs, f"{TINY} lambda_l1=50")
    assert "dvc exp remove columbia_facades-smoke\n" in recipe(clone, "columbia_facades", changed, "--force")
    assert names(clone) == ["columbia_facades-smoke", "columbia_facades-smoke-2"]
    assert settings_of(clone, "columbia_facades-smoke")["lambda_l1"] == 50


def test_nothing_of_an_earlier_run_is_left_in_the_next(clone: Clone, pairs: Path) -> None:
    assert str(pairs.name) in (clone.path / "params.yaml").read_text()  # of the runs before
    output = recipe(clone, "isola_maps", "", "--queue")
    clone.run("dvc", "exp", "remove", "isola_maps-smoke")
    assert "-S source=data/input" in output and "-S source_sha256= " in output
    assert "-S lambda_l1=100" in output and "-S ngf=16" in output


def test_wrong_change_stops_before_anything_runs(clone: Clone) -> None:
    before = names(clone)
    output = recipe(clone, "isola_maps", "norm=layer lamda_l1=2", fails=True)
    lines = output.splitlines()
    assert "error: SET: lamda_l1: there is no such setting; did you mean lambda_l1?" in lines
    assert (
        "error: SET: norm: found 'layer'; input should be 'batch', 'instance', 'instance_plain' or 'none'"
        in lines
    )
    assert "dvc exp run" not in output and "Traceback" not in output and names(clone) == before


def test_make_hands_quoted_changes_on_as_they_are(clone: Clone, pairs: Path) -> None:
    clone.run("git", "checkout", "--quiet", "--", ".")
    installed = Path(torch.__file__).parents[3].parent  # its mark stands for an environment that is made
    environment = f"VENV={installed}"
    make = ("make", "-o", f"{installed}/.installed", environment, "recipe", "NAME=isola_maps", "SMOKE=1")
    output = clone.run(*make, "QUEUE=1", f"SET={own(pairs)}")
    clone.run("dvc", "exp", "remove", "isola_maps-smoke")
    assert f"source={pairs.parent}" in output.replace("'", "").replace('"', "").replace("\\", "")
    assert "-S ngf=2 " in output


def start(clone: Clone, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        cwd=clone.path,
        env=clone.environment | {"PIX2PIX_CHECKPOINT_MINUTES": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_for_a_second_training(clone: Clone, process: "subprocess.Popen[str]") -> None:
    seen: set[Path] = set()
    for _ in range(15000):
        assert process.poll() is None, process.communicate()[0]
        seen |= {path.parent for path in clone.path.glob(".dvc/tmp/work/train-*/state.pt")}
        if len(seen) == 2:
            return
        time.sleep(0.02)
    raise AssertionError("no second training has kept a state within five minutes")


@pytest.mark.parametrize("name", ["cyclegan_horse2zebra", "cut_horse2zebra"])
def test_recipe_without_pairs_trains_on_two_sides(clone: Clone, tmp_path: Path, name: str) -> None:
    clone.run("git", "checkout", "--quiet", "--", ".")
    sets = write_sets(tmp_path / "sets", a=4, b=5, train=10)  # as CycleGAN's sets are: no validation
    output = recipe(clone, name, own(sets, f"{TINY} epochs_decay=1"))
    assert ran(output)[-2:] == ["train", "evaluate"] and names(clone).count(f"{name}-smoke") == 1
    is_both_ways = name.startswith("cyclegan")
    train, test, sizes = (clone.json(f"metrics/{part}.json") for part in ("train", "evaluate", "model"))
    data = clone.json("metrics/data.json")
    assert data["val_a"] == data["val_b"] == 2 and data["train"] == 16
    assert train["epochs"] == 1 and train["generator_gan"] > 0
    assert ("cycle" in train, "contrast" in train) == (is_both_ways, not is_both_ways)
    assert test["n_images"] == 4 and ("cycle_l1" in test) == is_both_ways
    assert ("back_discriminator_parameters" in sizes) == is_both_ways
    assert ("patch_heads_parameters" in sizes) != is_both_ways
    model = read_settings(clone.path / "models/generator.safetensors")
    assert (model["objective"], model["generator"]) == (name.split("_")[0], "resnet_9blocks")


@pytest.mark.skipif(os.name != "posix", reason="needs sessions")
def test_killed_study_goes_on_where_it_was(clone: Clone, pairs: Path) -> None:
    clone.run("git", "checkout", "--quiet", "--", ".")
    changes = own(pairs, f"{TINY} epochs=30")
    command = ("python", "-m", "experiments", "study", "norms", "--smoke", "--set", changes)
    process = start(clone, *command)
    wait_for_a_second_training(clone, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (file,) = (clone.path / "studies/results").glob("norms-smoke-*.json")
    assert [run["way"] for run in json.loads(file.read_text())["runs"]] == ["batch"]

    output = clone.run(*command)
    assert "1 of 4: batch, seed 1: has been measured" in output and ran(output)[-2:] == ["train", "evaluate"]
    assert "train: going on after step" in output
    runs = {run["way"]: run for run in json.loads(file.read_text())["runs"]}
    assert list(runs) == ["batch", "batch_eval", "instance", "best_colour"]
    assert runs["instance"]["experiment"] == f"{file.stem}-instance-seed1" in names(clone)
    assert runs["batch"]["figures"]["sharpness"] > 0 and len(runs["batch"]["curves"]["val_l1"]) == 30
    assert "| instance (1 of 3 seeds) |" in output and "undecided" in output
    assert '"running"' not in clone.run("dvc", "exp", "show", "--json")
    assert clone.run("git", "status", "--short", "--untracked-files=no") == ""

    assert ran(clone.run(*command)) == []  # nothing is done again
    clone.run("python", "-m", "pix2pix", "report", "--study", file.stem)
    page = (clone.path / "report.html").read_text()
    assert page.count("data:image/jpeg") == 6  # inputs, four ways and targets


def test_study_runs_in_the_queue_with_two_workers_and_dvc_compares_its_runs(
    clone: Clone, pairs: Path
) -> None:
    clone.run("git", "checkout", "--quiet", "--", ".")
    command = ("python", "-m", "experiments", "study", "l1_weight", "--smoke", "--set", own(pairs))
    assert "`dvc queue start -j 2` runs what is queued" in clone.run(*command, "--queue")
    assert "waits in the queue" in clone.run(*command, "--queue")
    clone.run("dvc", "queue", "start", "-j", "2")
    try:
        wait_for_queue(clone)
    finally:
        clone.run("dvc", "queue", "stop")
    output = clone.run(*command)
    assert ran(output) == [] and "| 200 (1 of 3 seeds) |" in output  # it records what the queue has done
    (file,) = (clone.path / "studies/results").glob("l1_weight-smoke-*.json")
    done = [f"{file.stem}-{way}-seed1" for way in ("100", "200", "best_labels")]
    assert set(done) <= set(names(clone))
    shown = clone.run("dvc", "exp", "show", "--only-changed", "--csv")
    assert all(name in shown for name in done) and "lambda_l1" in shown.splitlines()[0]
    clone.run("dvc", "plots", "diff", *done[:2], "--out", "dvc_plots")
    curves = (clone.path / "dvc_plots/index.html").read_text()
    assert all(name in curves for name in done[:2])
    messages = clone.run("git", "log", "-1", "--format=%B", f"--glob=refs/exps/*/*/{done[0]}")
    assert f"study: {file.stem}; way: 100; seed: 1" in messages


@pytest.fixture(scope="module")
def photos(datasets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shortie's coloured halves, in their splits and classes."""
    folder = tmp_path_factory.mktemp("photos")
    for split, count in (("train", 8), ("test", 2)):
        for kind in (datasets / "shortie" / split).iterdir():
            for path in sorted(kind.iterdir())[:count]:
                image = read_image(path)
                write_png(folder / split / kind.name / f"{path.stem}.png", image[:, image.shape[1] // 2 :])
    return folder


@pytest.fixture(scope="module")
def sides(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photos of every other class as A, and of the rest as B, in their splits."""
    folder = tmp_path_factory.mktemp("sides")
    for split in ("train", "test"):
        for number, kind in enumerate(sorted((photos / split).iterdir())):
            shutil.copytree(kind, folder / f"{split}{'AB'[number % 2]}", dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Settings that name a file of the shape of ImageNet's weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(resnet18().state_dict(), path)
    return f"pretrained={path} pretrained_sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.parametrize("name", CHOSEN)
def test_recipe_runs_on_real_data_from_download_to_metrics(
    clone: Clone, datasets: Path, photos: Path, sides: Path, weights: str, name: str
) -> None:
    clone.run("git", "checkout", "--quiet", "--", ".")
    source = {PHOTOS: photos, SIDES: sides}.get(STAND_INS[name], datasets / STAND_INS[name])
    changes = f"dataset=folder source={source}" + (f" {weights}" if "enhanced" in name else "")
    start_time = time.monotonic()
    output = recipe(clone, name, changes)
    seconds = time.monotonic() - start_time
    data, train, test = (clone.json(f"metrics/{part}.json") for part in ("data", "train", "evaluate"))
    params = load_params((clone.path / "params.yaml").read_text())
    print(
        json.dumps({"recipe": name, "seconds": round(seconds), "l1": test.get("l1"), "train": data["train"]})
    )
    assert f"Ran experiment(s): {name}-smoke" in output
    assert test["n_images"] == data.get("test_a", data["test"]) > 0
    assert train["epochs"] == params["epochs"] + params["pretrain_epochs"]
    assert ("discriminator_real" in train) == bool(params["lambda_gan"])
    kept = list((clone.path / "data/epochs").glob("*.safetensors"))
    assert bool(kept) == bool(params["keep_every"])


def test_every_recipe_has_a_stand_in() -> None:
    assert set(STAND_INS) == {path.stem for path in (PROJECT / "recipes").glob("*.yaml")} - {"smoke"}
