"""Which pairs an epoch takes, in which order, and which of them a process takes."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

Key = tuple[int, int, int]  # epoch, place in the epoch, index of the pair


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
        self._length, self._batch_size, self._seed = length, batch_size, seed
        self._with_replacement, self._rank, self._processes = with_replacement, rank, processes
        self.epoch, self.start = 1, 0

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
