"""Random changes of training pairs, and of what the discriminator sees of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as colors

from pix2pix.training.options import AugmentOptions

JITTER_SCALE = 286 / 256
COLOR_RANGE = 0.2  # of brightness, contrast and saturation, as factors around 1
HUE_RANGE = 0.05  # in turns of the colour circle
# Of what the discriminator sees.
SHADE_RANGE = 0.125  # added, in units of the pixel range
SATURATION_RANGE = 0.5  # a factor around 1
CONTRAST_RANGE = 0.25  # likewise
SHIFT_SHARE = 1 / 8  # of the side
HOLE_SHARE = 1 / 4  # of the side


def augment(
    pair: Tensor, options: AugmentOptions, others: Callable[[int], Tensor], rng: np.random.Generator
) -> Tensor:
    """Change a pair, (2, 3, H, W) float in [0, 1], at random; or a picture that stands alone, (1, 3, H, W).

    Args:
        pair: A and B.
        options: what is done.
        others: draws so many more pairs, stacked.
        rng: where all randomness comes from.
    """
    if options.augment_mosaic and rng.random() < options.augment_mosaic:
        pair = mosaic(torch.cat([pair[None], others(3)]), rng)
    if options.augment_color_jitter and rng.random() < options.augment_color_jitter:
        pair = torch.cat([color_jitter(pair[0], rng)[None], pair[1:]])
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


@dataclass(frozen=True)
class Disguise:
    """A change of pairs that a discriminator sees, real and fake ones alike, through which gradients flow.

    Differentiable augmentation (Zhao et al. 2020, arXiv:2006.10738): B's colours are changed, and A and B are
    shifted and get a hole. So D cannot learn a small dataset by heart.

    Attributes:
        shade, saturation, contrast: of each picture, (N, 1, 1, 1).
        rows, columns: where each row and column of a picture comes from, (N, H) and (N, W); what lies beyond
            the edge is grey.
        kept: 0 in the hole and 1 around it, (N, 1, H, W).
    """

    shade: Tensor
    saturation: Tensor
    contrast: Tensor
    rows: Tensor
    columns: Tensor
    kept: Tensor

    @classmethod
    def draw(cls, pictures: Tensor, width: float) -> Self:
        """Draw a change for each of ``pictures``, (N, 3, H, W), from torch's own random numbers.

        Args:
            pictures: whose number, size and device count.
            width: of the pixel range.
        """
        n, _, *sides = pictures.shape
        shade, saturation, contrast = 2 * torch.rand(3, n, 1, 1, 1, device=pictures.device) - 1
        places, is_kept = [], []
        for side in sides:
            at = torch.arange(side, device=pictures.device)
            most, hole = round(SHIFT_SHARE * side), round(HOLE_SHARE * side)
            shift = torch.randint(-most, most + 1, (n, 1), device=pictures.device)
            first = torch.randint(0, side - hole + 1, (n, 1), device=pictures.device)
            places.append(at + shift)
            is_kept.append((at < first) | (at >= first + hole))
        kept = is_kept[0][:, :, None] | is_kept[1][:, None, :]
        return cls(
            width * SHADE_RANGE * shade,
            1 + SATURATION_RANGE * saturation,
            1 + CONTRAST_RANGE * contrast,
            places[0],
            places[1],
            kept[:, None].to(pictures.dtype),
        )

    def on(self, *pictures: Tensor) -> tuple[Tensor, ...]:
        """Change A and B, or B alone, each (N, 3, H, W)."""
        *before, b = pictures
        b = b + self.shade.to(b.dtype)
        grey = b.mean(dim=1, keepdim=True)
        b = grey + self.saturation.to(b.dtype) * (b - grey)
        level = b.mean(dim=(1, 2, 3), keepdim=True)
        b = level + self.contrast.to(b.dtype) * (b - level)
        changed = self._shifted(torch.cat([*before, b], dim=1)) * self.kept
        return torch.chunk(changed, len(pictures), dim=1)

    def _shifted(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        pictures = torch.arange(len(x), device=x.device)[:, None, None]
        rows, columns = self.rows[:, :, None], self.columns[:, None, :]
        is_inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        moved = x[pictures, :, rows.clamp(0, height - 1), columns.clamp(0, width - 1)]  # (N, H, W, C)
        return moved.permute(0, 3, 1, 2) * is_inside[:, None]
