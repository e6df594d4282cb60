"""The training loop: epochs over the pairs, curves, validation, and going on after an interruption."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from pix2pix.core.hashes import file_hash
from pix2pix.core.progress import Progress
from pix2pix.machine.prefetch import on_device
from pix2pix.pictures.contact_sheet import contact_sheet
from pix2pix.training.captured_step import step_of
from pix2pix.training.checkpoint import TrainingFiles
from pix2pix.training.curves import Curves, DivergedError, TrainingLog, discriminator_wins, what_d_wins_means
from pix2pix.training.objectives.objective import Objective
from pix2pix.training.options import MachineOptions, ScheduleOptions
from pix2pix.training.schedule import rate_factor
from pix2pix.training.training_pairs import EpochBatches, TrainingPairs, TrainingSides
from pix2pix.training.validation import Example, Validation


@dataclass
class Position:
    """How far a training has come: part of its state.

    Attributes:
        epoch: finished epochs, those of pretraining among them.
        batch: batches done of the next one.
        step: steps done.
        val: what validation measured after each epoch without pretraining.
        means: of the terms over the last epoch.
        d_won: epochs in which D told nearly all patches rightly.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    val: list[float] = field(default_factory=list)
    means: dict[str, float] = field(default_factory=dict)
    d_won: int = 0

    @property
    def best(self) -> int:
        """The epoch with the best validation, from 1 on, not counting pretraining; 0 before it."""
        return self.val.index(min(self.val)) + 1 if self.val else 0

    def metrics(self, validation: str) -> dict[str, float]:
        """What is told of a training at its end; ``validation`` is the name of what it measures."""
        return {
            f"val_{validation}": self.val[-1],
            f"best_val_{validation}": min(self.val),
            "best_epoch": self.best,
            **self.means,
            "epochs_d_won": self.d_won,
            "epochs": self.epoch,
            "steps": self.step,
        }


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training.

    Attributes:
        weights: of the selected generator.
        metrics: the validation of the last and of the best epoch, the means of the terms over the last epoch,
            and the epochs and steps.
        validation: the name of what validation measures.
        images_per_second: of this run, validation included.
    """

    weights: dict[str, Tensor]
    metrics: dict[str, float]
    validation: str
    images_per_second: float


class Training:
    """A training that can go on where an earlier run of it was interrupted.

    Args:
        model: networks and optimisers.
        train: pairs, or pictures of two sides, to learn from.
        validate: measures and shows what has been learnt after each epoch.
        options: how long to train, on what batches, and what to keep.
        machine: how it runs here.
        files: what the training keeps on disk; of the first process only, others take None.
        log: receives curves and pictures; of the first process only.
    """

    def __init__(
        self,
        model: Objective,
        train: TrainingPairs | TrainingSides,
        validate: Validation,
        options: ScheduleOptions,
        *,
        machine: MachineOptions,
        files: TrainingFiles | None,
        log: TrainingLog | None,
    ) -> None:
        self.model = model
        self.fabric = model.fabric
        self.validate = validate
        self.options = options
        self.files = files
        self.log = log
        self.position = Position()
        self.pairs = len(train)
        self.epochs = options.pretrain_epochs + options.epochs
        self.mean = partial(mean_over_processes, self.fabric)
        self.batches = EpochBatches(
            len(train),
            options.batch_size,
            options.seed,
            with_replacement=options.sample_with_replacement,
            rank=self.fabric.global_rank,
            processes=self.fabric.world_size,
        )
        # So that a short training, too, has a point in each curve.
        steps = self.epochs * math.ceil(len(self.batches) / options.accumulate_steps)
        self.curves = Curves(log, min(options.log_every, steps), self.mean)
        workers = 0 if train.is_held else machine.loader_workers
        self.loader = DataLoader(
            train,
            batch_sampler=self.batches,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=self.fabric.device.type == "cuda" and not train.is_held,
            generator=torch.Generator(),  # of its own, so that the loader takes no number from dropout's
        )
        self._step = step_of(model, machine.cuda_graphs, options.accumulate_steps)
        self._checkpoint_s = 60 * machine.checkpoint_minutes
        self._saved_at = time.monotonic()

    def run(self) -> TrainingResult:
        """Train to the end.

        Raises:
            DivergedError: a loss is no longer a number.
            InputError: the kept state cannot be read.
        """
        self._resume()
        at = self.position
        left = (self.epochs - at.epoch) * self.pairs - at.batch * self.options.batch_size
        progress = Progress(left, "train", "image")
        try:
            while not self._is_over():
                self._train_epoch(progress)
                self._end_epoch()
                self._save()
        except DivergedError as error:
            raise DivergedError(f"{error}; {self._last_good()}") from error
        progress.close()
        name = self.validate.name
        metrics = self.position.metrics(name)
        return TrainingResult(self._selected_weights(), metrics, name, progress.per_second)

    def _train_epoch(self, progress: Progress) -> None:
        at = self.position
        epoch = at.epoch + 1
        is_pretraining = epoch <= self.options.pretrain_epochs
        self.batches.epoch = epoch
        self.batches.start = at.batch
        self.model.scale_rates(rate_factor(self.options, epoch - self.options.pretrain_epochs))
        self.model.train()
        for batches in _groups(on_device(self.loader, self.fabric.device), self.options.accumulate_steps):
            at.step += 1
            at.batch += len(batches)
            measure = self.curves.is_point(at.step)
            terms = self._step(batches, at.step, pretrain=is_pretraining, measure=measure)
            self.curves.add(at.step, terms)
            progress.advance(sum(map(len, batches)) * self.fabric.world_size, f"epoch {epoch}/{self.epochs}")
            if self._is_time_to_save():
                self._save()

    def _end_epoch(self) -> None:
        at = self.position
        at.epoch += 1
        at.batch = 0
        generators = self.model.results
        for buffer in (buffer for generator in generators for buffer in generator.buffers()):
            buffer.copy_(self.fabric.broadcast(buffer))  # all processes measure what the first one saves
        measured, examples = self.validate(generators)
        at.means = self.curves.end_epoch(at.step, {f"val/{self.validate.name}": measured})
        if at.epoch > self.options.pretrain_epochs:
            at.val.append(measured)
        if discriminator_wins(at.means):
            at.d_won += 1
            if at.d_won == 1 and self.fabric.is_global_zero:
                print(f"train: warning: in epoch {at.epoch} {what_d_wins_means(at.means)}", flush=True)
        if self.files is not None:
            self._keep_epoch(self.files, examples)

    def _keep_epoch(self, files: TrainingFiles, examples: Sequence[Example]) -> None:
        """Keep the epoch's weights and sample picture where the options ask for them."""
        at = self.position
        options = self.options
        weights = self.model.weights()
        is_last = self._is_over()
        is_kept = bool(options.keep_every) and (at.epoch % options.keep_every == 0 or is_last)
        if is_kept:
            files.save_epoch(at.epoch, weights)
        if is_kept or is_last or at.epoch % options.sample_every == 0:
            picture = contact_sheet(examples, self.validate.titles)
            files.save_picture(at.epoch, picture)
            if self.log is not None:
                self.log.samples(picture)
        if options.select == "best" and at.val and at.best == len(at.val):
            files.save_best(at.epoch, weights)

    def _is_over(self) -> bool:
        at = self.position
        patience = self.options.early_stop_epochs
        is_stuck = bool(patience and at.val) and len(at.val) - at.best >= patience
        return at.epoch >= self.epochs or is_stuck

    def _resume(self) -> None:
        state = self.fabric.broadcast(None if self.files is None else self.files.load_state())
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.curves.load_state_dict(state["curves"])
        self.position = at = Position(**state["position"])
        if self.files is None:
            return
        print(
            f"train: going on after step {at.step}, with {at.epoch} of {self.epochs} epochs done", flush=True
        )
        picture = self.files.last_picture(at.epoch)
        if self.log is not None and picture is not None:
            self.log.samples(picture)

    def _is_time_to_save(self) -> bool:
        if self.fabric.world_size > 1 and not self.curves.is_point(self.position.step):
            return False  # to ask all processes at every step would make them wait
        return bool(self.fabric.broadcast(time.monotonic() - self._saved_at >= self._checkpoint_s))

    def _save(self) -> None:
        """Keep the state, after the terms so far, and the weights, have proved to be numbers."""
        self.curves.collect(self.position.step)
        if not all(bool(weight.isfinite().all()) for weight in self.model.weights().values()):
            raise DivergedError(
                f"a weight is no number after step {self.position.step}: training has diverged"
            )
        if self.files is not None:
            state = {"model": self.model.state_dict(), "curves": self.curves.state_dict()}
            self.files.save_state(state | {"position": asdict(self.position)})
            self.files.keep_best_alone(self._best_epoch)
        self._saved_at = time.monotonic()

    def _last_good(self) -> str:
        """Save the generator of the last kept state as a model, and say how to go on from it."""
        advice = "try a lower learning_rate, or precision: fp32"
        state = None if self.files is None else self.files.load_state()
        if self.files is None or state is None:
            return advice
        self.model.load_state_dict(state["model"])
        path = self.files.save_last_good(self.model.weights())
        return (
            f"{advice}; the generator of step {state['position']['step']}, before that, is kept: go on "
            f"from it with -S init_from={path} -S init_from_sha256={file_hash(path)}"
        )

    @property
    def _best_epoch(self) -> int:
        """The best epoch so far, counting pretraining, as the files do."""
        return self.options.pretrain_epochs + self.position.best

    def _selected_weights(self) -> dict[str, Tensor]:
        if self.options.select == "last" or self.files is None:
            return self.model.weights()
        return self.files.best_weights(self._best_epoch)


def mean_over_processes(fabric: Fabric, values: Tensor) -> Tensor:
    """The mean over the processes, in double precision on the CPU."""
    if fabric.world_size == 1:
        return values.cpu().double()
    return cast(Tensor, fabric.all_reduce(values.to(fabric.device).double())).cpu()


def _groups(batches: Iterator[Tensor], size: int) -> Iterator[list[Tensor]]:
    """Hand out ``size`` batches at a time, the last time perhaps fewer."""
    while group := list(islice(batches, size)):
        yield group
