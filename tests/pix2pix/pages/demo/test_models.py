import os
from pathlib import Path
from typing import Any

import pytest
from evaluated_project import FIGURES, evaluated_project
from small_model import write_model
from unpaired_cases import write_unpaired_model

from pix2pix.core.errors import InputError
from pix2pix.pages.demo.models import facts_of, find_models


def test_models_are_the_named_ones_then_the_newest(tmp_path: Path) -> None:
    places = ["models/old.safetensors", "data/epochs/run/epoch_2.safetensors", "models/generator.safetensors"]
    for seconds, place in enumerate(places):
        write_model(tmp_path / place)
        os.utime(tmp_path / place, (seconds, seconds))
    elsewhere = write_model(tmp_path / "elsewhere" / "mine.safetensors")
    models, left_out = find_models(tmp_path, [elsewhere, tmp_path / "models/old.safetensors"])
    assert [model.name for model in models] == [
        "elsewhere/mine.safetensors",
        "models/old.safetensors",
        "models/generator.safetensors",
        "data/epochs/run/epoch_2.safetensors",
    ]
    assert left_out == []


def test_files_that_are_no_models_are_left_out_with_the_reason(tmp_path: Path) -> None:
    write_model(tmp_path / "models" / "generator.safetensors")
    (tmp_path / "models" / "broken.safetensors").write_bytes(b"no model")
    models, left_out = find_models(tmp_path)
    assert [model.name for model in models] == ["models/generator.safetensors"]
    assert len(left_out) == 1 and "broken.safetensors is not a model" in left_out[0]


def test_a_named_file_that_is_no_model_stops_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no model at .*missing\.safetensors"):
        find_models(tmp_path, [tmp_path / "missing.safetensors"])


def test_without_a_model_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make repro"):
        find_models(tmp_path)


@pytest.mark.parametrize(
    ("settings", "task"),
    [
        ({"pair_task": "edges"}, "edges"),
        ({"pair_task": "edges", "direction": "BtoA"}, "photo"),
        ({"pair_task": "none", "direction": "BtoA"}, "none"),
    ],
)
def test_the_task_tells_what_the_input_is(tmp_path: Path, settings: dict[str, Any], task: str) -> None:
    write_model(tmp_path / "models" / "generator.safetensors", **settings)
    assert find_models(tmp_path)[0][0].task == task


def test_the_measured_model_is_shown_with_its_figures(tmp_path: Path) -> None:
    evaluated_project(tmp_path)
    model = find_models(tmp_path)[0][0]
    facts = dict(facts_of(model, FIGURES))
    assert facts == {
        "model": "models/generator.safetensors",
        "task": "grey to colour",
        "size": "64 x 64 px",
        "epochs": "3",
        "data": "sample",
        "L1": "0.065",
        "PSNR": "21.9 dB",
        "SSIM": "0.77",
        "measured on": "24 test pictures",
    }


def test_model_of_both_directions_is_there_twice(tmp_path: Path) -> None:
    path = write_unpaired_model(tmp_path / "models" / "generator.safetensors", direction="BtoA")
    models, left_out = find_models(tmp_path, [path])
    assert [model.name for model in models] == [
        "models/generator.safetensors",
        "models/generator.safetensors (AtoB)",
    ]
    assert [model.settings["direction"] for model in models] == ["BtoA", "AtoB"] and left_out == []


def test_each_direction_is_shown_with_its_own_figures(tmp_path: Path) -> None:
    write_unpaired_model(tmp_path / "models" / "generator.safetensors")
    sets = {
        "n_images": 40,
        "n_images_b": 50,
        "kid_lite0": 31.4,
        "back_kid_lite0": 62.8,
        "back_cycle_l1": 0.25,
    }
    paired = {"n_images": 24, "l1": 0.1, "back_l1": 0.2, "back_psnr": 11.0}
    forth, back = find_models(tmp_path)[0]
    for model, metrics, expected in (
        (forth, sets, {"KID": "31", "measured on": "40 test pictures"}),
        (back, sets, {"KID": "63", "there and back L1": "0.250", "measured on": "50 test pictures"}),
        (forth, paired, {"L1": "0.100", "measured on": "24 test pictures"}),
        (back, paired, {"L1": "0.200", "PSNR": "11.0 dB", "measured on": "24 test pictures"}),
    ):
        facts = dict(facts_of(model, metrics))
        assert {name: facts[name] for name in list(facts)[5:]} == expected


def test_model_that_was_not_measured_has_no_figures(tmp_path: Path) -> None:
    evaluated_project(tmp_path)
    assert dict(facts_of(find_models(tmp_path)[0][0], {}))["metrics"] == "not measured"
