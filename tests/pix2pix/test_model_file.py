from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pix2pix.errors import InputError
from pix2pix.model_file import load_generator, save_generator
from pix2pix.networks import UnetGenerator

SETTINGS = {
    "image_size": 64,
    "ngf": 4,
    "norm": "batch",
    "dropout": 0.5,
    "bias_outer": False,
    "direction": "BtoA",
    "epochs": 3,
}


def test_one_file_is_enough_to_use_the_model(tmp_path: Path) -> None:
    generator = UnetGenerator(64, 4, "batch", bias_outer=False)
    generator(torch.randn(4, 3, 64, 64))  # moves the running statistics
    save_generator(tmp_path / "a" / "g.safetensors", generator.state_dict(), SETTINGS)
    loaded, settings = load_generator(tmp_path / "a" / "g.safetensors")
    picture = torch.randn(1, 3, 64, 64)
    assert settings == SETTINGS and not loaded.training
    assert torch.equal(loaded(picture), generator.eval()(picture))


def test_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    weights = UnetGenerator(64, 4).state_dict()
    for name in "ab":
        save_generator(tmp_path / name, weights, SETTINGS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_missing_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no model at .*dvc repro train"):
        load_generator(tmp_path / "none.safetensors")


def test_strangers_and_damaged_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a model")
    save_file({"x": torch.zeros(1)}, tmp_path / "stranger")
    save_generator(tmp_path / "other", UnetGenerator(64, 8).state_dict(), SETTINGS)
    save_generator(tmp_path / "whole", UnetGenerator(64, 4).state_dict(), SETTINGS)
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:-100])
    for name in ("text", "stranger", "other", "cut"):
        with pytest.raises(InputError, match="is not a model written by the train stage"):
            load_generator(tmp_path / name)
