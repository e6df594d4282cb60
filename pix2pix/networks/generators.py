"""The generators: the paper's U-Net (arXiv:1611.07004, appendix 6.1), and those of other papers."""

import torch
from torch import Tensor, nn
from torchvision.models import resnet18

from pix2pix.core.choices import GeneratorKind
from pix2pix.networks.convolutions import Halving
from pix2pix.networks.efficientnet_unet import EfficientnetUnetGenerator
from pix2pix.networks.layers import (
    WIDEST,
    Colours,
    Labels,
    activation_layer,
    check_side,
    decoder_activation,
    has_bias,
    initialize,
    norm_layers,
    upsampling,
)
from pix2pix.networks.options import GeneratorOptions
from pix2pix.networks.outputs import OUTPUT_CHANNELS, picture_output
from pix2pix.networks.resnet_generator import ResnetGenerator

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
RESNET_WIDTHS = (64, 64, 128, 256, 512)  # channels after each halving of the side


class Decoder(nn.Module):
    """From the innermost level back to the picture's size, with the encoder's levels joined in.

    Args:
        widths: channels of the encoder's levels, the outermost first.
        options: of the generator.
    """

    def __init__(self, widths: list[int], options: GeneratorOptions) -> None:
        super().__init__()
        self._skips = options.skip_connections
        self.activation = decoder_activation(options.activation, in_place=False)
        doubled = 2 if self._skips else 1
        innermost = len(widths) - 1
        self.blocks = nn.ModuleList(
            _up(widths[i] * (1 if i == innermost else doubled), widths[i - 1], innermost - i, options)
            for i in range(innermost, 0, -1)
        )
        self.output = nn.Sequential(
            *_dropout(innermost, options),
            *upsampling(
                doubled * widths[0], OUTPUT_CHANNELS[options.output], options.upsample, options.bias_outer
            ),
        )

    def forward(self, encoded: list[Tensor]) -> Tensor:
        """Turn the encoder's levels, (N, C, H, W), the outermost first, into channels of the output."""
        *skips, innermost = encoded
        x = self.activation(innermost)
        for block, skip in zip(self.blocks, reversed(skips), strict=True):
            x = block(x)
            if self._skips:
                # Both are activated before they are joined: the gradient of a part of a tensor is no dense
                # tensor, which makes batch norm slow.
                x = torch.cat([self.activation(skip), x], dim=1)
        output: Tensor = self.output(x)
        return output


class UnetGenerator(nn.Module):
    """The U-Net: every level halves the side, down to 1x1 and back, with a skip across each level.

    Args:
        options: what it is made of.
        palette: the colours of the inputs' classes, (classes, 3) in [0, 255], where they are label maps.

    Raises:
        ValueError: the picture's side is no power of two, or cannot be halved so often.
    """

    def __init__(self, options: GeneratorOptions, palette: Colours = ()) -> None:
        super().__init__()
        most = options.image_size.bit_length() - 1
        levels = options.levels or most
        if options.image_size != 2**most or not 2 <= levels <= most:
            raise ValueError(
                f"image_size must be a power of two that can be halved `levels` times, 2 or more, found "
                f"image_size {options.image_size} and levels {levels}"
            )
        self.options = options
        widths = [options.ngf * min(2**level, WIDEST) for level in range(levels)]
        self.labels = Labels(palette, options.pixel_range)
        self.encoder = nn.ModuleList(
            [Halving(self.labels.channels, widths[0], has_bias(options.norm))]
            + [_down(widths[i - 1], widths[i], i == levels - 1, options) for i in range(1, levels)]
        )
        self.decoder = Decoder(widths, options)
        self.to_picture = picture_output(options.output, options.pixel_range)
        initialize(self)

    def forward(self, real_a: Tensor) -> Tensor:
        """Translate pictures, (N, 3, H, W) float in the pixel range, to the same shape and range."""
        encoded = [self.encoder[0](self.labels(real_a))]
        for down in self.encoder[1:]:
            # May activate the level above in place. To the decoder that is the same: its ReLU takes what is
            # positive, which ReLU and leaky ReLU leave as it is.
            encoded.append(down(encoded[-1]))
        fake_b: Tensor = self.to_picture(self.decoder(encoded), real_a)
        return fake_b


class ResnetUnetGenerator(nn.Module):
    """A U-Net whose encoder is a ResNet-18 (He et al. 2015, arXiv:1512.03385), halving the side five times.

    Raises:
        ValueError: the picture's side is no multiple of 32, or there is a palette: it takes pictures alone.
    """

    def __init__(self, options: GeneratorOptions, palette: Colours = ()) -> None:
        super().__init__()
        if len(palette):
            raise ValueError("a resnet18_unet takes no classes beside its input: input_labels must be false")
        check_side(options)
        self.options = options
        self._is_symmetric = options.pixel_range == "symmetric"
        self.encoder = resnet18()
        self.encoder.fc = nn.Identity()
        self.decoder = Decoder(list(RESNET_WIDTHS), options)
        self.to_picture = picture_output(options.output, options.pixel_range)
        initialize(self.decoder)
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, real_a: Tensor) -> Tensor:
        """Translate pictures, (N, 3, H, W) float in the pixel range, to the same shape and range."""
        unit = (real_a + 1) / 2 if self._is_symmetric else real_a
        net = self.encoder
        encoded = [net.relu(net.bn1(net.conv1((unit - self.mean) / self.std)))]
        x = net.maxpool(encoded[0])
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            x = layer(x)
            encoded.append(x)
        fake_b: Tensor = self.to_picture(self.decoder(encoded), real_a)
        return fake_b


Generator = UnetGenerator | ResnetGenerator | ResnetUnetGenerator | EfficientnetUnetGenerator
GENERATORS: dict[GeneratorKind, type[Generator]] = {
    "unet": UnetGenerator,
    "resnet_6blocks": ResnetGenerator,
    "resnet_9blocks": ResnetGenerator,
    "resnet18_unet": ResnetUnetGenerator,
    "efficientnet_unet": EfficientnetUnetGenerator,
}


def build_generator(options: GeneratorOptions, palette: Colours = ()) -> Generator:
    """Build a generator whose weights start at random.

    Args:
        options: what it is made of.
        palette: the colours of the inputs' classes, (classes, 3) in [0, 255], where they are label maps.

    Raises:
        ValueError: the options do not fit the picture's side, or the palette.
    """
    return GENERATORS[options.generator](options, palette)


def _down(inputs: int, outputs: int, is_innermost: bool, options: GeneratorOptions) -> nn.Sequential:
    norm = [] if is_innermost else norm_layers(options.norm, outputs)
    return nn.Sequential(
        activation_layer(options.activation, options.leaky_slope),
        Halving(inputs, outputs, has_bias(options.norm)),
        *norm,
    )


def _up(inputs: int, outputs: int, block: int, options: GeneratorOptions) -> nn.Sequential:
    return nn.Sequential(
        *upsampling(inputs, outputs, options.upsample, bias=has_bias(options.norm)),
        *norm_layers(options.norm, outputs),
        *_dropout(block, options),
        decoder_activation(options.activation),
    )


def _dropout(block: int, options: GeneratorOptions) -> list[nn.Module]:
    return [nn.Dropout(options.dropout)] if options.dropout > 0 and block < options.dropout_blocks else []
