"""The networks of pix2pix (Isola et al. 2017, arXiv:1611.07004, appendix 6.1)."""

from typing import Literal

import torch
from torch import Tensor, nn

Norm = Literal["batch", "instance"]

KERNEL = 4
WIDEST = 8  # layers have at most 8 times the channels of the first
DROPOUT_BLOCKS = 3
INITIAL_STD = 0.02


class UnetGenerator(nn.Module):
    """The U-Net: every level halves the side, down to 1x1 and back, with a skip across each level.

    Args:
        image_size: side of the picture in px, a power of two.
        ngf: channels of the first level; each further level has twice as many, up to 8 times.
        norm: normalisation; ``instance`` is affine and keeps no running statistics.
        dropout: probability in the first three blocks of the decoder.
        bias_outer: whether the last layer has a bias.
        channels: of input and output.
    """

    def __init__(
        self,
        image_size: int,
        ngf: int = 64,
        norm: Norm = "batch",
        dropout: float = 0.5,
        bias_outer: bool = True,
        channels: int = 3,
    ) -> None:
        super().__init__()
        levels = image_size.bit_length() - 1
        if image_size != 2**levels or levels < 2:
            raise ValueError(f"image_size must be a power of two from 4 on, found {image_size}")
        widths = [ngf * min(2**level, WIDEST) for level in range(levels)]
        self.encoder = nn.ModuleList(
            [_down(channels, widths[0], None, activate=False)]
            + [_down(widths[i - 1], widths[i], norm if i < levels - 1 else None) for i in range(1, levels)]
        )
        self.decoder = nn.ModuleList(
            _up(
                widths[i] * (1 if i == levels - 1 else 2),
                widths[i - 1],
                norm,
                _dropout_at(levels - 1 - i, dropout),
            )
            for i in range(levels - 1, 0, -1)
        )
        self.output = nn.Sequential(
            nn.ReLU(), nn.ConvTranspose2d(2 * widths[0], channels, KERNEL, 2, 1, bias=bias_outer), nn.Tanh()
        )

    def forward(self, real_a: Tensor) -> Tensor:
        """Translate pictures, (N, 3, H, W) float in [-1, 1], to the same shape and range."""
        skips = []
        x = real_a
        for down in self.encoder:
            x = down(x)
            skips.append(x)
        skips.pop()
        for up in self.decoder:
            x = torch.cat([skips.pop(), up(x)], dim=1)
        output: Tensor = self.output(x)
        return output


class PatchDiscriminator(nn.Module):
    """The 70x70 PatchGAN: a logit for each patch that says whether B is a real target of A.

    Args:
        ndf: channels of the first layer.
        norm: normalisation of the inner layers.
        bias_outer: whether the first layer has a bias.
        channels: of A and of B.
    """

    def __init__(
        self, ndf: int = 64, norm: Norm = "batch", bias_outer: bool = True, channels: int = 3
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2 * channels, ndf, KERNEL, 2, 1, bias=bias_outer),
            nn.LeakyReLU(0.2),
            *_patch_layer(ndf, 2 * ndf, 2, norm),
            *_patch_layer(2 * ndf, 4 * ndf, 2, norm),
            *_patch_layer(4 * ndf, 8 * ndf, 1, norm),
            nn.Conv2d(8 * ndf, 1, KERNEL, 1, 1),
        )

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Judge pairs, each (N, 3, H, W) float in [-1, 1]; return logits, (N, 1, H/8 - 2, W/8 - 2)."""
        logits: Tensor = self.layers(torch.cat([a, b], dim=1))
        return logits


def initialize(network: nn.Module) -> None:
    """Draw the weights of convolutions from N(0, 0.02) and of norms from N(1, 0.02); biases start at 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, INITIAL_STD)
        elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            nn.init.normal_(module.weight, 1.0, INITIAL_STD)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _norm(norm: Norm, channels: int) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=True)


def _down(inputs: int, outputs: int, norm: Norm | None, activate: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if activate else []
    layers.append(nn.Conv2d(inputs, outputs, KERNEL, 2, 1, bias=False))
    if norm is not None:
        layers.append(_norm(norm, outputs))
    return nn.Sequential(*layers)


def _up(inputs: int, outputs: int, norm: Norm, dropout: float) -> nn.Sequential:
    layers = [nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, KERNEL, 2, 1, bias=False), _norm(norm, outputs)]
    if dropout > 0:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def _dropout_at(block: int, dropout: float) -> float:
    return dropout if block < DROPOUT_BLOCKS else 0.0


def _patch_layer(inputs: int, outputs: int, stride: int, norm: Norm) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, KERNEL, stride, 1, bias=False),
        _norm(norm, outputs),
        nn.LeakyReLU(0.2),
    ]
