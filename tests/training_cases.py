"""Small trainings for the tests: their settings, pairs and log."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from conftest import PROJECT

from pix2pix.assembly import build_training
from pix2pix.device import open_fabric
from pix2pix.images import RgbImage, write_png
from pix2pix.schedule import Pace
from pix2pix.training import Training
from stages.settings.base import load_settings
from stages.settings.train import TrainSettings

SMALL = {
    "image_size": 64,
    "ngf": 2,
    "ndf": 2,
    "norm": "instance",
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


def small_settings(**changes: Any) -> dict[str, Any]:
    """All settings of train: those of params.yaml, made small, with ``changes``, and checked."""
    values = load_settings(TrainSettings, PROJECT / "params.yaml").model_dump() | SMALL
    assert changes.keys() <= values.keys()
    return TrainSettings(**(values | changes)).model_dump()


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
    pace: Pace | None = None,
    **changes: Any,
) -> Training:
    """A training by ``small_settings``, on the pairs in a folder."""
    settings = small_settings(**changes)
    fabric = open_fabric(accelerator, precision=settings["precision"])
    return build_training(fabric, settings, pairs, pace=pace, work=work, log=log or Notes())
