"""Training steps to be timed: the plain loop's, and ours, captured or not, with the data that they take."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from benchmarks.gpu.clock import Call
from benchmarks.gpu.record import Plan
from benchmarks.plain_loop import WIDTHS, plain_step
from pix2pix.core.choices import ImageSize, WherePossible
from pix2pix.machine.device import open_fabric
from pix2pix.machine.prefetch import on_device
from pix2pix.training.build import build_training
from pix2pix.training.captured_step import Step, step_of
from pix2pix.training.loop import Training
from pix2pix.training.options import MachineOptions
from stages.settings.train import TrainSettings
from stages.shared.settings import read_settings_file, validate

RECIPE = Path("recipes/isola_facades.yaml")
SIZE: Final = 256
TOY_SIZE: Final = 64
TOY = {"image_size": TOY_SIZE, "ngf": 4, "ndf": 4}
TOY_WIDTHS = (4, 8, 16, 32, 32, 32)
MOST_WORKERS = 16


@dataclass(frozen=True)
class Bench:
    """One size of batches, on one device.

    Attributes:
        plan: of the part.
        batch: pairs in a step.
        pairs: the folder of the pairs.
        device: that trains.
    """

    plan: Plan
    batch: int
    pairs: Path
    device: torch.device

    @property
    def size(self) -> ImageSize:
        """Side of the pictures in px."""
        return TOY_SIZE if self.plan.is_dry else SIZE

    def settings(self, **changes: Any) -> TrainSettings:
        """Those of the paper's facades at this size, with changes."""
        same = {"image_size": SIZE, "precision": "auto", "compile": False, "batch_size": self.batch}
        changes = same | (TOY if self.plan.is_dry else {}) | changes
        return validate(TrainSettings, read_settings_file(RECIPE) | changes, RECIPE)

    def plain_step(self, batch: int) -> Call:
        """The plain loop's step on a batch that lies in the device's memory."""
        generator = torch.Generator().manual_seed(0)
        pairs = torch.rand(2, batch, 3, self.size, self.size, generator=generator) * 2 - 1
        real_a, real_b = pairs.to(self.device)
        widths = TOY_WIDTHS if self.plan.is_dry else WIDTHS
        return plain_step(real_a, real_b, widths)

    def training(self, **changes: Any) -> Training:
        """A training of ours."""
        settings = self.settings(**changes)
        fabric = open_fabric(self.plan.accelerator, precision=settings.precision)
        return build_training(fabric, settings, self.pairs, machine=machine_options(self.plan))


def plain(bench: Bench) -> Call:
    """The plain loop's step; cuDNN looks for the fastest kernels, as common implementations have it."""
    step = bench.plain_step(bench.batch)

    def searching() -> None:
        before = torch.backends.cudnn.benchmark
        torch.backends.cudnn.benchmark = True
        step()
        torch.backends.cudnn.benchmark = before

    return searching


def ours(bench: Bench, *, is_captured: bool) -> Call:
    """Our step as a training takes it: on the next pairs, with its terms noted."""
    training = bench.training()
    take = our_step(bench.plan, training, is_captured=is_captured)
    batches, numbers, curves = endless(training), count(1), training.curves

    def step() -> None:
        number = next(numbers)
        curves.add(number, take([next(batches)], number, measure=curves.is_point(number)))

    return step


def machine_options(plan: Plan) -> MachineOptions:
    """How a training runs on the machine at hand."""
    workers = 0 if plan.is_dry else min(MOST_WORKERS, os.cpu_count() or 1)  # where the card holds no pairs
    return MachineOptions(loader_workers=workers, cache_gb=1.0)


def our_step(plan: Plan, training: Training, *, is_captured: bool) -> Step:
    """The step of a training, captured or not; on the CPU, where nothing can be captured, it is the same.

    Raises:
        InputError: it cannot be captured; the message says why.
    """
    cuda_graphs: WherePossible = "auto" if is_captured and plan.is_dry else is_captured
    return step_of(training.model, cuda_graphs, accumulate_steps=1)


def endless(training: Training) -> Iterator[Tensor]:
    """The batches of one epoch after the other, on the device."""
    training.model.train()
    for epoch in count(1):
        training.batches.epoch = epoch
        yield from on_device(training.loader, training.fabric.device)
