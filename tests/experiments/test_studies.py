"""What the studies compare."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT

from experiments.dvc_runs import Experiment
from experiments.studies import Study, read_study, series_name, study_names
from pix2pix.core.errors import InputError

VARIED = {
    "norms": {"norm"},
    "losses": {"lambda_l1", "lambda_l2", "lambda_gan"},
    "augmentation": {"augment_jitter", "augment_mirror"},
    "batch_size": {"batch_size"},
    "enhanced_colorization": {"generator", "pretrained", "pretrain_epochs", "epochs", "keep_every"},
    "lr_decay": {"lr_schedule"},
    "patch_size": {"patch_size"},
    "skips": {"skip_connections", "lambda_gan"},
    "activations": {"activation"},
    "l1_l2": {"lambda_l1", "lambda_l2"},
    "l1_weight": {"lambda_l1"},
    "precision": {"precision", "seed"},
}


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def test_every_study_is_checked() -> None:
    assert study_names() == sorted(VARIED)


@pytest.mark.parametrize("name", VARIED)
def test_runs_differ_in_what_the_study_compares_and_in_nothing_else(name: str) -> None:
    assert varied(read_study(name)) == VARIED[name]
    assert varied(read_study(name, smoke=True)) <= VARIED[name]


def varied(study: Study) -> set[str]:
    settings = [run.settings for run in study.runs]
    return {key for key in settings[0] if len({str(values[key]) for values in settings}) > 1}


def test_seven_objectives_are_all_sums_of_three_terms() -> None:
    runs = read_study("losses").runs
    terms = {
        tuple(bool(run.settings[f"lambda_{term}"]) for term in ("l1", "l2", "gan")): "_".join(run.values)
        for run in runs
    }
    assert len(terms) == 7 and not terms.get((False, False, False))
    assert all(
        name == "_".join(term for term, is_on in zip(("l1", "l2", "gan"), on, strict=True) if is_on)
        for on, name in terms.items()
    )
    assert all(run.settings["track_gan"] and run.settings["epochs"] == 50 for run in runs)


def test_grid_of_two_axes_runs_every_combination() -> None:
    names = [run.name("skips") for run in read_study("skips").runs]
    assert names == [
        "skips-unet-l1",
        "skips-unet-l1_gan",
        "skips-encoder_decoder-l1",
        "skips-encoder_decoder-l1_gan",
    ]


def test_smoke_runs_are_of_one_size_that_all_of_them_allow() -> None:
    sizes = {run.settings["image_size"] for run in read_study("patch_size", smoke=True).runs}
    assert sizes == {128}  # for patches of 286 px


def test_changes_are_of_all_runs() -> None:
    study = read_study("norms", "epochs=3 source=/photos")
    assert [(run.settings["epochs"], run.settings["source"]) for run in study.runs] == [(3, "/photos")] * 2
    with pytest.raises(InputError, match="SET: epochs: found 0"):
        read_study("norms", "epochs=0")


class Done(Experiment):
    """An experiment with settings of its own, which needs no repository."""

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        super().__init__(name, "", "")
        object.__setattr__(self, "settings", settings)

    def read(self, path: Path | str) -> str:
        assert str(path) == "params.yaml"
        return json.dumps(self.settings)


def test_study_with_other_settings_than_what_has_run_gets_a_number() -> None:
    study = read_study("norms", "epochs=3")
    batch, instance = study.runs
    assert series_name(study, {}) == "norms"
    same = {"norms-batch": Done("norms-batch", batch.settings)}
    assert series_name(study, same) == "norms"  # goes on with instance
    other = same | {"norms-instance": Done("norms-instance", instance.settings | {"epochs": 2})}
    assert series_name(study, other) == "norms-2"
    third = other | {"norms-2-batch": Done("norms-2-batch", batch.settings | {"seed": 1})}
    assert series_name(study, third) == "norms-3"


def test_unknown_study_names_those_there_are() -> None:
    with pytest.raises(InputError, match="NAME: found 'norm'; input should be one of activations, "):
        read_study("norm")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grid: {norm: {layer: {norm: layer}}}", "norm: found 'layer'; input should be 'batch'"),
        ("grid: {}", "grid"),
        ("axes: {norm: {batch: {norm: batch}}}", "axes"),
    ],
)
def test_wrong_study_is_refused_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(f"title: t\nclaim: c\nrecipe: isola_maps\n{text}\n")
    monkeypatch.setattr("experiments.studies.STUDIES", tmp_path)
    with pytest.raises(InputError) as error:
        read_study("wrong")
    assert message in str(error.value) and "wrong.yaml" in str(error.value)
