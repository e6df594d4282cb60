import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from training_cases import small_settings

from pix2pix.core.choices import Direction
from pix2pix.core.errors import InputError
from pix2pix.model.model_file import (
    HEADER_KEY,
    back_options,
    load_generator,
    save_generator,
    weights_both_ways,
)
from pix2pix.networks.generators import Generator, build_generator
from pix2pix.networks.options import GeneratorOptions

KINDS: dict[str, dict[str, Any]] = {
    "unet": {},
    "batch": {"norm": "batch"},
    "resnet": {"generator": "resnet18_unet"},
    "cyclegan": {"generator": "resnet_6blocks", "norm": "instance_plain"},
    "efficientnet": {"generator": "efficientnet_unet", "norm": "instance"},
    "encoder-decoder": {"skip_connections": False, "upsample": "resize", "bias_outer": False},
    "chroma": {"output": "chroma"},
    "unit range": {"pixel_range": "unit", "levels": 3, "activation": "mish"},
}


PALETTE = ((0, 0, 200), (200, 0, 0), (0, 200, 0))


def build(palette: Any = (), **changes: Any) -> tuple[Any, dict[str, Any]]:
    settings = small_settings(**changes)
    return build_generator(GeneratorOptions.of(settings), palette), settings


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("palette", [(), PALETTE], ids=["", "classes"])
def test_one_file_is_enough_to_use_the_model(tmp_path: Path, changes: dict[str, Any], palette: Any) -> None:
    generator, settings = build(() if changes.get("generator") == "resnet18_unet" else palette, **changes)
    generator(torch.randn(4, 3, 64, 64))  # moves the running statistics
    save_generator(tmp_path / "a" / "g.safetensors", generator.state_dict(), settings)
    loaded, read = load_generator(tmp_path / "a" / "g.safetensors")
    picture = torch.randn(1, 3, 64, 64)
    assert read == settings and not loaded.training
    generator.eval().to(memory_format=torch.channels_last)
    assert torch.equal(loaded(picture), generator(picture))


def test_file_older_than_a_setting_means_what_there_was(tmp_path: Path) -> None:
    generator, settings = build()
    later = {"output": "colour", "objective": "pix2pix"}
    old = {key: value for key, value in settings.items() if key not in later}
    save_generator(tmp_path / "g", generator.state_dict(), old)
    loaded, read = load_generator(tmp_path / "g")
    assert read == old | later and loaded.options == generator.options
    assert loaded(torch.zeros(1, 3, 64, 64)).shape == (1, 3, 64, 64)


def test_weights_of_any_memory_format_can_be_saved(tmp_path: Path) -> None:
    generator, settings = build()
    expected = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    save_generator(tmp_path / "g", generator.to(memory_format=torch.channels_last).state_dict(), settings)
    loaded = load_generator(tmp_path / "g")[0].state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in expected.items())


def test_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    generator, settings = build()
    save_generator(tmp_path / "a", generator.state_dict(), settings)
    save_generator(tmp_path / "b", generator.state_dict(), dict(reversed(settings.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_missing_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no model at .*dvc repro train"):
        load_generator(tmp_path / "none.safetensors")


class Stranger:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "kind",
    ["text", "empty", "stranger", "other layers", "cut", "pickle", "old header", "no json", "wrong value"],
)
def test_strangers_and_damaged_files_are_refused(tmp_path: Path, kind: str) -> None:
    generator, settings = build()
    path, weights = tmp_path / "model", generator.state_dict()
    save_generator(path, weights, settings)
    if kind == "text":
        path.write_text("not a model")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "stranger":
        save_file({"x": torch.zeros(1)}, path)
    elif kind == "other layers":
        save_generator(path, build(ngf=4)[0].state_dict(), settings)
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(Stranger(tmp_path / "was here")))
    elif kind == "old header":
        save_generator(path, weights, {"image_size": 64, "ngf": 2})
    elif kind == "no json":
        save_file(weights, path, metadata={HEADER_KEY: "{"})
    else:
        save_generator(path, weights, settings | {"norm": 3, "image_size": "64"})
    with pytest.raises(InputError, match="is not a model written by the train stage"):
        load_generator(path)
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"activation": "tanh"},
        {"generator": "vae"},
        {"upsample": "magic"},
        {"levels": 99},
        {"output": "auto"},
        {"output": "chroma"},
    ],
)
def test_header_with_a_value_that_no_setting_has_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    generator, settings = build()
    save_generator(tmp_path / "model", generator.state_dict(), settings | change)
    with pytest.raises(InputError, match="is not a model written by the train stage"):
        load_generator(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("encoder.0.weight"), r"it has no encoder\.0\.weight"),
        (
            lambda weights: weights.update({"encoder.0.weight": torch.zeros(2, 1, 4, 4)}),
            "2 x 1 x 4 x 4.*2 x 3 x 4 x 4",
        ),
    ],
    ids=["missing layer", "one channel"],
)
def test_weights_of_other_layers_than_the_header_says_are_named(
    tmp_path: Path, change: Any, message: str
) -> None:
    generator, settings = build()
    weights = generator.state_dict()
    change(weights)
    save_generator(tmp_path / "g", weights, settings)
    with pytest.raises(InputError, match=message):
        load_generator(tmp_path / "g")


def save_both_ways(path: Path) -> tuple[Generator, Generator]:
    """Save two generators of different weights in one file."""
    generator, header = build(output="chroma")
    back = build_generator(back_options(generator.options))
    weights = weights_both_ways(generator, back)
    save_generator(path, weights, header | {"objective": "cyclegan", "direction": "AtoB"})
    return generator, back


@pytest.mark.parametrize("direction", [None, "AtoB", "BtoA"])
def test_model_of_both_directions_gives_each(tmp_path: Path, direction: Direction | None) -> None:
    generator, back = save_both_ways(tmp_path / "both.safetensors")
    saved = back if direction == "BtoA" else generator
    loaded, settings = load_generator(tmp_path / "both.safetensors", direction)
    assert settings["direction"] == (direction or "AtoB")
    picture = torch.rand(1, 3, 64, 64) * 2 - 1
    assert torch.equal(loaded(picture), saved.eval()(picture))
    assert loaded.options.output == ("colour" if direction == "BtoA" else "chroma")


def test_model_of_one_direction_has_no_other(tmp_path: Path) -> None:
    generator, header = build()
    save_generator(tmp_path / "one.safetensors", generator.state_dict(), header | {"direction": "BtoA"})
    load_generator(tmp_path / "one.safetensors", "BtoA")
    with pytest.raises(InputError, match="translates BtoA alone; objective: cyclegan trains"):
        load_generator(tmp_path / "one.safetensors", "AtoB")
