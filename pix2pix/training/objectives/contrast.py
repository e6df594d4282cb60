"""The patchwise contrastive loss (Park et al. 2020, arXiv:2007.15651, section 3)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

TEMPERATURE = 0.07


def contrastive_loss(described: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """How badly each patch of the output tells its own place in the input from the others of that picture.

    Args:
        described: unit vectors of output and input, (N, patches, D), for each depth.

    Returns:
        the mean cross-entropy over patches and depths.
    """
    losses = []
    for query, key in described:
        logits = query @ key.transpose(1, 2) / TEMPERATURE  # (N, patches, patches)
        n, patches, _ = logits.shape
        own = torch.arange(patches, device=logits.device).repeat(n)
        losses.append(F.cross_entropy(logits.flatten(0, 1), own))
    return torch.stack(losses).mean()
