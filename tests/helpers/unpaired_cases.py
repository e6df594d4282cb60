"""Two sets of pictures that are no pairs, and models of the objectives that are trained on such."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from small_model import last_layer
from training_cases import small_settings

from pix2pix.model.model_file import BOTH_WAYS, back_options, save_generator, weights_both_ways
from pix2pix.networks.generators import Generator, build_generator
from pix2pix.networks.options import GeneratorOptions
from pix2pix.pictures.images import write_png

TINTS = {"A": (0.4, 0.6, 1.0), "B": (1.0, 0.6, 0.1)}


def write_sets(folder: Path, a: int = 5, b: int = 7, side: int = 64, train: int = 1, val: int = 0) -> Path:
    """Write the pictures of two sets, as many of each for training and validation: blue and orange blocks."""
    rng = np.random.default_rng(0)
    for split, counts in (("train", (train, train)), ("val", (val, val)), ("test", (a, b))):
        for name, count in zip(TINTS, counts, strict=True):
            for i in range(count):
                grey = np.kron(rng.integers(0, 256, (8, 8, 1)), np.ones((side // 8, side // 8, 1)))
                image = (grey * np.array(TINTS[name])).astype(np.uint8)
                write_png(folder / split / name / f"class_{i % 2}" / f"{i}.png", image)
    return folder


def small_generator(options: GeneratorOptions, seed: int) -> Generator:
    """A generator with weights at random, whose outputs are no even grey."""
    torch.manual_seed(seed)
    generator = build_generator(options)
    with torch.no_grad():
        last_layer(generator).weight.mul_(20)
    return generator.eval()


def write_unpaired_model(path: Path, objective: Any = BOTH_WAYS, seeds: Any = (0, 1), **changes: Any) -> Path:
    """Write a model of an objective; one of both directions has a generator by each of the seeds."""
    settings = small_settings(**({"ngf": 4, "pair_task": "none", "direction": "AtoB"} | changes))
    generator = small_generator(GeneratorOptions.of(settings), seeds[0])
    weights = generator.state_dict()
    if objective == BOTH_WAYS:
        weights = weights_both_ways(generator, small_generator(back_options(generator.options), seeds[1]))
    save_generator(path, weights, settings | {"objective": objective})
    return path
