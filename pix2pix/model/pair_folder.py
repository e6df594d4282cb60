"""A|B pairs as tensors: reading them, keeping them in memory, and handing them to a network."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pix2pix.core.choices import PixelRange
from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.progress import with_progress
from pix2pix.pictures.images import RgbImage, read_image


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
