"""One training step of pix2pix (Isola et al. 2017, arXiv:1611.07004, sections 3.1 and 3.3)."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pix2pix.model.discriminator import PatchDiscriminator
from pix2pix.model.generators import Generator
from pix2pix.training.losses import accuracy, discriminator_loss, generator_loss
from pix2pix.training.optimizer import DenseAdam
from pix2pix.training.options import ObjectiveOptions

Terms = dict[str, Tensor]
# D's updates in a step, each on pairs of these kinds.
PHASES: dict[str, list[tuple[str, ...]]] = {"joint": [("real", "fake")], "separate": [("real",), ("fake",)]}


@dataclass(frozen=True)
class _Part:
    """Some of the pairs of a step, their share of it, and the seed of dropout for them."""

    real_a: Tensor
    real_b: Tensor
    share: float
    seed: int


class Pix2Pix:
    """Generator, discriminator and their optimisers, and the step that trains them in turn.

    Args:
        fabric: puts networks on the device and runs their backward passes.
        generator: G.
        discriminator: D, or None where G is not to learn from it and no curve of it is wanted.
        objective: what they minimise.
        compile: whether ``torch.compile`` compiles both networks.
    """

    def __init__(
        self,
        fabric: Fabric,
        generator: Generator,
        discriminator: PatchDiscriminator | None,
        objective: ObjectiveOptions,
        *,
        compile: bool = False,
    ) -> None:
        self.fabric, self.objective = fabric, objective
        self.generator, self.discriminator = generator, discriminator
        self._levels = 2 if generator.options.pixel_range == "symmetric" else 1
        self._optimizers: list[torch.optim.Optimizer] = []
        self._g, self._optimizer_g = self._set_up(generator, compile)
        if discriminator is not None:
            self._d, self._optimizer_d = self._set_up(discriminator, compile)
            self._fixed_d = torch.compile(discriminator) if compile else discriminator
        self.scale_rates(1.0)
        self.average = _moving_average(generator, objective.ema_decay) if objective.ema_decay else None

    def step(
        self, batches: Sequence[Tensor], number: int, *, pretrain: bool = False, measure: bool = False
    ) -> Terms:
        """Update D, then G, on the pairs of all ``batches``.

        With several batches, their gradients add up to those of one large batch. G then runs on each twice,
        because D's update comes first, and batch norm takes each twice into its running statistics.

        Args:
            batches: pairs (N, 2, 3, H, W), A and B, in the model's pixel range.
            number: of the step; dropout is seeded by it and by the objective's seed.
            pretrain: train G alone, with L1.
            measure: also return the norms of the gradients.

        Returns:
            the terms, detached: ``l1`` and ``l2`` as for pixels in [0, 1], the adversarial losses themselves,
            D's accuracies, and the norms.
        """
        parts = self._split(batches, number)
        with nullcontext() if len(parts) == 1 else torch.no_grad():
            fakes = [self._generate(part) for part in parts]
        terms: Terms = {}
        if self.discriminator is not None and not pretrain:
            self.discriminator.requires_grad_(True)
            for kinds in PHASES[self.objective.discriminator_updates]:
                self._update_discriminator(self.discriminator, parts, fakes, kinds, terms, measure)
            self.discriminator.requires_grad_(False)
        self._update_generator(parts, fakes, pretrain, terms, measure)
        if self.average is not None:
            self.average.update_parameters(self.generator)
        return terms

    def _update_discriminator(
        self,
        discriminator: nn.Module,
        parts: Sequence[_Part],
        fakes: Sequence[Tensor],
        kinds: Sequence[str],
        terms: Terms,
        measure: bool,
    ) -> None:
        goal = self.objective
        self._optimizer_d.zero_grad()
        for part, fake_b in zip(parts, fakes, strict=True):
            with self._summing(self._d, part is not parts[-1]):
                loss = torch.zeros((), device=self.fabric.device)
                for kind in kinds:
                    logits = self._d(part.real_a, part.real_b if kind == "real" else fake_b.detach())
                    loss_of_kind = discriminator_loss(goal.gan_loss, logits, is_real=kind == "real")
                    right = accuracy(goal.gan_loss, logits.detach(), is_real=kind == "real")
                    _add(terms, f"discriminator_{kind}", part.share * loss_of_kind)
                    _add(terms, f"discriminator_{kind}_accuracy", part.share * right)
                    loss = loss + loss_of_kind
                self.fabric.backward(goal.discriminator_loss_factor * part.share * loss)
        if measure:
            self._add_gradient_norm(terms, "discriminator_gradient", discriminator)
        self._optimizer_d.step()

    def _update_generator(
        self, parts: Sequence[_Part], fakes: Sequence[Tensor], pretrain: bool, terms: Terms, measure: bool
    ) -> None:
        goal = self.objective
        weights = {"generator_gan": goal.lambda_gan, "l1": goal.lambda_l1, "l2": goal.lambda_l2}
        if pretrain:
            weights = {"l1": goal.lambda_l1 or 1.0}
        self._optimizer_g.zero_grad()
        for part, made in zip(parts, fakes, strict=True):
            with self._summing(self._g, part is not parts[-1]):
                fake_b = made if made.requires_grad else self._generate(part)
                losses = {"l1": F.l1_loss(fake_b, part.real_b), "l2": F.mse_loss(fake_b, part.real_b)}
                if self.discriminator is not None and not pretrain:
                    losses["generator_gan"] = self._gan_loss(part.real_a, fake_b)
                weighted = [weight * losses[name] for name, weight in weights.items() if weight]
                self.fabric.backward(part.share * torch.stack(weighted).sum())
            losses["l1"], losses["l2"] = losses["l1"] / self._levels, losses["l2"] / self._levels**2
            for name, loss in losses.items():
                _add(terms, name, part.share * loss)
        if measure:
            self._add_gradient_norm(terms, "generator_gradient", self.generator)
        self._optimizer_g.step()

    def _generate(self, part: _Part) -> Tensor:
        torch.manual_seed(part.seed)
        return cast(Tensor, self._g(part.real_a))

    def _gan_loss(self, real_a: Tensor, fake_b: Tensor) -> Tensor:
        """G's adversarial loss; D takes no gradients here, so it is called without what gathers them."""
        with self.fabric.autocast(), torch.set_grad_enabled(self.objective.lambda_gan > 0):
            logits = self._fixed_d(real_a, fake_b)
        return generator_loss(self.objective.gan_loss, logits.to(fake_b.dtype))

    @property
    def result(self) -> Generator:
        """The generator to measure and to save: the average, where one is kept."""
        return self.generator if self.average is None else cast(Generator, self.average.module)

    def scale_rates(self, factor: float) -> None:
        """Set the learning rates to ``factor`` times those of the objective."""
        rate_g = self.objective.learning_rate
        rates = (rate_g, self.objective.discriminator_learning_rate or rate_g)
        for optimizer, rate in zip(self._optimizers, rates, strict=False):
            for group in optimizer.param_groups:
                group["lr"] = factor * rate

    def state_dict(self) -> dict[str, Any]:
        """All that a training needs to go on exactly: weights, averages, optimisers, the scale of fp16."""
        return {name: part.state_dict() for name, part in self._stateful().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""
        for name, part in self._stateful().items():
            part.load_state_dict(state[name])

    def _stateful(self) -> dict[str, Any]:
        parts = {"generator": self.generator, "discriminator": self.discriminator, "average": self.average}
        optimizers = dict(zip(("optimizer_g", "optimizer_d"), self._optimizers, strict=False))
        precision = {"precision": self.fabric.strategy.precision}
        return {name: part for name, part in parts.items() if part is not None} | optimizers | precision

    def _split(self, batches: Sequence[Tensor], number: int) -> list[_Part]:
        pairs = sum(len(batch) for batch in batches)
        key = (self.objective.seed, number, self.fabric.global_rank)
        seeds = np.random.SeedSequence(key).generate_state(len(batches), np.uint64)
        return [
            _Part(batch[:, 0], batch[:, 1], len(batch) / pairs, int(seed))
            for batch, seed in zip(batches, seeds, strict=True)
        ]

    def _set_up(self, network: nn.Module, compile: bool) -> tuple[Any, Any]:
        network.to(memory_format=torch.channels_last)
        module = self.fabric.setup_module(cast(nn.Module, torch.compile(network)) if compile else network)
        optimizer = DenseAdam(network, (self.objective.beta1, self.objective.beta2))
        self._optimizers.append(optimizer)
        return module, self.fabric.setup_optimizers(optimizer)

    def _summing(self, network: Any, is_summing: bool) -> AbstractContextManager[Any]:
        """Leave the exchange of gradients between processes to the last of several batches."""
        return self.fabric.no_backward_sync(network, enabled=is_summing and self.fabric.world_size > 1)

    def _add_gradient_norm(self, terms: Terms, name: str, network: nn.Module) -> None:
        norm = torch.nn.utils.get_total_norm(
            [weight.grad for weight in network.parameters() if weight.grad is not None]
        )
        scaler = getattr(self.fabric.strategy.precision, "scaler", None)
        if scaler is None:
            terms[name] = norm
        elif norm.isfinite():  # else fp16 leaves the step out, and lowers its scale
            terms[name] = norm / scaler.get_scale()


def _moving_average(generator: Generator, decay: float) -> AveragedModel:
    return AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


def _add(terms: Terms, name: str, value: Tensor) -> None:
    terms[name] = terms[name] + value.detach() if name in terms else value.detach()
