"""A generator as other programs can run it: of torch's own layers, on any number of pictures in [0, 1]."""

import copy

import torch
import torch.fx.experimental._config
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from pix2pix.core.choices import PixelRange, TestMode
from pix2pix.networks.convolutions import Doubling, Halving
from pix2pix.networks.generators import Generator
from pix2pix.networks.layers import InstanceNorm

MOST_UNITS = 1024  # of a side, each as long as what the sides must be multiples of
MOST_PICTURES = 4096


class UnitRange(nn.Module):
    """Translates pictures, (N, 3, H, W) float32 RGB in [0, 1], to the same shape and range.

    Args:
        net: takes and gives pictures in ``pixel_range``.
        pixel_range: of a generator.
    """

    def __init__(self, net: nn.Module, pixel_range: PixelRange) -> None:
        super().__init__()
        self.net = net
        self.pixel_range = pixel_range
        self.eval()

    def forward(self, pictures: Tensor) -> Tensor:
        """Translate."""
        if self.pixel_range == "unit":
            unit: Tensor = self.net(pictures)
            return unit
        symmetric: Tensor = self.net(pictures * 2 - 1)
        return (symmetric + 1) / 2


def exportable(generator: Generator, test_mode: TestMode) -> UnitRange:
    """Copy a generator into a module of torch's own layers.

    Args:
        generator: stays as it is.
        test_mode: ``eval``, or ``train``: norms take their statistics from each picture alone, as in
            ``pix2pix.model.inference``; dropout, which is seeded by the picture there, is left out.
    """
    # A trace of channels-last weights holds for the strides that it saw, so for those numbers of pictures.
    copied = copy.deepcopy(generator).cpu().float().to(memory_format=torch.contiguous_format)
    return UnitRange(_plain(copied, test_mode), generator.options.pixel_range)


def trace(model: UnitRange, multiple: int) -> ExportedProgram:
    """Trace a model for any number of pictures, whose sides are any multiples of ``multiple`` px."""
    rows, columns = (Dim(name, min=1, max=MOST_UNITS) for name in ("rows", "columns"))
    shapes = {0: Dim("pictures", min=1, max=MOST_PICTURES), 2: multiple * rows, 3: multiple * columns}
    example = torch.zeros(2, 3, 2 * multiple, 3 * multiple)
    # Otherwise a traced program refuses a single picture, and one of a single multiple.
    with torch.fx.experimental._config.patch(  # type: ignore[attr-defined]
        backed_size_oblivious=True
    ):
        return torch.export.export(model, (example,), dynamic_shapes=(shapes,), strict=False)


def _plain(module: nn.Module, test_mode: TestMode) -> nn.Module:
    """Put torch's own layers in the place of ours, which choose between ways of computing the same."""
    for name, child in module.named_children():
        setattr(module, name, _plain(child, test_mode))
    if isinstance(module, Halving | Doubling):
        kind = nn.Conv2d if isinstance(module, Halving) else nn.ConvTranspose2d
        plain: nn.Module = kind(
            module.in_channels,
            module.out_channels,
            module.kernel_size,  # type: ignore[arg-type]
            module.stride,  # type: ignore[arg-type]
            module.padding,  # type: ignore[arg-type]
            bias=module.bias is not None,
        )
    elif isinstance(module, InstanceNorm) or (test_mode == "train" and isinstance(module, nn.BatchNorm2d)):
        plain = nn.InstanceNorm2d(module.num_features, module.eps, affine=module.affine)
    else:
        return module
    weights = {name: tensor.contiguous() for name, tensor in module.named_parameters()}
    plain.load_state_dict(weights)
    return plain
