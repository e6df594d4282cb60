"""The convolutions that halve and double the side: kernel 4, stride 2, padding 1.

Where a picture has shrunk to few positions, a convolution library spends its time on bringing millions of
weights into its own order, for little arithmetic. There a CPU is up to four times as fast with matrix
products over the weights as they lie, in channels-last order.
"""

import functools
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNEL = 4
FEW_POSITIONS = 512  # of all pictures of a batch together, on the smaller side
FEW_POSITIONS_AMX = 2048  # the same in bf16 where the processor multiplies tiles of matrices


class Halving(nn.Conv2d):
    """A convolution from (N, C, H, W), with even sides, to (N, O, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, bias: bool) -> None:
        super().__init__(inputs, outputs, KERNEL, 2, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Halve the sides of (N, C, H, W), which are even."""
        n, c, h, w = x.shape
        if not _has_few_positions(x, n * h * w // 4):
            return super().forward(x)
        windows = _Windows.apply(x.permute(0, 2, 3, 1))
        weight = self.weight.permute(0, 2, 3, 1).reshape(self.out_channels, -1)  # (O, 4 4 C)
        output = F.linear(windows.view(-1, KERNEL * KERNEL * c), weight, self.bias)
        return output.view(n, h // 2, w // 2, -1).permute(0, 3, 1, 2)


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution from (N, C, H, W) to (N, O, 2H, 2W)."""

    def __init__(self, inputs: int, outputs: int, bias: bool) -> None:
        super().__init__(inputs, outputs, KERNEL, 2, 1, bias=bias)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Double the sides of (N, C, H, W); ``output_size`` is not used."""
        n, c, h, w = x.shape
        if not _has_few_positions(x, n * h * w):
            return super().forward(x)
        weight = self.weight.permute(0, 2, 3, 1).reshape(c, -1)  # (C, 4 4 O)
        windows = x.permute(0, 2, 3, 1).reshape(-1, c) @ weight
        output: Tensor = _Overlaid.apply(windows.view(n, h, w, KERNEL, KERNEL, -1))
        if self.bias is not None:
            output = output + self.bias.to(output.dtype)
        return output.permute(0, 3, 1, 2)


class _Windows(torch.autograd.Function):
    """The windows of a picture: (N, 2H, 2W, C) to (N, H, W, 4, 4, C)."""

    @staticmethod
    def forward(ctx: Any, picture: Tensor) -> Tensor:
        return _cut(picture)

    @staticmethod
    def backward(ctx: Any, windows: Tensor) -> Tensor:
        return _overlay(windows)


class _Overlaid(torch.autograd.Function):
    """The picture that windows add up to: (N, H, W, 4, 4, C) to (N, 2H, 2W, C)."""

    @staticmethod
    def forward(ctx: Any, windows: Tensor) -> Tensor:
        return _overlay(windows)

    @staticmethod
    def backward(ctx: Any, picture: Tensor) -> Tensor:
        return _cut(picture)


def _cut(picture: Tensor) -> Tensor:
    n, h, w, c = picture.shape
    padded = F.pad(picture, (0, 0, 1, 1, 1, 1)).contiguous()
    image, row, column, _ = padded.stride()
    size = (n, h // 2, w // 2, KERNEL, KERNEL, c)
    return padded.as_strided(size, (image, 2 * row, 2 * column, row, column, 1)).contiguous()


def _overlay(windows: Tensor) -> Tensor:
    n, h, w, _, _, c = windows.shape
    # A window is two by two quarters of two by two pixels, and quarters of neighbours lie on each other.
    quarters = windows.reshape(n, h, w, 2, 2, 2, 2, c)
    padded = windows.new_zeros(n, h + 1, 2, w + 1, 2, c)
    for row in (0, 1):
        for column in (0, 1):
            quarter = quarters[:, :, :, row, :, column].transpose(2, 3)
            padded[:, row : row + h, :, column : column + w] += quarter
    return padded.view(n, 2 * h + 2, 2 * w + 2, c)[:, 1:-1, 1:-1].contiguous()


def _has_few_positions(x: Tensor, positions: int) -> bool:
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    return positions <= (FEW_POSITIONS_AMX if dtype == torch.bfloat16 and _has_amx() else FEW_POSITIONS)


@functools.cache
def _has_amx() -> bool:
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))
