"""A|B pairs as tensors: reading, jitter, and an order that depends on the seed and the epoch alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset, Sampler

from pix2pix.errors import InputError
from pix2pix.images import RgbImage, read_image

JITTER_SCALE = 286 / 256


class PairFolder:
    """The pairs in a folder and those below it, in the order of their paths.

    The first ones stay decoded in memory, up to ``cache_gb``; the others are read each time.

    Args:
        folder: holds PNG files, twice as wide as high.
        cache_gb: memory for decoded pairs, in GB.

    Raises:
        InputError: the folder holds no pair.
    """

    def __init__(self, folder: Path, cache_gb: float = 0.0) -> None:
        self.folder = folder
        self.paths = sorted(folder.rglob("*.png"))
        if not self.paths:
            raise InputError(f"no pairs in {folder}; build_pairs writes them")
        pair_bytes = read_image(self.paths[0]).nbytes
        self._cache = [self._read(path) for path in self.paths[: int(cache_gb * 1e9 / pair_bytes)]]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        """Return a pair as (2, 3, H, W) uint8: A, then B."""
        return self._cache[index] if index < len(self._cache) else self._read(self.paths[index])

    def name(self, index: int) -> Path:
        """The path of a pair's file, relative to the folder."""
        return self.paths[index].relative_to(self.folder)

    @staticmethod
    def _read(path: Path) -> Tensor:
        image = torch.from_numpy(read_image(path).copy())  # (H, 2W, 3)
        a, b = image.permute(2, 0, 1).chunk(2, dim=2)
        return torch.stack([a, b])


class TrainingPairs(Dataset[Tensor]):
    """Pairs with jitter and mirroring, the same for A and B.

    An item's key is (epoch, index), and its randomness comes from the seed and that key: the number of
    workers changes nothing, and no state needs to be kept to go on with an epoch.

    Args:
        pairs: what to draw from.
        jitter: scale to 286/256 of the size and crop back at random.
        mirror: flip left and right with probability 0.5.
        seed: of all that is random.
    """

    def __init__(self, pairs: PairFolder, *, jitter: bool, mirror: bool, seed: int) -> None:
        self._pairs, self._jitter, self._mirror, self._seed = pairs, jitter, mirror, seed

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, key: tuple[int, int]) -> Tensor:
        """Return a pair as (2, 3, H, W) float32 in [-1, 1]."""
        rng = np.random.default_rng((self._seed, *key))
        pair = to_tensor(self._pairs[key[1]])
        if self._jitter:
            pair = jitter(pair, rng)
        if self._mirror and rng.random() < 0.5:
            pair = pair.flip(-1)
        return pair


class EpochSampler(Sampler[tuple[int, int]]):
    """Keys (epoch, index) for every item once, in an order drawn from the seed and the epoch."""

    def __init__(self, length: int, seed: int) -> None:
        self._length, self._seed = length, seed
        self.epoch = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[tuple[int, int]]:
        order = np.random.default_rng((self._seed, self.epoch)).permutation(self._length)
        return ((self.epoch, int(index)) for index in order)


def jitter(pair: Tensor, rng: np.random.Generator) -> Tensor:
    """Scale a pair, (2, 3, H, W) float, to 286/256 of its size and cut one (H, W) window from A and B."""
    size = pair.shape[-1]
    larger = round(size * JITTER_SCALE)
    scaled = F.interpolate(pair, size=(larger, larger), mode="bilinear", align_corners=False)
    top, left = rng.integers(0, larger - size + 1, size=2)
    return scaled[..., top : top + size, left : left + size]


def to_tensor(image: Tensor) -> Tensor:
    """Map uint8 in [0, 255] to float32 in [-1, 1]."""
    return image.float().div_(127.5).sub_(1)


def to_uint8(tensor: Tensor) -> Tensor:
    """Map float in [-1, 1] to uint8 in [0, 255], rounded; what lies outside is clipped."""
    return tensor.add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


def to_image(tensor: Tensor) -> RgbImage:
    """Turn a picture, (3, H, W) uint8, into an array, (H, W, 3) uint8."""
    return np.ascontiguousarray(tensor.permute(1, 2, 0).cpu().numpy())
