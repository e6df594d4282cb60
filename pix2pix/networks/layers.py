"""The layers that the networks are made of, and how their weights start."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.core.choices import Activation, Norm, PixelRange, Upsample
from pix2pix.networks.convolutions import Doubling
from pix2pix.networks.options import GeneratorOptions
from pix2pix.networks.winograd import Conv3x3

Colours = Tensor | Sequence[Sequence[int]]  # of the classes of label maps, (classes, 3) in [0, 255]

WIDEST = 8  # layers have at most 8 times the channels of the first
INITIAL_STD = 0.02


def activation_layer(name: Activation, leaky_slope: float, in_place: bool = True) -> nn.Module:
    """Return an activation; ``leaky_slope`` is that of ``leaky_relu`` below 0.

    In place, ``relu`` and ``leaky_relu`` overwrite what they are given; ``silu`` and ``mish`` never do, since
    their gradient needs it.
    """
    if name == "leaky_relu":
        return nn.LeakyReLU(leaky_slope, in_place)
    return nn.ReLU(in_place) if name == "relu" else {"silu": nn.SiLU, "mish": nn.Mish}[name]()


def decoder_activation(name: Activation, in_place: bool = True) -> nn.Module:
    """Return a decoder's activation: the paper's ReLU, unless the encoder's is ``silu`` or ``mish``."""
    return activation_layer(name if name in ("silu", "mish") else "relu", 0.0, in_place)


class InstanceNorm(nn.InstanceNorm2d):
    """Instance norm (Ulyanov et al. 2016, arXiv:1607.08022), without running statistics.

    On a CPU it is batch norm of each picture alone, which torch does three times as fast or more, because it
    then leaves channels-last order as it is.
    """

    def __init__(self, channels: int, affine: bool = True) -> None:
        super().__init__(channels, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each channel of each picture, (N, C, H, W)."""
        if x.device.type != "cpu" or torch.compiler.is_compiling():
            return super().forward(x)
        is_exact = not self.affine and not torch.is_grad_enabled()
        pictures = [
            _normalized_exactly(picture, self.eps)
            if is_exact
            else F.batch_norm(picture, None, None, self.weight, self.bias, training=True, eps=self.eps)
            for picture in torch.split(x, 1)
        ]
        return pictures[0] if len(pictures) == 1 else torch.cat(pictures)


def _normalized_exactly(picture: Tensor, eps: float) -> Tensor:
    """Normalise a picture, (1, C, H, W), to 1e-6, in twice the time.

    Batch norm sums up all pixels of a channel one by one in channels-last order, which is off by 1e-5. Here
    they are summed by rows, so that a network of another's weights gives what it gave there.
    """
    rows = picture[0].permute(1, 2, 0)  # (H, W, C)
    share = rows.new_full((1, rows.shape[1]), 1 / rows.shape[1])
    mean = (share @ rows).mean((0, 1))
    variance = (share @ (rows - mean).square()).mean((0, 1))
    return F.batch_norm(picture, mean, variance, training=False, eps=eps)


def norm_layers(norm: Norm, channels: int) -> list[nn.Module]:
    """Return the norm as a list of one layer, or of none."""
    if norm == "batch":
        return [nn.BatchNorm2d(channels)]
    if norm in ("instance", "instance_plain"):
        return [InstanceNorm(channels, affine=norm == "instance")]
    return []


def has_bias(norm: Norm) -> bool:
    """Whether the convolutions of a network have a bias: not where its norm brings one."""
    return norm in ("none", "instance_plain")


def upsampling(inputs: int, outputs: int, upsample: Upsample, bias: bool) -> list[nn.Module]:
    """Return the layers that double the side.

    ``resize`` repeats pixels and then convolves, which leaves no checkerboard (Odena et al. 2016,
    doi:10.23915/distill.00003); ``transpose`` is the paper's transposed convolution.
    """
    if upsample == "transpose":
        return [Doubling(inputs, outputs, bias)]
    return [nn.Upsample(scale_factor=2), Conv3x3(inputs, outputs, bias, padding=1)]


class Labels(nn.Module):
    """Lays beside inputs which class of a label map each of their pixels is, one-hot, by its nearest colour.

    Args:
        palette: the classes' colours, (classes, 3) in [0, 255]; the weights of a model hold it.
        pixel_range: of the inputs.

    Attributes:
        channels: of the result.
    """

    def __init__(self, palette: Colours, pixel_range: PixelRange) -> None:
        super().__init__()
        self.palette: Tensor
        colours = torch.as_tensor(palette, dtype=torch.float32).reshape(-1, 3)
        self.register_buffer("palette", colours, persistent=len(colours) > 0)
        self.channels = 3 + len(colours)
        self._is_symmetric = pixel_range == "symmetric"

    def forward(self, real_a: Tensor) -> Tensor:
        """Turn (N, 3, H, W) into (N, 3 + classes, H, W); inputs without classes stay as they are."""
        if not len(self.palette):
            return real_a
        colours = self.palette / 127.5 - 1 if self._is_symmetric else self.palette / 255
        distances = torch.stack([(real_a - c.view(3, 1, 1)).square().sum(1) for c in colours], dim=1)
        classes = torch.arange(len(self.palette), device=real_a.device).view(-1, 1, 1)
        is_class = distances.argmin(1, keepdim=True) == classes
        return torch.cat([real_a, is_class.to(real_a.dtype)], dim=1)


def check_side(options: GeneratorOptions) -> None:
    """Check that a generator can halve the side of its pictures as often as it does.

    Raises:
        ValueError: it is no multiple of ``options.multiple``.
    """
    if options.image_size % options.multiple:
        raise ValueError(f"image_size must be a multiple of {options.multiple}, found {options.image_size}")


def initialize(network: nn.Module) -> None:
    """Draw the weights of convolutions from N(0, 0.02) and of norms from N(1, 0.02); biases start at 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, INITIAL_STD)
        elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d) and module.affine:
            nn.init.normal_(module.weight, 1.0, INITIAL_STD)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
