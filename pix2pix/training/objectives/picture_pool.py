"""Generated pictures of earlier steps, so that a discriminator forgets none of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


class PicturePool:
    """Up to ``size`` generated pictures, of which half of those that D sees are drawn (arXiv:1612.07828).

    Args:
        size: pictures that are kept; each process of several has its own, and goes on with the first one's.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[Tensor] = []

    def exchanged(self, pictures: Tensor, rng: np.random.Generator) -> Tensor:
        """Return for each picture, (N, 3, H, W), itself or an older one, whose place it takes.

        While the pool is not full, it takes each, and returns it too.
        """
        return torch.stack([self._exchanged_one(picture, rng) for picture in pictures])

    def _exchanged_one(self, picture: Tensor, rng: np.random.Generator) -> Tensor:
        if len(self._kept) < self._size:
            self._kept.append(picture)
            return picture
        if rng.random() < 0.5:
            return picture
        place = int(rng.integers(self._size))
        older, self._kept[place] = self._kept[place], picture
        return older

    def state_dict(self) -> dict[str, Any]:
        """The pictures."""
        return {"kept": list(self._kept)}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Take over what ``state_dict`` returned."""
        self._kept = [picture.to(device) for picture in state["kept"]]
