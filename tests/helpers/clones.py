"""Clones and copies of the project in which a test runs real DVC."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from conftest import PROJECT

QUEUE_ENDS_WITHIN_S = 600
TINY = {
    "frame_interval_ms": "1500",
    "ngf": "4",
    "ndf": "4",
    "batch_size": "8",
    "epochs": "1",
    "sample_every": "1",
    "log_every": "2",
    "max_images": "40",
}


class Clone:
    """A clone of the project, with what is not committed yet, and tiny settings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PIX2PIX_ACCELERATOR": "cpu",
            "OMP_NUM_THREADS": "1",  # as in the fixture one_thread
        }
        self.environment |= {
            f"GIT_{who}_{what}": "tester@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }

    def run(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def experiment(self, *settings: str, targets: Sequence[str] = (), fails: bool = False) -> str:
        options = [part for setting in settings for part in ("-S", setting)]
        return self.run("dvc", "exp", "run", *options, *targets, fails=fails)

    def commit(self, message: str) -> None:
        """Commit all that has changed."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "--quiet", "--no-verify", "-m", message)

    def set(self, **settings: str) -> None:
        """Change settings in params.yaml."""
        lines = (self.path / "params.yaml").read_text().splitlines(keepends=True)
        keys = [line.split(":")[0] for line in lines]
        for key, value in settings.items():
            index = keys.index(key)
            lines[index] = f"{key}: {value}  # {lines[index].split('#', 1)[1].strip()}\n"
        (self.path / "params.yaml").write_text("".join(lines))

    def json(self, path: str) -> dict[str, float]:
        return json.loads((self.path / path).read_text())


def ran(output: str) -> list[str]:
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def clone_project(path: Path) -> Clone:
    clone = Clone(path)
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(path)], check=True)
    copy_files(path)
    clone.set(**TINY)
    clone.commit("Use tiny settings")
    return clone


def copy_project(path: Path) -> Clone:
    """A copy with tiny settings that is no git repository, such as an unpacked zip."""
    copy_files(path)
    copy = Clone(path)
    copy.set(**TINY)
    return copy


def copy_files(path: Path) -> None:
    """Copy what is committed, and what is not committed yet, to the folder ``path``."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, names.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, path / name)


def lend_environment(clone: Clone) -> None:
    """Make a .venv of links to the environment of the tests, with its own marks of what is installed."""
    environment = clone.path / ".venv"
    environment.mkdir()
    for path in Path(sys.prefix).iterdir():
        if not path.name.startswith(".installed"):
            (environment / path.name).symlink_to(path)
    for mark in (".installed", ".installed-demo", ".installed-dev"):
        (environment / mark).touch()


def wait_for_queue(clone: Clone) -> None:
    """Wait until DVC has run what is queued, and no experiment of it has failed."""
    end = time.monotonic() + QUEUE_ENDS_WITHIN_S
    while time.monotonic() < end:
        status = clone.run("dvc", "queue", "status")
        if "Queued" not in status and "Running" not in status:
            assert "Failed" not in status, status
            return
        time.sleep(1)
    raise AssertionError(status)
