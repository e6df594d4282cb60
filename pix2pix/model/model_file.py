"""Models on disk: a safetensors file with the weights, and all settings in its header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pix2pix.core.choices import Direction
from pix2pix.core.errors import InputError
from pix2pix.core.outputs import whole_file
from pix2pix.networks.generators import Generator, build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.palette import Palette

HEADER_KEY = "pix2pix_settings"
PALETTE = "labels.palette"  # the name of the classes' colours among the weights
BACK = "back."  # how the names of the weights start of a second generator, which translates B to A
BOTH_WAYS = "cyclegan"  # the objective that trains two generators
OTHER: dict[Direction, Direction] = {"AtoB": "BtoA", "BtoA": "AtoB"}
# What files mean that are older than these settings.
BEFORE: dict[str, Any] = {"output": "colour", "objective": "pix2pix"}


def save_generator(path: Path, weights: Mapping[str, Tensor], settings: Mapping[str, Any]) -> None:
    """Write the weights of a generator with ``settings`` (among them those of the network) in the header."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    with whole_file(path) as partial:
        save_file(contiguous, partial, metadata={HEADER_KEY: json.dumps(dict(settings), sort_keys=True)})


def load_generator(path: Path, direction: Direction | None = None) -> tuple[Generator, dict[str, Any]]:
    """Read a generator, in evaluation mode, on the CPU, channels last, and the settings it was trained with.

    Args:
        path: of the model's file.
        direction: of the translation; None is that of the training. A model of ``objective: cyclegan`` holds
            a generator for each; its settings then say ``direction`` as it is asked for here.

    Raises:
        InputError: the file is missing, damaged, no model of this project, or of the other direction alone.
    """
    settings = read_settings(path)
    is_back = direction is not None and direction != settings["direction"]
    if is_back:
        _check_both_ways(path, settings)
        settings |= {"direction": direction, "output": "colour"}
    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(BACK) == is_back]  # noqa: SIM118
            weights = {name.removeprefix(BACK): file.get_tensor(name) for name in names}
        generator = build_generator(GeneratorOptions.of(settings), weights.get(PALETTE, ()))
        _check_shapes(weights, generator.state_dict())
        generator.load_state_dict(weights)
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} is not a model written by the train stage: {error}") from error
    return generator.eval().to(memory_format=torch.channels_last), settings


def weights_both_ways(generator: Generator, back: Generator) -> dict[str, Tensor]:
    """Name the weights of two generators, A to B and ``back``, as a file of both has them."""
    return generator.state_dict() | {f"{BACK}{name}": of for name, of in back.state_dict().items()}


def back_options(options: GeneratorOptions) -> GeneratorOptions:
    """What the generator back is made of: it draws all of A, whose brightness may be another than B's."""
    return GeneratorOptions.of({**vars(options), "output": "colour"})


def directions(settings: Mapping[str, Any]) -> tuple[Direction, ...]:
    """The directions that a model translates in, that of its training first, by its header's settings."""
    trained: Direction = settings["direction"]
    return (trained, OTHER[trained]) if settings["objective"] == BOTH_WAYS else (trained,)


def _check_both_ways(path: Path, settings: Mapping[str, Any]) -> None:
    if len(directions(settings)) == 1:
        raise InputError(
            f"{path} translates {settings['direction']} alone; objective: {BOTH_WAYS} trains a model of both "
            "directions"
        )


def read_palette(path: Path) -> Palette:
    """Read the colours of the classes that a generator is told of; empty where it is told of none.

    Raises:
        InputError: the file is missing, damaged, or no model of this project.
    """
    read_settings(path)
    with safe_open(path, framework="pt") as file:
        colours = file.get_tensor(PALETTE).tolist() if PALETTE in file.keys() else []  # noqa: SIM118
    return tuple((round(red), round(green), round(blue)) for red, green, blue in colours)


def read_settings(path: Path) -> dict[str, Any]:
    """Read the settings that a generator was trained with from the header of its file, without its weights.

    Raises:
        InputError: the file is missing, damaged, or no model of this project.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; a model is a file, such as {path / 'generator.safetensors'}")
    try:
        with safe_open(path, framework="pt") as file:
            settings: dict[str, Any] = json.loads((file.metadata() or {})[HEADER_KEY])
        if not isinstance(settings, dict):
            raise ValueError(f"its header holds no settings, but {settings}")
    except FileNotFoundError as error:
        raise InputError(f"no model at {path}; `dvc repro train` or `dvc pull` makes it") from error
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"{path} is not a model written by the train stage: {error}") from error
    return BEFORE | settings


def _check_shapes(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Refuse weights of other layers than the header's settings make, naming the first that differs."""
    for name, tensor in expected.items():
        if name not in found:
            raise ValueError(f"it has no {name}, which the settings in its header ask for")
        if found[name].shape != tensor.shape:
            shapes = [" x ".join(map(str, weights.shape)) for weights in (found[name], tensor)]
            raise ValueError(f"{name} is {shapes[0]}, and the settings in its header ask for {shapes[1]}")
