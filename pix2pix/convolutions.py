"""The convolutions that halve and double the side: kernel 4, stride 2, padding 1.

Where a picture has shrunk to few positions, a convolution library spends its time on bringing millions of
weights into its own order, for little arithmetic. There a CPU is two to seven times as fast with matrix
products over the weights as they lie, in channels-last order.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNEL = 4
FEW_POSITIONS = 128  # of all pictures of a batch together, on the smaller side


class Halving(nn.Conv2d):
    """A convolution from (N, C, H, W), with even sides, to (N, O, H/2, W/2)."""

    def __init__(self, inputs: int, outputs: int, bias: bool) -> None:
        super().__init__(inputs, outputs, KERNEL, 2, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        n, c, h, w = x.shape
        if not _has_few_positions(x, n * h * w // 4):
            return super().forward(x)
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        image, row, column, _ = padded.stride()
        windows = padded.as_strided(
            (n, h // 2, w // 2, KERNEL, KERNEL, c), (image, 2 * row, 2 * column, row, column, 1)
        )
        weight = self.weight.permute(0, 2, 3, 1).reshape(self.out_channels, -1)  # (O, 4 4 C)
        output = F.linear(windows.reshape(-1, KERNEL * KERNEL * c), weight, self.bias)
        return output.view(n, h // 2, w // 2, -1).permute(0, 3, 1, 2)


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution from (N, C, H, W) to (N, O, 2H, 2W)."""

    def __init__(self, inputs: int, outputs: int, bias: bool) -> None:
        super().__init__(inputs, outputs, KERNEL, 2, 1, bias=bias)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Convolve; ``output_size`` is not used."""
        n, c, h, w = x.shape
        if not _has_few_positions(x, n * h * w):
            return super().forward(x)
        weight = self.weight.permute(0, 2, 3, 1).reshape(c, -1)  # (C, 4 4 O)
        windows = (x.permute(0, 2, 3, 1).reshape(-1, c) @ weight).view(n, h, w, KERNEL, KERNEL, -1)
        padded = windows.new_zeros(n, 2 * h + 2, 2 * w + 2, self.out_channels)
        for row in range(KERNEL):
            for column in range(KERNEL):
                padded[:, row : row + 2 * h : 2, column : column + 2 * w : 2] += windows[:, :, :, row, column]
        output = padded[:, 1:-1, 1:-1]
        if self.bias is not None:
            output = output + self.bias.to(output.dtype)
        return output.permute(0, 3, 1, 2)


def _has_few_positions(x: Tensor, positions: int) -> bool:
    return x.device.type == "cpu" and positions <= FEW_POSITIONS and not torch.compiler.is_compiling()
