"""CycleGAN's and CUT's training steps written in plain PyTorch, to compare ours with."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from training_cases import small_options

from pix2pix.training.objectives.cut import Cut
from pix2pix.training.objectives.cyclegan import CycleGan


def on_real(logits: Tensor) -> Tensor:
    return (logits - 1).square().mean()


def on_fake(logits: Tensor) -> Tensor:
    return logits.square().mean()


class _Plain:
    def __init__(self, model: CycleGan | Cut, **changes: Any) -> None:
        self.s = small_options(**changes)
        self.ds = [copy.deepcopy(adversary.network) for adversary in model._adversaries]
        self.adam_ds = [self.adam(d) for d in self.ds]

    def adam(self, *networks: nn.Module) -> torch.optim.Adam:
        weights = [weight for network in networks for weight in network.parameters()]
        return torch.optim.Adam(weights, self.s.learning_rate, (self.s.beta1, self.s.beta2))

    def update_d(self, number: int, real: Tensor, fake: Tensor) -> tuple[float, float]:
        d = self.ds[number].requires_grad_(True)
        losses = on_real(d(real)), on_fake(d(fake.detach()))
        self.adam_ds[number].zero_grad()
        torch.autograd.backward(self.s.discriminator_loss_factor * (losses[0] + losses[1]))
        self.adam_ds[number].step()
        d.requires_grad_(False)
        return losses[0].item(), losses[1].item()


class PlainCycleGan(_Plain):
    """As the authors' code trains: both generators, then both discriminators, while the pools fill."""

    def __init__(self, model: CycleGan, **changes: Any) -> None:
        super().__init__(model, **changes)
        self.g, self.f = (copy.deepcopy(generator) for generator in model._generators)
        self.adam_g = self.adam(self.g, self.f)
        for d in self.ds:
            d.requires_grad_(False)

    def step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        d_b, d_a = self.ds
        fake_b, fake_a = self.g(a), self.f(b)
        losses = {
            "generator_gan": on_real(d_b(fake_b)),
            "back_generator_gan": on_real(d_a(fake_a)),
            "cycle": F.l1_loss(self.f(fake_b), a),
            "back_cycle": F.l1_loss(self.g(fake_a), b),
            "identity": F.l1_loss(self.g(b), b),
            "back_identity": F.l1_loss(self.f(a), a),
        }
        weights = {
            "gan": self.s.lambda_gan,
            "cycle": self.s.lambda_cycle,
            "identity": self.s.lambda_cycle * self.s.lambda_identity,
        }
        total = torch.stack([weights[name.split("_")[-1]] * loss for name, loss in losses.items()]).sum()
        self.adam_g.zero_grad()
        torch.autograd.backward(total)
        self.adam_g.step()
        numbers = {name: loss.item() / (1 if "gan" in name else 2) for name, loss in losses.items()}
        names = ("discriminator_real", "discriminator_fake")
        numbers |= dict(zip(names, self.update_d(0, b, fake_b), strict=True))
        names = ("back_discriminator_real", "back_discriminator_fake")
        return numbers | dict(zip(names, self.update_d(1, a, fake_a), strict=True))


class PlainCut(_Plain):
    """As the authors' code trains: D, then G with the heads of its features; all places are compared."""

    def __init__(self, model: Cut, **changes: Any) -> None:
        super().__init__(model, **changes)
        self.g, self.heads = copy.deepcopy(model.generator), copy.deepcopy(model._network.heads)
        self.adam_g = self.adam(self.g, self.heads)

    def layers(self, x: Tensor) -> list[Tensor]:
        """The features of the five layers that the authors' code names 0, 4, 8, 12 and 16."""
        found = [x := self.g.down[0](x)]
        for index in (1, 2, 3, 4):
            x = self.g.down[index](x)
        found.append(x)
        for index in (5, 6, 7):
            x = self.g.down[index](x)
        found.append(x)
        for index in (8, 9):
            x = self.g.down[index](x)
        found.append(x := self.g.blocks[0](x))
        for index in (1, 2, 3, 4):
            x = self.g.blocks[index](x)
        return [*found, x]

    def contrast(self, source: Tensor, output: Tensor) -> Tensor:
        total = torch.zeros(())
        for head, query, key in zip(self.heads.heads, self.layers(output), self.layers(source), strict=True):
            for one, other in zip(query, key, strict=True):
                q, k = (F.normalize(head(x.flatten(1).T), dim=1) for x in (one, other.detach()))
                distances = -torch.log_softmax(q @ k.detach().T / 0.07, dim=1)
                total = total + distances.diagonal().mean() / len(query)
        return total / 5

    def step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        (d,) = self.ds
        fake = self.g(a)
        real_loss, fake_loss = self.update_d(0, b, fake)
        gan, contrast = on_real(d(fake)), self.contrast(a, fake)
        total, numbers = self.s.lambda_gan * gan + self.s.lambda_nce * contrast, {}
        if self.s.lambda_nce_identity:
            identity = self.contrast(b, self.g(b))
            total = total + self.s.lambda_nce_identity * identity
            numbers["contrast_identity"] = identity.item()
        self.adam_g.zero_grad()
        torch.autograd.backward(total)
        self.adam_g.step()
        return numbers | {
            "discriminator_real": real_loss,
            "discriminator_fake": fake_loss,
            "generator_gan": gan.item(),
            "contrast": contrast.item(),
        }
