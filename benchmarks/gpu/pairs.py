"""Pairs to train on: facades where they lie here, else made ones, which look a little like them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import cpu_count
from pathlib import Path

import numpy as np

from pix2pix.core.choices import ImageSize
from pix2pix.core.outputs import link_or_copy
from pix2pix.pairs.making import make_pair
from pix2pix.pictures.images import IMAGE_SUFFIXES, RgbImage, read_image, write_png
from pix2pix.pictures.options import PairOptions
from pix2pix.pictures.pairs import TEST, TRAIN, VAL

MADE = {TRAIN: 400, VAL: 40, TEST: 60}  # pairs, where there are no facades
RECTANGLES = 24
COLOURS = ((0, 0, 170), (0, 85, 255), (0, 170, 255), (85, 255, 170), (255, 255, 0), (255, 85, 0))
SPLITS = (TRAIN, VAL, TEST)


def write_pairs(datasets: Path, out: Path, size: ImageSize, most: int = 0) -> str:
    """Write pairs of label maps, A, and what they show, B.

    Args:
        datasets: the folder that may hold ``facades``.
        out: gets ``train/``, ``val/`` and ``test/``.
        size: side of A and of B in px.
        most: pairs in a split at most; 0 is all.

    Returns:
        what they are, in words.
    """
    facades = datasets / "facades"
    if not all((facades / split).is_dir() for split in SPLITS):
        return _write_made(out, size, most)
    options = PairOptions(pair_task="none", direction="BtoA", image_size=size)
    jobs = [
        (path, out / split / f"{path.stem}.png")
        for split in SPLITS
        for path in _pictures(facades / split)[: most or None]
    ]
    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(partial(_write_pair, options), *zip(*jobs, strict=True)))
    return "facades"


def repeat(folder: Path, count: int) -> None:
    """Give a split as many pairs, by further names of those that it has; what is beyond ``count`` goes."""
    paths = sorted(folder.glob("*.png"))
    for path in paths[count:]:
        path.unlink()
    for number in range(len(paths), count):
        link_or_copy(paths[number % len(paths)], folder / f"again_{number:05}.png")


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)


def _write_pair(options: PairOptions, source: Path, target: Path) -> None:
    write_png(target, make_pair(read_image(source), options))


def _write_made(out: Path, size: int, most: int) -> str:
    jobs = [
        ((seed, number), out / split / f"{number:04}.png")
        for seed, (split, count) in enumerate(MADE.items())
        for number in range(min(count, most or count))
    ]
    with ThreadPoolExecutor(cpu_count()) as pool:
        list(pool.map(partial(_write_made_pair, size), *zip(*jobs, strict=True)))
    return "made pictures"


def _write_made_pair(size: int, seed: tuple[int, int], target: Path) -> None:
    write_png(target, made_pair(seed, size))


def made_pair(seed: tuple[int, int], size: int) -> RgbImage:
    """Draw a label map, rectangles in a few colours, and a picture that has a texture for each colour."""
    rng = np.random.default_rng(seed)
    classes = np.zeros((size, size), np.int64)
    for _ in range(RECTANGLES):
        top, left = rng.integers(0, size - size // 8, 2)
        height, width = rng.integers(size // 16, size // 3, 2)
        classes[top : top + height, left : left + width] = rng.integers(len(COLOURS))
    y, x = np.mgrid[:size, :size] / size
    periods = 40 * (1 + classes)
    shade = 0.75 + 0.25 * np.sin(periods * np.where(classes % 2, x, y) + rng.uniform(0, 6))
    labels = np.asarray(COLOURS)[classes]
    picture = (60 + 0.6 * labels[..., ::-1]) * shade[..., None]
    return np.hstack([labels, picture]).astype(np.uint8)
