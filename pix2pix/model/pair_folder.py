"""A|B pairs, and pictures that are none, as tensors: read, kept in memory, and handed to a network."""

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
from pix2pix.pictures.pairs import SIDES, are_unpaired


class PictureFolder:
    """The pictures in a folder and those below it, in the order of their paths.

    The first ones stay decoded in memory, up to ``cache_gb``; the others are read each time.

    Args:
        folder: holds square PNG files.
        cache_gb: memory for decoded pictures, in GB.

    Raises:
        InputError: the folder holds none.
    """

    expected, what, shape = "square PNG files", "picture", "a picture is a square"

    def __init__(self, folder: Path, cache_gb: float = 0.0) -> None:
        self.folder = folder
        self.paths = sorted(folder.rglob("*.png"))
        if not self.paths:
            raise InputError(
                f"no {self.what}s in {folder}: expected {self.expected}; build_pairs writes them"
            )
        cached = self.paths[: int(cache_gb * 1e9 / read_image(self.paths[0]).nbytes)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            pictures = pool.map(self._read, cached)
            self._cache = list(
                with_progress(pictures, len(cached), f"read {folder.name} {self.what}s", self.what)
            )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        """Return a picture as (3, H, W) uint8."""
        return self._cache[index] if index < len(self._cache) else self._read(self.paths[index])

    @property
    def names(self) -> list[Path]:
        """The paths of the files, relative to the folder."""
        return [path.relative_to(self.folder) for path in self.paths]

    def name(self, index: int) -> Path:
        """The path of a file, relative to the folder."""
        return self.paths[index].relative_to(self.folder)

    def _read(self, path: Path) -> Tensor:
        try:
            image = torch.from_numpy(read_image(path).copy())  # (H, W, 3)
        except UnreadableError as error:
            raise InputError(f"{path}: {error}; `dvc repro --force build_pairs` makes it again") from error
        picture = self._parted(image.permute(2, 0, 1))
        if picture.shape[-1] != picture.shape[-2]:
            raise InputError(f"{path} is {image.shape[1]}x{image.shape[0]}; {self.shape}")
        return picture

    def _parted(self, image: Tensor) -> Tensor:
        """What is made of a file's picture, (3, H, W)."""
        return image


class PairFolder(PictureFolder):
    """The pairs in a folder and those below it, as ``PictureFolder`` holds pictures.

    Its files are twice as wide as high; an item is a pair as (2, 3, H, W) uint8: A, then B.
    """

    expected, what = "PNG files, twice as wide as high", "pair"
    shape = "a pair is two squares side by side, twice as wide as high"

    def _parted(self, image: Tensor) -> Tensor:
        a, b = image[..., : image.shape[2] // 2], image[..., image.shape[2] // 2 :]
        return torch.stack([a, b]) if a.shape == b.shape else image


class Side:
    """One side, A or B, of pairs that are taken for pictures that are none.

    Args:
        pairs: all of them.
        side: 0 for A, 1 for B.
    """

    def __init__(self, pairs: PairFolder, side: int) -> None:
        self._pairs, self._side = pairs, side

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Tensor:
        """Return a picture as (3, H, W) uint8."""
        return self._pairs[index][self._side]

    def name(self, index: int) -> Path:
        """The path of a pair's file, relative to its folder."""
        return self._pairs.name(index)


Pictures = PictureFolder | Side


def open_sides(pairs: Path, split: str, cache_gb: float = 0.0) -> tuple[Pictures, Pictures]:
    """Open the pictures of A and of B of a split: of two sides that are no pairs, or of pairs.

    Args:
        pairs: the folder that ``build_pairs`` wrote.
        split: ``train``, ``val`` or ``test``.
        cache_gb: memory for decoded pictures, in GB.

    Raises:
        InputError: a side holds no picture.
    """
    if not are_unpaired(pairs):
        folder = PairFolder(pairs / split, cache_gb)
        return Side(folder, 0), Side(folder, 1)
    a, b = (PictureFolder(pairs / split / side, cache_gb / len(SIDES)) for side in SIDES)
    return a, b


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
