"""Small trainings for the tests: their settings, pairs and log."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from conftest import PROJECT

from pix2pix.machine.device import open_fabric
from pix2pix.pictures.images import RgbImage, read_image, write_png
from pix2pix.training.build import build_training
from pix2pix.training.loop import Training, TrainingResult
from pix2pix.training.options import MachineOptions
from stages.settings.train import TrainSettings
from stages.shared.settings import load_settings

EVERY_STEP, EPOCH_END = MachineOptions(checkpoint_minutes=0.0), MachineOptions(checkpoint_minutes=1e6)

SMALL = {
    "image_size": 64,
    "generator": "unet",
    "input_labels": False,
    "upsample": "transpose",
    "gan_loss": "bce",
    "lambda_perceptual": 0.0,
    "lambda_projected": 0.0,
    "augment_discriminator": False,
    "discriminator_learning_rate": 0.0,
    "lr_schedule": "constant",
    "epochs_decay": 0,
    "ema_decay": 0.0,
    "ngf": 2,
    "ndf": 2,
    "norm": "instance",
    "output": "colour",
    "batch_size": 2,
    "epochs": 3,
    "learning_rate": 2e-3,
    "augment_jitter": True,
    "augment_mirror": True,
    "log_every": 1,
    "sample_every": 2,
    "precision": "fp32",
    "seed": 0,
}


def small_options(**changes: Any) -> TrainSettings:
    """All settings of train: those of params.yaml, made small, with ``changes``, and checked."""
    values = load_settings(TrainSettings, PROJECT / "params.yaml").model_dump() | SMALL
    assert changes.keys() <= values.keys()
    return TrainSettings(**(values | changes))


def small_settings(**changes: Any) -> dict[str, Any]:
    """The same as the header of a model's file has them."""
    return small_options(**changes).header


def write_pairs(folder: Path, train: int = 6, val: int = 3) -> Path:
    """Write pairs of 64 px whose target is the input, grey blocks, in orange."""
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        for i in range(count):
            grey = np.kron(rng.integers(0, 255, (8, 8, 1)), np.ones((8, 8, 1)))
            orange = grey * np.array([1.0, 0.6, 0.1])
            image = np.hstack([grey.repeat(3, 2), orange]).astype(np.uint8)
            write_png(folder / split / "block" / f"{i}.png", image)
    return folder


LABELS = ((0, 0, 200), (200, 0, 0), (0, 200, 0), (250, 240, 0))


def write_label_maps(folder: Path, train: int = 6, val: int = 3) -> Path:
    """Write pairs of 64 px whose inputs are label maps of ``LABELS``, and whose targets are grey."""
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        for i in range(count):
            labels = np.array(LABELS)[
                np.kron(rng.choice(4, (8, 8), p=(0.4, 0.3, 0.2, 0.1)), np.ones((8, 8), int))
            ]
            write_png(
                folder / split / f"{i}.png",
                np.hstack([labels, labels @ np.full((3, 3), 1 / 3)]).astype(np.uint8),
            )
    return folder


def write_halfway_pairs(folder: Path) -> Path:
    """Write pairs with validation targets halfway between what G starts with, grey, and what it learns."""
    write_pairs(folder)
    for path in sorted((folder / "val").rglob("*.png")):
        image = read_image(path).copy()
        image[:, 64:] = (image[:, 64:].astype(int) + 127) // 2
        write_png(path, image)
    return folder


class StoppedError(Exception):
    """What a log raises in the middle of a training."""


class Notes:
    """A log that keeps the curves and pictures, and interrupts the training at its n-th point, if wished."""

    def __init__(self, stop_at: int = 0) -> None:
        self.curves: dict[str, list[tuple[int, float]]] = {}
        self.pictures: list[RgbImage] = []
        self.stop_at, self.points = stop_at, 0

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        self.points += 1
        if self.points == self.stop_at:
            raise StoppedError
        for name, value in values.items():
            self.curves.setdefault(name, []).append((step, value))

    def samples(self, picture: RgbImage) -> None:
        self.pictures.append(picture)


def small_training(
    pairs: Path,
    work: Path,
    log: Notes | None = None,
    *,
    accelerator: Any = "cpu",
    machine: MachineOptions | None = None,
    **changes: Any,
) -> Training:
    """A training by ``small_options``, on the pairs in a folder."""
    options = small_options(**changes)
    fabric = open_fabric(accelerator, precision=options.precision)
    return build_training(fabric, options, pairs, machine=machine, work=work, log=log or Notes())


def train(
    pairs: Path, work: Path, stop_at: int = 0, machine: MachineOptions | None = None, **changes: Any
) -> tuple[TrainingResult, Notes]:
    """Run a training of ``small_training``, or stop it at its n-th point."""
    notes = Notes(stop_at)
    return small_training(pairs, work, notes, machine=machine, **changes).run(), notes


def same(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    """Whether two sets of weights are equal to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
