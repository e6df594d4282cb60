"""Translate pictures with a trained generator."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from pix2pix.generators import Generator
from pix2pix.pair_data import to_tensor, to_uint8

TestMode = Literal["eval", "train"]


@contextmanager
def translating(
    generator: Generator, device: torch.device, test_mode: TestMode
) -> Iterator[Callable[[Tensor], Tensor]]:
    """Yield a function that translates one picture, (3, H, W) uint8, to the same shape and type.

    Pictures go one at a time, so that the output of each is the same whatever others there are.

    Args:
        generator: stays as it is, but for its mode, which is ``eval`` afterwards.
        device: that it is on.
        test_mode: ``eval``, or ``train``: norms take their statistics from the picture, and dropout stays on,
            seeded by the picture, as in the paper (arXiv:1611.07004, section 3.3).
    """
    generator.eval()
    if test_mode == "train":
        for module in generator.modules():
            if isinstance(module, nn.Dropout | nn.BatchNorm2d):
                module.train()
    statistics = [buffer.clone() for buffer in generator.buffers()]

    @torch.inference_mode()
    def translate(image: Tensor) -> Tensor:
        if test_mode == "train":
            torch.manual_seed(zlib.crc32(image.cpu().numpy().tobytes()))
        pixel_range = generator.options.pixel_range
        return to_uint8(generator(to_tensor(image.to(device), pixel_range)[None])[0], pixel_range).cpu()

    yield translate
    for buffer, before in zip(generator.buffers(), statistics, strict=True):
        buffer.copy_(before)
    generator.eval()
