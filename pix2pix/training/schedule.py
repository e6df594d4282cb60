"""How a training goes: learning rates, epochs, batches, and what is kept of it."""

import math
from dataclasses import dataclass

from pix2pix.core.choices import LearningRateSchedule, Select, TestMode
from pix2pix.core.options import Options


@dataclass(frozen=True)
class LearningRate(Options):
    """How the learning rates change from epoch to epoch; the names are those of the settings.

    Attributes:
        lr_schedule: ``constant``; ``linear``: to zero over the last ``epochs_decay`` epochs, as the pix2pix
            authors' code does; ``step``: times ``lr_step_factor`` every ``lr_step_epochs`` epochs;
            ``cosine``: to zero over all epochs (Loshchilov and Hutter 2016, arXiv:1608.03983).
        epochs: of the training, without its pretraining, which keeps the first rate.
    """

    lr_schedule: LearningRateSchedule
    epochs: int
    epochs_decay: int
    lr_step_epochs: int
    lr_step_factor: float

    def factor(self, epoch: int) -> float:
        """Return what the rates are multiplied by in ``epoch``, from 1 on; before that it is 1."""
        if epoch < 1 or self.lr_schedule == "constant":
            return 1.0
        if self.lr_schedule == "linear":
            decayed = max(0, epoch - (self.epochs - self.epochs_decay))
            return 1 - decayed / (self.epochs_decay + 1)
        if self.lr_schedule == "step":
            return float(self.lr_step_factor ** ((epoch - 1) // self.lr_step_epochs))
        return 0.5 * (1 + math.cos(math.pi * (epoch - 1) / self.epochs))


@dataclass(frozen=True)
class Schedule(LearningRate):
    """How long to train, on what batches, and what to keep; the names are those of the settings.

    Attributes:
        pretrain_epochs: epochs before the others, in which G alone is trained, with L1.
        batch_size: pairs per batch, of all processes together.
        accumulate_steps: batches per step.
        sample_with_replacement: as in ``pix2pix.training.epoch_batches.EpochBatches``.
        test_mode: as in ``pix2pix.model.inference``.
        select: the weights to save: those of the ``last`` epoch, or of the ``best`` by validation L1.
        early_stop_epochs: stop after so many epochs without a better validation L1; 0 does not.
        keep_every: epochs per kept weights; 0 keeps none.
        log_every: steps per point of the curves.
        sample_every: epochs per sample picture.
        seed: of the order of the pairs.
    """

    pretrain_epochs: int
    batch_size: int
    accumulate_steps: int
    sample_with_replacement: bool
    test_mode: TestMode
    select: Select
    early_stop_epochs: int
    keep_every: int
    log_every: int
    sample_every: int
    seed: int


@dataclass(frozen=True)
class Pace:
    """How a training runs on its machine; the names are those of the machine's settings.

    Attributes:
        loader_workers: processes that prepare pairs; the result is the same for any number.
        checkpoint_minutes: between states kept within an epoch; one is kept after each epoch, too.
    """

    loader_workers: int = 0
    checkpoint_minutes: float = 10.0
