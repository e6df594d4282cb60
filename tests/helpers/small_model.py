"""Small models with weights at random, whose outputs are no even grey."""

from pathlib import Path
from typing import Any

import torch
from training_cases import small_settings

from pix2pix.model.generators import build_generator
from pix2pix.model.model_file import save_generator
from pix2pix.model.options import GeneratorOptions
from pix2pix.translation.translator import Translator


def write_model(path: Path, **changes: Any) -> Path:
    """Write a model with the settings of ``small_settings``."""
    settings = small_settings(**({"ngf": 4} | changes))
    torch.manual_seed(0)
    generator = build_generator(GeneratorOptions.of(settings)).train()
    with torch.no_grad():
        generator.decoder.output[-1].weight.mul_(20)
        for _ in range(3):  # moves the running statistics
            generator(torch.randn(4, 3, settings["image_size"], settings["image_size"]))
    save_generator(path, generator.state_dict(), settings)
    return path


def small_translator(folder: Path, **changes: Any) -> Translator:
    """A translator on the CPU with a model of ``write_model``."""
    return Translator.load(write_model(folder / "model.safetensors", **changes), "cpu")
