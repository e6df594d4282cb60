"""Convolutions of kernel 3 and stride 1 with fewer products: Winograd's F(2x2, 3x3).

Tiles of 4 by 4 pixels and the kernel are transformed so that 16 products give 4 results, where 36 are needed
otherwise; over many channels these products are 16 multiplications of matrices. Source: Lavin and Gray 2015,
arXiv:1509.09308, section 4.1.
"""

import functools
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNEL, TILE, STRIDE = 3, 4, 2
MOST_TILES = 1024  # at a time
FEWEST_CHANNELS = 128  # with fewer, the transforms take more than the products save
FEWEST_POSITIONS = 1024  # of a picture; with fewer, the transform of the kernel does


class Conv3x3(nn.Conv2d):
    """A convolution from (N, C, H, W) to (N, O, H, W) with a kernel of 3; without padding, of 2 px less.

    Args:
        inputs: C.
        outputs: O.
        bias: whether it adds one.
        padding: 1, of zeros, or 0.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool, padding: int = 0) -> None:
        super().__init__(inputs, outputs, KERNEL, padding=padding, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (N, C, H, W)."""
        if not self._is_faster_by_tiles(x):
            return super().forward(x)
        output: Tensor = _Convolution.apply(x.permute(0, 2, 3, 1), self.weight, self.padding[0])
        if self.bias is not None:
            output = output + self.bias
        return output.permute(0, 3, 1, 2)

    def _is_faster_by_tiles(self, x: Tensor) -> bool:
        """In fp32, and on processors with AVX2 alone: those with AVX-512 were not measured."""
        if x.device.type != "cpu" or x.dtype != torch.float32 or torch.compiler.is_compiling():
            return False
        *_, height, width = x.shape
        has_whole_tiles = height % STRIDE == 0 and width % STRIDE == 0
        has_work = height * width >= FEWEST_POSITIONS and len(self.weight) >= FEWEST_CHANNELS
        return (
            has_whole_tiles
            and has_work
            and self.in_channels >= FEWEST_CHANNELS
            and not torch.is_autocast_enabled("cpu")
            and torch.backends.cpu.get_cpu_capability() == "AVX2"
        )


class _Convolution(torch.autograd.Function):
    """(N, H, W, C) and a kernel (O, C, 3, 3) to (N, H, W, O), with 2 - 2 ``padding`` less on a side."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, padding: int) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.padding = padding
        return _convolved(x, kernel, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (gradient,) = gradients
        x, kernel = ctx.saved_tensors
        of_x = of_kernel = None
        if ctx.needs_input_grad[0]:
            of_x = _convolved(gradient, kernel.flip(2, 3).transpose(0, 1), KERNEL - 1 - ctx.padding)
        if ctx.needs_input_grad[1]:
            of_kernel = _kernel_gradient(x, gradient, ctx.padding)
        return of_x, of_kernel, None


def _convolved(x: Tensor, kernel: Tensor, padding: int) -> Tensor:
    outputs, inputs = kernel.shape[:2]
    by_place = kernel.permute(2, 3, 1, 0).reshape(KERNEL * KERNEL, -1)
    transformed = (_kernel_matrix(kernel.dtype) @ by_place).view(-1, inputs, outputs)
    x = _padded(x, padding)
    pictures, height, width, _ = x.shape
    result = x.new_empty(pictures, height - STRIDE, width - STRIDE, outputs)
    for picture, rows in _strips(result):
        products = torch.bmm(_tiles(x[picture, rows.start : rows.stop + STRIDE]), transformed)
        _join(products, result[picture, rows])
    return result


def _kernel_gradient(x: Tensor, gradient: Tensor, padding: int) -> Tensor:
    x = _padded(x, padding)
    inputs, outputs = x.shape[-1], gradient.shape[-1]
    transformed = x.new_zeros(TILE * TILE, inputs, outputs)
    for picture, rows in _strips(gradient):
        tiles = _tiles(x[picture, rows.start : rows.stop + STRIDE])
        transformed.baddbmm_(tiles.transpose(1, 2), _spread(gradient[picture, rows]))
    of_kernel = (_kernel_matrix(x.dtype).T @ transformed.flatten(1)).view(KERNEL, KERNEL, inputs, outputs)
    return of_kernel.permute(3, 2, 0, 1)


def _padded(x: Tensor, padding: int) -> Tensor:
    return F.pad(x, (0, 0) + 4 * (padding,)) if padding else x


def _strips(result: Tensor) -> Iterator[tuple[int, slice]]:
    """The rows of each picture, so few at a time that their tiles stay in a processor's cache."""
    pictures, height, width, _ = result.shape
    strips = math.ceil(height * width / STRIDE**2 / MOST_TILES)
    rows = STRIDE * math.ceil(height / STRIDE / strips)
    for picture in range(pictures):
        for start in range(0, height, rows):
            yield picture, slice(start, min(start + rows, height))


@functools.cache
def _kernel_matrix(dtype: torch.dtype) -> Tensor:
    """What makes 4 by 4 of a kernel's 3 by 3, (16, 9)."""
    one_side = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]]
    matrix = torch.tensor(one_side, dtype=dtype)
    return torch.kron(matrix, matrix)


def _tiles(x: Tensor) -> Tensor:
    """The transformed tiles of rows, (H, W, C) to (16, tiles, C); neighbours share two pixels."""
    height, width, channels = x.shape
    rows, columns = height - STRIDE, width - STRIDE
    tiles = x.new_empty(TILE, TILE, rows // STRIDE, columns // STRIDE, channels)
    a, b, c, d = (x[start : start + rows : STRIDE] for start in range(TILE))
    for four, into in zip((a - c, b + c, c - b, b - d), tiles, strict=True):
        a, b, c, d = (four[:, start : start + columns : STRIDE] for start in range(TILE))
        torch.sub(a, c, out=into[0])
        torch.add(b, c, out=into[1])
        torch.sub(c, b, out=into[2])
        torch.sub(b, d, out=into[3])
    return tiles.view(TILE * TILE, -1, channels)


def _join(products: Tensor, into: Tensor) -> None:
    """Make rows, (H, W, O), of the products of their tiles, (16, tiles, O)."""
    height, width, outputs = into.shape
    a, b, c, d = products.view(TILE, TILE, height // STRIDE, width // STRIDE, outputs)
    squares = into.view(height // STRIDE, STRIDE, width // STRIDE, STRIDE, outputs)
    for row, four in enumerate((a + b + c, b - c - d)):
        first, second, third, fourth = four
        torch.add(first + second, third, out=squares[:, row, :, 0])
        torch.sub(second - third, fourth, out=squares[:, row, :, 1])


def _spread(gradient: Tensor) -> Tensor:
    """The gradients of products, (16, tiles, O), by those of the rows that they are joined to, (H, W, O)."""
    height, width, outputs = gradient.shape
    squares = gradient.reshape(height // STRIDE, STRIDE, width // STRIDE, STRIDE, outputs)
    upper, lower = squares.unbind(1)
    spread = gradient.new_empty(TILE, TILE, height // STRIDE, width // STRIDE, outputs)
    for half, into in zip((upper, upper + lower, upper - lower, -lower), spread, strict=True):
        left, right = half.unbind(2)
        into[0] = left
        torch.add(left, right, out=into[1])
        torch.sub(left, right, out=into[2])
        torch.neg(right, out=into[3])
    return spread.view(TILE * TILE, -1, outputs)
