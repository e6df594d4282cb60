"""The training loop: epochs over the pairs, curves, validation and sample pictures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from pix2pix.errors import InputError
from pix2pix.images import RgbImage
from pix2pix.objective import Pix2Pix
from pix2pix.pair_data import EpochSampler, PairFolder, TrainingPairs, to_image
from pix2pix.pictures import TRIPTYCH, contact_sheet
from pix2pix.progress import Progress
from pix2pix.translation import translate

PICTURES_SHOWN = 6


class TrainingLog(Protocol):
    """Where the curves and pictures of a training go."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""

    def samples(self, epoch: int, picture: RgbImage) -> None:
        """Keep the sample picture of an epoch."""


@dataclass(frozen=True)
class Schedule:
    """How long to train, how many pairs a step takes, and how often curves and pictures are drawn.

    Attributes:
        epochs: times through the training pairs.
        batch_size: pairs per step.
        log_every: steps per point of the curves.
        sample_every: epochs per sample picture.
        seed: of the order of the pairs.
    """

    epochs: int
    batch_size: int
    log_every: int
    sample_every: int
    seed: int


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training.

    Attributes:
        metrics: validation L1 in [0, 1] of the last and of the best epoch, the means of the losses over the
            last epoch, and the epochs and steps.
        images_per_second: of the whole training, validation included.
    """

    metrics: dict[str, float]
    images_per_second: float


def fit(
    model: Pix2Pix,
    train: TrainingPairs,
    val: PairFolder,
    schedule: Schedule,
    log: TrainingLog,
    loader_workers: int,
) -> TrainingResult:
    """Train ``model`` on ``train`` and look at ``val`` after each epoch.

    Args:
        model: networks and optimisers.
        train: pairs to learn from.
        val: pairs to measure L1 on and to show.
        schedule: epochs, batch size and intervals.
        log: receives curves and pictures.
        loader_workers: processes that prepare pairs; the result is the same for any number.

    Raises:
        InputError: a loss is no longer a number.
    """
    sampler = EpochSampler(len(train), schedule.seed)
    loader = _loader(model.fabric, train, sampler, schedule.batch_size, loader_workers)
    curves = _Curves(log, schedule.log_every)
    progress = Progress(schedule.epochs * len(train), "train", "image")
    val_l1: list[float] = []
    for epoch in range(1, schedule.epochs + 1):
        sampler.epoch = epoch
        model.generator.train()
        for pairs in loader:
            curves.add(model.step(*pairs.unbind(1)))
            progress.advance(len(pairs), note=f"epoch {epoch}/{schedule.epochs}")
        val_l1.append(_validate(model, val, epoch, schedule, log))
        curves.end_epoch(val_l1[-1])
    progress.close()
    best = min(val_l1)
    metrics = {
        "val_l1": val_l1[-1],
        "best_val_l1": best,
        "best_epoch": val_l1.index(best) + 1,
        **curves.epoch_means,
        "epochs": schedule.epochs,
        "steps": curves.step,
    }
    return TrainingResult(metrics, progress.per_second)


def _loader(
    fabric: Fabric, train: TrainingPairs, sampler: EpochSampler, batch_size: int, workers: int
) -> DataLoader[Tensor]:
    loader = DataLoader(
        train,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=fabric.device.type == "cuda",
        generator=torch.Generator(),  # of its own, so that the loader takes no number from dropout's
    )
    return cast(DataLoader[Tensor], fabric.setup_dataloaders(loader, use_distributed_sampler=False))


def _validate(model: Pix2Pix, val: PairFolder, epoch: int, schedule: Schedule, log: TrainingLog) -> float:
    """Return the mean L1 over the validation pairs, in [0, 1], and keep the picture of some of them."""
    is_sampled = epoch % schedule.sample_every == 0 or epoch == schedule.epochs
    shown: list[tuple[str, list[RgbImage]]] = []
    total = 0.0
    model.generator.eval()
    for index in range(len(val)):
        a, b = val[index]
        output = translate(model.generator, a, model.fabric.device)
        total += float((output.float() - b.float()).abs().mean()) / 255
        if len(shown) < PICTURES_SHOWN and index % max(1, len(val) // PICTURES_SHOWN) == 0:
            caption = val.name(index).with_suffix("").as_posix()
            shown.append((caption, [to_image(picture) for picture in (a, output, b)]))
    if is_sampled:
        log.samples(epoch, contact_sheet(shown, TRIPTYCH))
    return total / len(val)


class _Curves:
    """Means of the losses over every ``log_every`` steps and over each epoch."""

    def __init__(self, log: TrainingLog, log_every: int) -> None:
        self._log, self._log_every = log, log_every
        self._since_point: list[dict[str, Tensor]] = []
        self._epoch_sums: dict[str, float] = {}
        self._epoch_steps = 0
        self.step = 0
        self.epoch_means: dict[str, float] = {}

    def add(self, losses: dict[str, Tensor]) -> None:
        self.step += 1
        self._since_point.append(losses)
        if self.step % self._log_every == 0:
            means = self._flush()
            self._log.metrics(self.step, {f"train/{name}": value for name, value in means.items()})

    def end_epoch(self, val_l1: float) -> None:
        self._flush()
        self.epoch_means = {name: total / self._epoch_steps for name, total in self._epoch_sums.items()}
        self._epoch_sums, self._epoch_steps = {}, 0
        self._log.metrics(self.step, {"val/l1": val_l1})

    def _flush(self) -> dict[str, float]:
        """Take the losses since the last point from the device, and return their means."""
        steps, self._since_point = self._since_point, []
        if not steps:
            return {}
        sums = {name: float(torch.stack([losses[name] for losses in steps]).sum()) for name in steps[0]}
        for name, total in sums.items():
            if not math.isfinite(total):
                raise InputError(
                    f"{name} is {total} at step {self.step}: training has diverged; try a lower learning_rate"
                )
            self._epoch_sums[name] = self._epoch_sums.get(name, 0.0) + total
        self._epoch_steps += len(steps)
        return {name: total / len(steps) for name, total in sums.items()}
