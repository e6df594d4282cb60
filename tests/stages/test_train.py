"""The stage as DVC runs it."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
import torch
from conftest import PROJECT
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training_cases import write_pairs

from pix2pix.model.model_file import load_generator, read_settings

STEPS_COMPARED = 20
INPUTS = ["--pairs=pairs", "--performance=performance.json"]
PARENT = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]


class Project:
    """A folder with settings and pairs, in which the stage is run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("params.yaml", "machine.yaml"):
            shutil.copy2(PROJECT / name, path)
        write_pairs(path / "pairs", train=12)
        self.set(ngf=2, ndf=2, batch_size=2, epochs=4, log_every=1, sample_every=2)

    def set(self, **settings: object) -> None:
        text = (self.path / "params.yaml").read_text()
        lines = [line for line in text.splitlines() if line.split(":")[0] not in settings]
        lines += [f"{key}: {json.dumps(value)}" for key, value in settings.items()]
        (self.path / "params.yaml").write_text("\n".join(lines) + "\n")

    def start(
        self, out: str = "out", under: Sequence[str] = (), **machine: object
    ) -> "subprocess.Popen[str]":
        names = {"model": "model.safetensors", "metrics": "train.json", "plots": "plots", "epochs": "epochs"}
        paths = [part for name, path in names.items() for part in (f"--{name}", f"{out}/{path}")]
        return subprocess.Popen(
            [*under, sys.executable, "-m", "stages.train", *INPUTS, *paths],
            cwd=self.path,
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT),
                "PIX2PIX_ACCELERATOR": "cpu",
                "OMP_NUM_THREADS": "1",
                **{f"PIX2PIX_{key.upper()}": str(value) for key, value in machine.items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, out: str = "out", fails: bool = False, **machine: object) -> str:
        process = self.start(out, **machine)
        output, _ = process.communicate(timeout=300)
        assert (process.returncode != 0) == fails, output
        assert "Traceback" not in output, output
        return output

    def kept(self) -> list[Path]:
        return [path for path in self.path.glob(".dvc/tmp/work/train-*") if path.is_dir()]

    def curve(self, out: str, name: str) -> list[float]:
        table = pd.read_csv(self.path / out / f"plots/plots/metrics/{name}.tsv", sep="\t")
        return list(table.iloc[:, 1])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def wait_for_state(project: Project, process: "subprocess.Popen[str]") -> None:
    while not any((work / "state.pt").exists() for work in project.kept()):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.005)


def test_outputs_are_whole_and_nothing_is_kept_of_a_finished_training(project: Project) -> None:
    project.set(keep_every=2)
    output = project.run()
    assert "train: 4 epochs on cpu" in output and project.kept() == []
    files = set(bytes_of(project.path / "out"))
    assert {"model.safetensors", "train.json", "plots/samples.jpg", "epochs/epoch_0002.png"} <= files
    assert {"epochs/epoch_0002.safetensors", "epochs/epoch_0004.safetensors"} <= files
    assert read_settings(project.path / "out/model.safetensors")["output"] == "chroma"  # params.yaml: auto
    metrics = json.loads((project.path / "out/train.json").read_text())
    assert (metrics["epochs"], metrics["steps"]) == (4, 24)
    assert {"l1", "l2", "val_l1", "discriminator_real_accuracy", "generator_gradient"} <= set(metrics)
    performance = json.loads((project.path / "performance.json").read_text())["train"]
    assert performance["images_per_second"] > 0 and performance["peak_memory_mb"] > 0


def test_curves_and_pictures_go_to_tensorboard_if_wished(project: Project) -> None:
    project.run(tensorboard="true")
    events = EventAccumulator(str(next(project.path.glob("runs/*"))))
    events.Reload()
    values = [event.value for event in events.Scalars("train/l1")]
    assert values == pytest.approx(project.curve("out", "train/l1"), rel=1e-6)
    assert {"val/l1", "train/generator_gradient"} <= set(events.Tags()["scalars"])
    assert events.Tags()["images"] == ["samples"]


