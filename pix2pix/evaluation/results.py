"""The files that an evaluation writes: the translated pictures, and the plots of their measurements."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from lightning_fabric import Fabric
from torch import Tensor

from pix2pix.core.choices import TestMode
from pix2pix.core.errors import InputError, UnreadableError
from pix2pix.core.outputs import whole_folder, write_table
from pix2pix.core.progress import with_progress
from pix2pix.evaluation.examples import (
    MAP_TITLES,
    best_median_worst,
    error_map,
    outputs_and_real,
    random_examples,
    random_of_set,
)
from pix2pix.evaluation.measurement import Measured
from pix2pix.evaluation.metrics import HISTOGRAM_BINS, Histograms
from pix2pix.evaluation.set_measurement import MeasuredSet, classes_of_set
from pix2pix.evaluation.summary import by_class
from pix2pix.machine.prefetch import ahead
from pix2pix.model.inference import batch_size, translating
from pix2pix.model.pair_folder import PairFolder, to_image
from pix2pix.networks.generators import Generator
from pix2pix.pictures.contact_sheet import write_sheet
from pix2pix.pictures.images import read_image, write_png

CHANNELS = ("red", "green", "blue")


def translate_folder(
    generator: Generator, pairs: PairFolder, out: Path, fabric: Fabric, test_mode: TestMode
) -> None:
    """Translate the input of every pair and write it, under the pair's own name, below ``out``.

    While a batch is translated, threads read the next one and write the one before.

    Raises:
        InputError: a pair is damaged, or of another size than the generator's pictures.
    """
    size = generator.options.image_size

    def read(index: int) -> Tensor:
        real_a = pairs[index][0]
        if real_a.shape[1] != size:
            raise InputError(
                f"{pairs.paths[index]}: its halves are {real_a.shape[2]}x{real_a.shape[1]}, and the model is "
                f"for pictures of {size}x{size}; build the pairs with image_size: {size}"
            )
        return real_a

    _translate_each(generator, read, [out / name for name in pairs.names], fabric, test_mode)


def translate_pictures(
    generator: Generator, pictures: Path, out: Path, fabric: Fabric, test_mode: TestMode
) -> None:
    """Translate every picture of a folder and write it, under its own name, below ``out``.

    Args:
        generator: in evaluation mode, on the device of ``fabric``.
        pictures: the folder; it holds PNG files, at any depth.
        out: gets the translated ones.
        fabric: of the device, and of the precision to work in.
        test_mode: of norms and dropout, as ``pix2pix.model.inference`` has them.

    Raises:
        InputError: a picture is damaged, or of another size than the generator's.
    """
    size = generator.options.image_size
    names = picture_names(pictures)

    def read(index: int) -> Tensor:
        path = pictures / names[index]
        try:
            image = read_image(path)
        except UnreadableError as error:
            raise InputError(f"{path}: {error}; `dvc repro --force build_pairs` makes it again") from error
        if image.shape[:2] != (size, size):
            raise InputError(
                f"{path} is {image.shape[1]}x{image.shape[0]}, and the model is for pictures of "
                f"{size}x{size}; build the pairs with image_size: {size}"
            )
        return torch.from_numpy(image.transpose(2, 0, 1).copy())  # HWC => CHW

    _translate_each(generator, read, [out / name for name in names], fabric, test_mode)


def picture_names(folder: Path) -> list[Path]:
    """The paths of the PNG files in a folder and those below it, relative to it, in order."""
    return [path.relative_to(folder) for path in sorted(folder.rglob("*.png"))]


def _translate_each(
    generator: Generator,
    read: Callable[[int], Tensor],
    targets: Sequence[Path],
    fabric: Fabric,
    test_mode: TestMode,
) -> None:
    """Translate what ``read`` gives for each index, (3, H, W) uint8, and write it to the target of it."""

    def write(numbered: tuple[int, Tensor]) -> None:
        index, output = numbered
        write_png(targets[index], to_image(output))

    with ThreadPoolExecutor(os.cpu_count()) as pool, translating(generator, fabric, test_mode) as translate:
        batch = batch_size(generator, fabric.device)
        inputs = ahead(read, range(len(targets)), pool, 2 * batch)
        written = ahead(write, enumerate(_outputs(inputs, translate, batch)), pool, 2 * batch)
        for _ in with_progress(written, len(targets), "evaluate: translate", "picture"):
            pass


def _outputs(inputs: Iterator[Tensor], translate: Callable[[Tensor], Tensor], batch: int) -> Iterator[Tensor]:
    while pictures := list(islice(inputs, batch)):
        yield from translate(torch.stack(pictures))


def write_plots(measured: Measured, pairs: Path, results: Path, plots: Path) -> None:
    """Write the pictures and tables that show the measurements into the folder ``plots``.

    These are ``examples.jpg``, ``random.jpg``, ``error_map.png``, ``classes.csv`` and, for each channel,
    ``colors/*.csv``.

    Args:
        measured: the measurements.
        pairs: the folder of the A|B pairs.
        results: the folder of the translated pictures.
        plots: replaced where it exists.
    """
    with whole_folder(plots) as out:
        write_sheet(out / "examples.jpg", best_median_worst(measured.per_image, pairs, results))
        write_sheet(out / "random.jpg", random_examples(measured.per_image, pairs, results))
        (out / "error_map.png").write_bytes(error_map(measured.error, *MAP_TITLES["l1"]))
        write_table(out / "classes.csv", by_class(measured))
        colors = color_tables(measured.output_colors, measured.target_colors)
        for channel, table in colors.items():
            write_table(out / "colors" / f"{channel}.csv", table)


def write_set_plots(measured: Sequence[MeasuredSet], plots: Path) -> None:
    """Write the files of ``write_plots`` for pictures that are no pairs, into the folder ``plots``.

    ``random.jpg`` shows inputs, outputs and what these become on the way back; ``examples.jpg`` the same of
    the other direction, or without one, outputs beside real pictures; ``error_map.png`` where pictures and
    their way there and back differ, or without a way back, where outputs and inputs do.

    Args:
        measured: the training's direction, then the other one, where the model has it.
        plots: replaced where it exists.
    """
    forth, others = measured[0], measured[1:]
    with whole_folder(plots) as out:
        write_sheet(out / "random.jpg", random_of_set(forth))
        write_sheet(out / "examples.jpg", random_of_set(others[0]) if others else outputs_and_real(forth))
        (out / "error_map.png").write_bytes(error_map(forth.error, *MAP_TITLES[forth.kind]))
        write_table(out / "classes.csv", classes_of_set(forth))
        for channel, table in color_tables(forth.output_colors, forth.target_colors).items():
            write_table(out / "colors" / f"{channel}.csv", table)


def color_tables(output: Histograms, target: Histograms) -> dict[str, pd.DataFrame]:
    """Return, for each channel, the share of pixels in each of 64 ranges of intensity, in %.

    Args:
        output: pixels of each intensity in the outputs, (3, 256).
        target: pixels of each intensity in the targets, (3, 256).

    Returns:
        tables with the columns ``intensity`` (the lowest of the range, 0 to 252), ``output`` and ``target``.
    """
    lowest = np.arange(HISTOGRAM_BINS) * (256 // HISTOGRAM_BINS)
    shares = [
        counts.reshape(3, HISTOGRAM_BINS, -1).sum(axis=2) / counts.sum(axis=1, keepdims=True) * 100
        for counts in (output, target)
    ]
    return {
        name: pd.DataFrame({"intensity": lowest, "output": o.round(4), "target": t.round(4)})
        for name, o, t in zip(CHANNELS, *shares, strict=True)
    }
