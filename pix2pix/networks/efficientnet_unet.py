"""A U-Net on an EfficientNet-lite1 encoder, which knows from ImageNet what a picture shows."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.networks.efficientnet import LITE1_WIDTHS, Lite1Encoder
from pix2pix.networks.layers import Colours, Labels, check_side, norm_layers
from pix2pix.networks.options import GeneratorOptions
from pix2pix.networks.outputs import OUTPUT_CHANNELS, picture_output
from pix2pix.networks.winograd import Conv3x3

INPUT_SHARE = 0.5  # of ngf: channels made of the input itself, at its full size
# Of ngf: the decoder's channels, where the side is 1/16, 1/8, 1/4, 1/2 and 1.
DECODER_SHARES = (4.0, 2.0, 1.0, 1.0, 0.5)
LAST_STD = 0.02  # of the last convolution's weights at the start: pictures are grey


class EfficientnetUnetGenerator(nn.Module):
    """From a picture through EfficientNet-lite1 to 1/32 of its side, and back with a skip at every size.

    The decoder doubles the side by bilinear interpolation, which leaves no checkerboard, and its convolutions
    continue the picture beyond its edge, so that the border is no darker. The last skip is at full size; it
    alone sees the classes of label maps.

    Args:
        options: what it is made of.
        palette: the colours of the inputs' classes, (classes, 3) in [0, 255], where they are label maps.

    Raises:
        ValueError: the picture's side is no multiple of 32.
    """

    def __init__(self, options: GeneratorOptions, palette: Colours = ()) -> None:
        super().__init__()
        check_side(options)
        self.options = options
        self._is_symmetric = options.pixel_range == "symmetric"
        self.encoder = Lite1Encoder()
        *sides, innermost = LITE1_WIDTHS
        at_full_size = round(INPUT_SHARE * options.ngf) or 1
        self.labels = Labels(palette, "symmetric")
        self.from_input = _Convolution(self.labels.channels, at_full_size)
        widths = [innermost, *(round(share * options.ngf) or 1 for share in DECODER_SHARES)]
        skips = [*reversed(sides), at_full_size]
        self.blocks = nn.ModuleList(
            _Block(widths[i] + skip, widths[i + 1], options) for i, skip in enumerate(skips)
        )
        self.to_channels = _Convolution(widths[-1], OUTPUT_CHANNELS[options.output])
        self.to_picture = picture_output(options.output, options.pixel_range)
        nn.init.normal_(self.to_channels.weight, 0.0, LAST_STD)

    def forward(self, real_a: Tensor) -> Tensor:
        """Translate pictures, (N, 3, H, W) float in the pixel range, to the same shape and range."""
        symmetric = real_a if self._is_symmetric else 2 * real_a - 1
        *skips, x = self.encoder(symmetric)
        skips.insert(0, F.relu(self.from_input(self.labels(symmetric))))
        for block, skip in zip(self.blocks, reversed(skips), strict=True):
            x = block(x, skip)
        fake_b: Tensor = self.to_picture(self.to_channels(x), real_a)
        return fake_b


class _Block(nn.Module):
    """Doubles the side, joins a skip, and convolves."""

    def __init__(self, inputs: int, outputs: int, options: GeneratorOptions) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _Convolution(inputs, outputs),
            *norm_layers(options.norm, outputs),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        doubled = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        output: Tensor = self.layers(torch.cat([doubled, skip], dim=1))
        return output


class _Convolution(Conv3x3):
    """A convolution of 3x3 that keeps the side: beyond the edge lies the pixel at the edge.

    Its weights start fit for a ReLU (He et al. 2015, arXiv:1502.01852).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=True)
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        nn.init.zeros_(cast(Tensor, self.bias))

    def forward(self, x: Tensor) -> Tensor:
        # Not by torch's own padding, whose gradient torch.compile takes to lie in another order than it does.
        x = torch.cat([x[:, :, :1], x, x[:, :, -1:]], dim=2)
        return super().forward(torch.cat([x[..., :1], x, x[..., -1:]], dim=3))