def test_killed_training_goes_on_says_so_and_gives_the_same_bytes(project: Project) -> None:
    project.run("undisturbed")
    process = project.start(checkpoint_minutes=0)
    wait_for_state(project, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(project.kept()) == 1 and not (project.path / "out/model.safetensors").exists()
    output = project.run()
    assert "train: going on after step" in output
    assert bytes_of(project.path / "out") == bytes_of(project.path / "undisturbed")
    assert project.kept() == []


@pytest.mark.skipif(os.name != "posix", reason="needs the adoption of orphans")
def test_training_that_outlives_its_killed_parent_is_not_done_again(project: Project) -> None:
    """As when DVC alone is killed: nobody takes the outputs, and the next run deletes them."""
    project.run("undisturbed")
    parent = project.start(under=PARENT, checkpoint_minutes=0)
    wait_for_state(project, parent)
    parent.kill()
    parent.communicate()  # until the stage, which has the same output, ends
    shutil.rmtree(project.path / "out")
    assert "train: going on after step 24, with 4 of 4 epochs done" in project.run()
    assert bytes_of(project.path / "out") == bytes_of(project.path / "undisturbed")
    assert project.kept() == []


def test_changed_setting_starts_afresh_and_says_why(project: Project) -> None:
    process = project.start(checkpoint_minutes=0)
    wait_for_state(project, process)
    process.kill()
    process.wait()
    project.set(lambda_l1=50)
    output = project.run()
    assert "train: starting afresh" in output and "lambda_l1 was 100.0 and is 50.0" in output


def test_divergence_keeps_the_last_good_generator_to_go_on_from(project: Project) -> None:
    project.set(precision="fp16", discriminator_learning_rate=0.3, norm="none")
    output = project.run(fails=True, checkpoint_minutes=0)
    assert "error: " in output and "training has diverged; try a lower learning_rate" in output
    path, sha256 = (output.split(f"{key}=")[1].split()[0] for key in ("init_from", "init_from_sha256"))
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha256
    generator, _ = load_generator(Path(path))
    assert all(weight.isfinite().all() for weight in generator.parameters())
    project.set(discriminator_learning_rate=0, init_from=path, init_from_sha256=sha256)
    project.run()


def test_weights_to_start_from_must_be_the_ones_named(project: Project) -> None:
    project.run("first")
    model = project.path / "first/model.safetensors"
    project.set(init_from=str(model), init_from_sha256="0" * 64)
    output = project.run(fails=True)
    assert f"error: init_from: the sha256 of {model} is" in output
    project.set(init_from_sha256=hashlib.sha256(model.read_bytes()).hexdigest(), ngf=3)
    assert "is a model of other layers; take its settings" in project.run(fails=True)
    project.set(ngf=2, epochs=1, learning_rate=1e-9)
    project.run("second")
    before, after = load_file(model), load_file(project.path / "second/model.safetensors")
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)


def test_two_processes_follow_one_and_write_one_model(project: Project) -> None:
    project.set(norm="none", dropout=0, augment_jitter=False, augment_mirror=False, epochs=4)
    project.set(gan_loss="bce")  # lsgan's starts near 0, where rounding counts
    project.run("one")
    output = project.run("two", devices=2)
    assert "Starting with 2 processes" in output
    for name in ("l1", "l2", "generator_gan", "discriminator_real", "discriminator_fake"):
        one, two = (project.curve(out, f"train/{name}")[:STEPS_COMPARED] for out in ("one", "two"))
        assert two == pytest.approx(one, rel=5e-3) and len(one) == STEPS_COMPARED
    assert project.curve("two", "val/l1") == pytest.approx(project.curve("one", "val/l1"), rel=5e-3)
    assert set(bytes_of(project.path / "one")) == set(bytes_of(project.path / "two"))


def test_interrupted_training_of_two_processes_goes_on(project: Project) -> None:
    project.run("undisturbed", devices=2)
    process = project.start(devices=2, checkpoint_minutes=0)
    wait_for_state(project, process)
    process.kill()  # the first process; the other ends when it finds the connection closed
    process.communicate()
    assert "train: going on after step" in project.run(devices=2)
    assert bytes_of(project.path / "out") == bytes_of(project.path / "undisturbed")


@pytest.mark.parametrize("norm", ["none", "instance"])
def test_two_processes_follow_one_exactly_in_float64(tmp_path: Path, norm: str) -> None:
    pairs = write_pairs(tmp_path / "pairs", train=12)
    script = [str(PROJECT / "tests/helpers/two_processes.py"), str(pairs), norm]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'tests'}"}
    curves = []
    for name, options in (("one", []), ("two", launcher)):
        command = [sys.executable, *options, *script, str(tmp_path / name)]
        subprocess.run(command, env=environment, check=True, timeout=300)
        curves.append(json.loads((tmp_path / name).read_text()))
    one, two = curves
    for name in ("train/l1", "train/l2", "train/generator_gan", "train/discriminator_real"):
        values = [[value for _, value in curve[name][:STEPS_COMPARED]] for curve in (one, two)]
        assert values[1] == pytest.approx(values[0], rel=1e-6) and len(values[0]) == STEPS_COMPARED
