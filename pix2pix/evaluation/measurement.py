"""Every metric of every saved picture: the pass over a folder of translated pictures, by threads.

Its memory does not grow with the pictures, except for a row of numbers each.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from pix2pix.core.progress import with_progress
from pix2pix.evaluation.artefacts import Traces, artefacts, border_and_inside, periodic_energy
from pix2pix.evaluation.metrics import (
    LEVELS,
    Histograms,
    colorfulness,
    histograms,
    image_metrics,
    l1,
    pixel_errors,
)
from pix2pix.machine.prefetch import ahead
from pix2pix.pictures.images import RgbImage, read_image
from pix2pix.pictures.opencv import cv2
from pix2pix.pictures.pairs import read_pair
from pix2pix.realism.options import BASELINE_INPUT

AHEAD = 64  # pictures
ERROR_MAP_PX = 64
BASELINE_MEAN = "baseline_mean"  # how the metrics start of the mean training target, taken for the output

ErrorMap = npt.NDArray[np.float64]
ImageRow = dict[str, str | float]
AnswerTraces = dict[str, Traces]


@dataclass(frozen=True)
class Measured:
    """The measurements of a folder of translated pictures.

    Attributes:
        per_image: a row per picture: its path and class, each of ``METRICS`` and ``ARTEFACTS``, the target's
            colourfulness, and the same of the trivial answers, as ``baseline_input_*`` (the input as output)
            and ``baseline_mean_*`` (the mean training target as output, where there is one).
        traces: what the artefacts of several pictures together are computed from: for each row, of the output
            and of the trivial answers, by how their columns start ("" for the output).
        output_colors: pixels of each intensity, (3, 256) int64, of all outputs together.
        target_colors: pixels of each intensity, (3, 256) int64, of all targets together.
        error: mean absolute error at each place of the picture, (64, 64) in [0, 1].
    """

    per_image: pd.DataFrame
    traces: Sequence[Mapping[str, Traces]]
    output_colors: Histograms
    target_colors: Histograms
    error: ErrorMap


def measure(
    pairs: Path, names: Sequence[Path], results: Path, mean_target: RgbImage | None = None
) -> Measured:
    """Measure translated pictures, as they were saved.

    Args:
        pairs: the folder of the A|B pairs.
        names: the pictures, relative to ``pairs`` and to ``results``; the result has their order.
        results: the folder of the translated pictures.
        mean_target: the mean training target, (H, W, 3) uint8.

    Example:
        >>> pairs = Path("data/pairs/test")
        >>> measured = measure(pairs, PairFolder(pairs).names, Path("data/results"))
        >>> measured.error.shape
        (64, 64)
    """
    rows: list[ImageRow] = []
    traces: list[AnswerTraces] = []
    output_colors = np.zeros((3, LEVELS), np.int64)
    target_colors = np.zeros((3, LEVELS), np.int64)
    error = np.zeros((ERROR_MAP_PX, ERROR_MAP_PX))

    def measure_one(name: Path) -> tuple[ImageRow, AnswerTraces, Histograms, Histograms, ErrorMap]:
        real_a, real_b = read_pair(pairs / name)
        output = read_image(results / name)
        answers = {"": output, f"{BASELINE_INPUT}_": real_a}
        if mean_target is not None:
            answers[f"{BASELINE_MEAN}_"] = mean_target
        of_answers = _traces(answers, real_b)
        row: ImageRow = {"path": name.as_posix(), "class_name": class_of(name)}
        row |= _metrics(answers, of_answers, real_b)
        return row, of_answers, histograms(output), histograms(real_b), error_map_of(output, real_b)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = ahead(measure_one, names, pool, AHEAD)
        for row, of_answers, of_output, of_target, difference in with_progress(
            measured, len(names), "evaluate: measure", "picture"
        ):
            rows.append(row)
            traces.append(of_answers)
            output_colors += of_output
            target_colors += of_target
            error += difference
    return Measured(pd.DataFrame(rows), traces, output_colors, target_colors, error / len(names))


def mean_target(pairs: Path) -> RgbImage | None:
    """Return the mean of the targets of all pairs in a folder, (H, W, 3) uint8, or None where it has none."""
    paths = sorted(pairs.rglob("*.png"))
    if not paths:
        return None
    total: npt.NDArray[np.int64] = np.zeros(1, np.int64)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        targets = ahead(lambda path: read_pair(path)[1], paths, pool, AHEAD)
        for target in with_progress(targets, len(paths), "evaluate: mean of the training targets", "pair"):
            total = total + target
    return np.rint(total / len(paths)).astype(np.uint8)


def cycle_errors(read: Callable[[Path], RgbImage], names: Sequence[Path], returned: Path) -> list[float]:
    """Measure how far pictures are from what became of them on their way there and back.

    Args:
        read: gives the picture of each name, (H, W, 3) uint8.
        names: of the pictures.
        returned: the folder of those that went there and back, under the same names.

    Returns:
        the mean absolute error of each, in [0, 1].
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(ahead(lambda name: l1(read_image(returned / name), read(name)), names, pool, AHEAD))


def class_of(name: Path) -> str:
    """The class of a pair: the first folder of its path, or none."""
    return name.parts[0] if len(name.parts) > 1 else ""


def _traces(answers: Mapping[str, RgbImage], target: RgbImage) -> AnswerTraces:
    """What the artefacts of each answer are computed from."""
    expected = periodic_energy(target)
    return {
        prefix: Traces(periodic_energy(answer), expected, border_and_inside(answer, target))
        for prefix, answer in answers.items()
    }


def _metrics(answers: Mapping[str, RgbImage], traces: AnswerTraces, target: RgbImage) -> dict[str, float]:
    """Every metric of the output and of the trivial answers, by its column's name."""
    measured = {
        prefix: image_metrics(answer, target) | artefacts([traces[prefix]])
        for prefix, answer in answers.items()
    }
    figures = measured.pop("") | {"target_colorfulness": colorfulness(target)}
    for prefix, metrics in measured.items():
        figures |= {f"{prefix}{metric}": value for metric, value in metrics.items()}
    return figures


def error_map_of(output: RgbImage, target: RgbImage) -> ErrorMap:
    """Mean absolute error at each place, (64, 64) in [0, 1], of two pictures, (H, W, 3) uint8."""
    errors = pixel_errors(output, target)
    return np.asarray(cv2.resize(errors, (ERROR_MAP_PX, ERROR_MAP_PX), interpolation=cv2.INTER_AREA))
