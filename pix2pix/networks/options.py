"""What the networks are made of, as settings; torch-free, so that the check of all settings need not wait."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from pix2pix.core.choices import (
    Activation,
    GeneratorKind,
    ImageSize,
    Norm,
    Output,
    Padding,
    PatchSize,
    PixelRange,
    Upsample,
)
from pix2pix.core.options import AtLeastOne, Count, Options, Sha256

HALVINGS: dict[int, int] = {1: 0, 16: 1, 70: 3, 142: 4, 286: 5}  # of the side, by the size of the patch in px
RESIDUAL_BLOCKS: dict[str, int] = {"resnet_6blocks": 6, "resnet_9blocks": 9}  # of each generator with some


@dataclass(frozen=True, kw_only=True)
class GeneratorOptions(Options):
    """What a generator is made of.

    Attributes:
        image_size: side of the picture in px, a power of two.
        generator: the paper's U-Net; CycleGAN's of 6 or 9 residual blocks, which ``levels``,
            ``skip_connections`` and ``leaky_slope`` do not touch, and each of whose blocks has ``dropout``;
            a U-Net whose encoder is a ResNet-18, which ``ngf``, ``levels``, ``activation`` and
            ``leaky_slope`` do not touch, and which keeps its batch norm; or one whose encoder is an
            EfficientNet-lite1, of which only ``ngf`` and ``norm`` of the decoder, ``pixel_range`` and
            ``output`` can be chosen.
        ngf: channels of the first level; each further level has twice as many, up to 8 times.
        levels: how often the side is halved; 0 goes down to 1x1.
        skip_connections: whether the encoder's levels are handed to the decoder; without, the
            encoder-decoder of the paper's comparison.
        upsample: how the decoder doubles the side: ``transpose``: by the paper's transposed convolution;
            ``resize``: by nearest neighbours and a convolution, which leaves no checkerboard.
        norm: normalisation; the U-Net's outermost level and the innermost one of its encoder have none.
            ``instance_plain``: instance norm without scale and shift of its own, as CycleGAN has it, and with
            a bias in every convolution.
        activation: of the encoder; the decoder's is ReLU unless it is ``silu`` or ``mish``.
        leaky_slope: of ``leaky_relu`` below 0.
        dropout: probability in the first ``dropout_blocks`` blocks of the decoder.
        dropout_blocks: counted from the innermost; where it counts all levels, the last one is the
            convolution to pixels, with dropout before it.
        bias_outer: whether the last layer has a bias.
        pixel_range: ``symmetric``: pixels lie in [-1, 1], by tanh; ``unit``: in [0, 1], by a sigmoid.
        output: ``colour``: the pixels are all drawn; ``chroma``: only their colour differences are, by tanh,
            and the brightness is the input's.
    """

    image_size: ImageSize
    generator: GeneratorKind = "unet"
    ngf: AtLeastOne = 64
    levels: Count = 0
    skip_connections: bool = True
    upsample: Upsample = "transpose"
    norm: Norm = "batch"
    activation: Activation = "leaky_relu"
    leaky_slope: Annotated[float, Field(ge=0, lt=1)] = 0.2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    dropout_blocks: Count = 3
    bias_outer: bool = True
    pixel_range: PixelRange = "symmetric"
    output: Output = "colour"

    @property
    def multiple(self) -> int:
        """What the sides of its pictures are multiples of, in px."""
        if self.generator == "unet":
            return 1 << (self.levels or self.image_size.bit_length() - 1)
        return 4 if self.generator in RESIDUAL_BLOCKS else 32


@dataclass(frozen=True, kw_only=True)
class DiscriminatorOptions(Options):
    """What a discriminator is made of.

    Attributes:
        image_size: side of the picture in px.
        ndf: channels of the first layer.
        patch_size: side of the patch that each output judges, in px; 1 judges pixels, by 1x1 convolutions.
        discriminator_padding: 1 px on each side of every convolution, or ``same``, which keeps the side where
            it is not halved (TensorFlow's: 1 px before and 2 after).
        norm: normalisation of the inner layers.
        activation: after every layer but the last.
        leaky_slope: of ``leaky_relu`` below 0.
        bias_outer: whether the first layer has a bias.
        spectral_norm: divides every layer's weights by their largest singular value (arXiv:1802.05957).
    """

    image_size: ImageSize
    ndf: AtLeastOne = 64
    patch_size: PatchSize = 70
    discriminator_padding: Padding = 1
    norm: Norm = "batch"
    activation: Activation = "leaky_relu"
    leaky_slope: Annotated[float, Field(ge=0, lt=1)] = 0.2
    bias_outer: bool = True
    spectral_norm: bool = False


@dataclass(frozen=True, kw_only=True)
class StartOptions(Options):
    """Weights that a training starts from instead of random ones.

    Attributes:
        pretrained: whether the encoder starts with ImageNet's weights. ``auto``: where they are installed
            with the project, which are those of an ``efficientnet_unet``. True: also torchvision's of a
            ``resnet18_unet``, which are downloaded; another text is the path of such a file.
        pretrained_sha256: of that file.
        init_from: path of a model file whose generator is trained further; empty takes none.
        init_from_sha256: of that file.
    """

    pretrained: bool | str = "auto"
    pretrained_sha256: Sha256 = ""
    init_from: str = ""
    init_from_sha256: Sha256 = ""


def patch_grid(image_size: int, patch_size: PatchSize, padding: Padding) -> int:
    """Return how many patches a discriminator judges along a side of the picture.

    Source: arXiv:1611.07004, section 3.2.2 and appendix 6.1.2.

    Args:
        image_size: side of the picture in px.
        patch_size: side of the patch that each output sees, in px.
        padding: of every convolution in px on each side, or ``same``.

    Raises:
        ValueError: the picture is too small for it.
    """
    if patch_size == 1:
        return image_size
    side = image_size >> HALVINGS[patch_size]
    grid = side if padding == "same" else side - 2
    if grid < 1:
        raise ValueError(
            f"patch_size {patch_size} is too large for image_size {image_size}: nothing is left to judge; "
            "take a smaller patch_size, or a larger image_size"
        )
    return grid
