import shutil
from pathlib import Path

import pytest
from evaluated_project import FIGURES, evaluated_project
from small_model import write_model

from pix2pix.model.last_evaluation import last_evaluation


def test_figures_are_those_of_the_file_wherever_it_lies(tmp_path: Path) -> None:
    model = evaluated_project(tmp_path / "project")
    shutil.copy(model, tmp_path / "copy")
    for path in (model, tmp_path / "copy"):
        assert last_evaluation(path, tmp_path / "project") == FIGURES


def test_figures_of_another_model_are_left_out(tmp_path: Path) -> None:
    model = evaluated_project(tmp_path)
    write_model(model, ngf=5)
    assert last_evaluation(model, tmp_path) == {}


def test_figures_that_are_not_the_evaluations_are_left_out(tmp_path: Path) -> None:
    model = evaluated_project(tmp_path)
    (tmp_path / "metrics" / "evaluate.json").write_text('{"l1": 0}')
    assert last_evaluation(model, tmp_path) == {}


@pytest.mark.parametrize("lock", ["", "stages: 3", "stages: {train: {}}", "]", None])
def test_project_without_a_whole_lock_has_no_figures(tmp_path: Path, lock: str | None) -> None:
    model = evaluated_project(tmp_path)
    (tmp_path / "dvc.lock").unlink()
    if lock is not None:
        (tmp_path / "dvc.lock").write_text(lock)
    assert last_evaluation(model, tmp_path) == {}
