"""Random changes of training pairs, and of what the discriminator sees of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import functional as colors

from pix2pix.machine.prefetch import to_device
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
    pairs: Tensor,
    options: AugmentOptions,
    others: Callable[[int, np.random.Generator], Tensor],
    rngs: Sequence[np.random.Generator],
) -> Tensor:
    """Change pairs, (N, 2, 3, H, W) float in [0, 1], or pictures that stand alone, (N, 1, 3, H, W).

    Args:
        pairs: A and B, on any device.
        options: what is done.
        others: draws so many more pairs, stacked.
        rngs: where all randomness of each pair comes from, on the host.
    """
    if options.augment_mosaic or options.augment_color_jitter:
        pairs = torch.stack(
            [_recomposed(pair, options, others, rng) for pair, rng in zip(pairs, rngs, strict=True)]
        )
    if options.augment_jitter:
        pairs = jitter(pairs, rngs)
    if options.augment_mirror:
        is_mirrored = to_device([rng.random() < 0.5 for rng in rngs], pairs.device)
        pairs = torch.where(is_mirrored.view(-1, 1, 1, 1, 1), pairs.flip(-1), pairs)
    return pairs


def jitter(pairs: Tensor, rngs: Sequence[np.random.Generator]) -> Tensor:
    """Scale pairs, (N, 2, 3, H, W), to 286/256 of their size; cut the same (H, W) window from A and B."""
    size = pairs.shape[-1]
    larger = round(size * JITTER_SCALE)
    scaled = F.interpolate(pairs.flatten(1, 2), size=(larger, larger), mode="bilinear", align_corners=False)
    windows = []
    for pair, rng in zip(scaled.view(*pairs.shape[:3], larger, larger), rngs, strict=True):
        top, left = rng.integers(0, larger - size + 1, size=2)
        windows.append(pair[..., top : top + size, left : left + size])
    return torch.stack(windows)


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


def _recomposed(
    pair: Tensor,
    options: AugmentOptions,
    others: Callable[[int, np.random.Generator], Tensor],
    rng: np.random.Generator,
) -> Tensor:
    if options.augment_mosaic and rng.random() < options.augment_mosaic:
        pair = mosaic(torch.cat([pair[None], others(3, rng)]), rng)
    if options.augment_color_jitter and rng.random() < options.augment_color_jitter:
        pair = torch.cat([color_jitter(pair[0], rng)[None], pair[1:]])
    return pair


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
