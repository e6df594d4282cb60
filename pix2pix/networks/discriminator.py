"""The discriminators: of patches of a pair (arXiv:1611.07004), and of features of B (arXiv:2111.01007)."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from pix2pix.networks.convolutions import KERNEL, Halving
from pix2pix.networks.efficientnet import LITE1_WIDTHS
from pix2pix.networks.layers import WIDEST, activation_layer, has_bias, initialize, norm_layers
from pix2pix.networks.options import HALVINGS, DiscriminatorOptions, patch_grid

PROJECTED_WIDTH, PROJECTED_SLOPE = 64, 0.2  # channels of a head, and its leaky ReLU below 0
ACTIVATIONS = (nn.LeakyReLU, nn.ReLU, nn.SiLU, nn.Mish)


class PatchDiscriminator(nn.Module):
    """A logit for each patch of a pair that says whether B is a real target of A (appendix 6.1.2).

    Args:
        options: what it is made of.
        pictures: that it sees side by side: two of a pair, or one, of which it says whether it is real.

    Raises:
        ValueError: the picture is too small for the patch.
    """

    def __init__(self, options: DiscriminatorOptions, pictures: int = 2) -> None:
        super().__init__()
        patch_grid(options.image_size, options.patch_size, options.discriminator_padding)
        halvings = HALVINGS[options.patch_size]
        widths = [options.ndf * min(2**level, WIDEST) for level in range(max(halvings, 1) + 1)]
        layers = [_convolution(3 * pictures, widths[0], 2 if halvings else 1, options.bias_outer, options)]
        for level, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            layers += [
                activation_layer(options.activation, options.leaky_slope),
                _convolution(inputs, outputs, 2 if level < halvings else 1, has_bias(options.norm), options),
                *norm_layers(options.norm, outputs),
            ]
        layers += [
            activation_layer(options.activation, options.leaky_slope),
            _convolution(widths[-1], 1, 1, True, options),
        ]
        self.layers = nn.Sequential(*layers)
        initialize(self)
        if options.spectral_norm:
            for convolution in [module for module in self.modules() if isinstance(module, nn.Conv2d)]:
                spectral_norm(convolution)

    def forward(self, *pictures: Tensor) -> Tensor:
        """Judge pictures, each (N, 3, H, W) float; return logits, (N, 1, h, h) with h of ``patch_grid``."""
        logits: Tensor = self.layers(torch.cat(pictures, dim=1))
        return logits

    def features(self, *pictures: Tensor) -> list[Tensor]:
        """Return what each activation hands on, (N, C, h, w), and last the logits, (N, 1, h, h)."""
        x = torch.cat(pictures, dim=1)
        features = []
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, ACTIVATIONS):
                features.append(x)
        return [*features, x]


class ProjectedDiscriminator(nn.Module):
    """A logit for each place of EfficientNet-lite1's features that says whether they are of a real picture.

    It judges the four smaller sizes, from 1/4 of the side to 1/32, by a few layers each, with spectral norm.
    Unlike the patches' discriminator it does not see the input.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(_head(width) for width in LITE1_WIDTHS[1:])

    def forward(self, *levels: Tensor) -> Tensor:
        """Judge features, (N, C, h, w) each, from 1/2 of the side to 1/32.

        Returns:
            logits, (N, 4, H/4, W/4): of each size, those of the smaller ones repeated, so that all count the
            same.
        """
        logits = [head(level) for head, level in zip(self.heads, levels[1:], strict=True)]
        size = logits[0].shape[2:]
        return torch.cat([F.interpolate(each, size=size, mode="nearest") for each in logits], dim=1)

    def features(self, *levels: Tensor) -> list[Tensor]:
        """Return the logits, and nothing before them, as ``PatchDiscriminator.features`` gives its own."""
        return [self(*levels)]


def _convolution(
    inputs: int, outputs: int, stride: int, bias: bool, options: DiscriminatorOptions
) -> nn.Module:
    if options.patch_size == 1:
        return nn.Conv2d(inputs, outputs, 1, bias=bias)
    if options.discriminator_padding == "same" and stride == 1:
        padded = nn.ZeroPad2d((1, 2, 1, 2))
        return nn.Sequential(padded, nn.Conv2d(inputs, outputs, KERNEL, 1, bias=bias))
    if stride == 2:
        return Halving(inputs, outputs, bias)
    return nn.Conv2d(inputs, outputs, KERNEL, 1, 1, bias=bias)


def _head(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(inputs, PROJECTED_WIDTH, 1)),
        nn.LeakyReLU(PROJECTED_SLOPE),
        spectral_norm(nn.Conv2d(PROJECTED_WIDTH, PROJECTED_WIDTH, 3, padding=1)),
        nn.LeakyReLU(PROJECTED_SLOPE),
        spectral_norm(nn.Conv2d(PROJECTED_WIDTH, 1, 1)),
    )
