"""The adversarial losses. All take logits of any shape and average over patches and pictures."""

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
