"""The small networks by which CUT compares patches (Park et al. 2020, arXiv:2007.15651)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pix2pix.networks.layers import INITIAL_STD

WIDTH = 256  # channels that patches are compared in; appendix C.1
PATCHES = 256  # at most so many of each layer are compared


class PatchHeads(nn.Module):
    """A small network of two layers per depth, which turns features of patches into unit vectors.

    Args:
        channels: of the features of each depth.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)) for inputs in channels
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0.0, INITIAL_STD)
                nn.init.zeros_(module.bias)

    def forward(self, queries: Sequence[Tensor], keys: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """Draw places, and describe what two pictures have there.

        Args:
            queries: features of the output, (N, C, h, w) of each depth.
            keys: features of the input, of the same shapes; no gradient goes into them.

        Returns:
            unit vectors, (N, patches, ``WIDTH``) of both, for each depth, of the same places.
        """
        described = []
        for head, query, key in zip(self.heads, queries, keys, strict=True):
            places = torch.randperm(query[0, 0].numel(), device=query.device)[:PATCHES]
            patches = [features.flatten(2)[..., places].transpose(1, 2) for features in (query, key.detach())]
            of_query, of_key = (F.normalize(head(each).float(), dim=2) for each in patches)
            described.append((of_query, of_key.detach()))
        return described
