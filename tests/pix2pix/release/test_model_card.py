import json
from pathlib import Path
from typing import Any

import pytest
from evaluated_project import evaluated_project
from small_model import write_model
from training_cases import small_settings

from pix2pix.__main__ import main
from pix2pix.download.datasets import DATASETS
from pix2pix.release.model_card import model_card

DATA = {"train": 112, "val": 20, "test": 24, "near_duplicates_test": 0}
EVALUATED = {
    f"{prefix}{name}": value
    for prefix, value in (("", 0.25), ("baseline_input_", 0.5))
    for name in ("l1", "psnr", "ssim", "histogram_distance")
} | {"n_images": 240}


def card(folder: Path, data: Any = DATA, evaluated: Any = EVALUATED, **changes: Any) -> str:
    metrics = folder / "metrics"
    (metrics / "plots" / "evaluate").mkdir(parents=True, exist_ok=True)
    (metrics / "plots" / "evaluate" / "examples.jpg").touch()
    for name, values in (("data", data), ("evaluate", evaluated)):
        (metrics / f"{name}.json").write_text(json.dumps(values))
    return model_card("m.safetensors", small_settings(**changes), metrics, folder / "models")


def test_card_is_written_beside_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(tmp_path / "models" / "generator.safetensors", dataset="facades", pair_task="none")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["pix2pix", "model-card"])
    main()
    text = (tmp_path / "models" / "README.md").read_text()
    assert text.startswith("# generator.safetensors\n") and "no evaluation of this very file" in text
    assert f"Licence or terms: {DATASETS['facades'].terms}" in text and DATASETS["facades"].address in text
    assert "models/README.md" in capsys.readouterr().out


def test_card_has_data_figures_pictures_and_every_setting(tmp_path: Path) -> None:
    text = card(tmp_path)
    assert "112 for training, 20 for validation, 24 for testing" in text
    assert "| SSIM | 0.2500 | 0.5000 |" in text and "Means over 240 test pictures" in text
    assert "](../metrics/plots/evaluate/examples.jpg)" in text
    for key, value in small_settings().items():
        assert f"| {key} | {json.dumps(value)} |" in text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "that colours grey pictures."),
        ({"output": "chroma"}, "that colours grey pictures, and keeps their brightness."),
        ({"direction": "BtoA"}, "that takes the colour out of pictures"),
        ({"pair_task": "edges"}, "that turns edges into pictures"),
        ({"pair_task": "none", "direction": "BtoA"}, "right halves of pairs (B) into the left ones (A)"),
    ],
)
def test_card_says_what_the_model_does(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    text = card(tmp_path, **changes)
    assert says in text
    assert ("--prepare" in text) == (changes in ({}, {"output": "chroma"}, {"pair_task": "edges"}))


def test_limits_are_those_that_the_figures_show(tmp_path: Path) -> None:
    text = card(tmp_path)
    assert "rough" not in text and "no better" not in text and "nearly like" not in text
    few = EVALUATED | {"n_images": 24, "l1": 0.5}
    text = card(tmp_path, DATA | {"near_duplicates_test": 18}, few, dataset="sample", test_mode="train")
    for words in (
        "only 24 pictures",
        "no better than",
        "18 of the test",
        "demonstration",
        "Dropout stays on",
    ):
        assert words in text


def test_card_tells_of_test_pictures_of_the_film_that_was_trained_on(tmp_path: Path) -> None:
    assert "same film" not in card(tmp_path)
    text = card(tmp_path, DATA | {"test_of_cut_recordings": 7})
    assert "7 of the test pictures come from the same film as training pictures" in text


def test_figures_are_those_of_the_model_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluated_project(tmp_path)
    write_model(tmp_path / "other.safetensors", ngf=5)
    monkeypatch.chdir(tmp_path)
    for model, has_figures in (("models/generator.safetensors", True), ("other.safetensors", False)):
        monkeypatch.setattr("sys.argv", ["pix2pix", "model-card", "--model", model, "-o", "card.md"])
        main()
        assert ("| SSIM | 0.7670 |" in (tmp_path / "card.md").read_text()) == has_figures
        assert ("has no figures of this very file" in capsys.readouterr().out) == (not has_figures)


SETS = {"n_images": 240, "n_images_b": 300} | {
    f"{prefix}{name}": value
    for prefix, value in (("", 0.25), ("baseline_input_", 0.5), ("back_", 0.125))
    for name in ("kid_lite0", "histogram_distance", "cycle_l1")
}


def test_card_of_both_directions_says_both_and_how(tmp_path: Path) -> None:
    text = card(tmp_path, evaluated=SETS, objective="cyclegan", pair_task="none", direction="AtoB")
    assert "A CycleGAN generator" in text and "that turns pictures of a set A into such of a set B." in text
    assert (
        "With `--direction BtoA` a second generator turns pictures of a set B into such of a set A." in text
    )
    assert "--model m.safetensors\n" in text and "--model m.safetensors --direction BtoA\n" in text
    assert "240 test pictures, compared with 300 real ones as sets" in text
    (line,) = (line for line in text.splitlines() if "KID" in line)
    assert line.split(" | ")[1:] == ["0.2500", "0.5000", "0.1250", "- |"]
    assert "![Test pictures](" in text and "no better" not in text


def test_card_of_two_generators_of_prepared_pairs_says_what_each_does(tmp_path: Path) -> None:
    text = card(tmp_path, objective="cyclegan", pair_task="edges", direction="BtoA")
    assert "that turns pictures into edges." in text
    assert "With `--direction AtoB` a second generator turns edges into pictures." in text
    assert "--model m.safetensors --direction AtoB --prepare\n" in text


def test_card_of_sets_that_stay_as_they_are_says_so(tmp_path: Path) -> None:
    text = card(
        tmp_path,
        evaluated=SETS | {"kid_lite0": 0.5},
        objective="cut",
        generator="resnet_6blocks",
        pair_task="none",
    )
    assert "By KID it is no better than leaving the input" in text
    assert "A CUT generator" in text and "second generator" not in text


def test_card_counts_the_pictures_of_each_set(tmp_path: Path) -> None:
    counts = {"train_a": 10, "val_a": 2, "test_a": 3, "train_b": 20, "val_b": 4, "test_b": 6}
    text = card(tmp_path, DATA | counts, SETS, objective="cut", generator="resnet_6blocks", pair_task="none")
    assert "- Pictures of A: 10 for training, 2 for validation, 3 for testing\n" in text
    assert "- Pictures of B: 20 for training, 4 for validation, 6 for testing\n" in text
    assert "- Pairs" not in text
