"""Translate pictures with a trained generator."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pix2pix.core.choices import TestMode
from pix2pix.model.pair_folder import to_tensor, to_uint8
from pix2pix.networks.generators import Generator

# Pictures at once: a CPU is about twice as fast as with single ones, of 64 px with 8; a GPU has room.
CPU_BATCH, SMALL_BATCH, SMALL_PX = 4, 8, 64
GPU_BATCH, GPU_PIXELS = 64, 2**20


def batch_size(generator: Generator, device: torch.device) -> int:
    """How many pictures of its size a generator is given at once, on its device."""
    size = generator.options.image_size
    if device.type == "cuda":
        return min(GPU_BATCH, max(CPU_BATCH, GPU_PIXELS // size**2))
    return SMALL_BATCH if size <= SMALL_PX else CPU_BATCH


@contextmanager
def translating(
    generator: Generator, fabric: Fabric, test_mode: TestMode
) -> Iterator[Callable[[Tensor], Tensor]]:
    """Yield a function that translates pictures, (N, 3, H, W) uint8, to the same shape and type.

    The output of each picture is the same to the byte, whatever others there are: the generator is always
    given ``batch_size`` pictures, the last ones repeated, because convolutions of different shapes round
    differently. Those larger than the generator's go one by one, in less memory.

    Args:
        generator: stays as it is, but for its mode, which is ``eval`` afterwards.
        fabric: of the device that it is on, and of the precision to work in.
        test_mode: ``eval``, or ``train``: each picture goes alone, so that norms take their statistics from
            it, and dropout stays on, seeded by the picture, as in the paper (arXiv:1611.07004, section 3.3).
    """
    generator.eval()
    if test_mode == "train":
        for module in generator.modules():
            if isinstance(module, nn.Dropout | nn.BatchNorm2d):
                module.train()
    statistics = [buffer.clone() for buffer in generator.buffers()]
    pixel_range = generator.options.pixel_range

    def translate_batch(images: Tensor, batch: int) -> Tensor:
        if test_mode == "train":
            torch.manual_seed(zlib.crc32(images.cpu().numpy().tobytes()))
        full = images[torch.arange(batch).clamp(max=len(images) - 1)]
        real_a = to_tensor(full.to(fabric.device), pixel_range).contiguous(memory_format=torch.channels_last)
        return to_uint8(generator(real_a)[: len(images)], pixel_range).cpu()

    @torch.inference_mode()
    def translate(images: Tensor) -> Tensor:
        is_large = images.shape[2] * images.shape[3] > generator.options.image_size**2
        batch = 1 if is_large or test_mode == "train" else batch_size(generator, fabric.device)
        return torch.cat([translate_batch(some, batch) for some in torch.split(images, batch)])

    with fabric.autocast():
        yield translate
    for buffer, before in zip(generator.buffers(), statistics, strict=True):
        buffer.copy_(before)
    generator.eval()
