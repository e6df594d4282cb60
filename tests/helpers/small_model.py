"""Small models with weights at random, whose outputs are no even grey."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from training_cases import small_settings

from pix2pix.model.model_file import save_generator
from pix2pix.networks.efficientnet_unet import EfficientnetUnetGenerator
from pix2pix.networks.generators import build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.networks.resnet_generator import ResnetGenerator
from pix2pix.translation.translator import Translator


def last_layer(generator: Any) -> nn.Conv2d:
    """The layer that makes the channels of the output."""
    if isinstance(generator, EfficientnetUnetGenerator):
        return generator.to_channels
    layers: nn.Sequential = (
        generator.to_channels if isinstance(generator, ResnetGenerator) else generator.decoder.output
    )
    layer: nn.Conv2d = layers[-1]
    return layer


def write_model(path: Path, palette: Any = (), **changes: Any) -> Path:
    """Write a model with the settings of ``small_settings``, which is told the classes of a palette."""
    settings = small_settings(**({"ngf": 4} | changes))
    torch.manual_seed(0)
    generator = build_generator(GeneratorOptions.of(settings), palette).train()
    with torch.no_grad():
        last_layer(generator).weight.mul_(20)
        for _ in range(3):  # moves the running statistics
            generator(torch.randn(4, 3, settings["image_size"], settings["image_size"]))
    save_generator(path, generator.state_dict(), settings)
    return path


def small_translator(folder: Path, **changes: Any) -> Translator:
    """A translator on the CPU with a model of ``write_model``."""
    return Translator.load(write_model(folder / "model.safetensors", **changes), "cpu")
