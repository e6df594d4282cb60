"""The commands of the documents' blocks, run in a clone with tiny settings and made data."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
import torch
from clones import TINY, Clone, clone_project
from documented import Command, documented_commands
from original_networks import original
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

ENDS_WITHIN_S = 600
NOT_RUN = {
    ("make", "test"): "runs these tests",
    ("make", "test-all"): "runs these tests",
    ("make", "lint"): "is run beside the tests",
    ("make", "bench"): "takes long",
    ("make", "compare"): "takes many hours",
    ("make", "studies"): "takes many hours",
    ("dvc", "remote"): "tests/end_to_end/test_sharing.py does",
    ("dvc", "push"): "tests/end_to_end/test_sharing.py does",
    ("dvc", "pull"): "tests/end_to_end/test_sharing.py does",
    ("dvc", "exp", "push"): "tests/end_to_end/test_sharing.py does",
    ("dvc", "exp", "pull"): "tests/end_to_end/test_sharing.py does",
    ("dvc", "exp", "list"): "tests/end_to_end/test_sharing.py does",
    ("dvc", "exp", "apply"): "tests/end_to_end/test_sharing.py does",
    ("dvc", "queue", "start"): "tests/end_to_end/test_queue.py does",
    ("dask",): "the tests of Dask start a cluster of their own",
    ("git",): "is not the project's",
    ("pip",): "installs",
    ("python", "-m", "benchmarks.gpu"): "needs a GPU; tests/benchmarks/test_gpu.py runs it at toy sizes",
    ("pre-commit", "install"): "changes the clone that others commit in",
    ("torchrun",): "needs several machines",
}
MADE_ELSEWHERE = ("PIX2PIX_DASK_SCHEDULER", "PIX2PIX_NODES", "PIX2PIX_DEVICES")


def reason_not_to_run(command: Command) -> str:
    dataset = next((word for word in command.words if word.startswith("dataset=")), "dataset=sample")
    if command.words[0] == "dvc" and dataset.split("=")[1] not in ("sample", "folder"):
        return "needs the network"
    if command.words[:2] == ("make", "study") and command.document != "README.md":
        return "the README's study runs; tests/architecture/test_commands.py reads the settings of this one"
    if any(key in MADE_ELSEWHERE for key, _ in command.machine):
        return "needs other machines"
    return next((why for start, why in NOT_RUN.items() if command.words[: len(start)] == start), "")


COMMANDS = [command for command in documented_commands() if command.is_block]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which the pipeline has run, with the environment of the tests, and data to name."""
    clone = clone_project(tmp_path_factory.mktemp("commands") / "clone")
    clone.run("dvc", "repro")
    clone.commit("Run the pipeline")
    (clone.path / ".git" / "info" / "exclude").write_text("/.venv\n/photo*\n/film*\n/latest_net_G*\n")
    (clone.path / ".venv").symlink_to(sys.prefix)
    for kind in ("raw/images", "raw/videos", "pairs"):
        made = clone.path.parent / Path(kind).name
        shutil.copytree(clone.path / "data" / kind, made, ignore=shutil.ignore_patterns("*.csv"))
    shutil.copytree(clone.path.parent / "images", clone.path / "photos")
    for number, photo in enumerate(sorted((clone.path.parent / "images").rglob("*.png"))):
        side = clone.path.parent / "unpaired" / "AB"[number % 2]
        side.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, side / f"{number}{photo.suffix}")
    photo = next((clone.path / "photos").rglob("*.png"))
    for name in ("photo.png", "photo.jpg"):
        shutil.copy(photo, clone.path / name)
    shutil.copy(next((clone.path.parent / "videos").rglob("*.mp4")), clone.path / "film.mp4")
    network = original("resnet_6blocks", norm="instance", dropout=False)
    torch.save(network.state_dict(), clone.path / "latest_net_G.pth")
    clone.run("dvc", "exp", "save", "--name", "my-exp")
    return clone


def data_for(clone: Clone, pair_task: str, source: str = "", layout: str = "") -> Path:
    """A folder of what ``source`` is to hold: two sides that are no pairs, pairs, videos or photos."""
    if layout == "unpaired":
        return clone.path.parent / "unpaired"
    if pair_task == "none":
        return clone.path.parent / "pairs"
    return clone.path.parent / ("videos" if "people" in source or "video" in source else "images")


def made_small(command: Command, clone: Clone) -> list[str]:
    words = list(command.words)
    if words[:3] == ["dvc", "exp", "run"]:
        given = dict(word.split("=", 1) for word in words if "=" in word)
        small = [f"{key}={value}" for key, value in TINY.items() if key in given]
        if given.get("dataset") == "folder":
            kind = (given.get(name, "") for name in ("pair_task", "source", "layout"))
            small += [f"source={data_for(clone, *kind)}"]
        return words + [part for setting in small for part in ("-S", setting)]
    if words[0] == "make":
        if words[1] in ("recipe", "study"):
            words = [*words[:2], *smoke(dict(word.split("=", 1) for word in words[2:]), clone)]
        words = ["N=2" if word.startswith("N=") else word for word in words]  # pictures of the few to rate
        stamps = [f"{clone.path}/.venv/.installed{which}" for which in ("", "-demo", "-dev")]
        return [*words, *(part for stamp in stamps for part in ("-o", stamp))]
    return words


def smoke(given: dict[str, str], clone: Clone) -> list[str]:
    """The variables of `make recipe` or `make study`, for an epoch on data that is made."""
    yaml = YAML(typ="safe")
    study = clone.path / "studies" / f"{given['NAME']}.yaml"
    name = yaml.load(study)["recipe"] if study.is_file() else given["NAME"]
    changes = dict(change.split("=", 1) for change in shlex.split(given.get("SET", "")))
    task = changes.get("pair_task") or yaml.load(clone.path / "recipes" / f"{name}.yaml")["pair_task"]
    source = data_for(clone, task, layout=changes.get("layout", ""))
    changes |= {"dataset": "folder", "source": str(source), "epochs": "1"}
    settings = " ".join(f"{key}={value}" for key, value in changes.items())
    return [f"{key}={value}" for key, value in {**given, "SET": settings, "SMOKE": "1"}.items()]


def run_until_it_ends_or_listens(clone: Clone, words: Sequence[str], machine: dict[str, str]) -> str:
    """Run a command, and return its output; a server is stopped once it listens."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            words, cwd=clone.path, env=clone.environment | machine, stdout=log, stderr=subprocess.STDOUT
        )
        end, listens = time.monotonic() + ENDS_WITHIN_S, False
        while process.poll() is None and not listens and time.monotonic() < end:
            listens = is_listening(process.pid)
            time.sleep(0.2)
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
        status = process.wait(timeout=60)
        log.seek(0)
        assert listens or status == 0, log.read()
        return log.read()


def is_listening(pid: int) -> bool:
    try:
        tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        sockets = [socket for process in tree for socket in process.net_connections("tcp")]
    except psutil.Error:
        return False
    return any(socket.status == psutil.CONN_LISTEN for socket in sockets)


@pytest.mark.parametrize("command", COMMANDS, ids=[str(command) for command in COMMANDS])
@pytest.mark.skipif(os.name != "posix", reason="needs make and signals")
def test_command_of_a_block_runs(command: Command, clone: Clone) -> None:
    if reason := reason_not_to_run(command):
        pytest.skip(reason)
    output = run_until_it_ends_or_listens(clone, made_small(command, clone), dict(command.machine))
    assert "Traceback" not in output
    clone.run("git", "checkout", "--quiet", "--", ".")
    clone.run("dvc", "checkout", "--force")
