"""``make`` in any folder: a clone, an unpacked zip, a folder whose path has spaces and letters with marks."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from clones import Clone, clone_project, copy_project, lend_environment, ran
from conftest import PROJECT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix" or shutil.which("make") is None, reason="needs make"),
]

STAGES = ["download", "extract_frames", "crop_faces", "build_pairs", "train", "evaluate"]
FOLDER = "mein Ordner & Größe ü"
TARGETS = re.search(r"^\.PHONY: (.+)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)[1].split()
SET_UP = "make: this copy was no git repository"
WITHOUT_GIT = ("make", "sh")


def says_that_it_set_up(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith(SET_UP)]


def root(clone: Clone) -> Path:
    """The folder of the git repository that a command in ``clone`` works in."""
    return Path(clone.run("git", "rev-parse", "--show-toplevel").strip())


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """An unpacked zip, and an environment that is installed."""
    copy = copy_project(tmp_path_factory.mktemp("make") / FOLDER / "project")
    lend_environment(copy)
    return copy


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_planned_in_a_folder_with_spaces_before_anything_is_installed(
    target: str, tmp_path: Path
) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    output = Clone(folder).run("make", "-n", target)
    assert target == "clean" or "-m venv .venv\n" in output
    assert len(list(folder.iterdir())) == 3, "nothing was made"


def test_environment_is_made_where_the_path_has_spaces(tmp_path: Path) -> None:
    copy = copy_project(tmp_path / FOLDER / "project")
    copy.run("make", ".venv/bin/python")
    found = copy.run(".venv/bin/python", "-c", "import sys; print(sys.prefix)").strip()
    assert found == str(copy.path / ".venv")


def test_pipeline_runs_in_a_clone_whose_path_has_spaces(tmp_path: Path) -> None:
    clone = clone_project(tmp_path / FOLDER / "project")
    lend_environment(clone)
    before = clone.run("git", "log", "--format=%H")
    output = clone.run("make", "repro")
    assert ran(output) == STAGES and "make:" not in output
    assert clone.run("git", "log", "--format=%H") == before
    assert clone.json("metrics/evaluate.json")["n_images"] > 0


def test_pipeline_runs_in_an_unpacked_zip_which_becomes_a_repository(unpacked: Clone) -> None:
    assert not (unpacked.path / ".git").exists()
    output = unpacked.run("make", "repro")
    (line,) = says_that_it_set_up(output)
    assert all(words in line for words in ("dvc exp run", "dvc metrics diff", "git add . && git commit"))
    assert ran(output) == STAGES and root(unpacked) == unpacked.path
    assert unpacked.run("git", "ls-files") == "", "what is committed is left to the user"


def test_second_run_in_it_sets_nothing_up_and_runs_nothing(unpacked: Clone) -> None:
    output = unpacked.run("make", "repro")
    assert says_that_it_set_up(output) == [] and ran(output) == []


def test_experiments_run_in_it_after_a_first_commit(unpacked: Clone) -> None:
    unpacked.run("git", "add", ".")
    unpacked.run("git", "commit", "--quiet", "-m", "Start")
    assert ".venv" not in unpacked.run("git", "ls-files")
    output = unpacked.run("dvc", "exp", "run", "-S", "lambda_l1=200")
    assert ran(output) == ["train", "evaluate"]
    rows = [line.split() for line in unpacked.run("dvc", "metrics", "diff").splitlines()]
    assert any(row[:2] == ["metrics/evaluate.json", "l1"] for row in rows)


def test_study_runs_in_it_too(unpacked: Clone) -> None:
    """Its runs are copies of the project, for which DVC alone writes the path in ASCII."""
    output = unpacked.run(
        "make",
        "study",
        "NAME=l1_weight",
        "SMOKE=1",
        "SET=dataset=sample pair_task=grayscale direction=AtoB epochs=1 epochs_decay=0 max_images=20",
    )
    assert "Traceback" not in output
    (file,) = (unpacked.path / "studies/results").glob("l1_weight-smoke-*.json")
    assert len(json.loads(file.read_text())["runs"]) == 3


def test_repository_without_a_commit_is_told_what_it_lacks(tmp_path: Path) -> None:
    copy = copy_project(tmp_path / "project")
    subprocess.run(["git", "init", "--quiet", str(copy.path)], check=True)
    output = copy.run("dvc", "repro", fails=True)
    assert "error: git: Empty git repo; make a first commit: git add . && git commit -m Start" in output
    assert "Traceback" not in output


def test_copy_inside_another_repository_gets_its_own(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    copy = copy_project(tmp_path / "photos & models" / "project")
    lend_environment(copy)
    assert len(says_that_it_set_up(copy.run("make", ".git"))) == 1
    assert root(copy) == copy.path


def test_pipeline_runs_where_no_git_is_installed(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in WITHOUT_GIT:
        (programs / name).symlink_to(shutil.which(name))
    copy = copy_project(tmp_path / "project")
    lend_environment(copy)
    copy.environment["PATH"] = str(programs)
    output = copy.run(str(programs / "make"), "repro")
    assert len(says_that_it_set_up(output)) == 1 and ran(output) == STAGES
