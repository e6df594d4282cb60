"""Random changes of training pairs. All randomness comes from the generator that is handed in."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as colors

JITTER_SCALE = 286 / 256
COLOR_RANGE = 0.2  # of brightness, contrast and saturation, as factors around 1
HUE_RANGE = 0.05  # in turns of the colour circle


@dataclass(frozen=True)
class Augmentation:
    """What is done to a pair (arXiv:1611.07004, section 3.3; the last two are of later reports).

    Attributes:
        jitter: scale to 286/256 of the size and crop back at random.
        mirror: flip left and right with probability 0.5.
        color_jitter: probability of changing brightness, contrast, saturation and hue of A.
        mosaic: probability of putting the pair together from quarters of four.
    """

    jitter: bool = False
    mirror: bool = False
    color_jitter: float = 0.0
    mosaic: float = 0.0

    def __call__(self, pair: Tensor, others: Callable[[int], Tensor], rng: np.random.Generator) -> Tensor:
        """Change a pair, (2, 3, H, W) float in [0, 1]; ``others`` draws so many more pairs, stacked."""
        if self.mosaic and rng.random() < self.mosaic:
            pair = mosaic(torch.cat([pair[None], others(3)]), rng)
        if self.color_jitter and rng.random() < self.color_jitter:
            pair = torch.stack([color_jitter(pair[0], rng), pair[1]])
        if self.jitter:
            pair = jitter(pair, rng)
        if self.mirror and rng.random() < 0.5:
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
