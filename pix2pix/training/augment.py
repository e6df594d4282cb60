"""Random changes of training pairs. All randomness comes from the generator that is handed in."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as colors

from pix2pix.training.options import AugmentOptions

JITTER_SCALE = 286 / 256
COLOR_RANGE = 0.2  # of brightness, contrast and saturation, as factors around 1
HUE_RANGE = 0.05  # in turns of the colour circle


def augment(
    pair: Tensor, options: AugmentOptions, others: Callable[[int], Tensor], rng: np.random.Generator
) -> Tensor:
    """Change a pair, (2, 3, H, W) float in [0, 1], at random.

    Args:
        pair: A and B.
        options: what is done.
        others: draws so many more pairs, stacked.
        rng: where all randomness comes from.
    """
    if options.augment_mosaic and rng.random() < options.augment_mosaic:
        pair = mosaic(torch.cat([pair[None], others(3)]), rng)
    if options.augment_color_jitter and rng.random() < options.augment_color_jitter:
        pair = torch.stack([color_jitter(pair[0], rng), pair[1]])
    if options.augment_jitter:
        pair = jitter(pair, rng)
    if options.augment_mirror and rng.random() < 0.5:
        pair = pair.flip(-1)
    return pair


def jitter(pair: Tensor, rng: np.random.Generator) -> Tensor:
    """Scale a pair, (2, 3, H, W) float, to 286/256 of its size and cut one (H, W) window from A and B."""
    size = pair.shape[-1]
    larger = round(size * JITTER_SCALE)
    scaled = F.interpolate(pair, size=(larger, larger), mode="bilinear", align_corners=False)
    top, left = rng.integers(0, larger - size + 1, size=2)
    return scaled[..., top : top + size, left : left + size]


def color_jitter(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Change the colours of a picture, (3, H, W) float in [0, 1], a little."""
    brightness, contrast, saturation = rng.uniform(1 - COLOR_RANGE, 1 + COLOR_RANGE, size=3)
    image = colors.adjust_brightness(image, brightness)
    image = colors.adjust_contrast(image, contrast)
    image = colors.adjust_saturation(image, saturation)
    changed: Tensor = colors.adjust_hue(image, rng.uniform(-HUE_RANGE, HUE_RANGE))
    return changed


def mosaic(pairs: Tensor, rng: np.random.Generator) -> Tensor:
    """Put a pair together from windows of a quarter of each of four, (4, 2, 3, H, W), at their own scale."""
    half = pairs.shape[-1] // 2
    windows = []
    for pair in pairs:
        top, left = rng.integers(0, half + 1, size=2)
        windows.append(pair[..., top : top + half, left : left + half])
    return torch.cat([torch.cat(windows[:2], dim=-1), torch.cat(windows[2:], dim=-1)], dim=-2)
