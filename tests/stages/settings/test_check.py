from pathlib import Path

import pytest
from conftest import PROJECT

from pix2pix.core.errors import InputError
from stages.settings.build_pairs import BuildPairsSettings
from stages.settings.check import check_all
from stages.settings.download import DownloadSettings
from stages.settings.train import TrainSettings
from stages.shared.machine import load_machine
from stages.shared.settings import load_settings


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of params.yaml, with machine.yaml beside it, in the working folder."""
    for name in ("params.yaml", "machine.yaml"):
        (tmp_path / name).write_text((PROJECT / name).read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "params.yaml"


def change(params: Path, key: str, value: str) -> None:
    lines = params.read_text().splitlines()
    assert sum(line.startswith(f"{key}:") for line in lines) == 1
    params.write_text("\n".join(f"{key}: {value}" if line.startswith(f"{key}:") else line for line in lines))


def test_committed_settings_are_valid(params: Path) -> None:
    check_all()


@pytest.mark.parametrize("text", ["1e-4", "1.0e-4", "0.0001", "1e-04"])
def test_every_way_to_write_a_number_is_one(params: Path, text: str) -> None:
    change(params, "learning_rate", text)
    assert load_settings(TrainSettings).learning_rate == 0.0001


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "dataset",
            "facade",
            "dataset: found 'facade'; input should be 'sample', 'folder', 'facades', 'maps',",
        ),
        (
            "norm",
            "layer",
            "norm: found 'layer'; input should be 'batch', 'instance', 'instance_plain' or 'none'",
        ),
        ("output", "color", "output: found 'color'; input should be 'auto', 'colour' or 'chroma'"),
        ("output", "[auto]", "output: found ['auto']; input should be 'auto', 'colour' or 'chroma'"),
        ("patch_size", "286", "patch_size 286 is too large for image_size 64: nothing is left to judge"),
        ("patch_size", "71", "patch_size: found 71; input should be 1, 16, 70, 142 or 286"),
        ("levels", "7", "levels: found 7; a picture of 64 px can be halved 6 times"),
        ("levels", "1", "levels: found 1; 0 follows image_size, else 2 or more are needed"),
        ("pretrained", "false", "pretrained: found False; of efficientnet_unet it is auto or true"),
        ("init_from", "/models/m.safetensors", "init_from_sha256: it is missing; `sha256sum /models/m."),
        ("epochs_decay", "100", "epochs_decay: found 100; it is part of epochs, 4"),
        ("image_size", "100", "image_size: found 100; input should be 64, 128, 256, 512 or 1024"),
        ("learning_rate", "fast", "learning_rate: found 'fast'; input should be a valid number"),
        ("learning_rate", "-1", "learning_rate: found -1; input should be greater than 0"),
        ("lambda_l1", ".inf", "lambda_l1: found inf; input should be a finite number"),
        ("batch_size", "2.5", "batch_size: found 2.5; input should be a valid integer"),
        ("batch_size", "true", "batch_size: found True; input should be a valid integer"),
        ("augment_mirror", "'yes'", "augment_mirror: found 'yes'; input should be a valid boolean"),
        ("max_images", "2", "max_images: found 2; 0 takes all, else 3 or more are needed"),
        (
            "source",
            "../flowers",
            "source: found '../flowers'; a folder outside the project must be given by its absolute",
        ),
        ("test_fraction", "0.9", "it must be below 1, to leave pairs to train on"),
    ],
)
def test_wrong_value_names_the_key_what_was_found_and_what_is_allowed(
    params: Path, key: str, value: str, message: str
) -> None:
    change(params, key, value)
    with pytest.raises(InputError) as error:
        check_all()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("pair_task", "direction", "expected"),
    [
        ("grayscale", "AtoB", "chroma"),
        ("grayscale", "BtoA", "colour"),
        ("edges", "AtoB", "colour"),
        ("sketch", "AtoB", "colour"),
        ("none", "AtoB", "colour"),
    ],
)
def test_auto_output_is_chroma_where_grey_is_coloured(
    params: Path, pair_task: str, direction: str, expected: str
) -> None:
    change(params, "pair_task", pair_task)
    change(params, "direction", direction)
    change(params, "output", "auto")
    settings = load_settings(TrainSettings)
    assert settings.output == settings.header["output"] == expected
    change(params, "output", "colour")
    assert load_settings(TrainSettings).output == "colour"


@pytest.mark.parametrize(
    ("pair_task", "direction"), [("edges", "AtoB"), ("sketch", "BtoA"), ("grayscale", "BtoA")]
)
@pytest.mark.parametrize("objective", ["pix2pix", "cyclegan"])
def test_chroma_is_refused_where_targets_are_not_as_bright_as_inputs(
    params: Path, pair_task: str, direction: str, objective: str
) -> None:
    change(params, "objective", objective)
    change(params, "pair_task", pair_task)
    change(params, "direction", direction)
    change(params, "output", "chroma")
    with pytest.raises(InputError, match=f"chroma.* pair_task: {pair_task}, direction: {direction} have"):
        check_all()


def test_chroma_is_for_ready_made_pairs_too(params: Path) -> None:
    change(params, "pair_task", "none")
    change(params, "output", "chroma")
    assert load_settings(TrainSettings).output == "chroma"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("lambda_gan", "0", "lambda_gan: found 0: objective: {objective} has nothing to learn from"),
        ("pretrain_epochs", "2", "pretrain_epochs: found 2; in them G learns from pairs, by L1, and objec"),
        ("input_labels", "true", "input_labels: found True; objective: {objective} takes pictures alone"),
    ],
)
@pytest.mark.parametrize("objective", ["cyclegan", "cut"])
def test_objective_without_pairs_refuses_what_needs_them(
    params: Path, objective: str, key: str, value: str, message: str
) -> None:
    change(params, "objective", objective)
    change(params, "generator", "resnet_9blocks")
    check_all()
    change(params, key, value)
    with pytest.raises(InputError) as error:
        check_all()
    assert message.format(objective=objective) in str(error.value)
    change(params, "objective", "pix2pix")
    check_all()


@pytest.mark.parametrize("output", ["auto", "chroma"])
@pytest.mark.parametrize("pair_task", ["none", "grayscale"])
def test_chroma_is_for_unpaired_pictures_as_for_pairs(params: Path, pair_task: str, output: str) -> None:
    for key, value in {"objective": "cyclegan", "pair_task": pair_task, "output": output}.items():
        change(params, key, value)
    is_chroma = output == "chroma" or pair_task == "grayscale"
    assert load_settings(TrainSettings).output == ("chroma" if is_chroma else "colour")


@pytest.mark.parametrize("generator", ["unet", "resnet18_unet", "efficientnet_unet"])
def test_cut_needs_a_generator_whose_features_it_compares(params: Path, generator: str) -> None:
    change(params, "objective", "cut")
    change(params, "generator", generator)
    with pytest.raises(InputError, match=f"generator: found '{generator}'; .* resnet_6blocks or resnet_9bl"):
        check_all()
    change(params, "objective", "cyclegan")
    check_all()


def test_only_terms_of_the_objective_count(params: Path) -> None:
    lambdas = [line.split(":")[0] for line in params.read_text().splitlines() if line.startswith("lambda_")]
    for key in lambdas:
        change(params, key, "0")
    of_others = [key for key in lambdas if key.startswith(("lambda_cycle", "lambda_identity", "lambda_nce"))]
    assert len(lambdas) - len(of_others) == 6
    for key in of_others:
        change(params, key, "1")
    with pytest.raises(InputError, match=r"lambda_l1, .*, lambda_projected are all 0: objective: pix2pix ha"):
        check_all()
    for key in set(lambdas) - set(of_others):
        change(params, key, "1")
        check_all()
        change(params, key, "0")


def test_all_problems_are_told_at_once_and_once(params: Path) -> None:
    change(params, "norm", "layer")
    change(params, "image_size", "100")
    with pytest.raises(InputError) as error:
        check_all()
    assert [line.split(": ")[1] for line in str(error.value).splitlines()] == ["image_size", "norm"]


def test_misspelt_key_is_named_with_the_one_meant(params: Path) -> None:
    params.write_text(params.read_text() + "\nlamda_l1: 200\n")
    with pytest.raises(InputError, match=r"lamda_l1: there is no such setting; did you mean lambda_l1\?"):
        check_all()


def test_missing_key_is_named(params: Path) -> None:
    params.write_text(
        "\n".join(line for line in params.read_text().splitlines() if not line.startswith("direction"))
    )
    with pytest.raises(InputError, match=r"params\.yaml: direction: this key is missing"):
        load_settings(BuildPairsSettings)


@pytest.mark.parametrize("text", ["a: [1", "- a list", "", "a: 1\na: 2"])
def test_file_that_is_no_table_is_refused(params: Path, text: str) -> None:
    params.write_text(text)
    with pytest.raises(InputError, match=r"params\.yaml"):
        load_settings(DownloadSettings)


def test_environment_overrides_the_machine(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIX2PIX_N_JOBS", "7")
    monkeypatch.setenv("PIX2PIX_ACCELERATOR", "cpu")
    assert (load_machine().n_jobs, load_machine().accelerator) == (7, "cpu")
    monkeypatch.setenv("PIX2PIX_N_JOBS", "many")
    with pytest.raises(InputError, match=r"machine\.yaml: n_jobs: found 'many'"):
        load_machine()


def test_misspelt_variable_is_an_error_that_names_the_right_one(
    params: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIX2PIX_NJOBS", "7")
    with pytest.raises(InputError, match=r"PIX2PIX_NJOBS: there is no such setting.* PIX2PIX_N_JOBS"):
        check_all()
    monkeypatch.delenv("PIX2PIX_NJOBS")
    monkeypatch.setenv("PIX2PIX_HORSES", "2")
    with pytest.raises(InputError, match=r"PIX2PIX_HORSES: .*PIX2PIX_ACCELERATOR or .*PIX2PIX_TENSORBOARD\?"):
        check_all()


def test_empty_source_is_told_what_it_may_be(params: Path) -> None:
    lines = params.read_text().splitlines()
    params.write_text("\n".join('source: ""' if line.startswith("source:") else line for line in lines))
    with pytest.raises(InputError, match=r"params\.yaml: source: found ''; give a folder, .*data/input"):
        check_all()
