"""Measures of an output against its target, on 8-bit pictures."""

from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

PSNR_CAP_DB = 100.0
HISTOGRAM_BINS = 64


def image_metrics(output: Tensor, target: Tensor) -> dict[str, float]:
    """Measure one picture against its target, both (3, H, W) uint8."""
    return {
        "l1": l1(output, target),
        "psnr": psnr(output, target),
        "ssim": ssim(output, target),
        "histogram_distance": histogram_distance(output, target),
    }


def l1(output: Tensor, target: Tensor) -> float:
    """Mean absolute error over pixels and channels, in [0, 1]."""
    return float((output.double() - target.double()).abs().mean()) / 255


def psnr(output: Tensor, target: Tensor) -> float:
    """Peak signal-to-noise ratio in dB, capped at 100."""
    mse = float(((output.double() - target.double()) / 255).square().mean())
    return PSNR_CAP_DB if mse == 0 else min(PSNR_CAP_DB, -10 * float(np.log10(mse)))


def ssim(output: Tensor, target: Tensor) -> float:
    """Structural similarity (Wang et al. 2004) with an 11 px Gaussian window, on data range 1."""
    value = structural_similarity_index_measure(
        output[None].float() / 255, target[None].float() / 255, data_range=1.0
    )
    return float(cast(Tensor, value))


def histogram_distance(output: Tensor, target: Tensor) -> float:
    """Hellinger distance of the normalised 64-bin histograms, averaged over R, G and B.

    0 is equal, 1 is disjoint; OpenCV calls it ``HISTCMP_BHATTACHARYYA``.
    """
    distances = [
        np.sqrt(max(0.0, 1.0 - float(np.sqrt(_histogram(o) * _histogram(t)).sum())))
        for o, t in zip(output, target, strict=True)
    ]
    return float(np.mean(distances))


def _histogram(channel: Tensor) -> npt.NDArray[np.float64]:
    counts = torch.bincount(channel.flatten().long() * HISTOGRAM_BINS // 256, minlength=HISTOGRAM_BINS)
    return (counts.double() / channel.numel()).numpy()
