"""The losses by a discriminator's logits, of any shape, and by the features of networks."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from pix2pix.core.choices import GanLoss


def discriminator_loss(kind: GanLoss, logits: Tensor, *, is_real: bool) -> Tensor:
    """The discriminator's loss on the logits of a batch that is all real, or all fake.

    ``bce`` is the paper's binary cross-entropy (Goodfellow et al. 2014, arXiv:1406.2661), ``lsgan`` the
    squared error against 1 or 0 (Mao et al. 2016, arXiv:1611.04076), ``hinge`` stops at a margin of 1 (Lim
    and Ye 2017, arXiv:1705.02894).
    """
    if kind == "hinge":
        return F.relu(1 - logits if is_real else 1 + logits).mean()
    target = torch.full_like(logits, float(is_real))
    return (F.mse_loss if kind == "lsgan" else F.binary_cross_entropy_with_logits)(logits, target)


def generator_loss(kind: GanLoss, logits: Tensor) -> Tensor:
    """The generator's loss on D's logits of its pictures: low where D takes them for real."""
    return -logits.mean() if kind == "hinge" else discriminator_loss(kind, logits, is_real=True)


def accuracy(kind: GanLoss, logits: Tensor, *, is_real: bool) -> Tensor:
    """The share of patches that D judges rightly, in [0, 1]."""
    threshold = 0.5 if kind == "lsgan" else 0.0
    judged_real = (logits > threshold).float().mean()
    return judged_real if is_real else 1 - judged_real


def feature_matching_loss(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """The mean absolute difference of D's features, averaged over layers (arXiv:1711.11585, section 3.3)."""
    return torch.stack([F.l1_loss(one, other) for one, other in zip(fake, real, strict=True)]).mean()


def perceptual_loss(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """The mean absolute difference of features of a network that knows ImageNet (arXiv:1603.08155).

    That of each layer is taken relative to the mean of the real features, so that each counts the same.
    """
    shares = [
        F.l1_loss(one, other) / (other.abs().mean() + 1e-3) for one, other in zip(fake, real, strict=True)
    ]
    return torch.stack(shares).mean()
