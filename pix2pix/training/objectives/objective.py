"""What all objectives have in common: networks that learn, their rates, averages and state."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pix2pix.networks.generators import Generator
from pix2pix.training.augment import Disguise
from pix2pix.training.objectives.adversary import Adversary, Inputs, Terms
from pix2pix.training.objectives.optimizer import GRADIENT, MovingAverage, gradient_norm, set_up
from pix2pix.training.options import ObjectiveOptions


@dataclass(frozen=True)
class Part:
    """Some of the pictures of a step, their share of it, and the seed of all that is random for them."""

    real_a: Tensor
    real_b: Tensor
    share: float
    seed: int


class Objective(ABC):
    """Generators, discriminators and their optimisers, and the step that trains them in turn.

    Args:
        fabric: puts networks on the device and runs their backward passes.
        network: what learns by G's losses: the generators, and what learns along with them.
        generators: those of the network that the model's file gets, G first.
        adversaries: the discriminators.
        objective: what they minimise.
        compile: whether ``torch.compile`` compiles the networks that are trained.

    Attributes:
        is_capturable: whether a step of one batch can be recorded as a CUDA graph: it asks nothing of the
            host, and all that is random in it is torch's, by ``_seed``.
    """

    is_capturable: ClassVar[bool] = False

    def __init__(
        self,
        fabric: Fabric,
        network: nn.Module,
        generators: Sequence[Generator],
        adversaries: Sequence[Adversary],
        objective: ObjectiveOptions,
        *,
        compile: bool,
    ) -> None:
        self.fabric, self.objective, self.is_compiled = fabric, objective, compile
        self._network, self._generators, self._adversaries = network, generators, adversaries
        self._width = 2 if generators[0].options.pixel_range == "symmetric" else 1  # of the pixel range
        betas = (objective.beta1, objective.beta2)
        self._g, self._optimizer_g = set_up(fabric, network, betas, compile=compile)
        averaged = generators if objective.ema_decay else []
        self._averages = nn.ModuleList(MovingAverage(each, objective.ema_decay) for each in averaged)
        self.scale_rates(1.0)

    @abstractmethod
    def step(
        self, batches: Sequence[Tensor], number: int, *, pretrain: bool = False, measure: bool = False
    ) -> Terms:
        """Update all networks on the pictures of all ``batches``.

        With several batches, their gradients add up to those of one large batch.

        Args:
            batches: pictures (N, 2, 3, H, W), of A and of B, in the model's pixel range.
            number: of the step; all that is random in it is seeded by it and by the objective's seed.
            pretrain: train G alone, with L1.
            measure: also return the norms of the gradients.

        Returns:
            the terms, detached; differences of pixels as for pixels in [0, 1].
        """

    def weights(self) -> dict[str, Tensor]:
        """The weights that the model's file gets: the average, where one is kept."""
        return self.result.state_dict()

    @property
    def results(self) -> list[Generator]:
        """The generators to measure and to save, G first: the averages, where they are kept."""
        if not self._averages:
            return list(self._generators)
        return [cast(Generator, average.module) for average in self._averages]

    @property
    def result(self) -> Generator:
        """G as it is measured and saved."""
        return self.results[0]

    @property
    def generator(self) -> Generator:
        """G as it learns."""
        return self._generators[0]

    def train(self) -> None:
        """Put the networks that learn into training mode."""
        self._network.train()

    def scale_rates(self, factor: float) -> None:
        """Set the learning rates to ``factor`` times those of the objective."""
        rate_g = self.objective.learning_rate
        rate_d = self.objective.discriminator_learning_rate or rate_g
        self._optimizer_g.set_rate(factor * rate_g)
        for adversary in self._adversaries:
            adversary.optimizer.set_rate(factor * rate_d)

    def seeds(self, number: int, batches: int) -> list[int]:
        """The seeds of all that is random for each batch of a step."""
        key = (self.objective.seed, number, self.fabric.global_rank)
        return [int(seed) for seed in np.random.SeedSequence(key).generate_state(batches, np.uint64)]

    def state_dict(self) -> dict[str, Any]:
        """All that a training needs to go on exactly: weights, averages, optimisers, the scale of fp16."""
        return {name: part.state_dict() for name, part in self._stateful().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        for name, part in self._stateful().items():
            part.load_state_dict(state[name])

    def _stateful(self) -> dict[str, Any]:
        adversaries = {each.name: each.network for each in self._adversaries}
        optimizers = {f"optimizer_{each.name}": each.optimizer for each in self._adversaries}
        shared = {"averages": self._averages, "precision": self.fabric.strategy.precision}
        return {"network": self._network, "optimizer": self._optimizer_g} | adversaries | optimizers | shared

    def _split(self, batches: Sequence[Tensor], number: int) -> list[Part]:
        pairs = sum(len(batch) for batch in batches)
        return [
            Part(batch[:, 0], batch[:, 1], len(batch) / pairs, seed)
            for batch, seed in zip(batches, self.seeds(number, len(batches)), strict=True)
        ]

    def _seed(self, part: Part) -> None:
        """Seed torch for a part; not while a graph is recorded, which is seeded at every replay."""
        if self.fabric.device.type != "cuda" or not torch.cuda.is_current_stream_capturing():
            torch.manual_seed(part.seed)

    def _judged_alone(self, seen: Mapping[str, Tensor]) -> Inputs:
        """What a discriminator of single pictures takes, of each kind; all in the same disguise."""
        if not self.objective.augment_discriminator:
            return {kind: (pictures,) for kind, pictures in seen.items()}
        disguise = Disguise.draw(seen["fake"], self._width)
        return {kind: disguise.on(pictures) for kind, pictures in seen.items()}

    def _take_step(self, terms: Terms, measure: bool) -> None:
        """Update what learns by G's losses from its gradients, and the averages."""
        norm = gradient_norm(self.fabric, self._network) if measure else None
        if norm is not None:
            terms[f"generator{GRADIENT}"] = norm
        self._optimizer_g.step()
        for average, generator in zip(self._averages, self._generators, strict=False):
            cast(MovingAverage, average).update_parameters(generator)
