"""Translate pictures with a trained generator."""

import torch
from torch import Tensor, nn

from pix2pix.pair_data import to_tensor, to_uint8


@torch.inference_mode()
def translate(generator: nn.Module, image: Tensor, device: torch.device) -> Tensor:
    """Translate one picture, (3, H, W) uint8, to the same shape and type.

    Pictures go one at a time, so that the output of each is the same whatever others there are.
    """
    return to_uint8(generator(to_tensor(image.to(device))[None])[0]).cpu()
