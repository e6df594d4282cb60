"""The generators of junyanz/pytorch-CycleGAN-and-pix2pix, built from their description, with its names."""

from typing import Any

import torch
from torch import Tensor, nn

NORMS: dict[str, Any] = {
    "batch": nn.BatchNorm2d,
    "instance": nn.InstanceNorm2d,
    "none": lambda _width: nn.Identity(),
}


class OriginalResnet(nn.Module):
    """c7s1-N, dN*2, dN*4, so many residual blocks, uN*2, uN, c7s1-3, in one sequence called ``model``."""

    def __init__(
        self, blocks: int, norm: str, dropout: bool, ngf: int = 4, inputs: int = 3, outputs: int = 3
    ) -> None:
        super().__init__()
        normed, bias = NORMS[norm], norm == "instance"
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, ngf, 7, bias=bias), normed(ngf), nn.ReLU()]
        for width in (ngf, 2 * ngf):
            layers += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=bias), normed(2 * width), nn.ReLU()]
        layers += [OriginalBlock(4 * ngf, normed, bias, dropout) for _ in range(blocks)]
        for width in (4 * ngf, 2 * ngf):
            half = width // 2
            up = nn.ConvTranspose2d(width, half, 3, stride=2, padding=1, output_padding=1, bias=bias)
            layers += [up, normed(half), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(ngf, outputs, 7), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.model(x)
        return y


class OriginalBlock(nn.Module):
    """A residual block, whose layers are called ``conv_block``."""

    def __init__(self, width: int, normed: Any, bias: bool, dropout: bool) -> None:
        super().__init__()
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), normed(width), nn.ReLU()]
        layers += [nn.Dropout(0.5)] if dropout else []
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), normed(width)]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.conv_block(x)
        return y


class OriginalUnet(nn.Module):
    """Levels in one another, each called ``model``, the innermost built first."""

    def __init__(
        self, levels: int, norm: str, dropout: bool, ngf: int = 4, inputs: int = 3, outputs: int = 3
    ) -> None:
        super().__init__()
        widths = [ngf * min(2**level, 8) for level in range(levels)]
        inner: OriginalLevel | None = None
        for level in range(levels - 1, 0, -1):
            has_dropout = dropout and levels - 4 <= level < levels - 1
            inner = OriginalLevel(widths[level - 1], widths[level], inner, norm, has_dropout)
        assert inner is not None
        bias = norm == "instance"
        self.model = OriginalOutermost(inputs, widths[0], outputs, inner, bias)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.model(x)
        return y


class OriginalOutermost(nn.Module):
    """Down to half the side, the levels below, and up to pixels."""

    def __init__(self, inputs: int, width: int, outputs: int, inner: nn.Module, bias: bool) -> None:
        super().__init__()
        up = nn.ConvTranspose2d(2 * width, outputs, 4, 2, 1)
        self.model = nn.Sequential(
            nn.Conv2d(inputs, width, 4, 2, 1, bias=bias), inner, nn.ReLU(), up, nn.Tanh()
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.model(x)
        return y


class OriginalLevel(nn.Module):
    """Down, the level below where there is one, up, and what was given beside it."""

    def __init__(self, outer: int, width: int, inner: nn.Module | None, norm: str, dropout: bool) -> None:
        super().__init__()
        normed, bias = NORMS[norm], norm == "instance"
        down = [nn.LeakyReLU(0.2), nn.Conv2d(outer, width, 4, 2, 1, bias=bias)]
        below = [] if inner is None else [normed(width), inner]
        up = nn.ConvTranspose2d(width if inner is None else 2 * width, outer, 4, 2, 1, bias=bias)
        layers = [*down, *below, nn.ReLU(), up, normed(outer), *([nn.Dropout(0.5)] if dropout else [])]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        # The original activates in place, so that what is handed on has been through the leaky ReLU; a ReLU
        # follows, which makes both the same.
        return torch.cat([x, self.model(x)], 1)


def original(kind: str, **options: Any) -> nn.Module:
    """A network by the original code's word for it, with weights and statistics at random, for evaluation."""
    torch.manual_seed(0)
    if kind.startswith("resnet"):
        network: nn.Module = OriginalResnet(int(kind[len("resnet_")]), **options)
    else:
        network = OriginalUnet({"unet_64": 6, "unet_128": 7, "unet_256": 8}[kind], **options)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.1)
            nn.init.normal_(module.bias, 0.0, 0.1)
            nn.init.normal_(module.running_mean, 0.0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()
