"""The PatchGAN discriminators (arXiv:1611.07004, appendix 6.1.2)."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from pix2pix.model.convolutions import KERNEL, Halving
from pix2pix.model.layers import WIDEST, activation_layer, initialize, norm_layers
from pix2pix.model.options import HALVINGS, DiscriminatorOptions, patch_grid


class PatchDiscriminator(nn.Module):
    """A logit for each patch of a pair that says whether B is a real target of A.

    Raises:
        ValueError: the picture is too small for the patch.
    """

    def __init__(self, options: DiscriminatorOptions) -> None:
        super().__init__()
        patch_grid(options.image_size, options.patch_size, options.discriminator_padding)
        halvings = HALVINGS[options.patch_size]
        widths = [options.ndf * min(2**level, WIDEST) for level in range(max(halvings, 1) + 1)]
        layers = [_convolution(6, widths[0], 2 if halvings else 1, options.bias_outer, options)]
        for level, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            layers += [
                activation_layer(options.activation, options.leaky_slope),
                _convolution(inputs, outputs, 2 if level < halvings else 1, options.norm == "none", options),
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

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Judge pairs, each (N, 3, H, W) float; return logits, (N, 1, h, h) with h of ``patch_grid``."""
        logits: Tensor = self.layers(torch.cat([a, b], dim=1))
        return logits


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
