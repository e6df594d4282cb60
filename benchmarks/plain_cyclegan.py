"""CycleGAN as common PyTorch implementations train it, for comparison.

Eager, fp32, contiguous, Adam not fused, a pass of its own for each picture. The same networks and the same
algorithm as ours with the recipe ``cyclegan_horse2zebra``.
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCKS, POOL_SIZE, LAMBDA_CYCLE, LAMBDA_IDENTITY = 9, 50, 10, 5


class ResidualBlock(nn.Module):
    """Two convolutions, whose result is added to what they were given."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            *(nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width), nn.ReLU(inplace=True)),
            nn.ReflectionPad2d(1),
            *(nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Change (N, C, H, W)."""
        y: Tensor = x + self.layers(x)
        return y


def generator(width: int) -> nn.Sequential:
    """Two halvings of the side, nine residual blocks, and two doublings; ``width`` channels outside."""
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7)]
    layers += [nn.InstanceNorm2d(width), nn.ReLU(inplace=True)]
    for inputs in (width, 2 * width):
        layers += [nn.Conv2d(inputs, 2 * inputs, 3, 2, 1), nn.InstanceNorm2d(2 * inputs)]
        layers.append(nn.ReLU(inplace=True))
    layers += [ResidualBlock(4 * width) for _ in range(BLOCKS)]
    for outputs in (2 * width, width):
        layers.append(nn.ConvTranspose2d(2 * outputs, outputs, 3, 2, 1, output_padding=1))
        layers += [nn.InstanceNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


def discriminator(width: int) -> nn.Sequential:
    """The 70x70 PatchGAN of single pictures."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for inputs, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
        layers += [nn.Conv2d(inputs, 2 * inputs, 4, stride, 1), nn.InstanceNorm2d(2 * inputs)]
        layers.append(nn.LeakyReLU(0.2, inplace=True))
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


@dataclass(frozen=True)
class PlainCycleGan:
    """G from A to B, F from B to A, and the discriminators of B's and of A's pictures."""

    net_g: nn.Module
    net_f: nn.Module
    net_d_b: nn.Module
    net_d_a: nn.Module

    @classmethod
    def of_width(cls, width: int) -> Self:
        """Build the networks, with ``width`` channels in the first layer of each."""
        return cls(generator(width), generator(width), discriminator(width), discriminator(width))

    def step_on(self, real_a: Tensor, real_b: Tensor) -> Callable[[], None]:
        """Return a function that takes a training step on pictures, each (N, 3, H, W) in [-1, 1]."""
        generators, discriminators = (self.net_g, self.net_f), (self.net_d_b, self.net_d_a)
        adam_g, adam_d = _adam(*generators), _adam(*discriminators)
        pools: tuple[list[Tensor], list[Tensor]] = ([], [])

        def step() -> None:
            for net_d in discriminators:
                net_d.requires_grad_(False)
            fake_b, fake_a = self.net_g(real_a), self.net_f(real_b)
            gan = _lsgan(self.net_d_b(fake_b), 1) + _lsgan(self.net_d_a(fake_a), 1)
            cycle = F.l1_loss(self.net_f(fake_b), real_a) + F.l1_loss(self.net_g(fake_a), real_b)
            identity = F.l1_loss(self.net_g(real_b), real_b) + F.l1_loss(self.net_f(real_a), real_a)
            adam_g.zero_grad()
            torch.autograd.backward(gan + LAMBDA_CYCLE * cycle + LAMBDA_IDENTITY * identity)
            adam_g.step()
            adam_d.zero_grad()
            for net_d, pool, real, fake in zip(
                discriminators, pools, (real_b, real_a), (fake_b, fake_a), strict=True
            ):
                net_d.requires_grad_(True)
                drawn = _from_history(pool, fake.detach())
                torch.autograd.backward(0.5 * (_lsgan(net_d(real), 1) + _lsgan(net_d(drawn), 0)))
            adam_d.step()

        return step


def _adam(*networks: nn.Module) -> torch.optim.Adam:
    weights = itertools.chain.from_iterable(network.parameters() for network in networks)
    return torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999))


def _lsgan(logits: Tensor, target: float) -> Tensor:
    return F.mse_loss(logits, torch.full_like(logits, target))


def _from_history(pool: list[Tensor], pictures: Tensor) -> Tensor:
    """Replace half of the pictures, once the pool is full, by older ones, whose places they take."""
    return torch.stack([_from_history_one(pool, picture) for picture in pictures])


def _from_history_one(pool: list[Tensor], picture: Tensor) -> Tensor:
    if len(pool) < POOL_SIZE:
        pool.append(picture)
        return picture
    if random.random() < 0.5:
        return picture
    place = random.randrange(POOL_SIZE)
    older, pool[place] = pool[place], picture
    return older
