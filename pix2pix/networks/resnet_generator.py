"""The generator of CycleGAN, after Johnson et al.: residual blocks at a quarter of the side."""

from torch import Tensor, nn

from pix2pix.networks.layers import (
    Colours,
    Labels,
    check_side,
    decoder_activation,
    has_bias,
    initialize,
    norm_layers,
    upsampling,
)
from pix2pix.networks.options import RESIDUAL_BLOCKS, GeneratorOptions
from pix2pix.networks.outputs import OUTPUT_CHANNELS, picture_output
from pix2pix.networks.winograd import Conv3x3

OUTER_KERNEL, OUTER_PADDING = 7, 3
DEEPEST = 4  # times ngf: channels at a quarter of the side
COMPARED_BLOCKS = (0, 4)  # the residual blocks whose results CUT compares


class ResnetGenerator(nn.Module):
    """Convolutions down to a quarter of the side, residual blocks there, and convolutions back.

    What lies beyond the picture's edge is its reflection. Source: arXiv:1703.10593, appendix 7.2, and
    arXiv:1603.08155.

    Args:
        options: what it is made of.
        palette: the colours of the inputs' classes, (classes, 3) in [0, 255], where they are label maps.

    Raises:
        ValueError: the picture's side is no multiple of 4.
    """

    def __init__(self, options: GeneratorOptions, palette: Colours = ()) -> None:
        super().__init__()
        check_side(options)
        self.options = options
        ngf, bias = options.ngf, has_bias(options.norm)
        deepest = DEEPEST * ngf
        self.labels = Labels(palette, options.pixel_range)
        self.down = nn.Sequential(
            nn.ReflectionPad2d(OUTER_PADDING),
            *_normed([nn.Conv2d(self.labels.channels, ngf, OUTER_KERNEL, bias=bias)], ngf, options),
            *_normed([nn.Conv2d(ngf, 2 * ngf, 3, 2, 1, bias=bias)], 2 * ngf, options),
            *_normed([nn.Conv2d(2 * ngf, deepest, 3, 2, 1, bias=bias)], deepest, options),
        )
        self.blocks = nn.Sequential(
            *(_Block(deepest, options) for _ in range(RESIDUAL_BLOCKS[options.generator]))
        )
        self.up = nn.Sequential(
            *_normed(_doubling(deepest, 2 * ngf, options), 2 * ngf, options),
            *_normed(_doubling(2 * ngf, ngf, options), ngf, options),
        )
        self.to_channels = nn.Sequential(
            nn.ReflectionPad2d(OUTER_PADDING),
            nn.Conv2d(ngf, OUTPUT_CHANNELS[options.output], OUTER_KERNEL, bias=options.bias_outer),
        )
        self.to_picture = picture_output(options.output, options.pixel_range)
        self.feature_channels = (self.labels.channels, 2 * ngf, deepest, deepest, deepest)
        initialize(self)

    def forward(self, real_a: Tensor) -> Tensor:
        """Translate pictures, (N, 3, H, W) float in the pixel range, to the same shape and range."""
        features = self.up(self.blocks(self.down(self.labels(real_a))))
        fake_b: Tensor = self.to_picture(self.to_channels(features), real_a)
        return fake_b

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Return what CUT compares (arXiv:2007.15651, appendix C.1), (N, C, h, w), from shallow to deep.

        These are the pictures with their reflected edges, what the two halving convolutions make of them, and
        the results of the first and of the fifth residual block; nothing beyond it is computed.
        """
        x = self.labels(pictures)
        features = []
        for layer in self.down:
            x = layer(x)
            if isinstance(layer, nn.ReflectionPad2d) or (
                isinstance(layer, nn.Conv2d) and layer.stride[0] == 2
            ):
                features.append(x)
        for number, block in enumerate(self.blocks[: COMPARED_BLOCKS[-1] + 1]):
            x = block(x)
            if number in COMPARED_BLOCKS:
                features.append(x)
        return features


class _Block(nn.Module):
    """Two convolutions, whose result is added to what they were given."""

    def __init__(self, channels: int, options: GeneratorOptions) -> None:
        super().__init__()
        bias = has_bias(options.norm)
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_normed([Conv3x3(channels, channels, bias)], channels, options),
            *([nn.Dropout(options.dropout)] if options.dropout > 0 else []),
            nn.ReflectionPad2d(1),
            Conv3x3(channels, channels, bias),
            *norm_layers(options.norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = x + self.layers(x)
        return output


def _normed(convolution: list[nn.Module], outputs: int, options: GeneratorOptions) -> list[nn.Module]:
    return [*convolution, *norm_layers(options.norm, outputs), decoder_activation(options.activation)]


def _doubling(inputs: int, outputs: int, options: GeneratorOptions) -> list[nn.Module]:
    bias = has_bias(options.norm)
    if options.upsample == "resize":
        return upsampling(inputs, outputs, "resize", bias)
    return [nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1, bias=bias)]
