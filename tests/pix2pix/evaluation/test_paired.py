from pathlib import Path

import numpy as np
import pytest
from training_cases import write_pairs
from unpaired_cases import write_unpaired_model

from pix2pix.evaluation.options import EvaluationOptions, Places
from pix2pix.evaluation.paired import evaluate_pairs
from pix2pix.evaluation.summary import Evaluated
from pix2pix.machine.device import open_fabric
from pix2pix.model.inference import translating
from pix2pix.model.model_file import load_generator
from pix2pix.model.pair_folder import to_image
from pix2pix.model.trained_model import TrainedModel
from pix2pix.pictures.images import read_image, write_png
from pix2pix.realism.set_comparison import stacked

OPTIONS = EvaluationOptions(realism_metrics="none", seed=0, face_rate=False, face_min_probability=0.9)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    write_pairs(tmp_path / "pairs", train=2, val=4)
    (tmp_path / "pairs" / "val").rename(tmp_path / "pairs" / "test")
    return tmp_path / "pairs"


def evaluate(model: Path, pairs: Path, out: Path, options: EvaluationOptions = OPTIONS) -> Evaluated:
    places = Places(pairs, out / "faces.csv", out / "results", out / "plots")
    return evaluate_pairs(TrainedModel.load(model, "cpu"), places, options)


def forth_of(figures: dict[str, float]) -> dict[str, float]:
    """The figures of the training's direction that every model has."""
    return {name: value for name, value in figures.items() if "cycle" not in name and "back_" not in name}


def test_forward_figures_and_pictures_of_both_directions_are_those_of_the_one(
    tmp_path: Path, pairs: Path
) -> None:
    both = evaluate(write_unpaired_model(tmp_path / "both"), pairs, tmp_path / "b")
    one = evaluate(write_unpaired_model(tmp_path / "one", "pix2pix"), pairs, tmp_path / "o")
    assert forth_of(dict(both.figures)) == one.figures and one.figures["n_images"] == 4
    names = [path.relative_to(pairs / "test") for path in sorted((pairs / "test").rglob("*.png"))]
    for folder in (tmp_path / "b", tmp_path / "o"):
        assert sorted((folder / "results").rglob("*.png")) == [folder / "results" / name for name in names]
    for name in names:
        outputs = [(tmp_path / folder / "results" / name).read_bytes() for folder in "bo"]
        assert outputs[0] == outputs[1]
    assert list(both.per_image) == [*one.per_image, "cycle_l1"]


def test_back_figures_are_those_of_the_other_generator_on_swapped_pairs(tmp_path: Path, pairs: Path) -> None:
    both = evaluate(write_unpaired_model(tmp_path / "both", seeds=(0, 1)), pairs, tmp_path / "b").figures
    for path in pairs.rglob("*.png"):
        write_png(path, np.hstack(np.hsplit(read_image(path), 2)[::-1]))
    turned = evaluate(write_unpaired_model(tmp_path / "turned", seeds=(1, 0)), pairs, tmp_path / "t").figures
    back = {name.removeprefix("back_"): both[name] for name in both if name.startswith("back_")}
    expected = {
        name: value
        for name, value in turned.items()
        if not name.startswith(("back_", "baseline_mean_", "n_images"))
    }
    assert back == expected
    assert {"l1", "ssim", "histogram_distance", "cycle_l1", "cycle_l1_std"} <= back.keys()
    assert back["l1"] != both["l1"] and back["cycle_l1"] != both["cycle_l1"]


def test_cycle_is_the_error_of_the_output_translated_back(tmp_path: Path, pairs: Path) -> None:
    model = write_unpaired_model(tmp_path / "both")
    evaluated = evaluate(model, pairs, tmp_path)
    back, _ = load_generator(model, "BtoA")
    errors = []
    with translating(back, open_fabric("cpu"), "eval") as translate:
        for path in evaluated.per_image["path"]:
            real_a = read_image(pairs / "test" / path)[:, :64]
            (returned,) = translate(stacked([read_image(tmp_path / "results" / path)]))
            errors.append(np.abs(to_image(returned).astype(float) - real_a).mean() / 255)
    assert evaluated.per_image["cycle_l1"].tolist() == pytest.approx(errors, abs=1e-9)
    assert evaluated.figures["cycle_l1"] == pytest.approx(np.mean(errors), abs=1e-6)
    assert f"cycle_l1{np.mean(errors):32.4f}" in evaluated.lines


def test_both_directions_have_kid_where_there_are_30_pictures(tmp_path: Path) -> None:
    write_pairs(tmp_path / "pairs", train=2, val=30)
    (tmp_path / "pairs" / "val").rename(tmp_path / "pairs" / "test")
    options = EvaluationOptions(realism_metrics="auto", seed=0, face_rate=False, face_min_probability=0.9)
    figures = evaluate(write_unpaired_model(tmp_path / "both"), tmp_path / "pairs", tmp_path, options).figures
    forth, back = (figures[f"{prefix}baseline_input_kid_lite0"] for prefix in ("", "back_"))
    assert forth == pytest.approx(back) and figures["kid_lite0"] != figures["back_kid_lite0"]
    assert (figures["realism_n"], "back_realism_n" in figures) == (30, False)


def test_pairs_of_the_film_that_was_trained_on_are_told(tmp_path: Path, pairs: Path) -> None:
    (pairs / "manifest.csv").write_text("split,status,cut_recording\ntest,kept,ann/a\ntest,kept,ann/a\n")
    evaluated = evaluate(write_unpaired_model(tmp_path / "m", "pix2pix"), pairs, tmp_path)
    assert "2 of 2 test pictures come from the same film as training" in evaluated.metrics["notes"]


def test_model_of_one_direction_has_no_way_back(tmp_path: Path, pairs: Path) -> None:
    evaluated = evaluate(write_unpaired_model(tmp_path / "cut", "cut"), pairs, tmp_path)
    assert not [name for name in evaluated.figures if "cycle" in name or "back" in name]
    assert (tmp_path / "plots" / "examples.jpg").is_file()
