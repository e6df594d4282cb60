"""One training step of pix2pix (Isola et al. 2017, arXiv:1611.07004, sections 3.1 and 3.3)."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn import functional as F

from pix2pix.networks.discriminator import PatchDiscriminator, ProjectedDiscriminator
from pix2pix.networks.efficientnet import Lite1Encoder
from pix2pix.networks.generators import Generator
from pix2pix.training.augment import Disguise
from pix2pix.training.objectives.adversary import Adversary, Inputs, Terms, add, summing
from pix2pix.training.objectives.losses import perceptual_loss
from pix2pix.training.objectives.objective import Objective, Part
from pix2pix.training.options import ObjectiveOptions

# What the loss of G by each adversary is called.
GENERATOR_LOSS = {"discriminator": "generator_gan", "projected": "generator_projected"}


@dataclass(frozen=True)
class _Seen:
    """Pictures as they look: the pixels, and their features where an objective needs them."""

    pictures: Tensor
    levels: tuple[Tensor, ...]

    def detach(self) -> "_Seen":
        return _Seen(self.pictures.detach(), tuple(level.detach() for level in self.levels))


class Pix2Pix(Objective):
    """Generator, discriminator and their optimisers, and the step that trains them in turn.

    Args:
        fabric: puts networks on the device and runs their backward passes.
        generator: G.
        discriminator: D, or None where G is not to learn from it and no curve of it is wanted.
        objective: what they minimise.
        encoder: makes the features of the terms that are by EfficientNet-lite1's; None where there are none.
        projected: a second D, which judges these features; None where there is no such term.
        compile: whether ``torch.compile`` compiles the networks that are trained.
    """

    is_capturable = True

    def __init__(
        self,
        fabric: Fabric,
        generator: Generator,
        discriminator: PatchDiscriminator | None,
        objective: ObjectiveOptions,
        *,
        encoder: Lite1Encoder | None = None,
        projected: ProjectedDiscriminator | None = None,
        compile: bool = False,
    ) -> None:
        self.discriminator, self.projected = discriminator, projected
        self.encoder = None if encoder is None else encoder.to(fabric.device)
        adversaries: list[Adversary] = []
        if discriminator is not None:
            loss = objective.gan_loss
            adversaries += [
                Adversary("discriminator", fabric, discriminator, loss, objective, compile=compile)
            ]
        if projected is not None:
            adversaries += [Adversary("projected", fabric, projected, "hinge", objective, compile=compile)]
        super().__init__(fabric, generator, [generator], adversaries, objective, compile=compile)

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
        adversaries = [] if pretrain else self._adversaries
        with torch.no_grad():
            reals = [self._seen(part.real_b, pretrain) for part in parts]
        with nullcontext() if len(parts) == 1 else torch.no_grad():
            fakes = [self._generate(part, pretrain) for part in parts]
        shares, terms = [part.share for part in parts], Terms()
        for adversary in adversaries:
            inputs = [
                self._judged(adversary, part, {"real": real, "fake": fake.detach()})
                for part, real, fake in zip(parts, reals, fakes, strict=True)
            ]
            terms |= adversary.update(inputs, shares, measure)
        self._optimizer_g.zero_grad()
        for part, real, fake in zip(parts, reals, fakes, strict=True):
            with summing(self.fabric, self._g, part is not parts[-1]):
                seen = fake if fake.pictures.requires_grad else self._generate(part, pretrain)
                self._descend(part, self._losses(part, real, seen, adversaries), pretrain, terms)
        self._take_step(terms, measure)
        return terms

    def _losses(self, part: Part, real: _Seen, fake: _Seen, adversaries: Sequence[Adversary]) -> Terms:
        """Every loss of G, unweighted."""
        goal = self.objective
        losses = {
            "l1": F.l1_loss(fake.pictures, real.pictures),
            "l2": F.mse_loss(fake.pictures, real.pictures),
        }
        if goal.lambda_perceptual and fake.levels:
            losses["perceptual"] = perceptual_loss(fake.levels, real.levels)
        for adversary in adversaries:
            seen = {"fake": fake}
            if goal.lambda_feature_matching and adversary.network is self.discriminator:
                seen["real"] = real
            with torch.set_grad_enabled(goal.learns_from_d or adversary.network is self.projected):
                found = adversary.judge(self._judged(adversary, part, seen), fake.pictures.dtype)
            losses[GENERATOR_LOSS[adversary.name]] = found.pop("gan")
            losses |= found
        return losses

    def _descend(self, part: Part, losses: Terms, pretrain: bool, terms: Terms) -> None:
        """Add a part's gradients to G's, and its losses to the terms."""
        goal = self.objective
        weights = {
            "generator_gan": goal.lambda_gan,
            "generator_projected": goal.lambda_projected,
            "feature_matching": goal.lambda_feature_matching,
            "perceptual": goal.lambda_perceptual,
            "l1": goal.lambda_l1,
            "l2": goal.lambda_l2,
        }
        if pretrain:
            weights = {"l1": goal.lambda_l1 or 1.0}
        weighted = [weight * losses[name] for name, weight in weights.items() if weight]
        self.fabric.backward(part.share * torch.stack(weighted).sum())
        scales = {"l1": self._width, "l2": self._width**2}
        for name, loss in losses.items():
            add(terms, name, part.share * loss / scales.get(name, 1))

    def _generate(self, part: Part, pretrain: bool) -> _Seen:
        self._seed(part)
        return self._seen(self._g(part.real_a), pretrain)

    def _seen(self, pictures: Tensor, pretrain: bool) -> _Seen:
        if self.encoder is None or pretrain:
            return _Seen(pictures, ())
        with self.fabric.autocast():
            levels = self.encoder(pictures if self._width == 2 else 2 * pictures - 1)
        return _Seen(pictures, tuple(levels))

    def _judged(self, adversary: Adversary, part: Part, seen: Mapping[str, _Seen]) -> Inputs:
        """What an adversary takes, of each kind; pairs of both kinds in the same disguise."""
        if adversary.network is self.projected:
            return {kind: each.levels for kind, each in seen.items()}
        pairs = {kind: (part.real_a, each.pictures) for kind, each in seen.items()}
        if not self.objective.augment_discriminator:
            return pairs
        disguise = Disguise.draw(part.real_a, self._width)
        return {kind: disguise.on(*pair) for kind, pair in pairs.items()}
