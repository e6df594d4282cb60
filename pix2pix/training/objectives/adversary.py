"""A discriminator that G is trained against: its updates, and what G's pictures lose by it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from pix2pix.core.choices import GanLoss
from pix2pix.networks.discriminator import PatchDiscriminator, ProjectedDiscriminator
from pix2pix.training.objectives.losses import (
    accuracy,
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)
from pix2pix.training.objectives.optimizer import GRADIENT, gradient_norm, set_up
from pix2pix.training.options import ObjectiveOptions

Terms = dict[str, Tensor]
Inputs = Mapping[str, tuple[Any, ...]]  # what D judges, by its kind: real or fake
# D's updates in a step, each on pairs of these kinds.
PHASES: dict[str, list[tuple[str, ...]]] = {"joint": [("real", "fake")], "separate": [("real",), ("fake",)]}


class Adversary:
    """A discriminator D and its optimiser.

    Args:
        name: how the names of its terms start.
        fabric: puts D on the device and runs its backward passes.
        network: D.
        loss: of D and of G.
        objective: how D is updated.
        compile: whether ``torch.compile`` compiles D.
    """

    def __init__(
        self,
        name: str,
        fabric: Fabric,
        network: PatchDiscriminator | ProjectedDiscriminator,
        loss: GanLoss,
        objective: ObjectiveOptions,
        *,
        compile: bool,
    ) -> None:
        self.name, self.network = name, network
        self._fabric, self._loss, self._objective = fabric, loss, objective
        self._d, self.optimizer = set_up(fabric, network, (objective.beta1, objective.beta2), compile=compile)
        self._fixed = torch.compile(network.features) if compile else network.features

    def update(self, inputs: Sequence[Inputs], shares: Sequence[float], measure: bool) -> Terms:
        """Update D on real and fake inputs, of several parts of a step, each with its share of it.

        Returns:
            the losses and accuracies on both kinds, detached, and the norm of the gradients if ``measure``.
        """
        terms: Terms = {}
        self.network.requires_grad_(True)
        for kinds in PHASES[self._objective.discriminator_updates]:
            self.optimizer.zero_grad()
            for number, (of_part, share) in enumerate(zip(inputs, shares, strict=True), start=1):
                with summing(self._fabric, self._d, number < len(inputs)):
                    losses = [self._judge(kind, of_part[kind], share, terms) for kind in kinds]
                    loss = torch.stack(losses).sum()
                    self._fabric.backward(self._objective.discriminator_loss_factor * share * loss)
            norm = gradient_norm(self._fabric, self.network) if measure else None
            if norm is not None:
                terms[f"{self.name}{GRADIENT}"] = norm
            self.optimizer.step()
        self.network.requires_grad_(False)
        return terms

    def judge(self, inputs: Inputs, dtype: torch.dtype) -> Terms:
        """G's losses by D, which takes no gradients here, so it is called without what gathers them.

        Returns:
            ``gan``; and ``feature_matching`` where ``inputs`` have ``real`` ones beside the ``fake`` ones.
        """
        with self._fabric.autocast():
            *features, logits = self._fixed(*inputs["fake"])
            losses = {"gan": generator_loss(self._loss, logits.to(dtype))}
            if "real" in inputs:
                with torch.no_grad():
                    *wanted, _ = self._fixed(*inputs["real"])
                losses["feature_matching"] = feature_matching_loss(features, wanted)
        return losses

    def _judge(self, kind: str, inputs: tuple[Any, ...], share: float, terms: Terms) -> Tensor:
        logits = self._d(*inputs)
        loss = discriminator_loss(self._loss, logits, is_real=kind == "real")
        right = accuracy(self._loss, logits.detach(), is_real=kind == "real")
        add(terms, f"{self.name}_{kind}", share * loss)
        add(terms, f"{self.name}_{kind}_accuracy", share * right)
        return loss


def summing(fabric: Fabric, network: Any, is_summing: bool) -> AbstractContextManager[Any]:
    """Leave the exchange of gradients between processes to the last of several batches."""
    return fabric.no_backward_sync(network, enabled=is_summing and fabric.world_size > 1)


def add(terms: Terms, name: str, value: Tensor) -> None:
    """Add to a term, detached."""
    terms[name] = terms[name] + value.detach() if name in terms else value.detach()
