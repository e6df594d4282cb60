"""The U-Net written in plain functions, to compare ours with."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.networks.generators import UnetGenerator


def convolution(block: nn.Module) -> Any:
    """The one convolution of a block."""
    (found,) = [m for m in block.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    return found


def plain_unet(generator: UnetGenerator, x: Tensor) -> Tensor:
    """The U-Net of the paper's authors in plain functions, from the innermost level outwards."""
    options = generator.options

    def norm(x: Tensor, layers: Any) -> Tensor:
        for layer in layers:
            if isinstance(layer, nn.BatchNorm2d):
                x = F.batch_norm(x, None, None, layer.weight, layer.bias, training=True)
            elif isinstance(layer, nn.InstanceNorm2d):
                x = F.instance_norm(x, weight=layer.weight, bias=layer.bias)
        return x

    down_activation = {
        "leaky_relu": lambda x: F.leaky_relu(x, options.leaky_slope),
        "relu": F.relu,
        "silu": F.silu,
        "mish": F.mish,
    }[options.activation]
    up_activation = {"silu": F.silu, "mish": F.mish}.get(options.activation, F.relu)
    first = generator.encoder[0]
    levels = [F.conv2d(x, first.weight, first.bias, stride=2, padding=1)]
    for level in generator.encoder[1:]:
        down = convolution(level)
        x = F.conv2d(down_activation(levels[-1]), down.weight, down.bias, 2, 1)
        levels.append(norm(x, level))
    x = levels[-1]
    for block, skip in zip(generator.decoder.blocks, levels[-2::-1], strict=True):
        up = convolution(block)
        x = norm(F.conv_transpose2d(up_activation(x), up.weight, up.bias, 2, 1), block)
        x = torch.cat([skip, x], dim=1) if options.skip_connections else x
    last = convolution(generator.decoder.output)
    x = F.conv_transpose2d(up_activation(x), last.weight, last.bias, 2, 1)
    return torch.tanh(x) if options.pixel_range == "symmetric" else torch.sigmoid(x)
