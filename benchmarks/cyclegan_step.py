"""CycleGAN's training step at 256 px with the full networks, beside a plain loop.

The plain loop is how common PyTorch implementations train (benchmarks/plain_cyclegan.py). Ours runs by the
recipe ``cyclegan_horse2zebra``, with ``precision: auto``. Each runs in a process of its own, because ours
changes the allocator; they take turns. A step takes many seconds on a CPU.

``cyclegan_speedup``: steps per second, ours over the plain loop's (median of rounds).
"""

import itertools
from functools import partial

import torch
from torch import Tensor

from benchmarks.comparisons import RECIPES
from benchmarks.plain_cyclegan import PlainCycleGan
from benchmarks.timing import Step, print_machine, print_result, seconds_per_step, speedup
from pix2pix.machine.device import open_fabric
from pix2pix.machine.memory import keep_freed_memory
from pix2pix.training.build import build_model
from pix2pix.training.objectives.objective import Objective
from stages.settings.train import TrainSettings
from stages.shared.settings import read_settings_file, validate

ROUNDS, STEPS = 3, 1
SIZE, WIDTH = 256, 64  # side of the pictures in px; channels of the first layers
RECIPE = RECIPES / "cyclegan_horse2zebra.yaml"


def main() -> None:
    """Measure, and print the figure."""
    print_machine()
    print_result(**measured(SIZE, WIDTH, ROUNDS))


def measured(size: int, width: int, rounds: int) -> dict[str, float]:
    """Time both ways by turns, on pictures of ``size`` px, by networks of ``width`` channels; print all."""
    ways = {"ours": partial(_ours, size, width), "plain loop": partial(_plain, size, width)}
    seconds = seconds_per_step(ways, STEPS, rounds)
    for name, values in seconds.items():
        print(f"{name:12} seconds by round: {', '.join(f'{value:.3f}' for value in values)}", flush=True)
    return {"cyclegan_speedup": speedup(seconds, "ours", over="plain loop")}


def our_model(size: int, width: int, precision: str = "auto") -> Objective:
    """The networks and optimisers of the recipe, for other pictures and widths."""
    changes = {"image_size": size, "ngf": width, "ndf": width, "precision": precision, "compile": False}
    settings = validate(TrainSettings, read_settings_file(RECIPE) | changes, RECIPE)
    return build_model(open_fabric("auto", precision=settings.precision), settings)


def _ours(size: int, width: int) -> Step:
    keep_freed_memory()
    model, numbers = our_model(size, width), itertools.count(1)
    pictures = _random_pictures(size).to(model.fabric.device)
    return lambda: model.step([pictures], next(numbers))


def _plain(size: int, width: int) -> Step:
    return PlainCycleGan.of_width(width).step_on(*_random_pictures(size).unbind(1))


def _random_pictures(size: int) -> Tensor:
    return torch.rand(1, 2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


if __name__ == "__main__":
    main()
