"""One training step of CycleGAN (Zhu et al. 2017, arXiv:1703.10593): from A to B and back, without pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.core.choices import BACK_PREFIX
from pix2pix.model.model_file import weights_both_ways
from pix2pix.networks.discriminator import PatchDiscriminator
from pix2pix.networks.generators import Generator
from pix2pix.training.objectives.adversary import Adversary, Inputs, Terms, add, summing
from pix2pix.training.objectives.objective import Objective, Part
from pix2pix.training.objectives.picture_pool import PicturePool
from pix2pix.training.options import ObjectiveOptions

POOL_SIZE = 50  # section 4


@dataclass(frozen=True)
class _Way:
    """What one direction makes of a picture, each (N, 3, H, W).

    Attributes:
        fake: the picture translated.
        cycled: that translated back.
        same: what the generator makes of a picture that is in its domain already; None where nobody asks.
    """

    fake: Tensor
    cycled: Tensor
    same: Tensor | None


class _Cycle(nn.Module):
    """Both generators, so that one call makes all pictures of a step."""

    def __init__(self, forth: Generator, back: Generator) -> None:
        super().__init__()
        self.forth, self.back = forth, back

    def forward(self, real_a: Tensor, real_b: Tensor, with_same: bool) -> list[Tensor]:
        """Return B', A'' of A, A', B'' of B, and, if asked for, G of B and F of A; each (N, 3, H, W)."""
        fake_b, fake_a = self.forth(real_a), self.back(real_b)
        pictures = [fake_b, self.back(fake_b), fake_a, self.forth(fake_a)]
        return [*pictures, self.forth(real_b), self.back(real_a)] if with_same else pictures


class CycleGan(Objective):
    """G from A to B, F from B to A, a discriminator of each domain, and the step that trains them.

    Args:
        fabric: puts networks on the device and runs their backward passes.
        generators: G and F.
        discriminators: D of B's pictures, and D of A's.
        objective: what they minimise.
        compile: whether ``torch.compile`` compiles the networks that are trained.
    """

    def __init__(
        self,
        fabric: Fabric,
        generators: tuple[Generator, Generator],
        discriminators: tuple[PatchDiscriminator, PatchDiscriminator],
        objective: ObjectiveOptions,
        *,
        compile: bool = False,
    ) -> None:
        self._pools = {"": PicturePool(POOL_SIZE), BACK_PREFIX: PicturePool(POOL_SIZE)}
        adversaries = [
            Adversary(f"{prefix}discriminator", fabric, d, objective.gan_loss, objective, compile=compile)
            for prefix, d in zip(self._pools, discriminators, strict=True)
        ]
        super().__init__(fabric, _Cycle(*generators), generators, adversaries, objective, compile=compile)

    def step(
        self, batches: Sequence[Tensor], number: int, *, pretrain: bool = False, measure: bool = False
    ) -> Terms:
        """Update G and F, then both discriminators, as ``Objective.step`` says."""
        terms = Terms()
        parts = self._split(batches, number)
        self._optimizer_g.zero_grad()
        inputs: dict[str, list[Inputs]] = {prefix: [] for prefix in self._pools}
        for part in parts:
            with summing(self.fabric, self._g, part is not parts[-1]):
                fakes = self._descend(part, terms)
            rng = np.random.default_rng(part.seed)
            for prefix, real, fake in zip(inputs, (part.real_b, part.real_a), fakes, strict=True):
                drawn = self._pools[prefix].exchanged(fake.detach(), rng)
                inputs[prefix].append(self._judged_alone({"real": real, "fake": drawn}))
        self._take_step(terms, measure)
        shares = [part.share for part in parts]
        for adversary, seen in zip(self._adversaries, inputs.values(), strict=True):
            terms |= adversary.update(seen, shares, measure)
        return terms

    def _descend(self, part: Part, terms: Terms) -> tuple[Tensor, Tensor]:
        """Add a part's gradients to those of G and F, and its losses to the terms; return B' and A'."""
        goal = self.objective
        self._seed(part)
        with_same = bool(goal.lambda_cycle and goal.lambda_identity)
        fake_b, cycled_a, fake_a, cycled_b, *same = self._g(part.real_a, part.real_b, with_same)
        same_b, same_a = same or (None, None)
        ways = {"": _Way(fake_b, cycled_a, same_b), BACK_PREFIX: _Way(fake_a, cycled_b, same_a)}
        reals = {"": (part.real_a, part.real_b), BACK_PREFIX: (part.real_b, part.real_a)}
        losses: Terms = {}
        for adversary, (prefix, way) in zip(self._adversaries, ways.items(), strict=True):
            source, target = reals[prefix]
            judged = adversary.judge(self._judged_alone({"fake": way.fake}), way.fake.dtype)
            losses[f"{prefix}generator_gan"] = judged["gan"]
            losses[f"{prefix}cycle"] = F.l1_loss(way.cycled, source)
            if way.same is not None:
                losses[f"{prefix}identity"] = F.l1_loss(way.same, target)
        weights = {
            "generator_gan": goal.lambda_gan,
            "cycle": goal.lambda_cycle,
            "identity": goal.lambda_cycle * goal.lambda_identity,
        }
        weighted = [weights[name.removeprefix(BACK_PREFIX)] * loss for name, loss in losses.items()]
        self.fabric.backward(part.share * torch.stack(weighted).sum())
        for name, loss in losses.items():
            add(terms, name, part.share * loss / (1 if name.endswith("generator_gan") else self._width))
        return fake_b, fake_a

    def weights(self) -> dict[str, Tensor]:
        """The weights that the model's file gets: of both generators."""
        return weights_both_ways(*self.results)

    def state_dict(self) -> dict[str, Any]:
        """What ``Objective.state_dict`` returns, and the pools."""
        pools = [pool.state_dict() for pool in self._pools.values()]
        return super().state_dict() | {"pools": pools}

    def load_state_dict(self, state: Any) -> None:
        """Take over what ``state_dict`` returned."""
        super().load_state_dict(state)
        for pool, of in zip(self._pools.values(), cast(list[Any], state["pools"]), strict=True):
            pool.load_state_dict(of, self.fabric.device)
