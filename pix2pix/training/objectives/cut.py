"""One training step of CUT and FastCUT (Park et al. 2020, arXiv:2007.15651): one generator, without pairs."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pix2pix.networks.discriminator import PatchDiscriminator
from pix2pix.networks.patch_heads import PatchHeads
from pix2pix.networks.resnet_generator import ResnetGenerator
from pix2pix.training.objectives.adversary import Adversary, Terms, add, summing
from pix2pix.training.objectives.contrast import contrastive_loss
from pix2pix.training.objectives.objective import Objective, Part
from pix2pix.training.options import ObjectiveOptions

Described = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class _Made:
    """What G makes of a part.

    Attributes:
        fake: A translated, (N, 3, H, W).
        contrast: patches of it and of A, as ``PatchHeads`` describes them.
        identity: the same of B and what G makes of it; empty where nobody asks.
    """

    fake: Tensor
    contrast: Described
    identity: Described


class _Contrasted(nn.Module):
    """A generator and the heads that describe patches of its features, so that one call makes all."""

    def __init__(self, generator: ResnetGenerator) -> None:
        super().__init__()
        self.generator, self.heads = generator, PatchHeads(generator.feature_channels)

    def forward(self, real_a: Tensor, real_b: Tensor | None, is_flipped: bool) -> list[Tensor | Described]:
        """Translate A, and B where there is one; ``is_flipped``: A mirrored, and the features back."""
        fake = self.generator(real_a.flip(-1) if is_flipped else real_a)
        made: list[Tensor | Described] = [fake, self._described(fake, real_a, is_flipped)]
        if real_b is not None:
            made.append(self._described(self.generator(real_b), real_b, False))
        return made

    def _described(self, output: Tensor, source: Tensor, is_flipped: bool) -> Described:
        queries = self.generator.features(output)
        if is_flipped:
            queries = [features.flip(-1) for features in queries]
        described: Described = self.heads(queries, self.generator.features(source))
        return described


class Cut(Objective):
    """G from A to B, whose patches stay those of A, a discriminator of B, and the step that trains them.

    Args:
        fabric: puts networks on the device and runs their backward passes.
        generator: G.
        discriminator: of B's pictures.
        objective: what they minimise.
        compile: whether ``torch.compile`` compiles the networks that are trained.
    """

    def __init__(
        self,
        fabric: Fabric,
        generator: ResnetGenerator,
        discriminator: PatchDiscriminator,
        objective: ObjectiveOptions,
        *,
        compile: bool = False,
    ) -> None:
        loss = objective.gan_loss
        adversary = Adversary("discriminator", fabric, discriminator, loss, objective, compile=compile)
        network = _Contrasted(generator)
        super().__init__(fabric, network, [generator], [adversary], objective, compile=compile)

    def step(
        self, batches: Sequence[Tensor], number: int, *, pretrain: bool = False, measure: bool = False
    ) -> Terms:
        """Update D, then G, as ``Objective.step`` says; with several batches G runs on each twice."""
        parts = self._split(batches, number)
        with nullcontext() if len(parts) == 1 else torch.no_grad():
            made = [self._generate(part) for part in parts]
        (adversary,) = self._adversaries
        inputs = [
            self._judged_alone({"real": part.real_b, "fake": of.fake.detach()})
            for part, of in zip(parts, made, strict=True)
        ]
        terms = adversary.update(inputs, [part.share for part in parts], measure)
        self._optimizer_g.zero_grad()
        for part, of in zip(parts, made, strict=True):
            with summing(self.fabric, self._g, part is not parts[-1]):
                self._descend(part, of if of.fake.requires_grad else self._generate(part), terms)
        self._take_step(terms, measure)
        return terms

    def _generate(self, part: Part) -> _Made:
        self._seed(part)
        is_flipped = self.objective.nce_flip and np.random.default_rng(part.seed).random() < 0.5
        real_b = part.real_b if self.objective.lambda_nce_identity else None
        fake, contrast, *identity = self._g(part.real_a, real_b, is_flipped)
        return _Made(fake, contrast, identity[0] if identity else [])

    def _descend(self, part: Part, made: _Made, terms: Terms) -> None:
        """Add a part's gradients to G's, and its losses to the terms."""
        goal = self.objective
        (adversary,) = self._adversaries
        losses = {
            "generator_gan": adversary.judge(self._judged_alone({"fake": made.fake}), made.fake.dtype)["gan"],
            "contrast": contrastive_loss(made.contrast),
        }
        if made.identity:
            losses["contrast_identity"] = contrastive_loss(made.identity)
        weights = {
            "generator_gan": goal.lambda_gan,
            "contrast": goal.lambda_nce,
            "contrast_identity": goal.lambda_nce_identity,
        }
        self.fabric.backward(
            part.share * torch.stack([weights[name] * losses[name] for name in losses]).sum()
        )
        for name, loss in losses.items():
            add(terms, name, part.share * loss)
