import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from unpaired_cases import write_sets, write_unpaired_model

from pix2pix.core.errors import InputError
from pix2pix.evaluation.options import EvaluationOptions, Places
from pix2pix.evaluation.summary import Evaluated
from pix2pix.evaluation.unpaired import evaluate_sets
from pix2pix.machine.device import open_fabric
from pix2pix.model.inference import translating
from pix2pix.model.model_file import load_generator
from pix2pix.model.pair_folder import to_image
from pix2pix.model.trained_model import TrainedModel
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.realism.set_comparison import stacked

OPTIONS = EvaluationOptions(realism_metrics="none", seed=0, face_rate=False, face_min_probability=0.9)


def evaluate(model: Path, pairs: Path, out: Path, **changes: Any) -> Evaluated:
    places = Places(pairs, out / "faces.csv", out / "results", out / "plots")
    return evaluate_sets(TrainedModel.load(model, "cpu"), places, replace(OPTIONS, **changes))


def translated(model: Path, direction: Any, picture: RgbImage) -> RgbImage:
    with translating(load_generator(model, direction)[0], open_fabric("cpu"), "eval") as translate:
        return to_image(translate(stacked([picture]))[0])


def difference(one: RgbImage, other: RgbImage) -> float:
    return float(np.abs(one.astype(float) - other).mean() / 255)


def test_both_sets_are_translated_each_by_its_generator(tmp_path: Path) -> None:
    sets, model = write_sets(tmp_path / "pairs", 3, 4), write_unpaired_model(tmp_path / "m")
    table = evaluate(model, sets, tmp_path).per_image
    names = [path.relative_to(sets / "test") for path in sorted((sets / "test").rglob("*.png"))]
    assert len(names) == 7 and table["path"].tolist() == [name.as_posix() for name in names]
    for name, row in zip(names, table.to_dict("records"), strict=True):
        forth, back = ("AtoB", "BtoA") if name.parts[0] == "A" else ("BtoA", "AtoB")
        real, output = read_image(sets / "test" / name), read_image(tmp_path / "results" / name)
        assert np.array_equal(output, translated(model, forth, real))
        assert row["change_l1"] == pytest.approx(difference(output, real))
        assert row["cycle_l1"] == pytest.approx(difference(translated(model, back, output), real))
        assert row["class_name"] == name.parts[1]


def test_other_direction_is_that_of_exchanged_sets_by_exchanged_generators(tmp_path: Path) -> None:
    sets = write_sets(tmp_path / "pairs")
    figures = evaluate(write_unpaired_model(tmp_path / "m", seeds=(0, 1)), sets, tmp_path / "o").figures
    for split in ("train", "test"):
        (sets / split / "A").rename(sets / split / "C")
        (sets / split / "B").rename(sets / split / "A")
        (sets / split / "C").rename(sets / split / "B")
    turned = evaluate(write_unpaired_model(tmp_path / "t", seeds=(1, 0)), sets, tmp_path / "t_o").figures
    back = {name.removeprefix("back_"): figures[name] for name in figures if name.startswith("back_")}
    assert back == {
        name: value for name, value in turned.items() if not name.startswith(("back_", "n_images"))
    }
    assert (figures["n_images"], figures["n_images_b"]) == (5, 7)
    assert (turned["n_images"], turned["n_images_b"]) == (7, 5)
    assert back["histogram_distance"] != figures["histogram_distance"]


def test_model_of_one_direction_translates_its_inputs_alone(tmp_path: Path) -> None:
    sets = write_sets(tmp_path / "pairs")
    evaluated = evaluate(write_unpaired_model(tmp_path / "m", "cut"), sets, tmp_path)
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["A"]
    assert len(evaluated.per_image) == 5 and "cycle_l1" not in evaluated.per_image
    assert not [name for name in evaluated.figures if name.startswith("back_") or "cycle" in name]
    assert not any("cycle" in line for line in evaluated.lines)


@pytest.mark.parametrize("objective", ["cyclegan", "cut"])
def test_every_plot_of_the_pipeline_is_there(tmp_path: Path, objective: str) -> None:
    sets = write_sets(tmp_path / "pairs")
    evaluate(write_unpaired_model(tmp_path / "m", objective), sets, tmp_path)
    plots = tmp_path / "plots"
    colors = [f"colors/{channel}.csv" for channel in ("blue", "green", "red")]
    found = sorted(path.relative_to(plots).as_posix() for path in plots.rglob("*.*"))
    assert found == ["classes.csv", *colors, "error_map.png", "examples.jpg", "random.jpg"]
    classes = pd.read_csv(plots / "classes.csv")
    assert classes[["class", "n_images"]].to_numpy().tolist() == [["class_0", 3], ["class_1", 2]]
    assert ("cycle_l1" in classes, "change_l1" in classes) == (objective == "cyclegan", True)


