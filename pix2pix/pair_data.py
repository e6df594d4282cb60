"""A|B pairs as tensors: reading them, keeping them in memory, and handing them to a network."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pix2pix.augment import Augmentation
from pix2pix.batches import Key
from pix2pix.errors import InputError, UnreadableError
from pix2pix.generators import PixelRange
from pix2pix.images import RgbImage, read_image
from pix2pix.progress import with_progress


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
            raise InputError(
                f"no pairs in {folder}: expected PNG files, twice as wide as high; build_pairs writes them"
            )
        pair_bytes = read_image(self.paths[0]).nbytes
        cached = self.paths[: int(cache_gb * 1e9 / pair_bytes)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            pairs = pool.map(self._read, cached)
            self._cache = list(with_progress(pairs, len(cached), f"read {folder.name} pairs", "pair"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        """Return a pair as (2, 3, H, W) uint8: A, then B."""
        return self._cache[index] if index < len(self._cache) else self._read(self.paths[index])

    @property
    def names(self) -> list[Path]:
        """The paths of the pairs' files, relative to the folder."""
        return [path.relative_to(self.folder) for path in self.paths]

    def name(self, index: int) -> Path:
        """The path of a pair's file, relative to the folder."""
        return self.paths[index].relative_to(self.folder)

    @staticmethod
    def _read(path: Path) -> Tensor:
        try:
            image = torch.from_numpy(read_image(path).copy())  # (H, 2W, 3)
        except UnreadableError as error:
            raise InputError(f"{path}: {error}; `dvc repro --force build_pairs` makes it again") from error
        height, width = image.shape[:2]
        if width != 2 * height:
            raise InputError(
                f"{path} is {width}x{height}; a pair is two squares side by side, twice as wide as high"
            )
        a, b = image.permute(2, 0, 1).chunk(2, dim=2)
        return torch.stack([a, b])


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


def to_tensor(image: Tensor, pixel_range: PixelRange) -> Tensor:
    """Map uint8 in [0, 255] to float32 in [-1, 1], or in [0, 1] where the range is ``unit``."""
    return image.float().div_(127.5).sub_(1) if pixel_range == "symmetric" else image.float().div_(255)


def to_uint8(tensor: Tensor, pixel_range: PixelRange) -> Tensor:
    """Map float in the pixel range to uint8 in [0, 255], rounded; what lies outside is clipped."""
    scaled = tensor.add(1).mul(127.5) if pixel_range == "symmetric" else tensor.mul(255)
    return scaled.round().clamp(0, 255).to(torch.uint8)


def to_image(tensor: Tensor) -> RgbImage:
    """Turn a picture, (3, H, W) uint8, into an array, (H, W, 3) uint8."""
    return np.ascontiguousarray(tensor.permute(1, 2, 0).cpu().numpy())
