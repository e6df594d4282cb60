"""The training loop: epochs over the pairs, curves, validation, and going on after an interruption."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file
from torch import Tensor
from torch.utils.data import DataLoader

from pix2pix.core.hashes import file_hash
from pix2pix.core.progress import Progress
from pix2pix.machine.prefetch import on_device
from pix2pix.model.model_file import save_generator
from pix2pix.model.pair_folder import PairFolder
from pix2pix.pictures.contact_sheet import TRIPTYCH, contact_sheet
from pix2pix.pictures.images import read_image, write_png
from pix2pix.training.checkpoint import load_state, save_state
from pix2pix.training.curves import Curves, DivergedError, TrainingLog
from pix2pix.training.epoch_batches import EpochBatches
from pix2pix.training.schedule import Pace, Schedule
from pix2pix.training.step import Pix2Pix
from pix2pix.training.training_pairs import TrainingPairs
from pix2pix.training.validation import validate

# D wins outright where over an epoch its accuracies are at least, and its losses at most, these.
D_WINS, D_IS_SURE = 0.99, 0.1


@dataclass
class Position:
    """How far a training has come: part of its state.

    Attributes:
        epoch: finished epochs, those of pretraining among them.
        batch: batches done of the next one.
        step: steps done.
        val_l1: validation L1 after each epoch without pretraining, in [0, 1].
        means: of the terms over the last epoch.
        d_won: epochs in which D told nearly all patches rightly.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    val_l1: list[float] = field(default_factory=list)
    means: dict[str, float] = field(default_factory=dict)
    d_won: int = 0

    @property
    def best(self) -> int:
        """The epoch with the lowest validation L1, from 1 on, not counting pretraining; 0 before it."""
        return self.val_l1.index(min(self.val_l1)) + 1 if self.val_l1 else 0


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training.

    Attributes:
        weights: of the selected generator.
        metrics: validation L1 in [0, 1] of the last and of the best epoch, the means of the terms over the
            last epoch, and the epochs and steps.
        images_per_second: of this run, validation included.
    """

    weights: dict[str, Tensor]
    metrics: dict[str, float]
    images_per_second: float


class Training:
    """A training that can go on where an earlier run of it was interrupted.

    Args:
        model: networks and optimisers.
        train: pairs to learn from.
        val: pairs to measure L1 on and to show.
        schedule: how long, on what, and what to keep.
        header: settings that every saved model carries.
        work: the folder for the state, and for pictures and weights of the epochs (in ``epochs/``); of the
            first process only, others take None.
        log: receives curves and pictures, likewise.
        pace: how it runs on this machine.
    """

    def __init__(
        self,
        model: Pix2Pix,
        train: TrainingPairs,
        val: PairFolder,
        schedule: Schedule,
        *,
        header: Mapping[str, Any],
        work: Path | None,
        log: TrainingLog | None,
        pace: Pace,
    ) -> None:
        self.model, self.val, self.schedule, self.header = model, val, schedule, header
        self.work, self.log, self.pace = work, log, pace
        self.fabric = model.fabric
        self.position, self.pairs = Position(), len(train)
        self.mean = partial(_mean, self.fabric)
        self.curves = Curves(log, schedule.log_every, self.mean)
        self.batches = EpochBatches(
            len(train),
            schedule.batch_size,
            schedule.seed,
            with_replacement=schedule.sample_with_replacement,
            rank=self.fabric.global_rank,
            processes=self.fabric.world_size,
        )
        self.loader = DataLoader(
            train,
            batch_sampler=self.batches,
            num_workers=pace.loader_workers,
            persistent_workers=pace.loader_workers > 0,
            pin_memory=self.fabric.device.type == "cuda",
            generator=torch.Generator(),  # of its own, so that the loader takes no number from dropout's
        )
        self.epochs = schedule.pretrain_epochs + schedule.epochs
        self._saved_at = time.monotonic()

    def run(self) -> TrainingResult:
        """Train to the end.

        Raises:
            DivergedError: a loss is no longer a number.
            InputError: the kept state cannot be read.
        """
        self._resume()
        at = self.position
        left = (self.epochs - at.epoch) * self.pairs - at.batch * self.schedule.batch_size
        progress = Progress(left, "train", "image")
        try:
            while not self._is_over():
                self._train_epoch(progress)
                self._end_epoch()
                self._save()
        except DivergedError as error:
            raise DivergedError(f"{error}; {self._last_good()}") from error
        progress.close()
        return TrainingResult(self._selected_weights(), self._metrics(), progress.per_second)

    def _train_epoch(self, progress: Progress) -> None:
        at, epoch = self.position, self.position.epoch + 1
        self.batches.epoch, self.batches.start = epoch, at.batch
        self.model.scale_rates(self.schedule.factor(epoch - self.schedule.pretrain_epochs))
        self.model.generator.train()
        for batches in _groups(on_device(self.loader, self.fabric.device), self.schedule.accumulate_steps):
            at.step += 1
            at.batch += len(batches)
            is_pretraining, measure = epoch <= self.schedule.pretrain_epochs, self.curves.is_point(at.step)
            terms = self.model.step(batches, at.step, pretrain=is_pretraining, measure=measure)
            self.curves.add(at.step, terms)
            progress.advance(sum(map(len, batches)) * self.fabric.world_size, f"epoch {epoch}/{self.epochs}")
            if self._is_time_to_save():
                self._save()

    def _end_epoch(self) -> None:
        at, schedule = self.position, self.schedule
        at.epoch, at.batch = at.epoch + 1, 0
        for buffer in self.model.result.buffers():  # all processes measure what the first one saves
            buffer.copy_(self.fabric.broadcast(buffer))
        val_l1, examples = validate(self.model.result, self.val, self.fabric, schedule.test_mode, self.mean)
        at.means = self.curves.end_epoch(at.step, {"val/l1": val_l1})
        if at.epoch > schedule.pretrain_epochs:
            at.val_l1.append(val_l1)
        self._warn_if_d_wins()
        is_last = self._is_over()
        is_kept = bool(schedule.keep_every) and (at.epoch % schedule.keep_every == 0 or is_last)
        if self.work is None:
            return
        if is_kept:
            save_generator(self._file("epochs", at.epoch), self.model.result.state_dict(), self.header)
        if is_kept or is_last or at.epoch % schedule.sample_every == 0:
            picture = contact_sheet(examples, TRIPTYCH)
            write_png(self._file("epochs", at.epoch).with_suffix(".png"), picture)
            if self.log is not None:
                self.log.samples(picture)
        if schedule.select == "best" and at.val_l1 and at.best == len(at.val_l1):
            save_generator(self._file("best", at.epoch), self.model.result.state_dict(), self.header)

    def _is_over(self) -> bool:
        at, patience = self.position, self.schedule.early_stop_epochs
        is_stuck = bool(patience and at.val_l1) and len(at.val_l1) - at.best >= patience
        return at.epoch >= self.epochs or is_stuck

    def _warn_if_d_wins(self) -> None:
        means = self.position.means
        if "discriminator_real" not in means:
            return
        accuracy = min(means["discriminator_real_accuracy"], means["discriminator_fake_accuracy"])
        if accuracy < D_WINS or max(means["discriminator_real"], means["discriminator_fake"]) > D_IS_SURE:
            return
        self.position.d_won += 1
        if self.position.d_won == 1 and self.fabric.is_global_zero:
            print(
                f"train: warning: in epoch {self.position.epoch} the discriminator told real from fake in "
                f"{accuracy:.1%} of the patches, and was sure of it: the generator learns little from "
                "it; try a lower discriminator_learning_rate or ndf, a smaller patch_size, or augmentation",
                flush=True,
            )

    def _resume(self) -> None:
        state = self.fabric.broadcast(None if self.work is None else load_state(self.work))
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.curves.load_state_dict(state["curves"])
        self.position = Position(**state["position"])
        if self.work is None:
            return
        at = self.position
        print(
            f"train: going on after step {at.step}, with {at.epoch} of {self.epochs} epochs done", flush=True
        )
        shown = [self._file("epochs", epoch).with_suffix(".png") for epoch in range(1, at.epoch + 1)]
        if self.log is not None and (pictures := [path for path in shown if path.exists()]):
            self.log.samples(read_image(pictures[-1]))

    def _is_time_to_save(self) -> bool:
        if self.fabric.world_size > 1 and not self.curves.is_point(self.position.step):
            return False  # to ask all processes at every step would make them wait
        is_time = time.monotonic() - self._saved_at >= 60 * self.pace.checkpoint_minutes
        return bool(self.fabric.broadcast(is_time))

    def _save(self) -> None:
        """Keep the state, after the terms so far, and the weights, have proved to be numbers."""
        self.curves.collect(self.position.step)
        if not all(bool(weight.isfinite().all()) for weight in self.model.result.parameters()):
            raise DivergedError(
                f"a weight is no number after step {self.position.step}: training has diverged"
            )
        if self.work is not None:
            state = {"model": self.model.state_dict(), "curves": self.curves.state_dict()}
            save_state(self.work, state | {"position": asdict(self.position)})
            for path in (self.work / "best").glob("*.safetensors"):
                if path != self._best_file():
                    path.unlink()
        self._saved_at = time.monotonic()

    def _last_good(self) -> str:
        """Save the generator of the last kept state as a model, and say how to go on from it."""
        advice = "try a lower learning_rate, or precision: fp32"
        state = None if self.work is None else load_state(self.work)
        if self.work is None or state is None:
            return advice
        self.model.load_state_dict(state["model"])
        path = self.work / "last_good.safetensors"
        save_generator(path, self.model.result.state_dict(), self.header)
        return (
            f"{advice}; the generator of step {state['position']['step']}, before that, is kept: go on "
            f"from it with -S init_from={path} -S init_from_sha256={file_hash(path)}"
        )

    def _file(self, kind: str, epoch: int) -> Path:
        return cast(Path, self.work) / kind / f"epoch_{epoch:04}.safetensors"

    def _best_file(self) -> Path:
        return self._file("best", self.schedule.pretrain_epochs + self.position.best)

    def _selected_weights(self) -> dict[str, Tensor]:
        if self.schedule.select == "last" or self.work is None:
            return self.model.result.state_dict()
        return dict(load_file(self._best_file()))

    def _metrics(self) -> dict[str, float]:
        at = self.position
        return {
            "val_l1": at.val_l1[-1],
            "best_val_l1": min(at.val_l1),
            "best_epoch": at.best,
            **at.means,
            "epochs_d_won": at.d_won,
            "epochs": at.epoch,
            "steps": at.step,
        }


def _mean(fabric: Fabric, values: Tensor) -> Tensor:
    """The mean over the processes, in double precision on the CPU."""
    if fabric.world_size == 1:
        return values.cpu().double()
    return cast(Tensor, fabric.all_reduce(values.to(fabric.device).double())).cpu()


def _groups(batches: Iterator[Tensor], size: int) -> Iterator[list[Tensor]]:
    """Hand out ``size`` batches at a time, the last time perhaps fewer."""
    while group := list(islice(batches, size)):
        yield group