def test_model_of_pairs_is_refused_with_the_way_out(tmp_path: Path) -> None:
    sets, model = write_sets(tmp_path / "pairs"), write_unpaired_model(tmp_path / "m", "pix2pix")
    message = "no pairs, .* objective: pix2pix, on pairs; train one with objective: cyclegan or cut"
    with pytest.raises(InputError, match=message) as raised:
        evaluate(model, sets, tmp_path)
    assert "\n" not in str(raised.value) and not (tmp_path / "results").exists()


def test_set_without_a_test_picture_is_named(tmp_path: Path) -> None:
    sets = write_sets(tmp_path / "pairs", 3, 0)
    with pytest.raises(InputError, match=rf"no pictures in {sets / 'test' / 'B'}"):
        evaluate(write_unpaired_model(tmp_path / "m"), sets, tmp_path)


def test_pictures_of_another_size_are_named_with_what_the_model_takes(tmp_path: Path) -> None:
    sets = write_sets(tmp_path / "pairs", side=128)
    with pytest.raises(InputError, match=r"0\.png is 128x128, .* 64x64; .*image_size: 64"):
        evaluate(write_unpaired_model(tmp_path / "m"), sets, tmp_path)
    assert not (tmp_path / "results").exists()


def test_damaged_picture_is_named(tmp_path: Path) -> None:
    sets = write_sets(tmp_path / "pairs")
    torn = sets / "test" / "B" / "class_1" / "3.png"
    torn.write_bytes(torn.read_bytes()[:100])
    with pytest.raises(InputError, match=rf"{re.escape(str(torn))}: unreadable picture"):
        evaluate(write_unpaired_model(tmp_path / "m"), sets, tmp_path)


def test_what_needs_pairs_is_left_out_and_said_once(tmp_path: Path) -> None:
    sets, model = write_sets(tmp_path / "pairs"), write_unpaired_model(tmp_path / "m")
    evaluated = evaluate(model, sets, tmp_path, realism_metrics="lpips", face_rate=True)
    left_out = [note.split(": left out")[0] for note in evaluated.notes]
    assert left_out == ["kid_lite0", "lpips", "face_rate"]
    assert evaluated.metrics["notes"] == "; ".join(evaluated.notes)


def test_sets_of_one_film_are_told(tmp_path: Path) -> None:
    sets, model = write_sets(tmp_path / "pairs"), write_unpaired_model(tmp_path / "m", "cut")
    row = "test/A/class_0/0.png,1.png,kept,test,ann/a"
    (sets / "manifest.csv").write_text(f"path,source,status,split,cut_recording\n{row}\n")
    evaluated = evaluate(model, sets, tmp_path)
    assert "1 of 1 test pictures come from the same film as training" in evaluated.metrics["notes"]


@pytest.mark.parametrize("source", ["ann/1.png", "photo.png"])
def test_face_rate_is_missed_by_itself_where_faces_were_cropped(tmp_path: Path, source: str) -> None:
    sets, model = write_sets(tmp_path / "pairs"), write_unpaired_model(tmp_path / "m", "cut")
    row = f"test/A/class_0/0.png,{source},kept,test"
    (sets / "manifest.csv").write_text(f"path,source,status,split\n{row}\n")
    (tmp_path / "faces.csv").write_text("path,status\nann/1.png,kept\n")
    notes = evaluate(model, sets, tmp_path, face_rate="auto").notes
    assert [note.split(":")[0] for note in notes] == (["face_rate"] if source == "ann/1.png" else [])


def test_sets_of_30_have_kid_in_both_directions(tmp_path: Path) -> None:
    sets, model = write_sets(tmp_path / "pairs", 30, 33), write_unpaired_model(tmp_path / "m")
    evaluated = evaluate(model, sets, tmp_path, realism_metrics="auto")
    figures: Mapping[str, float] = evaluated.figures
    assert figures["baseline_input_kid_lite0"] == pytest.approx(figures["back_baseline_input_kid_lite0"])
    assert figures["kid_lite0"] != figures["back_kid_lite0"] and evaluated.notes == []
    assert (figures["realism_n"], figures["realism_n_b"]) == (30, 33)
    shown = next(line for line in evaluated.lines if line.startswith("kid_lite0"))
    values = [figures["kid_lite0"], figures["baseline_input_kid_lite0"]]
    assert shown.split()[1:] == [f"{value:.4f}" for value in values]
