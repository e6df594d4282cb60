"""Training pairs: which ones an epoch takes, in which order, and how each is changed at random."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from pix2pix.core.choices import PixelRange
from pix2pix.machine.prefetch import to_device
from pix2pix.model.pair_folder import PairFolder, Pictures, to_tensor
from pix2pix.training.augment import augment
from pix2pix.training.options import AugmentOptions

Key = tuple[int, int, int]  # epoch, place in the epoch, index of the pair


class TrainingPairs(Dataset[Tensor]):
    """Pairs as a network takes them, changed at random.

    An item's key is (epoch, place in the epoch, index), and its randomness comes from the seed and the first
    two: the number of workers changes nothing, and no state needs to be kept to go on with an epoch.

    Args:
        pairs: what to draw from.
        options: what is done to them.
        pixel_range: of the network.
        seed: of the changes.
    """

    def __init__(
        self, pairs: PairFolder, options: AugmentOptions, pixel_range: PixelRange, seed: int
    ) -> None:
        self._pairs = pairs
        self._options = options
        self._pixel_range = pixel_range
        self._seed = seed
        self._held: Tensor | None = None

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, key: Key) -> Tensor:
        """Return a pair as (2, 3, H, W) float32 in the pixel range."""
        return self.__getitems__([key])[0]

    def __getitems__(self, keys: Sequence[Key]) -> list[Tensor]:
        """Return the pairs of a batch, made together, on the device that holds them."""
        rngs = [_rng(self._seed, key) for key in keys]
        pairs = augment(self._unit([index for *_, index in keys]), self._options, self._others, rngs)
        return list(pairs.mul(2).sub_(1) if self._pixel_range == "symmetric" else pairs)

    def hold_on(self, device: torch.device) -> None:
        """Keep all pairs on a device, as uint8, and change them there."""
        self._held = torch.stack([self._pairs[index] for index in range(len(self))]).to(device)

    @property
    def nbytes(self) -> int:
        """What all pairs take as uint8."""
        return len(self) * self._pairs[0].nbytes

    @property
    def is_held(self) -> bool:
        """Whether a device holds the pairs."""
        return self._held is not None

    def _others(self, count: int, rng: np.random.Generator) -> Tensor:
        return self._unit(rng.integers(len(self._pairs), size=count).tolist())

    def _unit(self, indices: Sequence[int]) -> Tensor:
        if self._held is None:
            return to_tensor(torch.stack([self._pairs[index] for index in indices]), "unit")
        return to_tensor(self._held[to_device(indices, self._held.device)], "unit")


class TrainingSides(Dataset[Tensor]):
    """Pictures of A, and of B that have nothing to do with them, as a network takes them, changed at random.

    As in the code of arXiv:1703.10593 an epoch has as many as the larger side: A's come one after the other,
    and B's are drawn. A key is that of ``TrainingPairs``, and so is the randomness.

    Args:
        sides: the pictures of A and of B.
        options: what is done to them, each for itself; ``augment_color_jitter`` to A's alone.
        pixel_range: of the network.
        seed: of the changes, and of what is drawn.
    """

    is_held = False  # by a device

    def __init__(
        self, sides: tuple[Pictures, Pictures], options: AugmentOptions, pixel_range: PixelRange, seed: int
    ) -> None:
        self._sides = sides
        self._pixel_range = pixel_range
        self._seed = seed
        self._of_a = AugmentOptions.of(vars(options))
        self._of_b = replace(self._of_a, augment_color_jitter=0.0)

    def __len__(self) -> int:
        return max(map(len, self._sides))

    def __getitem__(self, key: Key) -> Tensor:
        """Return a picture of A and one of B as (2, 3, H, W) float32 in the pixel range."""
        rng = _rng(self._seed, key)
        of_a, of_b = self._sides
        a = self._changed(of_a, key[-1] % len(of_a), self._of_a, rng)
        b = self._changed(of_b, int(rng.integers(len(of_b))), self._of_b, rng)
        pictures = torch.cat([a, b])
        return pictures.mul(2).sub_(1) if self._pixel_range == "symmetric" else pictures

    @staticmethod
    def _changed(side: Pictures, index: int, options: AugmentOptions, rng: np.random.Generator) -> Tensor:
        def alone(index: int) -> Tensor:
            return to_tensor(side[index], "unit")[None]

        def others(count: int, rng: np.random.Generator) -> Tensor:
            return torch.stack([alone(int(i)) for i in rng.integers(len(side), size=count)])

        return augment(alone(index)[None], options, others, [rng])[0]


class EpochBatches(Sampler[list[Key]]):
    """Batches of an epoch, in an order drawn from the seed and the epoch alone.

    With several processes each takes its share of every batch; what an epoch's last batch has beyond a
    multiple of the processes is left out.

    Args:
        length: the number of pairs.
        batch_size: pairs of all processes together.
        seed: of the order.
        with_replacement: draw every pair from all, so that an epoch has some twice and some not at all.
        rank: of this process.
        processes: that share a batch.

    Attributes:
        epoch: which one comes next.
        start: batches of it that are left out, because an earlier run has taken them.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        seed: int,
        *,
        with_replacement: bool = False,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        self._length = length
        self._batch_size = batch_size
        self._seed = seed
        self._with_replacement = with_replacement
        self._rank = rank
        self._processes = processes
        self.epoch = 1
        self.start = 0

    def __len__(self) -> int:
        """The batches of a whole epoch."""
        rest = self._length % self._batch_size
        return self._length // self._batch_size + (rest >= self._processes)

    def __iter__(self) -> Iterator[list[Key]]:
        rng = np.random.default_rng((self._seed, self.epoch))
        order = rng.permutation(self._length)
        if self._with_replacement:
            order = rng.integers(self._length, size=self._length)
        for first in range(self.start * self._batch_size, len(self) * self._batch_size, self._batch_size):
            last = min(first + self._batch_size, self._length)
            last -= (last - first) % self._processes
            places = range(first + self._rank, last, self._processes)
            yield [(self.epoch, place, int(order[place])) for place in places]


def _rng(seed: int, key: Key) -> np.random.Generator:
    epoch, place, _ = key
    return np.random.default_rng((seed, epoch, place))
