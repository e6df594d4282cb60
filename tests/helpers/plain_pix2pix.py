"""A training step written in plain PyTorch, to compare ours with."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from training_cases import small_options

from pix2pix.training.objectives.pix2pix import Pix2Pix

LOSSES = {
    "bce": (
        lambda logits: F.softplus(-logits).mean(),
        lambda logits: F.softplus(logits).mean(),
        lambda logits: F.softplus(-logits).mean(),
    ),
    "lsgan": (
        lambda logits: (logits - 1).square().mean(),
        lambda logits: logits.square().mean(),
        lambda logits: (logits - 1).square().mean(),
    ),
    "hinge": (
        lambda logits: (1 - logits).clamp(min=0).mean(),
        lambda logits: (1 + logits).clamp(min=0).mean(),
        lambda logits: -logits.mean(),
    ),
}  # of D on real, of D on fake, of G


class PlainLoop:
    """The algorithm of the paper in plain PyTorch: D first, its loss halved, then G on the updated D."""

    def __init__(self, model: Pix2Pix, **changes: Any) -> None:
        self.s = small_options(**changes)
        self.g, self.d = copy.deepcopy(model.generator), copy.deepcopy(model.discriminator)
        self.encoder, self.projected = copy.deepcopy(model.encoder), copy.deepcopy(model.projected)
        rate, betas = self.s.learning_rate, (self.s.beta1, self.s.beta2)
        self.adam_g = torch.optim.Adam(self.g.parameters(), rate, betas)
        if self.projected is not None:
            self.adam_projected = torch.optim.Adam(self.projected.parameters(), rate, betas)
        if self.d is not None:
            rate_d = self.s.discriminator_learning_rate or rate
            self.adam_d = torch.optim.Adam(self.d.parameters(), rate_d, betas)

    def step(self, a: Tensor, b: Tensor) -> dict[str, float]:
        real_loss, fake_loss, g_loss = LOSSES[self.s.gan_loss]
        numbers: dict[str, float] = {}
        fake = self.g(a)
        if self.d is not None:
            self.d.requires_grad_(True)
            if self.s.discriminator_updates == "joint":
                on_real, on_fake = real_loss(self.d(a, b)), fake_loss(self.d(a, fake.detach()))
                self._update_d(on_real + on_fake)
            else:
                on_real = real_loss(self.d(a, b))
                self._update_d(on_real)
                on_fake = fake_loss(self.d(a, fake.detach()))
                self._update_d(on_fake)
            numbers |= {"discriminator_real": on_real.item(), "discriminator_fake": on_fake.item()}
            numbers["discriminator_gradient"] = norm_of_gradients(self.d)
        l1, l2 = (fake - b).abs().mean(), (fake - b).square().mean()
        loss = self.s.lambda_l1 * l1 + self.s.lambda_l2 * l2
        if self.encoder is not None:
            loss = loss + self._by_features(fake, b, numbers)
        if self.d is not None:
            self.d.requires_grad_(False)
            gan = g_loss(self.d(a, fake))
            loss = loss + self.s.lambda_gan * gan
            numbers["generator_gan"] = gan.item()
            if self.s.lambda_feature_matching:
                matching = self._feature_matching(self.d, a, fake, b)
                loss = loss + self.s.lambda_feature_matching * matching
                numbers["feature_matching"] = matching.item()
        self.adam_g.zero_grad()
        loss.backward()
        self.adam_g.step()
        width = 2 if self.s.pixel_range == "symmetric" else 1  # of the pixel range
        numbers |= {"l1": l1.item() / width, "l2": l2.item() / width**2}
        return numbers | {"generator_gradient": norm_of_gradients(self.g)}

    def _by_features(self, fake: Tensor, b: Tensor, numbers: dict[str, float]) -> Tensor:
        fake, b = (fake, b) if self.s.pixel_range == "symmetric" else (2 * fake - 1, 2 * b - 1)
        of_fake, of_b = self.encoder(fake), [level.detach() for level in self.encoder(b)]
        loss = torch.zeros(())
        if self.projected is not None:
            self.projected.requires_grad_(True)
            on_real = (1 - self.projected(*of_b)).clamp(min=0).mean()
            on_fake = (1 + self.projected(*(level.detach() for level in of_fake))).clamp(min=0).mean()
            self.adam_projected.zero_grad()
            (self.s.discriminator_loss_factor * (on_real + on_fake)).backward()
            self.adam_projected.step()
            self.projected.requires_grad_(False)
            gan = -self.projected(*of_fake).mean()
            loss = loss + self.s.lambda_projected * gan
            numbers |= {"projected_real": on_real.item(), "generator_projected": gan.item()}
        if self.s.lambda_perceptual:
            shares = [
                (x - y).abs().mean() / (y.abs().mean() + 1e-3) for x, y in zip(of_fake, of_b, strict=True)
            ]
            perceptual = torch.stack(shares).mean()
            loss = loss + self.s.lambda_perceptual * perceptual
            numbers["perceptual"] = perceptual.item()
        return loss

    @staticmethod
    def _feature_matching(d: Any, a: Tensor, fake: Tensor, b: Tensor) -> Tensor:
        """By what its activations hand on."""
        x, y, distances = torch.cat([a, fake], 1), torch.cat([a, b], 1), []
        for layer in d.layers:
            x, y = layer(x), layer(y)
            if isinstance(layer, nn.LeakyReLU):
                distances.append((x - y.detach()).abs().mean())
        return torch.stack(distances).mean()

    def _update_d(self, loss: Tensor) -> None:
        self.adam_d.zero_grad()
        (self.s.discriminator_loss_factor * loss).backward()
        self.adam_d.step()


def norm_of_gradients(network: nn.Module) -> float:
    squares = [weight.grad.square().sum() for weight in network.parameters() if weight.grad is not None]
    return float(torch.stack(squares).sum().sqrt())
