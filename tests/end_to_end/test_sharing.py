"""Data, models and experiments on their way between machines, by real DVC and real servers on loopback."""

import getpass
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clones import Clone, clone_project, ran
from object_store import CREDENTIALS
from object_store import endpoint as endpoint  # a fixture
from ruamel.yaml import YAML
from ssh_server import SshServer
from ssh_server import ssh as ssh  # a fixture

from pix2pix.pictures.images import write_png

pytestmark = pytest.mark.slow

PICTURES = 1500
PUSH_ENDS_WITHIN_S = 300
SHARED = ("data", "models", "metrics")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which the pipeline has run once and is committed."""
    clone = clone_project(tmp_path_factory.mktemp("sharing") / "clone")
    clone.run("dvc", "repro")
    clone.commit("Run the pipeline")
    return clone


@pytest.fixture(scope="module")
def many_files(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone with enough files in its cache that a push takes a while."""
    clone = clone_project(tmp_path_factory.mktemp("many") / "clone")
    photos, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(PICTURES):
        write_png(photos / f"{number:04}.png", rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
    clone.experiment("dataset=folder", f"source={photos}", targets=["download"])
    clone.commit("Download photos")
    return clone


def content(clone: Clone, *folders: str) -> dict[str, bytes]:
    return {
        path.relative_to(clone.path).as_posix(): path.read_bytes()
        for folder in folders
        for path in (clone.path / folder).rglob("*")
        if path.is_file()
    }


class Remote:
    """A DVC remote, and how to count what lies in it."""

    def __init__(self, url: str, count: Callable[[], int]) -> None:
        self.url, self.count = url, count
        self.environment: dict[str, str] = {}
        self.local: dict[str, str] = {}

    def set_up(self, clone: Clone) -> None:
        """The commands of docs/sharing.md."""
        clone.environment |= self.environment
        (clone.path / ".dvc" / "config.local").unlink(missing_ok=True)  # another remote's
        clone.run("dvc", "remote", "add", "--force", "--default", "storage", self.url)
        self.log_in(clone)
        clone.commit("Share through a remote")

    def log_in(self, clone: Clone) -> None:
        """What the project's files do not say, and each machine says for itself."""
        for key, value in self.local.items():
            clone.run("dvc", "remote", "modify", "--local", "storage", key, value)

    def fresh_clone(self, of: Clone, path: Path) -> Clone:
        of.run("git", "clone", "--quiet", ".", str(path))
        clone = Clone(path)
        clone.environment |= self.environment
        self.log_in(clone)
        return clone


def files_below(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".tmp"))


def folder_remote(tmp_path: Path, _: pytest.FixtureRequest | None = None) -> Remote:
    return Remote(str(tmp_path / "store"), lambda: files_below(tmp_path / "store"))


