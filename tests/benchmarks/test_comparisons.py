"""Which trainings a comparison has, and their settings."""

from pathlib import Path
from typing import Any

import pytest
from comparison_cases import only_compare, write_recipe
from conftest import PROJECT

from benchmarks.comparisons import (
    ABLATION,
    COMPARISONS,
    ablation_runs,
    digest_of,
    full_runs,
    settings_of,
)
from pix2pix.core.errors import InputError
from stages.settings.train import TrainSettings


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_recipe(Path("recipes"))


def test_each_seed_has_plain_ours_and_ours_in_fewer_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    only_compare(monkeypatch, epochs=20, seeds=2, fewer_epochs=10)
    runs = full_runs("facades")
    rows = ["plain", "ours", "ours, 10 epochs"]
    assert [(run.row, run.seed) for run in runs] == [(row, seed) for seed in (1, 2) for row in rows]
    assert [settings_of(run).epochs for run in runs] == [20, 20, 10] * 2
    assert [settings_of(run).seed for run in runs] == [1, 1, 1, 2, 2, 2]
    assert len({run.slug for run in runs}) == len({run.name for run in runs}) == 6


def test_settings_are_the_recipes_but_for_what_all_trainings_share(monkeypatch: pytest.MonkeyPatch) -> None:
    write_recipe(Path("recipes"), norm="instance", select="best", keep_every="20")
    only_compare(monkeypatch)
    settings = settings_of(full_runs("facades")[1])
    assert (settings.norm, settings.select, settings.keep_every) == ("instance", "last", 0)
    assert (settings.image_size, settings.ngf, settings.ndf, settings.direction) == (64, 2, 2, "BtoA")


@pytest.mark.parametrize(("epochs", "decay"), [(200, 100), (20, 10), (5, 2)])
def test_learning_rate_decays_in_as_large_a_part_of_the_epochs_as_in_the_recipe(
    epochs: int, decay: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_recipe(Path("recipes"), lr_schedule="linear", epochs_decay="100")
    only_compare(monkeypatch, epochs=epochs)
    assert settings_of(full_runs("facades")[1]).epochs_decay == decay


def test_ablation_changes_one_thing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    only_compare(monkeypatch, ablation_epochs=3)
    monkeypatch.setitem(ABLATION, "facades", {"lower rate": {"learning_rate": 1e-5}})
    plain, ours, lower = ablation_runs("facades")
    before, after = settings_of(ours).header, settings_of(lower).header
    assert {name for name in before if before[name] != after[name]} == {"learning_rate"}
    assert settings_of(plain).epochs == 3 and lower.name == "facades ablation lower rate seed 1"


def test_comparison_without_an_ablation_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    only_compare(monkeypatch, ablation_epochs=0)
    assert ablation_runs("facades") == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lamda_l1": 3}, "facades ablation wrong seed 1: lamda_l1: train has no such setting"),
        ({"norm": "layer"}, "best_labels.yaml: norm: found 'layer'; input should be 'batch'"),
    ],
)
def test_wrong_change_is_refused(
    changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_compare(monkeypatch, ablation_epochs=1)
    monkeypatch.setitem(ABLATION, "facades", {"wrong": changes})
    with pytest.raises(InputError, match=message):
        settings_of(ablation_runs("facades")[-1])


def test_digest_is_that_of_all_settings_but_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    only_compare(monkeypatch, seeds=2)
    plain, _, plain_2, _ = map(settings_of, full_runs("facades"))
    assert digest_of(plain) == digest_of(plain_2)
    assert digest_of(plain) != digest_of(plain.model_copy(update={"lambda_l1": 99.0}))


def test_ablation_names_comparisons_and_settings_that_there_are() -> None:
    assert ABLATION.keys() <= COMPARISONS.keys()
    changed = {name for rows in ABLATION.values() for changes in rows.values() for name in changes}
    assert changed <= TrainSettings.model_fields.keys()


def test_recipes_that_are_there_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    runs = [run for data in COMPARISONS for run in full_runs(data) + ablation_runs(data)]
    there = [run for run in runs if Path(f"recipes/{run.recipe}.yaml").exists()]
    assert there and all(settings_of(run).epochs == run.changes["epochs"] for run in there)
