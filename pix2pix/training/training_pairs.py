"""A|B pairs as tensors: reading them, keeping them in memory, and handing them to a network."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pix2pix.core.choices import PixelRange
from pix2pix.model.pair_folder import PairFolder, to_tensor
from pix2pix.training.augment import Augmentation
from pix2pix.training.epoch_batches import Key


class TrainingPairs(Dataset[Tensor]):
    """Pairs as a network takes them, changed at random.

    An item's key is (epoch, place in the epoch, index), and its randomness comes from the seed and the first
    two: the number of workers changes nothing, and no state needs to be kept to go on with an epoch.

    Args:
        pairs: what to draw from.
        augmentation: what is done to them.
        pixel_range: of the network.
        seed: of all that is random.
    """

    def __init__(
        self, pairs: PairFolder, augmentation: Augmentation, pixel_range: PixelRange, seed: int
    ) -> None:
        self._pairs, self._augmentation, self._pixel_range, self._seed = (
            pairs,
            augmentation,
            pixel_range,
            seed,
        )

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, key: Key) -> Tensor:
        """Return a pair as (2, 3, H, W) float32 in the pixel range."""
        epoch, place, index = key
        rng = np.random.default_rng((self._seed, epoch, place))

        def others(count: int) -> Tensor:
            return torch.stack([self._unit(int(i)) for i in rng.integers(len(self._pairs), size=count)])

        pair = self._augmentation(self._unit(index), others, rng)
        return pair.mul(2).sub_(1) if self._pixel_range == "symmetric" else pair

    def _unit(self, index: int) -> Tensor:
        return to_tensor(self._pairs[index], "unit")
