"""What is run, taken over or recorded; no training is run here."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from study_cases import result, study_file

from experiments.dvc_runs import Experiment
from experiments.studies import Run, Study
from experiments.study_runs import keep_only, listed, missing, own_name, record
from pix2pix.pages.study.results import read_runs, results_path

SETTINGS = {"epochs": 3, "pretrain_epochs": 0, "batch_size": 1, "image_size": 64, "lambda_projected": 0}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def study(name: str = "ab", **settings: Any) -> Study:
    runs = [Run(way, seed, SETTINGS | settings, way) for seed in (1, 2) for way in "ab"]
    return Study(name, "ab", study_file(), runs)


def done(study: Study, number: int) -> None:
    run = study.runs[number]
    record(study, replace(result(run.way, run.seed, 0.2), digest=run.digest))


def test_recorded_runs_are_not_missing_and_stand_in_the_order_of_the_study() -> None:
    ab = study()
    assert missing(ab) == ab.runs
    done(ab, 3)
    done(ab, 0)
    assert missing(ab) == ab.runs[1:3]
    assert [run["way"] for run in json.loads(results_path("ab").read_text())["runs"]] == ["a", "b"]


def test_results_of_settings_that_a_study_no_longer_has_are_forgotten() -> None:
    before, after = study(), study(epochs=4)
    done(before, 0)
    assert missing(after) == after.runs
    done(after, 1)
    keep_only(after, {run.digest for run in after.runs})
    assert read_runs("ab").keys() == {"b, seed 1"}


def test_run_that_another_study_has_recorded_is_not_run_again() -> None:
    done(study("other"), 2)
    ab = study()
    assert missing(ab) == [run for run in ab.runs if run.name != "a, seed 2"]


def test_list_says_how_much_is_left_and_counts_a_shared_run_once() -> None:
    ab = study()
    done(ab, 0)
    lines = list(listed([ab, study("other")], run_by_run=True))
    assert lines[0].startswith("ab: 1 of 4 runs are done or shared, about ")
    assert [line.split(":")[0].strip() for line in lines[1:4]] == ["b, seed 1", "a, seed 2", "b, seed 2"]
    assert lines[4].startswith("other: 4 of 4") and lines[4].endswith("about 0 min left")


class Done(Experiment):
    """An experiment with settings of its own, which needs no repository."""

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        super().__init__(name, "", "")
        object.__setattr__(self, "settings", settings)

    def read(self, path: Path | str) -> str:
        assert str(path) == "params.yaml"
        return json.dumps(self.settings)


def test_experiment_with_other_settings_keeps_its_name_and_the_run_gets_a_number() -> None:
    run = study().runs[0]
    assert own_name(run, "ab", {}) == ("ab-a-seed1", False)
    same = {"ab-a-seed1": Done("ab-a-seed1", SETTINGS)}
    assert own_name(run, "ab", same) == ("ab-a-seed1", True)
    assert own_name(run, "ab", same, force=True) == ("ab-a-seed1-2", False)
    other = {"ab-a-seed1": Done("ab-a-seed1", SETTINGS | {"epochs": 9})}
    assert own_name(run, "ab", other) == ("ab-a-seed1-2", False)
    assert own_name(run, "ab", other | {"ab-a-seed1-2": Done("", SETTINGS)}) == ("ab-a-seed1-2", True)
