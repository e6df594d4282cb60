"""The curves of a training: means of its terms, in an order of summation that no interruption changes."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from pix2pix.core.choices import BACK_PREFIX
from pix2pix.core.errors import InputError
from pix2pix.pictures.images import RgbImage
from pix2pix.training.objectives.adversary import Terms

Values = dict[str, list[float]]


JUDGES = ("discriminator", f"{BACK_PREFIX}discriminator")  # those of patches: of B's pictures, and of A's
D_WINS = 0.99  # the least accuracy, on real and on fake
D_IS_SURE = 0.1  # the highest loss, on real and on fake


class DivergedError(InputError):
    """A loss is no longer a number."""


class TrainingLog(Protocol):
    """Where the curves and pictures of a training go."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""

    def samples(self, picture: RgbImage) -> None:
        """Show the newest sample picture."""


def discriminator_wins(means: Mapping[str, float]) -> bool:
    """Whether D wins outright, by an epoch's means of the terms: it is nearly always right, and sure."""
    return bool(_winners(means))


def what_d_wins_means(means: Mapping[str, float]) -> str:
    """Say what it means that D wins, and what may help."""
    accuracy = _accuracy(means, _winners(means)[0])
    return (
        f"the discriminator told real from fake in {accuracy:.1%} of the patches, and was sure of "
        "it: the generator learns little from it; try a lower discriminator_learning_rate or ndf, a smaller "
        "patch_size, or augmentation"
    )


def _winners(means: Mapping[str, float]) -> list[str]:
    """The discriminators that win outright, by their names."""
    return [
        name
        for name in JUDGES
        if f"{name}_real" in means
        and _accuracy(means, name) >= D_WINS
        and max(means[f"{name}_real"], means[f"{name}_fake"]) <= D_IS_SURE
    ]


def _accuracy(means: Mapping[str, float], name: str) -> float:
    return min(means[f"{name}_real_accuracy"], means[f"{name}_fake_accuracy"])


class Curves:
    """Means of the terms over every ``log_every`` steps, and over each epoch.

    Args:
        log: receives the points; None keeps them here alone.
        log_every: steps per point.
        mean: over the processes that train together.
    """

    def __init__(self, log: TrainingLog | None, log_every: int, mean: Callable[[Tensor], Tensor]) -> None:
        self._log = log
        self._log_every = log_every
        self._mean = mean
        self._waiting: list[Terms] = []  # on the device, so that no step waits for its numbers
        self._since_point: Values = {}
        self._since_epoch: Values = {}
        self._points: list[tuple[int, dict[str, float]]] = []

    def is_point(self, step: int) -> bool:
        """Whether a point is drawn at ``step``."""
        return step % self._log_every == 0

    def add(self, step: int, terms: Terms) -> None:
        """Take the terms of a step.

        Raises:
            DivergedError: a term is no longer a number.
        """
        self._waiting.append(terms)
        if self.is_point(step):
            self.collect(step)
            self._draw(step, {f"train/{name}": _mean(values) for name, values in self._since_point.items()})
            self._since_point = {}

    def end_epoch(self, step: int, values: Mapping[str, float]) -> dict[str, float]:
        """Draw ``values`` and return the means of the epoch's terms."""
        self.collect(step)
        self._draw(step, dict(values))
        means = {name: _mean(values) for name, values in self._since_epoch.items()}
        self._since_epoch = {}
        return means

    def collect(self, step: int) -> None:
        """Take the waiting terms from the device.

        Raises:
            DivergedError: one is no longer a number.
        """
        waiting, self._waiting = self._waiting, []
        for name in dict.fromkeys(name for terms in waiting for name in terms):
            values = self._mean(torch.stack([terms[name] for terms in waiting if name in terms]))
            for value in values.tolist():
                if not math.isfinite(value):
                    raise DivergedError(f"{name} is {value} by step {step}: training has diverged")
                for kept in (self._since_point, self._since_epoch):
                    kept.setdefault(name, []).append(value)

    def state_dict(self) -> dict[str, Any]:
        """All points so far, and what the next ones need."""
        return {"points": self._points, "since_point": self._since_point, "since_epoch": self._since_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` returned, and draw its points again."""
        self._since_point, self._since_epoch = dict(state["since_point"]), dict(state["since_epoch"])
        for step, values in state["points"]:
            self._draw(step, values)

    def _draw(self, step: int, values: dict[str, float]) -> None:
        self._points.append((step, values))
        if self._log is not None and values:
            self._log.metrics(step, values)


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)  # the same in whatever portions they were collected
