"""What the studies compare."""

from pathlib import Path

import pytest
from conftest import PROJECT

from experiments.studies import Run, Study, read_study
from pix2pix.core.errors import InputError
from pix2pix.pages.study.study_file import study_names
from pix2pix.pages.study.table import FIGURES

VARIED = {
    "norms": {"norm", "test_mode"},
    "losses": {"lambda_l1", "lambda_l2", "lambda_gan"},
    "augmentation": {"augment_jitter", "augment_mirror"},
    "batch_size": {"batch_size", "log_every"},
    "enhanced_colorization": {"generator", "pretrained", "pretrain_epochs", "epochs", "keep_every"},
    "lr_decay": {"lr_schedule"},
    "patch_size": {"patch_size"},
    "skips": {"skip_connections", "lambda_gan"},
    "activations": {"activation"},
    "l1_l2": {"lambda_l1", "lambda_l2"},
    "l1_weight": {"lambda_l1"},
    "precision": {"precision"},
}


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def test_every_study_is_checked() -> None:
    assert study_names() == sorted(VARIED)


@pytest.mark.parametrize("name", VARIED)
def test_runs_differ_in_what_the_study_compares_and_in_nothing_else(name: str) -> None:
    assert varied(read_study(name, full=True)) <= VARIED[name]
    assert varied(read_study(name)) == VARIED[name] - (
        {"keep_every"} if name.startswith("enhanced") else set()
    )
    assert varied(read_study(name, smoke=True)) <= VARIED[name]


def own_runs(study: Study) -> list[Run]:
    """The runs of the first seed, without the recommended recipe's."""
    return [run for run in study.runs if run.way in study.file.points and run.seed == 1]


def varied(study: Study) -> set[str]:
    settings = [run.settings for run in own_runs(study)]
    return {key for key in settings[0] if len({str(values[key]) for values in settings}) > 1}


@pytest.mark.parametrize("name", VARIED)
def test_each_way_runs_with_three_seeds_on_the_same_small_pairs(name: str) -> None:
    study = read_study(name)
    assert [run.seed for run in study.runs if run.way == study.file.ways[0]] == [1, 2, 3]
    assert {(run.data, run.settings["source"], run.settings["dataset"]) for run in study.runs} == {
        (study.file.data.label, str(Path(f".studies/{study.file.data.label}").absolute()), "folder")
    }
    assert {run.settings["ngf"] for run in study.runs} == {32}
    assert study.file.recommended is not None and study.runs[-1].way.startswith("best_")
    assert {claim.metric for claim in study.file.claims} <= FIGURES.keys()


def test_seven_objectives_are_all_sums_of_three_terms() -> None:
    runs = own_runs(read_study("losses", full=True))
    terms = {
        tuple(bool(run.settings[f"lambda_{term}"]) for term in ("l1", "l2", "gan")): run.way for run in runs
    }
    assert len(terms) == 7 and not terms.get((False, False, False))
    assert all(
        name == "_".join(term for term, is_on in zip(("l1", "l2", "gan"), on, strict=True) if is_on)
        for on, name in terms.items()
    )
    assert all(run.settings["track_gan"] and run.settings["epochs"] == 50 for run in runs)


def test_full_runs_are_as_large_as_in_the_report_and_on_its_data() -> None:
    full, small = (own_runs(read_study("l1_weight", full=is_full))[0] for is_full in (True, False))
    assert (full.settings["image_size"], full.settings["epochs"], full.data) == (256, 200, "data/input")
    assert (small.settings["image_size"], small.settings["epochs"]) == (64, 12)
    assert full.settings["dataset"] == "facades"


def test_grid_of_two_axes_runs_every_combination() -> None:
    names = [run.experiment("skips") for run in own_runs(read_study("skips"))]
    assert names == [
        "skips-unet-l1-seed1",
        "skips-unet-l1_gan-seed1",
        "skips-encoder_decoder-l1-seed1",
        "skips-encoder_decoder-l1_gan-seed1",
    ]


def test_smoke_runs_are_of_one_size_that_all_of_them_allow_and_of_one_seed() -> None:
    runs = read_study("patch_size", smoke=True).runs
    assert {run.settings["image_size"] for run in runs} == {128}  # for patches of 286 px
    assert {run.seed for run in runs} == {1}


def test_changes_are_of_all_runs_and_a_source_takes_the_place_of_the_studys_pairs() -> None:
    study = read_study("norms", "epochs=3 dataset=folder source=/photos")
    assert {(run.settings["epochs"], run.settings["source"], run.data) for run in study.runs} == {
        (3, "/photos", "/photos")
    }
    with pytest.raises(InputError, match="SET: epochs: found 0"):
        read_study("norms", "epochs=0")


def test_results_with_other_settings_have_another_name_each() -> None:
    changes = ("", "epochs=3", "epochs=4")
    names = {read_study("norms", each).name for each in changes}
    names |= {read_study("norms", smoke=True).name, read_study("norms", full=True).name}
    assert len(names) == 5 and {"norms", "norms-smoke", "norms-full"} <= names


def test_digest_is_of_what_changes_a_result_alone() -> None:
    def digest(**changes: object) -> str:
        return Run("a", 1, dict(run.settings) | changes, "facades-1-1-1").digest

    run = own_runs(read_study("norms"))[0]
    same = digest()
    assert digest(source="/elsewhere", sample_every=7, a_new_setting_that_is_off=0) == same
    assert digest(epochs=7) != same
    assert Run("a", 2, run.settings, "facades-1-1-1").digest != same
    assert Run("a", 1, run.settings, "facades-2-1-1").digest != same


def test_studies_share_the_runs_of_the_recommended_recipe_and_equal_settings() -> None:
    weight, objectives = (read_study(name) for name in ("l1_weight", "losses"))
    digests = {run.digest for run in weight.runs} & {run.digest for run in objectives.runs}
    assert len(digests) == 3  # of best_labels


def test_unknown_study_names_those_there_are() -> None:
    with pytest.raises(InputError, match="NAME: found 'norm'; input should be one of activations, "):
        read_study("norm")


WRONG = """
title: t
about: a
recipe: isola_maps
data: {dataset: facades, train: 2, val: 1}
seeds: 3
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grid: {norm: {layer: {norm: layer}}}", "norm: found 'layer'; input should be 'batch'"),
        ("grid: {}", "grid"),
        ("axes: {norm: {batch: {norm: batch}}}", "field required"),
        ("grid: {norm: {batch: {norm: batch}}}\nseed: 3", "seed: extra inputs are not permitted"),
        ("grid: {", "wrong.yaml"),
    ],
)
def test_wrong_study_is_refused_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(f"{WRONG}{text}\n")
    for module in ("experiments.studies", "pix2pix.pages.study.study_file"):
        monkeypatch.setattr(f"{module}.STUDIES", tmp_path)
    with pytest.raises(InputError) as error:
        read_study("wrong")
    assert message in str(error.value) and "wrong.yaml" in str(error.value)