def s3_remote(_: Path, request: pytest.FixtureRequest) -> Remote:
    pytest.importorskip("dvc_s3", reason="needs the extra s3")
    import boto3

    address = request.getfixturevalue("endpoint")
    names = {"region_name": "AWS_DEFAULT_REGION"} | {
        key.lower(): key for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    login = {name: CREDENTIALS[key] for name, key in names.items()}
    bucket: Any = boto3.resource("s3", endpoint_url=address, **login).Bucket(f"bucket-{time.time_ns()}")
    bucket.create()
    remote = Remote(f"s3://{bucket.name}/store", lambda: sum(1 for _ in bucket.objects.all()))
    remote.environment = {"AWS_ENDPOINT_URL": address, **CREDENTIALS}
    return remote


def ssh_remote(tmp_path: Path, request: pytest.FixtureRequest) -> Remote:
    server: SshServer = request.getfixturevalue("ssh")
    store = tmp_path / "store"
    url = f"ssh://{getpass.getuser()}@127.0.0.1:{server.port}{store}"
    remote = Remote(url, lambda: files_below(store))
    remote.local = {"keyfile": str(server.keyfile)}
    return remote


@pytest.fixture(params=[folder_remote, s3_remote, ssh_remote], ids=["folder", "s3", "ssh"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    return request.param(tmp_path, request)


def test_fresh_clone_pulls_the_pushed_bytes_and_runs_no_stage(
    finished: Clone, remote: Remote, tmp_path: Path
) -> None:
    remote.set_up(finished)
    assert re.search(r"\d+ files? pushed", finished.run("dvc", "push"))
    fresh = remote.fresh_clone(finished, tmp_path / "fresh")
    assert not (fresh.path / "data/pairs").exists()
    fresh.run("dvc", "pull")
    assert content(fresh, *SHARED) == content(finished, *SHARED)
    assert {"data/pairs/manifest.csv", "models/generator.safetensors", "metrics/evaluate.json"} <= set(
        content(fresh, *SHARED)
    )
    output = fresh.run("dvc", "repro")
    assert ran(output) == [] and "up to date" in output
    assert fresh.run("git", "status", "--porcelain") == ""


def kill_in_the_middle(clone: Clone, remote: Remote) -> int:
    """Push, kill DVC once a tenth of the files has arrived, and return how many have."""
    dvc = subprocess.Popen(
        ["dvc", "push"],
        cwd=clone.path,
        env=clone.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + PUSH_ENDS_WITHIN_S
    while remote.count() < PICTURES // 10:
        assert dvc.poll() is None, "the push ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.002)
    os.kill(dvc.pid, signal.SIGKILL)
    dvc.wait()
    return remote.count()


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_killed_push_goes_on(many_files: Clone, remote: Remote, tmp_path: Path) -> None:
    remote.set_up(many_files)
    arrived = kill_in_the_middle(many_files, remote)
    assert PICTURES // 10 <= arrived < PICTURES
    pushed = re.search(r"(\d+) files pushed", many_files.run("dvc", "push"))
    assert pushed is not None
    assert remote.count() == arrived + int(pushed[1])
    fresh = remote.fresh_clone(many_files, tmp_path / "fresh")
    fresh.run("dvc", "pull", "download")
    assert len(content(fresh, "data/raw/images")) == PICTURES
    assert content(fresh, "data/raw") == content(many_files, "data/raw")


def test_clone_without_the_source_goes_by_what_is_known(many_files: Clone, tmp_path: Path) -> None:
    remote = folder_remote(tmp_path)
    remote.set_up(many_files)
    many_files.run("dvc", "push")
    fresh = remote.fresh_clone(many_files, tmp_path / "fresh")
    fresh.run("dvc", "pull", "download")
    source = Path(YAML(typ="safe").load(fresh.path / "params.yaml")["source"])
    elsewhere = source.rename(source.with_name("elsewhere"))
    try:
        assert ran(fresh.run("dvc", "repro", "--allow-missing", "download")) == []
        assert "No such file or directory" in fresh.run("dvc", "repro", "download", fails=True)
        fresh.run("dvc", "checkout", "download")
        assert content(fresh, "data/raw") == content(many_files, "data/raw")
    finally:
        elsewhere.rename(source)


def test_experiment_goes_through_git_and_the_remote(finished: Clone, tmp_path: Path) -> None:
    git = tmp_path / "project.git"
    finished.run("git", "clone", "--quiet", "--bare", ".", str(git))
    finished.run("git", "remote", "set-url", "origin", str(git))
    folder_remote(tmp_path).set_up(finished)
    finished.run("git", "push", "--quiet", "origin", "HEAD")
    finished.run("dvc", "push")
    finished.run("dvc", "exp", "run", "--name", "strong-l1", "-S", "lambda_l1=200")
    finished.run("dvc", "exp", "push", "origin", "strong-l1")
    expected = content(finished, *SHARED)

    other = Clone(tmp_path / "other")
    finished.run("git", "clone", "--quiet", str(git), str(other.path))
    assert "strong-l1" in other.run("dvc", "exp", "list", "origin")
    other.run("dvc", "exp", "pull", "origin", "strong-l1")
    other.run("dvc", "exp", "apply", "strong-l1")
    assert content(other, *SHARED) == expected
    assert "lambda_l1: 200" in (other.path / "params.yaml").read_text()
    assert ran(other.run("dvc", "repro")) == []
    finished.run("git", "checkout", "--quiet", "--", ".")
