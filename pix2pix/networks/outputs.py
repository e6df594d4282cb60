"""The end of a generator: from the channels of its last layer to pictures in RGB."""

import torch
from torch import Tensor, nn

from pix2pix.core.choices import Output, PixelRange
from pix2pix.pictures.images import LUMA

OUTPUT_CHANNELS: dict[Output, int] = {"colour": 3, "chroma": 2}  # of a generator's last layer
LEAST = 1e-6  # in place of a room or a colour of 0, to divide by


class ColourOutput(nn.Module):
    """Pictures whose colours are the channels: by tanh in [-1, 1], or by a sigmoid in [0, 1]."""

    def __init__(self, pixel_range: PixelRange) -> None:
        super().__init__()
        self.activation = nn.Tanh() if pixel_range == "symmetric" else nn.Sigmoid()

    def forward(self, channels: Tensor, _real_a: Tensor) -> Tensor:
        """Turn (N, 3, H, W) into pictures of the same shape, whatever the inputs."""
        picture: Tensor = self.activation(channels)
        return picture


class ChromaOutput(nn.Module):
    """Pictures with the brightness of the inputs, on which the channels lay colours.

    The channels are Cb and Cr (ITU-R BT.601, full range), each by tanh. Where a colour does not fit between
    black and white at the input's brightness, it is made just so much paler that it does: clipping would
    change the brightness. Under autocast, too, all this is in the inputs' precision.
    """

    def __init__(self, pixel_range: PixelRange) -> None:
        super().__init__()
        self._black = -1.0 if pixel_range == "symmetric" else 0.0
        self._most_chroma = (1 - self._black) / 2

    def forward(self, channels: Tensor, real_a: Tensor) -> Tensor:
        """Turn (N, 2, H, W), and inputs (N, 3, H, W) in the pixel range, into pictures like the inputs."""
        of_red, of_green, of_blue = LUMA
        luma = of_red * real_a[:, 0:1] + of_green * real_a[:, 1:2] + of_blue * real_a[:, 2:3]
        cb, cr = torch.split(self._most_chroma * torch.tanh(channels.to(real_a.dtype)), 1, dim=1)
        red, blue = 2 * (1 - of_red) * cr, 2 * (1 - of_blue) * cb
        green = -(of_red * red + of_blue * blue) / of_green
        colour = torch.cat([red, green, blue], dim=1)
        room = torch.where(colour > 0, 1 - luma, luma - self._black).clamp(min=0)
        share = room / torch.maximum(room, colour.abs()).clamp(min=LEAST)  # 1 where the channel fits
        return luma + share.amin(dim=1, keepdim=True) * colour


def picture_output(output: Output, pixel_range: PixelRange) -> nn.Module:
    """Return what makes pictures of ``OUTPUT_CHANNELS[output]`` channels and of the inputs."""
    return (ColourOutput if output == "colour" else ChromaOutput)(pixel_range)
