"""Pix2pix as common PyTorch implementations train it, for comparison.

Eager, fp32, contiguous, a pass of D each for real and fake pairs, Adam not fused. The same networks
and the same algorithm as ours with the paper's settings.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (64, 128, 256, 512, 512, 512, 512, 512)


class SkipBlock(nn.Module):
    """A level of the U-Net around the one inside it: down, the inner level, up, joined to what came in.

    Args:
        level: 0 is the outermost.
        widths: channels of each level.
    """

    def __init__(self, level: int, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        outer = 3 if level == 0 else widths[level - 1]
        inner = widths[level]
        is_outermost = level == 0
        is_innermost = level == len(widths) - 1
        layers: list[nn.Module] = [] if is_outermost else [nn.LeakyReLU(0.2, inplace=True)]
        layers.append(nn.Conv2d(outer, inner, 4, 2, 1, bias=False))
        if not is_innermost:
            layers += [] if is_outermost else [nn.BatchNorm2d(inner)]
            layers.append(SkipBlock(level + 1, widths))
        doubled = inner if is_innermost else 2 * inner
        layers += [nn.ReLU(inplace=True), nn.ConvTranspose2d(doubled, outer, 4, 2, 1, bias=is_outermost)]
        layers += [nn.Tanh()] if is_outermost else [nn.BatchNorm2d(outer)]
        layers += [nn.Dropout(0.5)] if level >= len(widths) - 3 else []
        self.layers = nn.Sequential(*layers)
        self.is_outermost = is_outermost

    def forward(self, x: Tensor) -> Tensor:
        """Translate (N, C, H, W) to the same side."""
        y: Tensor = self.layers(x)
        return y if self.is_outermost else torch.cat([x, y], dim=1)


def discriminator(width: int = WIDTHS[0]) -> nn.Sequential:
    """The 70x70 PatchGAN, with so many channels in its first layer."""
    layers: list[nn.Module] = [nn.Conv2d(6, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
    for factor, stride in ((1, 2), (2, 2), (4, 1)):
        inputs, outputs = factor * width, 2 * factor * width
        layers += [nn.Conv2d(inputs, outputs, 4, stride, 1, bias=False), nn.BatchNorm2d(outputs)]
        layers.append(nn.LeakyReLU(0.2, inplace=True))
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


def plain_step(real_a: Tensor, real_b: Tensor, widths: Sequence[int] = WIDTHS) -> Callable[[], None]:
    """Return a function that takes a training step on pairs.

    Args:
        real_a: (N, 3, 256, 256) in [-1, 1], on the device that is to train.
        real_b: likewise.
        widths: channels of the levels of G, of which each halves the side; D's first layer has the first's.
    """
    net_g = SkipBlock(0, widths).to(real_a.device)
    net_d = discriminator(widths[0]).to(real_a.device)
    adam_g = torch.optim.Adam(net_g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adam_d = torch.optim.Adam(net_d.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def gan_loss(b: Tensor, is_real: bool) -> Tensor:
        logits = net_d(torch.cat([real_a, b], dim=1))
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(is_real)))

    def step() -> None:
        fake_b = net_g(real_a)
        net_d.requires_grad_(True)
        adam_d.zero_grad()
        torch.autograd.backward(0.5 * (gan_loss(fake_b.detach(), False) + gan_loss(real_b, True)))
        adam_d.step()
        net_d.requires_grad_(False)
        adam_g.zero_grad()
        torch.autograd.backward(gan_loss(fake_b, True) + 100 * F.l1_loss(fake_b, real_b))
        adam_g.step()

    return step
