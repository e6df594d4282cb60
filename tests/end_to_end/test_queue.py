"""Experiments in a queue, and in two workspaces at once, give the metrics of one run after the other."""

import shutil
import threading
from pathlib import Path

import pytest
from clones import Clone, clone_project, wait_for_queue

pytestmark = pytest.mark.slow

WEIGHTS = (10, 20, 30, 40)
FILES = ("metrics/data.json", "metrics/train.json", "metrics/evaluate.json", "metrics/per_image.csv")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose pairs are built, committed."""
    clone = clone_project(tmp_path_factory.mktemp("queue") / "clone")
    clone.run("dvc", "repro", "build_pairs")
    clone.commit("Build pairs")
    return clone


def metrics(clone: Clone, experiment: str) -> dict[str, str]:
    reference = f"refs/exps/*/*/{experiment}"
    commit = clone.run("git", "for-each-ref", "--format=%(objectname)", reference).strip()
    return {file: clone.run("git", "show", f"{commit}:{file}") for file in FILES}


@pytest.fixture(scope="module")
def alone(clone: Clone) -> dict[int, dict[str, str]]:
    """The metrics by weight, of one run after the other in the workspace."""
    found = {}
    for weight in WEIGHTS:
        clone.run("dvc", "exp", "run", "--name", f"alone-{weight}", "-S", f"lambda_l1={weight}")
        clone.run("git", "checkout", "--quiet", "--", ".")
        found[weight] = metrics(clone, f"alone-{weight}")
    return found


def test_queue_of_four_gives_the_metrics_of_single_runs(
    clone: Clone, alone: dict[int, dict[str, str]]
) -> None:
    shutil.rmtree(clone.path / ".dvc" / "cache" / "runs")  # from which DVC would take the outputs
    clone.run("dvc", "exp", "remove", "--all-commits")
    for weight in WEIGHTS:
        clone.run("dvc", "exp", "run", "--queue", "--name", f"queued-{weight}", "-S", f"lambda_l1={weight}")
    clone.run("dvc", "queue", "start", "-j", "1")
    try:
        wait_for_queue(clone)
    finally:
        clone.run("dvc", "queue", "stop")
    for weight in WEIGHTS:
        assert "Running stage 'train'" in clone.run("dvc", "queue", "logs", f"queued-{weight}")
        assert metrics(clone, f"queued-{weight}") == alone[weight]
    assert len({str(found) for found in alone.values()}) == len(WEIGHTS)


def test_two_workspaces_at_once_give_the_metrics_of_single_runs(
    clone: Clone, alone: dict[int, dict[str, str]], tmp_path: Path
) -> None:
    workspaces = {}
    for weight in WEIGHTS[:2]:
        clone.run("git", "clone", "--quiet", ".", str(tmp_path / f"workspace {weight}"))
        workspaces[weight] = Clone(tmp_path / f"workspace {weight}")
        # The pairs, but not .dvc/cache/runs, from which DVC would take the trainings too.
        files = Path(".dvc", "cache", "files")
        shutil.copytree(clone.path / files, workspaces[weight].path / files)
    threads = [
        threading.Thread(target=workspace.run, args=("dvc", "exp", "run", "-S", f"lambda_l1={weight}"))
        for weight, workspace in workspaces.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for weight, workspace in workspaces.items():
        assert {file: (workspace.path / file).read_text() for file in FILES} == alone[weight]
